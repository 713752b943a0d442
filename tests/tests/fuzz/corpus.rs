//! What the fuzzer's inputs begin with: the lines and manifests of the recordings, and expressions
//! of every form.

use std::fs;
use std::path::Path;

use cluster::transcript::{Step, parse};

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Every command of the recordings.
pub fn commands() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity");
    let mut folders: Vec<_> = fs::read_dir(folder).expect("parity").flatten().collect();
    folders.sort_by_key(fs::DirEntry::path);
    let steps = folders.iter().filter_map(|entry| {
        let text = fs::read_to_string(entry.path().join("steps.txt")).ok()?;
        parse(&text).ok()
    });
    let mut found: Vec<String> = steps
        .flatten()
        .filter_map(|step| match step {
            Step::Command { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// What the recordings' here-documents hold, and the manifests of other tests.
pub fn manifests() -> Vec<String> {
    let mut found: Vec<String> = commands()
        .iter()
        .filter_map(|text| {
            let (first, rest) = text.split_once('\n')?;
            let (_, mark) = first.split_once("<<")?;
            let mark: String = mark.chars().filter(char::is_ascii_alphanumeric).collect();
            let end = rest.rfind(&format!("\n{mark}"))?;
            Some(rest[..=end].to_owned())
        })
        .filter(|text| text.contains("kind:"))
        .collect();
    found.extend([
        include_str!("../../data/hostile/pod.yaml").to_owned(),
        include_str!("../../data/hostile/deployment.yaml").to_owned(),
        include_str!("../../data/hostile/service.yaml").to_owned(),
        include_str!("../../data/hostile/node.yaml").to_owned(),
        include_str!("../../data/hostile/endpointslice.yaml").to_owned(),
    ]);
    found
}

/// Definitions of custom resources, alone and with an object of theirs.
pub fn definitions() -> Vec<String> {
    let all: Vec<String> =
        manifests().into_iter().filter(|text| text.contains("openAPIV3Schema")).collect();
    let custom = "---\napiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: a}\n\
        spec: {cronSpec: '* * * * */5', replicas: 3, mode: fast}\n";
    let mut found: Vec<String> = all.iter().map(|text| format!("{text}{custom}")).collect();
    found.extend(all);
    found.push(include_str!("definition.yaml").to_owned());
    found
}

/// Requests: a line of method, path and media type, then the body.
pub fn requests() -> Vec<String> {
    let mut found = lines(include_str!("requests.txt"));
    for text in manifests() {
        for document in yaml::parse(&text, &yaml::Limits::default()).documents {
            let body = document.value;
            let (group, kind) = (body["apiVersion"].as_str(), body["kind"].as_str());
            let (Some(group), Some(kind)) = (group, kind) else { continue };
            let root = if group.contains('/') { "apis" } else { "api" };
            let name = body["metadata"]["name"].as_str().unwrap_or("a");
            let plural = format!("{}s", kind.to_ascii_lowercase());
            let place = format!("/{root}/{group}/namespaces/default/{plural}");
            found.push(format!("post {place} application/json\n{body}"));
            found.push(format!("patch {place}/{name} application/apply-patch+yaml\n{body}"));
            found.push(format!(
                "patch {place}/{name} application/strategic-merge-patch+json\n{body}"
            ));
        }
    }
    found
}

pub fn expressions(kind: &str) -> Vec<String> {
    let text = include_str!("expressions.txt");
    let section = text.split("# ").find(|section| section.starts_with(kind)).unwrap_or_default();
    lines(section).into_iter().skip(1).filter(|line| !line.is_empty()).collect()
}
