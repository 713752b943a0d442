//! `docker build|tag|push|pull|images|ps|login|rmi`: images of this terminal, and the registry
//! that the cluster's nodes pull from. Only what was pushed can be deployed.

use client::fabric::pushed::Layer;
use client::fabric::registry::{digest, full_name, split_reference};
use smol_str::SmolStr;

use crate::printers::TabWriter;
use crate::session::{Cx, LocalImage};

const MEGABYTE: u64 = 1_000_000;
/// What an application puts on its base.
const LAYER_BYTES: u64 = 12 * MEGABYTE;

pub fn docker(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let words = match words.as_slice() {
        ["image", "ls", rest @ ..] => [&["images"], rest].concat(),
        ["image" | "container" | "buildx", rest @ ..] => rest.to_vec(),
        words => words.to_vec(),
    };
    match words.as_slice() {
        [] | ["help" | "--help"] => {
            cx.say("Usage:  docker [OPTIONS] COMMAND\n");
            cx.say("Commands here: build, images, login, ps, pull, push, rmi, tag, version");
            0
        }
        ["build", rest @ ..] => build(cx, rest),
        ["tag", source, target] => tag(cx, source, target),
        ["tag", ..] => wrong(cx, "tag", "requires 2 arguments"),
        ["push", name] => push(cx, name),
        ["push", ..] => wrong(cx, "push", "requires 1 argument"),
        ["pull", name] => pull(cx, name),
        ["pull", ..] => wrong(cx, "pull", "requires 1 argument"),
        ["images" | "ls", ..] => images(cx),
        ["rmi" | "rm", names @ ..] => remove(cx, names),
        ["ps", ..] => {
            cx.say("CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES");
            0
        }
        ["login", ..] => {
            cx.say("Login Succeeded");
            0
        }
        ["version" | "--version", ..] => {
            cx.say("Docker version 28.3.2, build 578ccf6");
            0
        }
        ["run" | "exec" | "start" | "compose", ..] => {
            let verb = words.first().copied().unwrap_or("");
            cx.complain(&format!(
                "docker: {verb} is not supported in this terminal: containers run in the cluster"
            ));
            125
        }
        [other, ..] => {
            cx.complain(&format!(
                "docker: unknown command: docker {other}\n\nRun 'docker --help' for more information"
            ));
            1
        }
    }
}

fn wrong(cx: &mut Cx<'_>, verb: &str, needs: &str) -> i32 {
    cx.complain(&format!("docker: 'docker {verb}' {needs}\n"));
    cx.complain(&format!("See 'docker {verb} --help' for more information"));
    1
}

/// `name:tag`, with `latest` where no tag is given.
fn with_tag(reference: &str) -> String {
    let (repository, tag) = split_reference(reference);
    format!("{repository}:{tag}")
}

/// Words of `CMD ["a", "b"]` or `CMD a b`.
fn command(text: &str) -> Vec<SmolStr> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => words.into_iter().map(SmolStr::from).collect(),
        Err(_) => vec!["/bin/sh".into(), "-c".into(), text.into()],
    }
}

/// What the lines of a Dockerfile make.
struct Recipe {
    base: String,
    layer: Layer,
    steps: Vec<String>,
}

fn recipe(text: &str) -> Result<Recipe, String> {
    let joined = text.replace("\\\n", " ");
    let (mut base, mut steps) = (String::new(), Vec::new());
    let (mut entry, mut arguments, mut ports) = (Vec::new(), Vec::new(), Vec::new());
    for (number, line) in (1..).zip(joined.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => {
                base = rest.split_whitespace().next().unwrap_or("").to_owned();
                steps.clear();
            }
            "EXPOSE" => {
                let number =
                    |port: &str| port.split('/').next().and_then(|port| port.parse::<u16>().ok());
                ports.extend(rest.split_whitespace().filter_map(number));
            }
            "CMD" => arguments = command(rest),
            "ENTRYPOINT" => entry = command(rest),
            "WORKDIR" | "COPY" | "ADD" | "RUN" => steps.push(line.to_owned()),
            "ENV" | "ARG" | "LABEL" | "USER" | "VOLUME" | "HEALTHCHECK" | "SHELL"
            | "STOPSIGNAL" | "ONBUILD" | "MAINTAINER" => {}
            _ => {
                return Err(format!(
                    "ERROR: failed to build: failed to solve: dockerfile parse error on line \
                     {number}: unknown instruction: {word}"
                ));
            }
        }
    }
    if base.is_empty() {
        return Err("ERROR: failed to build: failed to solve: dockerfile parse error: no build \
                    stage in current context"
            .to_owned());
    }
    entry.extend(arguments);
    let layer = Layer { command: entry, ports, size_bytes: LAYER_BYTES };
    Ok(Recipe { base, layer, steps })
}

