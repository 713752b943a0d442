//! `kubectl apply`: creates what is missing and patches what differs, by a three-way comparison
//! with the manifest applied last.
// Models kubectl/pkg/cmd/apply/{apply,patcher}.go.

mod server_side;

mod last;
mod prune;

use client::PatchType;
use schema::Schema;
use serde_json::Value;

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{
    ALL, Args, FILENAME, Flag, PRINT, RECORD, SELECTOR, SERVER_SIDE, VALIDATE, WRITE,
};
use crate::manifest;
use crate::path::{Look, keyed};
use crate::server::{self, Write};
use crate::session::Cx;
use crate::target::{self, Found};
use crate::verbs::object::{CHANGE_CAUSE, DryRun, LAST_APPLIED, Writer, annotate, last_applied};
use crate::verbs::{Flow, Verb};

static FLAGS: &[Flag] = &[
    Flag::bool("force"),
    Flag::bool("overwrite").default("true"),
    Flag::bool("prune"),
    Flag::array("prune-allowlist"),
    Flag::bool("wait"),
    Flag::int("grace-period", "-1"),
    Flag::duration("timeout", "0s"),
    Flag::text("cascade").default("background").bare("background"),
    Flag::on("openapi-patch"),
    Flag::text("subresource"),
];

pub static VERB: Verb = Verb {
    name: "apply",
    about: "Apply a configuration to a resource by file name or stdin",
    usage: "(-f FILENAME | -k DIRECTORY)",
    flags: &[FLAGS, SERVER_SIDE, FILENAME, SELECTOR, ALL, PRINT, WRITE, RECORD, VALIDATE],
    children: &[&last::EDIT, &last::SET, &last::VIEW],
    run: Some(run),
    ..Verb::NONE
};

const MANAGER: &str = "kubectl-client-side-apply";

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("filename") && !args.changed("kustomize") {
        return error("must specify one of -f and -k");
    }
    if let Some(word) = args.words.first() {
        return args.usage(&format!("Unexpected args: [{word}]"));
    }
    prune::check(args)?;
    if args.bool("server-side") && args.text("dry-run") == "client" {
        return error(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server \
                 instead?)",
        );
    }
    if args.bool("force-conflicts") && !args.bool("server-side") {
        return error("--force-conflicts only works with --server-side");
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = manifest::objects(cx, args)?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to apply");
    }
    let mut visited = prune::Visited::default();
    target::each(cx, found, fails, |cx, one| {
        let (kind, namespace, name) = (one.kind, one.namespace.clone(), one.name.clone());
        match args.bool("server-side") {
            true => server_side::apply(cx, &writer, one)?,
            false => apply(cx, &writer, one)?,
        }
        if args.bool("prune")
            && let Ok(object) = server::get(cx, kind, &namespace, &name)
        {
            visited.note(&namespace, &object);
        }
        Ok(())
    })?;
    if args.bool("prune") {
        prune::prune(cx, &writer, &visited)?;
    }
    Ok(Flow::Done)
}

fn describe(one: &Found) -> String {
    format!(
        "Resource: {:?}, GroupVersionKind: {:?}\nName: {:?}, Namespace: {:?}",
        discovery::go_resource(one.kind),
        discovery::go_kind(one.kind),
        one.name,
        one.namespace
    )
}

fn apply(cx: &mut Cx<'_>, writer: &Writer<'_>, one: Found) -> Outcome {
    let mut modified = one.object.clone();
    if writer.args.bool("record") {
        annotate(&mut modified, CHANGE_CAUSE, &writer.args.command_line());
    }
    let saved = last_applied(&modified);
    annotate(&mut modified, LAST_APPLIED, &saved);
    let current = match current(cx, &one) {
        Ok(current) => current,
        Err(fail) if fail.is_not_found() => return create(cx, writer, &one, modified),
        Err(fail) => {
            let prefix = format!(
                "error when retrieving current configuration of:\n{}\nfrom server for: {:?}: ",
                describe(&one),
                one.source
            );
            return Err(fail.prefixed(&prefix));
        }
    };
    let write = writer.write(MANAGER);
    if writer.dry_run != DryRun::Client {
        warn_about(cx, &one, &current);
    }
    let is_local = writer.dry_run == DryRun::Client;
    let (patch, patched) = patch(cx, &one, &modified, &current, (is_local, &write))?;
    let done = match patch.as_object() {
        Some(map) if map.is_empty() => "unchanged",
        _ => "configured",
    };
    writer.print(cx, one.kind, &patched, done)
}

fn current(cx: &mut Cx<'_>, one: &Found) -> Outcome<Value> {
    if one.name.is_empty() {
        return error("resource name may not be empty");
    }
    server::get(cx, one.kind, &one.namespace, &one.name)
}

fn create(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found, modified: Value) -> Outcome {
    if writer.dry_run == DryRun::Client {
        return writer.print(cx, one.kind, &modified, "created");
    }
    let write = writer.write(MANAGER);
    let created = server::create(cx, one.kind, &one.namespace, modified, &write)
        .map_err(|fail| fail.at_source("creating", &one.source))?;
    writer.print(cx, one.kind, &created, "created")
}

fn warn_if_deleting(cx: &mut Cx<'_>, name: &str, object: &Value) {
    if object.has("metadata.deletionTimestamp") {
        cx.warn(&format!("Detected changes to resource {name} which is currently being deleted."));
    }
}

fn warn_about(cx: &mut Cx<'_>, one: &Found, current: &Value) {
    if keyed(current, "metadata.annotations", LAST_APPLIED).is_none() {
        cx.warn(&format!(
            "resource {} is missing the {LAST_APPLIED} annotation which is required by kubectl \
             apply. kubectl apply should only be used on resources created declaratively by either \
             kubectl create --save-config or kubectl apply. The missing annotation will be patched \
             automatically.",
            one.plural_name()
        ));
    }
    warn_if_deleting(cx, &one.name, current);
}

/// Computes the patch and sends it, or gives what was asked for if it is not to be sent.
pub fn patch(
    cx: &mut Cx<'_>,
    one: &Found,
    modified: &Value,
    current: &Value,
    (is_local, write): (bool, &Write),
) -> Outcome<(Value, Value)> {
    let ty = Schema::get().type_for(one.kind.group, one.kind.version, one.kind.kind);
    let original = keyed(current, "metadata.annotations", LAST_APPLIED)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    let patch = schema::patch::three_way(&original, modified, current, ty).map_err(|why| {
        let prefix = format!(
            "error when creating patch for:\n{}\nfrom server for: {:?}: ",
            describe(one),
            one.source
        );
        Fail::Error(format!("{prefix}{why}"))
    })?;
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok((patch, current.clone()));
    }
    if is_local {
        return Ok((patch, modified.clone()));
    }
    let kind = if ty.is_some() { PatchType::Strategic } else { PatchType::Merge };
    let target = (one.namespace.as_str(), one.name.as_str());
    match server::patch(cx, one.kind, target, (kind, patch.clone()), write) {
        Ok(patched) => Ok((patch, patched)),
        Err(fail) => {
            let prefix = format!(
                "error when applying patch:\n{patch}\nto:\n{}\nfor: {:?}: ",
                describe(one),
                one.source
            );
            Err(fail.at_source("patching", &one.source).prefixed(&prefix))
        }
    }
}
