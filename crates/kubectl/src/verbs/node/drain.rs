//! `kubectl drain`: cordons, then evicts the pods and waits until they are gone, node by node.
// Models kubectl/pkg/drain/drain.go and kubectl/pkg/cmd/drain/drain.go.

mod filters;

use std::collections::VecDeque;

use apimachinery::duration::Duration as GoDuration;
use client::{Body, DeleteOptions, Verb as Ask};
use clock::{Duration, SimTime};
use serde_json::Value;

use self::filters::{chosen, overdue};
use super::{COMMON, mark, nodes};
use crate::discovery;
use crate::fail::{Fail, Outcome};
use crate::flags::{Args, Flag};
use crate::path::Look;
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::verbs::object::DryRun;
use crate::verbs::{Flow, Verb, Words};

const RETRY: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_secs(1);
const DEADLINE: &str = "context deadline exceeded";

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

/// What happens next to a pod that is to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Evict,
    Look,
    Over,
}

/// A pod that is to go.
pub struct Leaving {
    namespace: String,
    name: String,
    uid: String,
    step: Step,
    at: SimTime,
}

impl Leaving {
    fn new(pod: &Value, now: SimTime) -> Self {
        Leaving {
            namespace: pod.text("metadata.namespace").to_owned(),
            name: pod.text("metadata.name").to_owned(),
            uid: pod.text("metadata.uid").to_owned(),
            step: Step::Evict,
            at: now,
        }
    }

    fn full_name(&self) -> String {
        format!("pods/{:?} -n {:?}", self.name, self.namespace)
    }
}

/// The node that is being drained.
struct Round {
    node: String,
    pods: Vec<Leaving>,
    until: Option<SimTime>,
    errors: Vec<String>,
}

struct Drain {
    args: Args,
    dry_run: DryRun,
    nodes: VecDeque<String>,
    round: Option<Round>,
    remaining: Vec<String>,
    fatal: Vec<String>,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (found, fails) = nodes(cx, args)?;
    crate::fail::all(fails)?;
    let dry_run = DryRun::of(cx, args)?;
    for node in &found {
        mark(cx, node, true, dry_run)?;
    }
    Ok(Flow::Wait(Box::new(Drain {
        args: args.clone(),
        dry_run,
        nodes: found.into_iter().map(|node| node.name).collect(),
        round: None,
        remaining: Vec::new(),
        fatal: Vec::new(),
    })))
}

