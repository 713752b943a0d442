//! `kubectl label` and `kubectl annotate`.
// Models kubectl/pkg/cmd/label/label.go and annotate/annotate.go.

use apimachinery::names;
use client::PatchType;
use serde_json::{Map, Value, json};

use crate::fail::{Outcome, error};
use crate::flags::{
    ALL, ALL_NAMESPACES, Args, FIELD_SELECTOR, FILENAME, Flag, LOCAL, PRINT, RECORD, SELECTOR,
    WRITE,
};
use crate::path::{Look, keyed};
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, Writer};
use crate::verbs::{Flow, Verb, Words};

static FLAGS: &[Flag] =
    &[Flag::bool("overwrite"), Flag::bool("list"), Flag::text("resource-version")];

pub static ANNOTATE: Verb = Verb {
    name: "annotate",
    about: "Update the annotations on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: &[
        FLAGS,
        FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        LOCAL,
        PRINT,
        WRITE,
        RECORD,
    ],
    words: Words::Resources,
    run: Some(|cx, args| run(cx, args, "annotation")),
    ..Verb::NONE
};

pub static LABEL: Verb = Verb {
    name: "label",
    about: "Update the labels on a resource",
    usage: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: &[
        FLAGS,
        FILENAME,
        SELECTOR,
        FIELD_SELECTOR,
        ALL,
        ALL_NAMESPACES,
        LOCAL,
        PRINT,
        WRITE,
        RECORD,
    ],
    words: Words::Resources,
    run: Some(|cx, args| run(cx, args, "label")),
    ..Verb::NONE
};

/// Keys to set, and keys to remove.
struct Changes {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

fn changes(settings: &[String], what: &str) -> Outcome<Changes> {
    let mut changes = Changes { set: Vec::new(), remove: Vec::new() };
    for setting in settings {
        match setting.split_once('=') {
            Some((key, value)) => {
                let errors = names::is_valid_label_value(value);
                if what == "label" && !errors.is_empty() {
                    return error(format!(
                        "invalid label value: {setting:?}: {}",
                        errors.join(";")
                    ));
                }
                changes.set.push((key.to_owned(), value.to_owned()));
            }
            None => changes.remove.push(setting.trim_end_matches('-').to_owned()),
        }
    }
    if let Some(key) = changes.remove.iter().find(|key| changes.set.iter().any(|(k, _)| k == *key))
    {
        return error(format!(
            "can not both modify and remove {} in the same command: {key}",
            if what == "label" { "a label" } else { "an annotation" }
        ));
    }
    Ok(changes)
}

fn run(cx: &mut Cx<'_>, args: &Args, what: &'static str) -> Outcome<Flow> {
    let is_setting = |word: &String| word.contains('=') || (word.ends_with('-') && word.len() > 1);
    let (settings, words): (Vec<String>, Vec<String>) =
        args.words.iter().cloned().partition(is_setting);
    if words.is_empty() && !args.changed("filename") {
        return error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        );
    }
    if settings.is_empty() && !args.bool("list") {
        return error(format!("at least one {what} update is required"));
    }
    let changes = changes(&settings, what)?;
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| apply(cx, &writer, &one, &changes, what))?;
    Ok(Flow::Done)
}

fn apply(
    cx: &mut Cx<'_>,
    writer: &Writer<'_>,
    one: &Found,
    changes: &Changes,
    what: &str,
) -> Outcome {
    let field = if what == "label" { "labels" } else { "annotations" };
    let path = format!("metadata.{field}");
    let value_of = |key: &str| keyed(&one.object, &path, key);
    if writer.args.bool("list") && changes.set.is_empty() && changes.remove.is_empty() {
        for (key, value) in one.object.pairs(&path) {
            cx.say(&format!("{key}={}", value.as_str().unwrap_or("")));
        }
        return Ok(());
    }
    let mut patch = Map::new();
    for (key, value) in &changes.set {
        match value_of(key) {
            Some(now) if now != value && !writer.args.bool("overwrite") && what != "label" => {
                return error(format!(
                    "--overwrite is false but found the following declared annotation(s): '{key}' \
                     already has a value ({now})"
                ));
            }
            Some(now) if now != value && !writer.args.bool("overwrite") => {
                return error(format!(
                    "'{key}' already has a value ({now}), and --overwrite is false"
                ));
            }
            Some(now) if now == value => {}
            _ => {
                patch.insert(key.clone(), value.as_str().into());
            }
        }
    }
    let mut removed = false;
    for key in &changes.remove {
        if value_of(key).is_some() {
            patch.insert(key.clone(), Value::Null);
            removed = true;
        } else if what == "label" {
            cx.say(&format!("label {key:?} not found."));
        }
    }
    let done = match (what, patch.is_empty(), removed && changes.set.is_empty()) {
        ("annotation", ..) => "annotated",
        (_, true, _) => "not labeled",
        (_, _, true) => "unlabeled",
        _ => "labeled",
    };
    let mut metadata = json!({ field: patch });
    if !writer.args.text("resource-version").is_empty() {
        metadata["resourceVersion"] = writer.args.text("resource-version").into();
    }
    let mut object = one.object.clone();
    let is_empty = metadata[field].as_object().is_some_and(Map::is_empty);
    let patch = json!({ "metadata": metadata });
    if writer.dry_run == DryRun::Client {
        if let Ok(patched) = schema::patch::merge::apply(&object, &patch) {
            object = patched;
        }
    } else if !is_empty {
        let target = (one.namespace.as_str(), one.name.as_str());
        let write =
            writer.write(if what == "label" { "kubectl-label" } else { "kubectl-annotate" });
        object = server::patch(cx, one.kind, target, (PatchType::Merge, patch), &write)?;
    }
    writer.print(cx, one.kind, &object, done)
}
