//! What `logs` and `exec` share: the pod that the words mean, and its containers.

use serde_json::Value;

use crate::describe::{owned_sets, selector};
use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::path::{Look, keyed};
use crate::server::{self, Filter};
use crate::session::Cx;

/// The pod `web`, `pod/web`, or one of the pods of `deploy/web` or `svc/web`.
pub fn resolve(cx: &mut Cx<'_>, args: &Args, word: &str) -> Outcome<Value> {
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let kind = discovery::resolve(kind)?;
    let object = server::get(cx, kind, &args.namespace, name)?;
    if kind.kind == "Pod" {
        return Ok(object);
    }
    let labels = match kind.kind {
        "Service" => {
            let pairs = object.pairs("spec.selector").into_iter();
            let all: Vec<String> = pairs
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
                .collect();
            all.join(",")
        }
        _ if object.has("spec.selector") => selector(object.at("spec.selector")),
        _ => {
            return error(format!("cannot get the logs from {}", discovery::go_kind(kind)));
        }
    };
    let filter = Filter { labels, ..Filter::default() };
    let pods = discovery::resolve("pods")?;
    let mut found = server::list(cx, pods, &args.namespace, &filter)?;
    if kind.kind == "Deployment" {
        let sets = owned_sets(cx, &object);
        let is_owned = |pod: &Value| {
            let owner = pod.items("metadata.ownerReferences").first();
            let uid = owner.map_or("", |owner| owner.text("uid"));
            sets.iter().any(|set| set.text("metadata.uid") == uid)
        };
        found.retain(is_owned);
    }
    // Running ones first, then the oldest.
    found.sort_by_key(|pod| {
        let is_running = pod.text("status.phase") == "Running";
        (!is_running, pod.text("metadata.creationTimestamp").to_owned())
    });
    if found.len() > 1 && args.verb.name == "logs" {
        let name = found.first().map_or("", crate::path::name).to_owned();
        cx.complain(&format!("Found {} pods, using pod/{name}", found.len()));
    }
    match found.into_iter().next() {
        Some(pod) => Ok(pod),
        None => error("timed out waiting for the condition"),
    }
}

/// The container meant when none is named; says so if there are several.
pub fn default_container(cx: &mut Cx<'_>, pod: &Value, words: &str) -> String {
    let annotation = "kubectl.kubernetes.io/default-container";
    if let Some(name) = keyed(pod, "metadata.annotations", annotation) {
        return name.to_owned();
    }
    let containers = pod.items("spec.containers");
    let first = containers.first().map_or("", |container| container.text("name")).to_owned();
    let init = pod.items("spec.initContainers");
    if containers.len() + init.len() > 1 {
        let plain = containers.iter().map(|container| container.text("name").to_owned());
        let init = init.iter().map(|container| format!("{} (init)", container.text("name")));
        let all: Vec<String> = plain.chain(init).collect();
        cx.complain(&format!("{words} {first:?} out of: {}", all.join(", ")));
    }
    first
}

pub fn check_container(pod: &Value, asked: &str) -> Outcome {
    let lists = ["spec.initContainers", "spec.containers", "spec.ephemeralContainers"];
    let mut all = lists.iter().flat_map(|list| pod.items(list));
    if all.any(|container| container.text("name") == asked) {
        return Ok(());
    }
    let name = pod.text("metadata.name");
    error(format!("container {asked} is not valid for pod {name}"))
}

/// Whether a container may write more lines.
pub fn may_still_log(pod: &Value, container: &str) -> bool {
    if matches!(pod.text("status.phase"), "Succeeded" | "Failed") {
        return false;
    }
    let lists = ["status.containerStatuses", "status.initContainerStatuses"];
    let mut statuses = lists.iter().flat_map(|list| pod.items(list));
    let status = statuses.find(|status| status.text("name") == container);
    status.is_none_or(|status| !status.has("state.terminated"))
}