/// Several errors as one text.
fn joined(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

impl Drain {
    /// Chooses the pods of a node and begins.
    fn begin(&mut self, cx: &mut Cx<'_>, node: String) -> Outcome {
        let chosen = match chosen(cx, &self.args, &node)? {
            Ok(chosen) => chosen,
            Err(errors) => {
                self.fail(cx, node, errors);
                return Ok(());
            }
        };
        if !chosen.warnings.is_empty() {
            cx.warn(&chosen.warnings.join("; "));
        }
        let mut pods = chosen.leaving;
        if self.dry_run != DryRun::None {
            for pod in pods.drain(..) {
                let dry = self.dry_run.suffix();
                cx.say(&format!("evicting pod {}/{}{dry}", pod.namespace, pod.name));
            }
        }
        let timeout = u64::try_from(self.args.duration("timeout")).unwrap_or(0);
        let until = (timeout > 0).then(|| cx.now + Duration::from_nanos(timeout));
        let mut errors = Vec::new();
        if self.args.bool("disable-eviction") {
            for pod in &mut pods {
                pod.step = Step::Look;
                match self.send(cx, Ask::Delete, pod) {
                    Err(fail) if !fail.is_not_found() => errors.push(fail.message()),
                    _ => {}
                }
                if !errors.is_empty() {
                    break;
                }
            }
            if !errors.is_empty() {
                pods.clear();
            }
        }
        self.round = Some(Round { node, pods, until, errors });
        Ok(())
    }

    fn send(&self, cx: &mut Cx<'_>, verb: Ask, pod: &Leaving) -> Outcome {
        let grace = self.args.int("grace-period");
        let kind = discovery::resolve("pods")?;
        let mut request = server::request(verb, kind, &pod.namespace, &pod.name);
        if verb == Ask::Create {
            request.subresource = "eviction".into();
        }
        request.body = Body::Delete(DeleteOptions {
            grace_period_seconds: (grace >= 0).then_some(grace),
            ..DeleteOptions::default()
        });
        server::send(cx, request).map(|_| ())
    }

    fn fail(&mut self, cx: &mut Cx<'_>, node: String, errors: Vec<String>) {
        let why = joined(&errors);
        cx.complain(&format!(
            "error: unable to drain node {node:?} due to error: {why}, continuing command..."
        ));
        self.remaining.push(node);
        self.fatal.extend(errors);
    }

    /// One attempt to evict a pod, or one look whether it is gone. `Err` is the pod's end.
    fn step(&self, cx: &mut Cx<'_>, round: &Round, pod: &mut Leaving) -> Result<(), String> {
        let late = round.until.is_some_and(|until| cx.now >= until);
        match pod.step {
            Step::Evict => {
                cx.say(&format!("evicting pod {}/{}", pod.namespace, pod.name));
                let name = pod.full_name();
                if late {
                    let timeout = GoDuration(self.args.duration("timeout"));
                    let why = format!("global timeout reached: {timeout}");
                    return Err(format!("error when evicting {name}: {why}"));
                }
                match self.send(cx, Ask::Create, pod) {
                    Ok(()) => {
                        pod.step = Step::Look;
                        self.step(cx, round, pod)
                    }
                    Err(fail) if fail.is_not_found() => {
                        pod.step = Step::Over;
                        Ok(())
                    }
                    Err(Fail::Status(status)) if status.code() == 429 => {
                        cx.complain(&format!(
                            "error when evicting {name} (will retry after 5s): {}",
                            status.message
                        ));
                        pod.at = cx.now + RETRY;
                        Ok(())
                    }
                    Err(fail) => Err(format!("error when evicting {name}: {}", fail.message())),
                }
            }
            Step::Look => self.look(cx, pod, late),
            Step::Over => Ok(()),
        }
    }

    fn look(&self, cx: &mut Cx<'_>, pod: &mut Leaving, late: bool) -> Result<(), String> {
        let evicts = !self.args.bool("disable-eviction");
        let waiting = |why: &str| match evicts {
            false => why.to_owned(),
            true => format!(
                "error when waiting for pod {:?} in namespace {:?} to terminate: {why}",
                pod.name, pod.namespace
            ),
        };
        let kind = discovery::resolve("pods").map_err(|fail| waiting(&fail.message()))?;
        let done = if evicts { "evicted" } else { "deleted" };
        match server::get(cx, kind, &pod.namespace, &pod.name) {
            Ok(now) if now.text("metadata.uid") == pod.uid => {
                if overdue(&now, &self.args, cx.time()) {
                    let limit = self.args.int("skip-wait-for-delete-timeout");
                    cx.say(&format!(
                        "pod {:?} has DeletionTimestamp older than {limit} seconds, skipping",
                        pod.name
                    ));
                    pod.step = Step::Over;
                } else if late {
                    return Err(waiting(DEADLINE));
                }
                pod.at = cx.now + POLL;
                Ok(())
            }
            Err(fail) if !fail.is_not_found() => {
                let word = if evicts { "eviction" } else { "deletion" };
                cx.say(&format!("pod/{} {word} failed", pod.name));
                Err(waiting(&fail.message()))
            }
            _ => {
                cx.say(&format!("pod/{} {done}", pod.name));
                pod.step = Step::Over;
                Ok(())
            }
        }
    }

    /// Lets every pod take its step whose time has come. True when the node is done.
    fn advance(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(mut round) = self.round.take() else { return true };
        let mut pods = std::mem::take(&mut round.pods);
        for pod in &mut pods {
            let late = round.until.is_some_and(|until| cx.now >= until) && pod.step == Step::Look;
            if pod.step == Step::Over || (pod.at > cx.now && !late) {
                continue;
            }
            if let Err(why) = self.step(cx, &round, pod) {
                pod.step = Step::Over;
                if !round.errors.contains(&why) {
                    round.errors.push(why);
                }
            }
        }
        pods.retain(|pod| pod.step != Step::Over);
        round.pods = pods;
        if !round.pods.is_empty() {
            self.round = Some(round);
            return false;
        }
        self.finish(cx, round);
        true
    }

    fn finish(&mut self, cx: &mut Cx<'_>, round: Round) {
        if round.errors.is_empty() {
            cx.say(&format!("node/{} drained{}", round.node, self.dry_run.suffix()));
            return;
        }
        if let Ok(Ok(pending)) = chosen(cx, &self.args, &round.node)
            && !pending.leaving.is_empty()
        {
            cx.complain(&format!(
                "There are pending pods in node {:?} when an error occurred: {}",
                round.node,
                joined(&round.errors)
            ));
            for pod in &pending.leaving {
                cx.complain(&format!("pod/{}", pod.name));
            }
        }
        self.fail(cx, round.node, round.errors);
    }

    fn end(&self, cx: &mut Cx<'_>) -> Progress {
        if self.remaining.is_empty() {
            return Progress::Done(0);
        }
        cx.complain("There are pending nodes to be drained:");
        self.remaining.iter().for_each(|node| cx.complain(&format!(" {node}")));
        self.fatal.iter().for_each(|why| cx.complain(why));
        Progress::Done(1)
    }
}

impl Process for Drain {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            if self.round.is_none() {
                let Some(node) = self.nodes.pop_front() else { return self.end(cx) };
                if let Err(fail) = self.begin(cx, node.clone()) {
                    self.fail(cx, node, vec![fail.message()]);
                }
            }
            if self.round.is_some() && !self.advance(cx) {
                break;
            }
        }
        let Some(round) = &self.round else { return Progress::Done(0) };
        let next = round.pods.iter().map(|pod| pod.at).min();
        let looks = round.pods.iter().any(|pod| pod.step == Step::Look);
        let deadline = round.until.filter(|_| looks);
        let until = [next, deadline].into_iter().flatten().min();
        Progress::Wait { watch: Vec::new(), until }
    }
}
