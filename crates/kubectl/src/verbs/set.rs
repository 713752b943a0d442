//! `kubectl set image|env|resources|selector|serviceaccount`.
// Models kubectl/pkg/cmd/set/*.go.

mod env;
mod image;
mod other;
mod resources;

use client::PatchType;
use schema::Schema;
use serde_json::Value;

use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL, Args, FILENAME, Flag, PRINT, RECORD, SELECTOR, WRITE};
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{CHANGE_CAUSE, DryRun, Writer, annotate};
use crate::verbs::{Flow, Verb};

pub static VERB: Verb = Verb {
    name: "set",
    about: "Set specific features on objects",
    usage: "SUBCOMMAND",
    children: &[
        &env::VERB,
        &image::VERB,
        &resources::VERB,
        &other::SELECTOR_VERB,
        &other::SERVICE_ACCOUNT,
    ],
    ..Verb::NONE
};

const COMMON: [&[Flag]; 6] = [FILENAME, SELECTOR, ALL, PRINT, WRITE, RECORD];

/// The words that name objects, and those that say what to set.
fn split(args: &Args, is_setting: impl Fn(&str) -> bool) -> (Vec<String>, Vec<String>) {
    args.words.iter().cloned().partition(|word| !is_setting(word))
}

/// Changes each object and sends what differs.
fn each(
    cx: &mut Cx<'_>,
    args: &Args,
    words: &[String],
    done: &str,
    change: impl Fn(&mut Value) -> Outcome,
) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| set(cx, &writer, &one, done, &change))?;
    Ok(Flow::Done)
}

fn set(
    cx: &mut Cx<'_>,
    writer: &Writer<'_>,
    one: &Found,
    done: &str,
    change: impl Fn(&mut Value) -> Outcome,
) -> Outcome {
    let mut object = one.object.clone();
    change(&mut object)?;
    if writer.args.bool("record") {
        annotate(&mut object, CHANGE_CAUSE, &writer.args.command_line());
    }
    let ty = Schema::get().type_for(one.kind.group, one.kind.version, one.kind.kind);
    let patch = schema::patch::two_way(&one.object, &object, ty)
        .map_err(|why| Fail::Error(why.to_string()))?;
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(());
    }
    if writer.dry_run != DryRun::Client {
        let kind = if ty.is_some() { PatchType::Strategic } else { PatchType::Merge };
        let target = (one.namespace.as_str(), one.name.as_str());
        let write = writer.write("kubectl-set");
        object = server::patch(cx, one.kind, target, (kind, patch), &write)
            .map_err(|fail| fail.prefixed(&format!("failed to patch {done} to pod template: ")))?;
    }
    writer.print(cx, one.kind, &object, &format!("{done} updated"))
}

/// The pod spec in an object of any kind that has one.
fn pod_spec(object: &mut Value) -> Outcome<&mut Value> {
    let path = match object["kind"].as_str().unwrap_or("") {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    };
    let name = object["metadata"]["name"].as_str().unwrap_or("").to_owned();
    match object.pointer_mut(path) {
        Some(spec) => Ok(spec),
        None => error(format!("{name} does not have a pod template")),
    }
}

/// The containers, init containers first, whose name the pattern matches.
fn containers<'a>(spec: &'a mut Value, pattern: &str) -> Vec<&'a mut Value> {
    let mut found = Vec::new();
    let Some(map) = spec.as_object_mut() else { return found };
    for (key, list) in map.iter_mut() {
        if key != "containers" && key != "initContainers" {
            continue;
        }
        let list = list.as_array_mut().into_iter().flatten();
        found.extend(
            list.filter(|container| pattern == "*" || container["name"].as_str() == Some(pattern)),
        );
    }
    found
}
