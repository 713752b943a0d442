//! `kubectl patch`.
// Models kubectl/pkg/cmd/patch/patch.go.

use apimachinery::status::Reason;
use apimachinery::status::Status;
use client::PatchType;
use schema::Schema;
use serde_json::Value;
use yaml::Limits;

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, FILENAME, Flag, LOCAL, PRINT, RECORD, WRITE};
use crate::path::Look;
use crate::printers::object;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, Writer};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "patch",
    about: "Update fields of a resource",
    usage: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
    flags: &[
        &[
            Flag::text("patch").short('p'),
            Flag::text("patch-file"),
            Flag::text("type").default("strategic").values(&["json", "merge", "strategic"]),
            Flag::text("subresource"),
        ],
        FILENAME,
        LOCAL,
        PRINT,
        WRITE,
        RECORD,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn read(cx: &Cx<'_>, args: &Args) -> Outcome<Value> {
    let text = match (args.text("patch"), args.text("patch-file")) {
        ("", "") => {
            return error(
                "must specify --patch or --patch-file containing the contents of the patch",
            );
        }
        (text, "") => text.to_owned(),
        ("", "-") => args.stdin.clone(),
        ("", file) => match cx.session.files.read(file) {
            Some(text) => text.to_owned(),
            None => {
                return error(format!(
                    "unable to read patch file: open {file}: no such file or directory"
                ));
            }
        },
        _ => return error("cannot specify --patch and --patch-file together"),
    };
    // Text that begins as JSON goes to the server as it is, and the server says what is wrong.
    if text.trim_start().starts_with('{') {
        match serde_json::from_str(&text) {
            Ok(value) => return Ok(value),
            Err(why) if why.is_eof() => {
                let status = Status::bad_request("unexpected end of JSON input".to_owned());
                return Err(status.into());
            }
            Err(_) => {}
        }
    }
    let parsed = yaml::parse(&text, &Limits::default());
    if let Some(wrong) = parsed.diagnostics.first() {
        return error(format!("unable to parse {text:?}: {}", wrong.message));
    }
    match parsed.documents.into_iter().next() {
        Some(document) => Ok(document.value),
        None => error(format!("unable to parse {text:?}: it holds no patch")),
    }
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let kind = match args.text("type").to_ascii_lowercase().as_str() {
        "json" => PatchType::Json,
        "merge" => PatchType::Merge,
        "strategic" => PatchType::Strategic,
        other => {
            return error(format!("--type must be one of [json merge strategic], not {other:?}"));
        }
    };
    let patch = read(cx, args)?;
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    if found.is_empty() && fails.is_empty() {
        return error("no objects passed to patch");
    }
    target::each(cx, found, fails, |cx, one| apply(cx, &writer, &one, (kind, patch.clone())))?;
    Ok(Flow::Done)
}

fn apply_here(one: &Found, (kind, patch): &(PatchType, Value)) -> Outcome<Value> {
    let ty = Schema::get().type_for(one.kind.group, one.kind.version, one.kind.kind);
    let result = match (kind, ty) {
        (PatchType::Json, _) => schema::patch::json::apply(&one.object, patch),
        (PatchType::Strategic, Some(ty)) => schema::patch::strategic::apply(&one.object, patch, ty),
        _ => schema::patch::merge::apply(&one.object, patch),
    };
    result.map_err(|why| Fail::Error(why.to_string()))
}

fn apply(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found, patch: (PatchType, Value)) -> Outcome {
    let patched = if writer.dry_run == DryRun::Client || writer.args.bool("local") {
        apply_here(one, &patch)?
    } else {
        let mut write = writer.write("kubectl-patch");
        write.subresource = writer.args.text("subresource").to_owned();
        let target = (one.namespace.as_str(), one.name.as_str());
        let media_type = match patch.0 {
            PatchType::Json => "application/json-patch+json",
            PatchType::Merge => "application/merge-patch+json",
            _ => "application/strategic-merge-patch+json",
        };
        server::patch(cx, one.kind, target, patch, &write).map_err(|fail| match fail {
            Fail::Status(status) if status.reason == Reason::UnsupportedMediaType => {
                let kind = discovery::go_kind(one.kind);
                Fail::Error(format!("{media_type} is not supported by {kind}: {}", status.message))
            }
            other => other,
        })?
    };
    let done = if patched == one.object { "patched (no change)" } else { "patched" };
    if writer.format.is_human() && patched.text("kind") != one.kind.kind {
        cx.say(&format!("{} {done}", object::object_name(&patched)));
        return Ok(());
    }
    if writer.format.is_human() {
        // Whether it was a dry run goes unsaid.
        cx.say(&format!("{} {done}", one.full_name()));
        return Ok(());
    }
    writer.print(cx, one.kind, &patched, done)
}
