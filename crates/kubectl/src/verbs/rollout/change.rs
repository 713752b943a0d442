//! `kubectl rollout pause|resume|restart`.
// Models kubectl/pkg/polymorphichelpers/{objectpauser,objectresumer,objectrestarter}.go.

use client::PatchType;
use serde_json::{Value, json};

use super::{OUT, WHICH, find};
use crate::fail::{Outcome, error};
use crate::flags::Args;
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found};
use crate::verbs::object::{DryRun, Writer};
use crate::verbs::{Flow, Verb, Words};

pub static PAUSE: Verb = Verb {
    name: "pause",
    about: "Mark the provided resource as paused",
    usage: "RESOURCE",
    flags: &[WHICH[0], WHICH[1], OUT[0], OUT[1]],
    words: Words::Resources,
    run: Some(|cx, args| each(cx, args, "paused", pause)),
    ..Verb::NONE
};

pub static RESUME: Verb = Verb {
    name: "resume",
    about: "Resume a paused resource",
    usage: "RESOURCE",
    flags: &[WHICH[0], WHICH[1], OUT[0], OUT[1]],
    words: Words::Resources,
    run: Some(|cx, args| each(cx, args, "resumed", resume)),
    ..Verb::NONE
};

pub static RESTART: Verb = Verb {
    name: "restart",
    about: "Restart a resource",
    usage: "RESOURCE",
    flags: &[WHICH[0], WHICH[1], OUT[0], OUT[1]],
    words: Words::Resources,
    run: Some(|cx, args| each(cx, args, "restarted", restart)),
    ..Verb::NONE
};

/// The patch that makes the change, or why there is none.
type Change = fn(&Cx<'_>, &Found) -> Outcome<Value>;

fn each(cx: &mut Cx<'_>, args: &Args, done: &str, change: Change) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let (found, fails) = find(cx, args)?;
    target::each(cx, found, fails, |cx, one| {
        let patch = change(cx, &one)?;
        let mut object = one.object.clone();
        if writer.dry_run != DryRun::Client {
            let target = (one.namespace.as_str(), one.name.as_str());
            let write = writer.write("kubectl-rollout");
            object = server::patch(cx, one.kind, target, (PatchType::Strategic, patch), &write)?;
        }
        writer.print(cx, one.kind, &object, done)
    })?;
    Ok(Flow::Done)
}

fn refuse<T>(one: &Found, why: &str) -> Outcome<T> {
    error(format!("{} {:?} {why}", one.kind.group_resource(), one.name))
}

fn pause(_: &Cx<'_>, one: &Found) -> Outcome<Value> {
    if one.kind.kind != "Deployment" {
        return refuse(one, "pausing is not supported");
    }
    if one.object.flag("spec.paused") {
        return refuse(one, "is already paused");
    }
    Ok(json!({ "spec": { "paused": true } }))
}

fn resume(_: &Cx<'_>, one: &Found) -> Outcome<Value> {
    if one.kind.kind != "Deployment" {
        return refuse(one, "resuming is not supported");
    }
    if !one.object.flag("spec.paused") {
        return refuse(one, "is not paused");
    }
    Ok(json!({ "spec": { "paused": null } }))
}

fn restart(cx: &Cx<'_>, one: &Found) -> Outcome<Value> {
    if !matches!(one.kind.kind, "Deployment" | "DaemonSet" | "StatefulSet") {
        return refuse(one, "restarting is not supported");
    }
    if one.object.flag("spec.paused") {
        return refuse(one, "can't restart paused deployment (run rollout resume first)");
    }
    let annotations = json!({ "kubectl.kubernetes.io/restartedAt": cx.time().to_string() });
    Ok(json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } }))
}
