//! `kubectl drain`: cordons, then evicts the pods and waits until they are gone.
// Models kubectl/pkg/drain/{drain,filters}.go.

use client::{Body, DeleteOptions, Verb as Ask};
use clock::{Duration, SimTime};
use serde_json::Value;

use super::{COMMON, mark, nodes};
use crate::command;
use crate::discovery;
use crate::fail::{Fail, Outcome};
use crate::flags::{Args, Flag};
use crate::path::{Look, keyed};
use crate::server::{self, Filter};
use crate::session::{Cx, Process, Progress};
use crate::verbs::object::DryRun;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "drain",
    about: "Drain node in preparation for maintenance",
    usage: "NODE",
    flags: &[
        &[
            Flag::bool("force"),
            Flag::bool("ignore-daemonsets"),
            Flag::bool("delete-emptydir-data"),
            Flag::int("grace-period", "-1"),
            Flag::duration("timeout", "0s"),
            Flag::text("pod-selector"),
            Flag::bool("disable-eviction"),
            Flag::int("skip-wait-for-delete-timeout", "0"),
        ],
        COMMON[0],
        COMMON[1],
    ],
    words: Words::Names("nodes"),
    run: Some(run),
    ..Verb::NONE
};

/// A pod that is to go.
struct Leaving {
    namespace: String,
    name: String,
    uid: String,
    evicted: bool,
}

struct Drain {
    node: String,
    pods: Vec<Leaving>,
    grace: Option<i64>,
    by_delete: bool,
    timeout: u64,
    until: Option<SimTime>,
    retry: Option<SimTime>,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (found, fails) = nodes(cx, args)?;
    crate::fail::all(fails)?;
    let dry_run = DryRun::of(cx, args)?;
    let mut all: Option<Drain> = None;
    for node in &found {
        mark(cx, node, true, dry_run)?;
        let pods = chosen(cx, args, &node.name)?;
        if dry_run != DryRun::None {
            for pod in &pods {
                cx.say(&format!("evicting pod {}/{} (dry run)", pod.namespace, pod.name));
            }
            cx.say(&format!("node/{} drained (dry run)", node.name));
            continue;
        }
        let drain = all.get_or_insert_with(|| Drain {
            node: node.name.clone(),
            pods: Vec::new(),
            grace: (args.int("grace-period") >= 0).then(|| args.int("grace-period")),
            by_delete: args.bool("disable-eviction"),
            timeout: u64::try_from(args.duration("timeout")).unwrap_or(0),
            until: None,
            retry: None,
        });
        drain.pods.extend(pods);
    }
    Ok(match all {
        Some(drain) => Flow::Wait(Box::new(drain)),
        None => Flow::Done,
    })
}

/// Why a pod may not simply go: the words, and the flag that allows it.
#[derive(Default)]
struct Refused {
    daemon: Vec<String>,
    unmanaged: Vec<String>,
    local: Vec<String>,
}

fn chosen(cx: &mut Cx<'_>, args: &Args, node: &str) -> Outcome<Vec<Leaving>> {
    let filter = Filter { labels: args.text("pod-selector").to_owned(), ..Filter::default() };
    let kind = discovery::resolve("pods")?;
    let mut pods = server::list(cx, kind, "", &filter)?;
    pods.retain(|pod| pod.text("spec.nodeName") == node);
    let (mut refused, mut warned) = (Refused::default(), Refused::default());
    let mut leaving = Vec::new();
    for pod in &pods {
        if keyed(pod, "metadata.annotations", "kubernetes.io/config.mirror").is_some() {
            continue;
        }
        if may_go(args, pod, &mut refused, &mut warned) {
            leaving.push(Leaving {
                namespace: pod.text("metadata.namespace").to_owned(),
                name: pod.text("metadata.name").to_owned(),
                uid: pod.text("metadata.uid").to_owned(),
                evicted: pod.has("metadata.deletionTimestamp"),
            });
        }
    }
    let reasons = [
        (
            &refused.daemon,
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)",
        ),
        (
            &refused.local,
            "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
        ),
        (
            &refused.unmanaged,
            "cannot delete Pods that declare no controller (use --force to override)",
        ),
    ];
    let mut all: Vec<String> = reasons
        .iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, why)| format!("{why}: {}", names.join(", ")))
        .collect();
    all.sort();
    if !all.is_empty() {
        let why = match all.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        return Err(Fail::Raw(format!(
            "error: unable to drain node {node:?} due to error: {why}, continuing command...\n\
             There are pending nodes to be drained:\n {node}\n{}",
            all.iter().map(|line| format!("{line}\n")).collect::<String>()
        )));
    }
    let warnings = [
        ("ignoring DaemonSet-managed Pods", &warned.daemon),
        ("deleting Pods that declare no controller", &warned.unmanaged),
    ];
    let said: Vec<String> = warnings
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(words, names)| format!("{words}: {}", names.join(", ")))
        .collect();
    if !said.is_empty() {
        cx.warn(&said.join("; "));
    }
    Ok(leaving)
}