fn build(cx: &mut Cx<'_>, args: &[&str]) -> i32 {
    let (mut tags, mut file, mut folder) = (Vec::new(), None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "-t" | "--tag" => tags.extend(args.next().map(|tag| with_tag(tag))),
            "-f" | "--file" => file = args.next().map(|name| (*name).to_owned()),
            "--build-arg" | "--platform" | "--progress" | "--target" => {
                args.next();
            }
            arg if arg.starts_with('-') => {}
            arg => folder = Some(arg),
        }
    }
    let Some(folder) = folder else { return wrong(cx, "build", "requires 1 argument") };
    let name = file.unwrap_or_else(|| format!("{folder}/Dockerfile"));
    let Some(text) = cx.session.files.read(&name).map(str::to_owned) else {
        cx.complain(
            "ERROR: failed to build: failed to solve: failed to read dockerfile: open Dockerfile: \
             no such file or directory",
        );
        return 1;
    };
    let recipe = match recipe(&text) {
        Ok(recipe) => recipe,
        Err(text) => {
            cx.complain(&text);
            return 1;
        }
    };
    let is_local = cx.session.images.contains_key(&with_tag(&recipe.base));
    let is_there = |cx: &mut Cx<'_>| {
        cx.api.registry().is_some_and(|registry| registry.find(&recipe.base).is_ok())
    };
    let full = full_reference(&recipe.base);
    if !is_local && !is_there(cx) {
        cx.complain(&format!(
            "ERROR: failed to build: failed to solve: {}: failed to resolve source metadata for \
             {full}: {full}: not found",
            recipe.base
        ));
        return 1;
    }
    let id = digest(&format!("{text}{}", cx.rng.next_u64()));
    told(cx, &recipe, &full, &id, &tags);
    let created = cx.time().0;
    for tag in tags {
        let image = LocalImage {
            base: recipe.base.clone(),
            layer: recipe.layer.clone(),
            id: id.clone(),
            created,
        };
        cx.session.images.insert(tag, image);
    }
    0
}

/// `docker.io/library/node:14`
fn full_reference(reference: &str) -> String {
    let (repository, tag) = split_reference(reference);
    format!("{}:{tag}", full_name(repository))
}

/// What a build says, on the error stream as buildx does.
fn told(cx: &mut Cx<'_>, recipe: &Recipe, base: &str, id: &str, tags: &[String]) {
    let count = recipe.steps.len() + 1;
    let mut lines = vec![
        "[internal] load build definition from Dockerfile".to_owned(),
        format!("[internal] load metadata for {base}"),
        "[internal] load .dockerignore".to_owned(),
        format!("[1/{count}] FROM {base}"),
        "[internal] load build context".to_owned(),
    ];
    let steps = (2..).zip(&recipe.steps).map(|(number, step)| format!("[{number}/{count}] {step}"));
    lines.extend(steps);
    lines.push("exporting to image".to_owned());
    lines.push("=> exporting layers".to_owned());
    lines.push(format!("=> writing image sha256:{id}"));
    lines.extend(tags.iter().map(|tag| format!("=> naming to {}", full_reference(tag))));
    let done = recipe.steps.len() + 6;
    cx.complain(&format!("[+] Building 1.4s ({done}/{done}) FINISHED{:>38}", "docker:default"));
    lines.iter().for_each(|line| cx.complain(&format!(" => {line:<68} 0.0s")));
}

fn tag(cx: &mut Cx<'_>, source: &str, target: &str) -> i32 {
    let Some(image) = cx.session.images.get(&with_tag(source)).cloned() else {
        cx.complain(&format!("Error response from daemon: No such image: {}", with_tag(source)));
        return 1;
    };
    cx.session.images.insert(with_tag(target), image);
    0
}

fn push(cx: &mut Cx<'_>, name: &str) -> i32 {
    let reference = with_tag(name);
    let (repository, tag) = split_reference(&reference);
    let full = full_name(repository);
    if !name.contains(':') {
        cx.say("Using default tag: latest");
    }
    cx.say(&format!("The push refers to repository [{full}]"));
    let Some(image) = cx.session.images.get(&reference).cloned() else {
        cx.complain(&format!("An image does not exist locally with the tag: {repository}"));
        return 1;
    };
    if full.starts_with("docker.io/library/") {
        cx.complain("denied: requested access to the resource is denied");
        return 1;
    }
    let base = resolved_base(cx, &image);
    let done = cx.api.registry().map(|registry| registry.push(&reference, &base, image.layer));
    match done {
        Some(Ok(())) => {}
        _ => {
            cx.complain("this terminal has no way to the registry of the cluster");
            return 1;
        }
    }
    let short = |text: &str| digest(text).chars().take(12).collect::<String>();
    cx.say(&format!("{}: Pushed", short(&image.id)));
    cx.say(&format!("{}: Mounted from {}", short(&base), full_name(split_reference(&base).0)));
    let whole = digest(&format!("{reference}{}", image.id));
    cx.say(&format!("{tag}: digest: sha256:{whole} size: 1234"));
    0
}

