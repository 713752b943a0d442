//! `kubectl diff`: what `apply` would change, as `diff -u -N` of two folders says it.
// Models kubectl/pkg/cmd/diff/diff.go.

use client::PatchType;
use serde_json::Value;

use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, SELECTOR, SERVER_SIDE};
use crate::manifest;
use crate::path::{self, Look};
use crate::printers::object;
use crate::server::{self, Write};
use crate::session::Cx;
use crate::target::Found;
use crate::unified::unified;
use crate::verbs::{Flow, Verb, apply};

pub static VERB: Verb = Verb {
    name: "diff",
    about: "Diff the live version against a would-be applied version",
    usage: "-f FILENAME",
    flags: &[
        &[
            Flag::int("concurrency", "1"),
            Flag::text("field-manager").default("kubectl-client-side-apply"),
            Flag::bool("prune"),
            Flag::array("prune-allowlist"),
            Flag::bool("show-managed-fields"),
            Flag::bool("show-secrets"),
        ],
        FILENAME,
        SELECTOR,
        SERVER_SIDE,
    ],
    run: Some(run),
    ..Verb::NONE
};

/// Code 1 means that there are differences, so whatever goes wrong gives 2.
fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    match differences(cx, args) {
        Ok(false) => Ok(Flow::Done),
        Ok(true) => Ok(Flow::Exit(1)),
        Err(fail) => {
            crate::command::print(cx, &fail);
            Ok(Flow::Exit(2))
        }
    }
}

fn check(args: &Args) -> Outcome {
    if !args.words.is_empty() {
        return args.usage(&format!("Unexpected args: [{}]", args.words.join(" ")));
    }
    if !args.changed("filename") && !args.changed("kustomize") {
        return error("must specify one of -f and -k");
    }
    if args.bool("force-conflicts") && !args.bool("server-side") {
        return error("--force-conflicts only works with --server-side");
    }
    if args.bool("prune") {
        return error("kubectl diff --prune is not supported in this terminal");
    }
    Ok(())
}

fn differences(cx: &mut Cx<'_>, args: &Args) -> Outcome<bool> {
    check(args)?;
    let (found, mut fails) = manifest::objects(cx, args)?;
    let mut files: Vec<(String, String, String)> = Vec::new();
    for one in found {
        match versions(cx, args, &one) {
            Ok((live, merged)) => files.push((file_name(&one), live, merged)),
            Err(fail) => fails.push(fail),
        }
    }
    crate::fail::all(fails)?;
    files.sort();
    let [live_folder, merged_folder] =
        ["LIVE", "MERGED"].map(|side| format!("/tmp/{side}-{}", cx.rng.below(1 << 32)));
    let stamp = stamp(cx);
    let mut differs = false;
    for (name, live, merged) in files {
        let hunks = unified(&live, &merged);
        if hunks.is_empty() {
            continue;
        }
        differs = true;
        let (old, new) = (format!("{live_folder}/{name}"), format!("{merged_folder}/{name}"));
        cx.out.stdout(&format!(
            "diff -u -N {old} {new}\n--- {old}\t{stamp}\n+++ {new}\t{stamp}\n{hunks}"
        ));
    }
    Ok(differs)
}

/// `2026-11-20 12:23:25.086073540 +0000`
fn stamp(cx: &Cx<'_>) -> String {
    let time = cx.time().to_string();
    let fraction = cx.now.nanos() % 1_000_000_000;
    format!("{}.{fraction:09} +0000", time.trim_end_matches('Z').replace('T', " "))
}

/// `apps.v1.Deployment.default.web`
fn file_name(one: &Found) -> String {
    let version = one.kind.api_version().replace('/', ".");
    format!("{version}.{}.{}.{}", one.kind.kind, one.namespace, one.name)
}

/// The object as it is and as it would be, as YAML; empty where there is none.
fn versions(cx: &mut Cx<'_>, args: &Args, one: &Found) -> Outcome<(String, String)> {
    let live = match server::get(cx, one.kind, &one.namespace, &one.name) {
        Ok(live) => Some(live),
        Err(fail) if fail.is_not_found() => None,
        Err(fail) => return Err(fail),
    };
    let mut merged = merged(cx, args, one, live.as_ref())?;
    let mut live = live.unwrap_or_default();
    if !args.bool("show-managed-fields") {
        object::hide_managed_fields(&mut live);
        object::hide_managed_fields(&mut merged);
    }
    let is_secret = one.kind.kind == "Secret" && one.kind.group.is_empty();
    if is_secret && !args.bool("show-secrets") {
        mask(&mut live, &mut merged);
    }
    if live.has("metadata.deletionTimestamp") {
        cx.warn(&format!(
            "Detected changes to resource {} which is currently being deleted.",
            one.name
        ));
    }
    let live = if live.is_null() { String::new() } else { yaml::to_yaml(&live) };
    Ok((live, yaml::to_yaml(&merged)))
}

fn merged(cx: &mut Cx<'_>, args: &Args, one: &Found, live: Option<&Value>) -> Outcome<Value> {
    let manager = args.text("field-manager").to_owned();
    let write =
        Write { dry_run: true, manager, force: args.bool("force-conflicts"), ..Write::default() };
    let target = (one.namespace.as_str(), one.name.as_str());
    match live {
        _ if args.bool("server-side") => {
            server::patch(cx, one.kind, target, (PatchType::Apply, one.object.clone()), &write)
        }
        None => server::create(cx, one.kind, &one.namespace, one.object.clone(), &write),
        Some(live) => {
            // An empty map of annotations takes those away that were applied before.
            let mut modified = one.object.clone();
            path::object_mut(&mut modified, &["metadata", "annotations"]);
            let patched = apply::patch(cx, one, &modified, live, (false, &write));
            patched.map(|(_, patched)| patched)
        }
    }
}

/// Hides the values of secrets, and lets differences be seen.
fn mask(live: &mut Value, merged: &mut Value) {
    let (old, new) = (live.at("data").clone(), merged.at("data").clone());
    let word = |value: &Value, other: &Value, changed: &str| -> Value {
        if !other.is_null() && value != other { changed.into() } else { "***".into() }
    };
    for (object, own, other, changed) in
        [(live, &old, &new, "*** (before)"), (merged, &new, &old, "*** (after)")]
    {
        let Some(map) = own.as_object().and_then(|_| path::object_mut(object, &["data"])) else {
            continue;
        };
        for (key, value) in map.iter_mut() {
            *value = word(value, other.get(key).unwrap_or(&Value::Null), changed);
        }
    }
}