fn may_go(args: &Args, pod: &Value, refused: &mut Refused, warned: &mut Refused) -> bool {
    let name = format!("{}/{}", pod.text("metadata.namespace"), pod.text("metadata.name"));
    let owners = pod.items("metadata.ownerReferences");
    let controller = owners.iter().find(|owner| owner.flag("controller"));
    let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
    if controller.is_some_and(|owner| owner.text("kind") == "DaemonSet") && !ended {
        match args.bool("ignore-daemonsets") {
            true => warned.daemon.push(name),
            false => refused.daemon.push(name),
        }
        return false;
    }
    let is_local = pod.items("spec.volumes").iter().any(|volume| volume.has("emptyDir"));
    if is_local && !ended && !args.bool("delete-emptydir-data") {
        refused.local.push(name);
        return false;
    }
    if controller.is_none() && !ended {
        if !args.bool("force") {
            refused.unmanaged.push(name);
            return false;
        }
        warned.unmanaged.push(name);
    }
    true
}

impl Drain {
    fn evict(&mut self, cx: &mut Cx<'_>) -> Outcome {
        let kind = discovery::resolve("pods")?;
        for pod in self.pods.iter_mut().filter(|pod| !pod.evicted) {
            if self.retry.is_none() {
                cx.say(&format!("evicting pod {}/{}", pod.namespace, pod.name));
            }
            let options =
                DeleteOptions { grace_period_seconds: self.grace, ..DeleteOptions::default() };
            let verb = if self.by_delete { Ask::Delete } else { Ask::Create };
            let mut request = server::request(verb, kind, &pod.namespace, &pod.name);
            if !self.by_delete {
                request.subresource = "eviction".into();
            }
            request.body = Body::Delete(options);
            match server::send(cx, request) {
                Ok(_) => pod.evicted = true,
                Err(fail) if fail.is_not_found() => pod.evicted = true,
                Err(Fail::Status(status)) if status.code() == 429 => {
                    cx.complain(&format!(
                        "error when evicting pods/{:?} -n {:?} (will retry after 5s): {}",
                        pod.name, pod.namespace, status.message
                    ));
                }
                Err(fail) => return Err(fail),
            }
        }
        let waits = self.pods.iter().any(|pod| !pod.evicted);
        self.retry = waits.then(|| cx.now + Duration::from_secs(5));
        Ok(())
    }

    fn look(&mut self, cx: &mut Cx<'_>) -> Outcome<bool> {
        if self.pods.iter().any(|pod| !pod.evicted) && self.retry.is_none_or(|at| cx.now >= at) {
            self.evict(cx)?;
        }
        let kind = discovery::resolve("pods")?;
        let mut gone = Vec::new();
        self.pods.retain(|pod| {
            let now = server::get(cx, kind, &pod.namespace, &pod.name);
            let stays = now.is_ok_and(|now| now.text("metadata.uid") == pod.uid);
            if !stays {
                gone.push(pod.name.clone());
            }
            stays
        });
        let done = if self.by_delete { "deleted" } else { "evicted" };
        gone.iter().for_each(|name| cx.say(&format!("pod/{name} {done}")));
        Ok(self.pods.is_empty())
    }
}

impl Process for Drain {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        if self.until.is_none() && self.timeout > 0 {
            self.until = Some(cx.now + Duration::from_nanos(self.timeout));
        }
        match self.look(cx) {
            Ok(true) => {
                cx.say(&format!("node/{} drained", self.node));
                return Progress::Done(0);
            }
            Ok(false) => {}
            Err(fail) => return Progress::Done(command::print(cx, &fail)),
        }
        if self.until.is_some_and(|until| cx.now >= until) {
            let text = format!(
                "error: unable to drain node {:?} due to error: drain did not complete within {}s, \
                 continuing command...\nThere are pending nodes to be drained:\n {}",
                self.node,
                self.timeout / 1_000_000_000,
                self.node
            );
            return Progress::Done(command::print(cx, &Fail::Raw(text)));
        }
        let Ok(kind) = discovery::resolve("pods") else { return Progress::Done(1) };
        let watch = self.pods.iter().map(|pod| server::watch(kind, &pod.namespace, &pod.name));
        let until = [self.until, self.retry].into_iter().flatten().min();
        Progress::Wait { watch: watch.collect(), until }
    }
}