/// The image of the registry that a local one stands on in the end.
fn resolved_base(cx: &Cx<'_>, image: &LocalImage) -> String {
    let mut base = image.base.clone();
    for _ in 0..16 {
        match cx.session.images.get(&with_tag(&base)) {
            Some(local) if local.base != base => base.clone_from(&local.base),
            _ => break,
        }
    }
    base
}

fn pull(cx: &mut Cx<'_>, name: &str) -> i32 {
    let reference = with_tag(name);
    let (repository, tag) = split_reference(&reference);
    if !name.contains(':') {
        cx.say("Using default tag: latest");
    }
    let found = cx.api.registry().is_some_and(|registry| registry.find(&reference).is_ok());
    if !found {
        cx.complain(&format!(
            "Error response from daemon: pull access denied for {repository}, repository does not \
             exist or may require 'docker login': denied: requested access to the resource is denied"
        ));
        return 1;
    }
    let full = full_name(repository);
    let path = full.strip_prefix("docker.io/").unwrap_or(&full);
    let id = digest(&reference);
    cx.say(&format!("{tag}: Pulling from {path}"));
    cx.say(&format!("{}: Pull complete", id.chars().take(12).collect::<String>()));
    cx.say(&format!("Digest: sha256:{id}"));
    let known = cx.session.images.contains_key(&reference);
    let done = if known { "Image is up to date" } else { "Downloaded newer image" };
    cx.say(&format!("Status: {done} for {reference}"));
    cx.say(&full_reference(&reference));
    let image =
        LocalImage { base: reference.clone(), layer: Layer::default(), id, created: cx.time().0 };
    cx.session.images.entry(reference).or_insert(image);
    0
}

fn images(cx: &mut Cx<'_>) -> i32 {
    let now = cx.time().0;
    let mut text = String::from("REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE\n");
    let all: Vec<(String, LocalImage)> =
        cx.session.images.iter().map(|(name, image)| (name.clone(), image.clone())).collect();
    for (name, image) in all {
        let (repository, tag) = split_reference(&name);
        let base = resolved_base(cx, &image);
        let below = cx.api.registry().and_then(|registry| registry.find(&base).ok());
        let bytes = below.map_or(0, |(base, _)| base.size_bytes()) + image.layer.size_bytes;
        let id: String = image.id.chars().take(12).collect();
        let ago = ago(now.saturating_sub(image.created));
        text.push_str(&format!("{repository}\t{tag}\t{id}\t{ago}\t{}MB\n", bytes / MEGABYTE));
    }
    cx.out.stdout(&TabWriter::table().format(&text));
    0
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..=0 => "Less than a second ago".to_owned(),
        1 => "1 second ago".to_owned(),
        2..=59 => format!("{seconds} seconds ago"),
        60..=119 => "About a minute ago".to_owned(),
        120..=3599 => format!("{} minutes ago", seconds / 60),
        _ => format!("{} hours ago", seconds / 3600),
    }
}

fn remove(cx: &mut Cx<'_>, names: &[&str]) -> i32 {
    let mut code = 0;
    for name in names.iter().filter(|name| !name.starts_with('-')) {
        let reference = with_tag(name);
        match cx.session.images.remove(&reference) {
            Some(_) => cx.say(&format!("Untagged: {reference}")),
            None => {
                cx.complain(&format!("Error response from daemon: No such image: {reference}"));
                code = 1;
            }
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::recipe;

    #[test]
    fn a_dockerfile_is_read() {
        let text = "FROM node:14-alpine\nWORKDIR /app\nCOPY package.json .\nRUN npm install && \\\n \
                    true\nCOPY . .\nEXPOSE 8080\nCMD [ \"node\", \"app.js\" ]\n";
        let recipe = recipe(text).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(recipe.base, "node:14-alpine");
        assert_eq!(recipe.layer.ports, [8080]);
        assert_eq!(recipe.layer.command, ["node", "app.js"]);
        assert_eq!(recipe.steps.len(), 4);
        assert!(
            super::recipe("FOO bar").is_err_and(|why| why.contains("unknown instruction: FOO"))
        );
    }
}
