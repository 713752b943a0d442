//! No input panics: whatever is typed or applied, the cluster lives on. With
//! `PROPTEST_CASES=20000 cargo test -p tests --test no_panic` more is thrown at it.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use cluster::{Chunk, Cluster, Command, Config};
use proptest::prelude::*;

const VERBS: &str = include_str!("../data/hostile/verbs.txt");
const NOUNS: &str = include_str!("../data/hostile/nouns.txt");
const FLAGS: &str = include_str!("../data/hostile/flags.txt");
const VALUES: &str = include_str!("../data/hostile/values.txt");
/// What stands in a manifest where something else should.
const STRANGE: &str = include_str!("../data/hostile/strange.txt");
const MANIFESTS: [&str; 5] = [
    include_str!("../data/hostile/pod.yaml"),
    include_str!("../data/hostile/deployment.yaml"),
    include_str!("../data/hostile/service.yaml"),
    include_str!("../data/hostile/node.yaml"),
    include_str!("../data/hostile/endpointslice.yaml"),
];

fn words(text: &'static str) -> Vec<&'static str> {
    text.split_whitespace().collect()
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.trim_matches('\'').replace('_', " "))
}

/// A line that looks like what people type, with values that nobody should.
fn kubectl_line() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        6 => prop::sample::select(words(VALUES)).prop_map(quoted),
        1 => "[ -~]{0,8}".prop_map(|text| quoted(&text.replace('\'', ""))),
    ];
    let flag =
        (prop::sample::select(words(FLAGS)), value.clone()).prop_map(|(flag, value)| match flag {
            flag if flag.ends_with('=') => format!("{flag}{value}"),
            flag if flag.len() == 2 => format!("{flag} {value}"),
            flag => flag.to_owned(),
        });
    let part = prop_oneof![
        3 => prop::sample::select(words(NOUNS)).prop_map(str::to_owned),
        2 => value,
        3 => flag,
    ];
    (prop::sample::select(words(VERBS)), prop::collection::vec(part, 0..6))
        .prop_map(|(verb, parts)| format!("kubectl {verb} {}", parts.join(" ")))
}

/// A manifest of a kind that exists in which one place holds something else.
fn manifest() -> impl Strategy<Value = String> {
    let strange = || {
        prop_oneof![
            9 => prop::sample::select(words(STRANGE)).prop_map(|text| text.replace(':', ": ")),
            1 => "[ -~]{0,10}",
        ]
    };
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), strange());
    let changes = prop::collection::vec(change, 1..3);
    (prop::sample::select(MANIFESTS.to_vec()), changes).prop_map(|(text, changes)| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (line, place, value) in changes {
            let at = 2 + line.index(lines.len() - 2);
            put(&mut lines, at, place, &value);
        }
        lines.join("\n") + "\n"
    })
}

fn depth(line: &str) -> usize {
    line.find(|c| c != ' ' && c != '-').unwrap_or(0)
}

/// Puts a value in place of one that a line holds, or of everything below it.
fn put(lines: &mut Vec<String>, at: usize, place: prop::sample::Index, value: &str) {
    let line = lines[at].clone();
    let colons: Vec<usize> = line.match_indices(": ").map(|(at, _)| at + 2).collect();
    if colons.is_empty() {
        let below = lines[at + 1..].iter().take_while(|next| depth(next) > depth(&line)).count();
        lines.drain(at + 1..=at + below);
        lines[at] = format!("{line} {value}");
        return;
    }
    let from = colons[place.index(colons.len())];
    let rest = &line[from..];
    let nested = rest.starts_with(['{', '[']) && colons.first() == Some(&from);
    let end = match nested {
        true => rest.len(),
        false => rest.find([',', '}', ']']).unwrap_or(rest.len()),
    };
    lines[at] = format!("{}{value}{}", &line[..from], &rest[end..]);
}

/// A small cluster with something on it.
fn inhabited() -> Cluster {
    let nodes = (1..=2).map(cluster::NodeSpec::worker).collect();
    let mut cluster = Cluster::new(Config { nodes, system_pods: false, ..Config::default() });
    let second = |cluster: &mut Cluster| cluster.run_until(cluster.now() + Duration::from_secs(2));
    second(&mut cluster);
    for line in [
        "kubectl create deployment web --image=nginx --replicas=2",
        "kubectl expose deployment web --port=80",
        "kubectl run web --image=busybox --restart=Never -- sh -c 'echo hi; sleep 5'",
    ] {
        cluster.execute(Command::Line { terminal: 0, line: line.to_owned() });
    }
    second(&mut cluster);
    cluster
}

/// Types the lines, lets time pass, and asks what any panel would ask.
fn live_through(lines: &[String], file: &str) {
    let mut cluster = inhabited();
    cluster.execute(Command::WriteFile { name: "m.yaml".into(), text: file.to_owned() });
    for line in lines {
        cluster.execute(Command::Line { terminal: 0, line: line.clone() });
        cluster.run_until(cluster.now() + Duration::from_millis(700));
        let middle = (0..=line.len() / 2).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
        cluster.complete(line, middle);
    }
    cluster.execute(Command::Send { target: "http://web.default.svc".to_owned() });
    cluster.run_until(cluster.now() + Duration::from_secs(30));
    cluster.execute(Command::Interrupt { terminal: 0 });
    let said: String = cluster.take_output(0).iter().map(Chunk::text).collect();
    assert!(!said.contains("panicked"), "{said}");
    cluster.read("kubectl describe pods,deployments,services,nodes,endpointslices -A");
    cluster.read("kubectl get all,nodes,events,endpointslices -A -o yaml");
    cluster.run_until(cluster.now() + Duration::from_secs(60));
    assert!(cluster.read("kubectl get nodes").contains("node-1"));
}

fn cases(count: u32) -> ProptestConfig {
    // `PROPTEST_CASES` in the environment asks for more.
    let asked = ProptestConfig::default().cases;
    let cases = if asked == 256 { count } else { asked };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..Default::default() }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn no_kubectl_line_panics(lines in prop::collection::vec(kubectl_line(), 1..5)) {
        live_through(&lines, MANIFESTS[1]);
    }

    #[test]
    fn no_manifest_panics(text in manifest(), verb in 0..4usize) {
        let verb = ["apply", "create", "replace --force", "delete"][verb];
        let again = format!("kubectl {verb} -f m.yaml");
        live_through(&["kubectl apply -f m.yaml".to_owned(), again], &text);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = String::from_utf8_lossy(&bytes).into_owned();
        live_through(&[text.clone(), bytes.clone(), "kubectl apply -f m.yaml".to_owned()], &text);
        live_through(&["kubectl apply -f m.yaml".to_owned()], &bytes);
    }
}
