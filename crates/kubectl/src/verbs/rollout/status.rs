//! `kubectl rollout status`: says how far a rollout is until it is done.
// Models kubectl/pkg/cmd/rollout/rollout_status.go and polymorphichelpers/rollout_status.go.

use clock::{Duration, SimTime};
use serde_json::Value;

use super::{WHICH, find, group_kind};
use crate::command;
use crate::describe::revision;
use crate::fail::{self, Fail, Outcome, error};
use crate::flags::{Args, Flag};
use crate::path::Look;
use crate::server;
use crate::session::{Cx, Process, Progress};
use crate::target::Found;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "status",
    about: "Show the status of the rollout",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[
        &[
            Flag::on("watch").short('w'),
            Flag::int("revision", "0"),
            Flag::duration("timeout", "0s"),
        ],
        WHICH[0],
        WHICH[1],
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

struct Status {
    left: std::collections::VecDeque<Found>,
    watch: bool,
    revision: i64,
    timeout: u64,
    until: Option<SimTime>,
    /// Revision of the object that was spoken of last.
    seen: String,
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (found, fails) = find(cx, args)?;
    fail::all(fails)?;
    if found.is_empty() {
        return error("no resources found");
    }
    Ok(Flow::Wait(Box::new(Status {
        left: found.into(),
        watch: args.bool("watch"),
        revision: args.int("revision"),
        timeout: u64::try_from(args.duration("timeout")).unwrap_or(0),
        until: None,
        seen: String::new(),
    })))
}

/// The message about an object, and whether its rollout is done.
fn status(one: &Found, wanted: i64) -> Outcome<(String, bool)> {
    let object = &one.object;
    let observed = object.int("metadata.generation") <= object.int("status.observedGeneration");
    match (one.kind.group, one.kind.kind) {
        ("apps", "Deployment") => deployment(object, observed, wanted),
        ("apps", "DaemonSet") => daemon_set(object, observed),
        ("apps", "StatefulSet") => stateful_set(object, observed),
        _ => error(format!("no status viewer has been implemented for {}", group_kind(one))),
    }
}

fn deployment(object: &Value, observed: bool, wanted: i64) -> Outcome<(String, bool)> {
    let name = object.text("metadata.name");
    if wanted > 0 && wanted != revision(object) {
        return error(format!(
            "desired revision ({wanted}) is different from the running revision ({})",
            revision(object)
        ));
    }
    if !observed {
        return Ok(("Waiting for deployment spec update to be observed...".to_owned(), false));
    }
    let progressing =
        object.items("status.conditions").iter().find(|one| one.text("type") == "Progressing");
    if progressing.is_some_and(|one| one.text("reason") == "ProgressDeadlineExceeded") {
        return error(format!("deployment {name:?} exceeded its progress deadline"));
    }
    let status = object.at("status");
    let (wanted, updated) = (object.int("spec.replicas"), status.int("updatedReplicas"));
    let (all, available) = (status.int("replicas"), status.int("availableReplicas"));
    let waiting = format!("Waiting for deployment {name:?} rollout to finish:");
    Ok(if updated < wanted {
        let text = format!("{updated} out of {wanted} new replicas have been updated...");
        (format!("{waiting} {text}"), false)
    } else if all > updated {
        let text = format!("{} old replicas are pending termination...", all - updated);
        (format!("{waiting} {text}"), false)
    } else if available < updated {
        let text = format!("{available} of {updated} updated replicas are available...");
        (format!("{waiting} {text}"), false)
    } else {
        (format!("deployment {name:?} successfully rolled out"), true)
    })
}

fn daemon_set(object: &Value, observed: bool) -> Outcome<(String, bool)> {
    let name = object.text("metadata.name");
    if object.text("spec.updateStrategy.type") != "RollingUpdate" {
        return error("rollout status is only available for RollingUpdate strategy type");
    }
    if !observed {
        return Ok(("Waiting for daemon set spec update to be observed...".to_owned(), false));
    }
    let status = object.at("status");
    let wanted = status.int("desiredNumberScheduled");
    let (updated, available) =
        (status.int("updatedNumberScheduled"), status.int("numberAvailable"));
    let waiting = format!("Waiting for daemon set {name:?} rollout to finish:");
    Ok(if updated < wanted {
        let text = format!("{updated} out of {wanted} new pods have been updated...");
        (format!("{waiting} {text}"), false)
    } else if available < wanted {
        let text = format!("{available} of {wanted} updated pods are available...");
        (format!("{waiting} {text}"), false)
    } else {
        (format!("daemon set {name:?} successfully rolled out"), true)
    })
}

fn stateful_set(object: &Value, observed: bool) -> Outcome<(String, bool)> {
    if object.text("spec.updateStrategy.type") != "RollingUpdate" {
        return error("rollout status is only available for RollingUpdate strategy type");
    }
    let status = object.at("status");
    if status.int("observedGeneration") == 0 || !observed {
        return Ok(("Waiting for statefulset spec update to be observed...".to_owned(), false));
    }
    let (wanted, ready) = (object.int("spec.replicas"), status.int("readyReplicas"));
    let updated = status.int("updatedReplicas");
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...", wanted - ready), false));
    }
    let partition = object.at("spec.updateStrategy.rollingUpdate.partition").as_i64();
    if object.has("spec.updateStrategy.rollingUpdate") {
        let part = wanted - partition.unwrap_or(0);
        if partition.is_some() && updated < part {
            return Ok((
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {part} new pods \
                     have been updated..."
                ),
                false,
            ));
        }
        return Ok((
            format!("partitioned roll out complete: {updated} new pods have been updated..."),
            true,
        ));
    }
    let (current, update) = (status.text("currentRevision"), status.text("updateRevision"));
    if current != update {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision \
                 {update}..."
            ),
            false,
        ));
    }
    let all = status.int("currentReplicas");
    Ok((format!("statefulset rolling update complete {all} pods at revision {current}..."), true))
}

impl Status {
    /// Looks at the first object; true when there is nothing left to wait for.
    fn look(&mut self, cx: &mut Cx<'_>) -> Outcome<bool> {
        while let Some(one) = self.left.front_mut() {
            match one.refresh(cx) {
                Ok(()) => {}
                Err(fail) if fail.is_not_found() && !self.seen.is_empty() => {
                    return error("object has been deleted");
                }
                Err(fail) => return Err(fail),
            }
            let (text, done) = status(one, self.revision)?;
            let version = one.object.text("metadata.resourceVersion");
            if self.seen != version {
                self.seen = version.to_owned();
                cx.say(&text);
            }
            if !done && self.watch {
                return Ok(false);
            }
            self.left.pop_front();
            self.seen.clear();
        }
        Ok(true)
    }
}

impl Process for Status {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        if self.until.is_none() && self.timeout > 0 {
            self.until = Some(cx.now + Duration::from_nanos(self.timeout));
        }
        match self.look(cx) {
            Ok(true) => return Progress::Done(0),
            Ok(false) => {}
            Err(fail) => return Progress::Done(command::print(cx, &fail)),
        }
        if self.until.is_some_and(|until| cx.now >= until) {
            let fail = Fail::Error("timed out waiting for the condition".to_owned());
            return Progress::Done(command::print(cx, &fail));
        }
        let watch = self.left.front();
        let watch = watch.map(|one| server::watch(one.kind, &one.namespace, &one.name));
        Progress::Wait { watch: watch.into_iter().collect(), until: self.until }
    }
}
