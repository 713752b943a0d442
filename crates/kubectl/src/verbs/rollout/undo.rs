//! `kubectl rollout undo`.
// Models kubectl/pkg/polymorphichelpers/rollback.go.

use client::PatchType;
use serde_json::{Map, Value, json};

use super::{OUT, WHICH, find, supported};
use crate::describe::{
    Pen, owned_sets, pod_template, revision, revision_template, revisions, same_template,
};
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag};
use crate::path::{Look, keyed};
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found};
use crate::verbs::object::{DryRun, LAST_APPLIED, Writer};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "undo",
    about: "Undo a previous rollout",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[&[Flag::int("to-revision", "0")], WHICH[0], WHICH[1], OUT[0], OUT[1]],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

/// Annotations that belong to the deployment or to the set, and do not travel between them.
const OWN: [&str; 6] = [
    LAST_APPLIED,
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let (found, fails) = find(cx, args)?;
    target::each(cx, found, fails, |cx, one| undo(cx, &writer, &one))?;
    Ok(Flow::Done)
}

/// The set to go back to: the revision asked for, or the one before the newest.
fn choose<'a>(sets: &'a [Value], wanted: i64, name: &str) -> Outcome<&'a Value> {
    if wanted > 0 {
        let Some(set) = sets.iter().find(|set| revision(set) == wanted) else {
            return not_in_history(wanted);
        };
        return Ok(set);
    }
    let mut sorted: Vec<&Value> = sets.iter().collect();
    sorted.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    match sorted.get(1) {
        Some(set) => Ok(set),
        None => error(format!("no rollout history found for deployment {name:?}")),
    }
}

fn undo(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found) -> Outcome {
    if keyed(&one.object, "metadata.annotations", LAST_APPLIED).is_some() {
        cx.warn(&format!(
            "resource {} was previously managed with 'kubectl apply'. Rolling back will not update \
             the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl \
             apply' operations. Consider using 'kubectl apply' with your previous configuration \
             file instead.",
            one.plural_name()
        ));
    }
    supported(one, "rollbacker", "rollbacker")?;
    let done = match one.kind.kind {
        "Deployment" => to_replica_set(cx, writer, one)?,
        _ => to_revision(cx, writer, one)?,
    };
    writer.print(cx, one.kind, &one.object, &done)
}

/// Brings a kept revision back. What was done, in words.
fn to_revision(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found) -> Outcome<String> {
    let kept = revisions(cx, &one.object);
    let wanted = writer.args.int("to-revision");
    if wanted == 0 && kept.len() <= 1 {
        return error("no last revision to roll back to");
    }
    let chosen = match wanted {
        0 => kept.iter().rev().nth(1),
        _ => kept.iter().find(|one| one.int("revision") == wanted),
    };
    let Some(chosen) = chosen else { return not_in_history(wanted) };
    let template = revision_template(chosen);
    if writer.dry_run == DryRun::Client {
        let mut pen = Pen::new(cx.time());
        pod_template(&mut pen, &template);
        return Ok(format!("will roll back to {}", pen.raw()));
    }
    if template == *one.object.at("spec.template") {
        return Ok(skipped(wanted));
    }
    let target = (one.namespace.as_str(), one.name.as_str());
    let write = writer.write("kubectl-rollout");
    let patch = (PatchType::Strategic, chosen.at("data").clone());
    let restored = server::patch(cx, one.kind, target, patch, &write);
    restored.map_err(|fail| {
        Fail::Error(format!("failed restoring revision {wanted}: {}", fail.message()))
    })?;
    Ok("rolled back".to_owned())
}

fn not_in_history<T>(wanted: i64) -> Outcome<T> {
    error(format!("unable to find specified revision {wanted} in history"))
}

fn skipped(revision: i64) -> String {
    format!("skipped rollback (current template already matches revision {revision})")
}

/// Brings the template of an old ReplicaSet back. What was done, in words.
fn to_replica_set(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found) -> Outcome<String> {
    let sets = owned_sets(cx, &one.object);
    let wanted = writer.args.int("to-revision");
    let set = choose(&sets, wanted, &one.name)?;
    if writer.dry_run == DryRun::Client {
        return Ok("rolled back".to_owned());
    }
    if one.object.flag("spec.paused") {
        return error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout \
             resume' and try again",
        );
    }
    if same_template(set.at("spec.template"), one.object.at("spec.template")) {
        return Ok(skipped(revision(set)));
    }
    let target = (one.namespace.as_str(), one.name.as_str());
    let write = writer.write("kubectl");
    let patch = patch(set, &one.object);
    server::patch(cx, one.kind, target, (PatchType::Json, patch), &write)?;
    Ok("rolled back".to_owned())
}

fn patch(set: &Value, deployment: &Value) -> Value {
    let mut template = set.at("spec.template").clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    let mut annotations = Map::new();
    let own = |object: &Value, is_own: bool| -> Vec<(String, Value)> {
        let pairs = object.pairs("metadata.annotations").into_iter();
        pairs
            .filter(|(key, _)| OWN.contains(key) == is_own)
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    };
    annotations.extend(own(deployment, true));
    annotations.extend(own(set, false));
    json!([
        { "op": "replace", "path": "/spec/template", "value": template },
        { "op": "replace", "path": "/metadata/annotations", "value": annotations },
    ])
}
