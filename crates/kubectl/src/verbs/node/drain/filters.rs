//! Which pods of a node go, which stay, and which must not simply go.
// Models kubectl/pkg/drain/filters.go.

use apimachinery::time::Time;
use serde_json::Value;

use super::Leaving;
use crate::discovery;
use crate::fail::{Fail, Outcome};
use crate::flags::Args;
use crate::path::{Look, keyed};
use crate::server::{self, Filter};
use crate::session::Cx;

enum Verdict {
    Goes,
    Skipped,
    /// Whether it goes, and what is said of it.
    Warned(bool, String),
    Refused(String),
}

/// The pods that go and what is said of some; or why nothing goes.
pub struct Chosen {
    pub leaving: Vec<Leaving>,
    pub warnings: Vec<String>,
}

pub fn chosen(cx: &mut Cx<'_>, args: &Args, node: &str) -> Outcome<Result<Chosen, Vec<String>>> {
    let filter = Filter {
        labels: args.text("pod-selector").to_owned(),
        fields: format!("spec.nodeName={node}"),
    };
    let kind = discovery::resolve("pods")?;
    let pods = server::list(cx, kind, "", &filter)?;
    let mut leaving = Vec::new();
    let (mut warned, mut refused) = (Vec::new(), Vec::new());
    for pod in &pods {
        let name = format!("{}/{}", pod.text("metadata.namespace"), pod.text("metadata.name"));
        let goes = match verdict(cx, args, pod) {
            Verdict::Goes => true,
            Verdict::Skipped => false,
            Verdict::Warned(goes, words) => {
                note(&mut warned, words, name);
                goes
            }
            Verdict::Refused(words) => {
                note(&mut refused, format!("cannot delete {words}"), name);
                false
            }
        };
        if goes {
            leaving.push(Leaving::new(pod, cx.now));
        }
    }
    if refused.is_empty() {
        return Ok(Ok(Chosen { leaving, warnings: lines(warned) }));
    }
    Ok(Err(lines(refused)))
}

fn note(list: &mut Vec<(String, Vec<String>)>, words: String, pod: String) {
    match list.iter_mut().find(|(known, _)| *known == words) {
        Some((_, pods)) => pods.push(pod),
        None => list.push((words, vec![pod])),
    }
}

fn lines(list: Vec<(String, Vec<String>)>) -> Vec<String> {
    list.into_iter().map(|(words, pods)| format!("{words}: {}", pods.join(", "))).collect()
}

/// Deleted for longer than the caller wants to wait.
pub fn overdue(pod: &Value, args: &Args, now: Time) -> bool {
    let limit = args.int("skip-wait-for-delete-timeout");
    let since = crate::describe::time(pod.at("metadata.deletionTimestamp"));
    limit > 0 && since.is_some_and(|since| now.0.saturating_sub(since.0) > limit)
}

fn verdict(cx: &mut Cx<'_>, args: &Args, pod: &Value) -> Verdict {
    if overdue(pod, args, cx.time()) {
        return Verdict::Skipped;
    }
    let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
    let owners = pod.items("metadata.ownerReferences");
    let controller = owners.iter().find(|owner| owner.flag("controller"));
    let daemon = controller
        .filter(|owner| owner.text("kind") == "DaemonSet" && owner.text("apiVersion") == "apps/v1");
    if let Some(owner) = daemon.filter(|_| !ended) {
        match daemon_set(cx, pod.text("metadata.namespace"), owner.text("name")) {
            Ok(()) if args.bool("ignore-daemonsets") => {
                return Verdict::Warned(false, "ignoring DaemonSet-managed Pods".to_owned());
            }
            Ok(()) => {
                let words = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
                return Verdict::Refused(words.to_owned());
            }
            // The warning about an orphan is lost on the later filters, as upstream's is.
            Err(fail) if fail.is_not_found() && args.bool("force") => {}
            Err(fail) => return Verdict::Refused(fail.message()),
        }
    }
    if keyed(pod, "metadata.annotations", "kubernetes.io/config.mirror").is_some() {
        return Verdict::Skipped;
    }
    let local = pod.items("spec.volumes").iter().any(|volume| volume.has("emptyDir"));
    if local && !ended && !args.bool("delete-emptydir-data") {
        let words = "Pods with local storage (use --delete-emptydir-data to override)";
        return Verdict::Refused(words.to_owned());
    }
    if controller.is_none() && !ended {
        if args.bool("force") {
            return Verdict::Warned(true, "deleting Pods that declare no controller".to_owned());
        }
        let words = "Pods that declare no controller (use --force to override)";
        return Verdict::Refused(words.to_owned());
    }
    Verdict::Goes
}

fn daemon_set(cx: &mut Cx<'_>, namespace: &str, name: &str) -> Result<(), Fail> {
    let kind = discovery::resolve("daemonsets.apps")?;
    server::get(cx, kind, namespace, name).map(|_| ())
}
