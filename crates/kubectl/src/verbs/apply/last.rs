//! `apply view-last-applied`, `set-last-applied` and `edit-last-applied`.
// Models kubectl/pkg/cmd/apply/apply_{view,set,edit}_last_applied.go.

use client::PatchType;
use serde_json::{Value, json};

use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL, Args, FILENAME, Flag, PRINT, RECORD, SELECTOR, WRITE};
use crate::manifest;
use crate::path::keyed;
use crate::printers::object;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, LAST_APPLIED, Writer};
use crate::verbs::{Flow, Verb, Words, edit};

pub static VIEW: Verb = Verb {
    name: "view-last-applied",
    about: "View the latest last-applied-configuration annotations of a resource/object",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    flags: &[&[Flag::text("output").short('o').default("yaml")], FILENAME, SELECTOR, ALL],
    words: Words::Resources,
    run: Some(view),
    ..Verb::NONE
};

pub static SET: Verb = Verb {
    name: "set-last-applied",
    about: "Set the last-applied-configuration annotation on a live object to match the contents \
            of a file",
    usage: "-f FILENAME",
    flags: &[&[Flag::bool("create-annotation")], FILENAME, PRINT, WRITE],
    run: Some(set),
    ..Verb::NONE
};

pub static EDIT: Verb = Verb {
    name: "edit-last-applied",
    about: "Edit latest last-applied-configuration annotations of a resource/object",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[FILENAME, PRINT, WRITE, RECORD],
    words: Words::Resources,
    run: Some(edit_last),
    ..Verb::NONE
};

fn missing<T>(one: &Found, more: &str) -> Outcome<T> {
    error(format!("no last-applied-configuration annotation found on resource: {}{more}", one.name))
}

fn view(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let output = args.text("output");
    if output != "yaml" && output != "json" {
        return args.usage(&format!(
            "Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"
        ));
    }
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| {
        // kubectl wraps no error here, and so says nothing.
        let Some(text) = keyed(&one.object, "metadata.annotations", LAST_APPLIED) else {
            return Ok(());
        };
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            return error(format!("the annotation of {} is not JSON", one.name));
        };
        let text = match output {
            "json" => object::to_json(&value),
            _ => yaml::to_yaml(&value),
        };
        cx.out.stdout(&text);
        Ok(())
    })?;
    Ok(Flow::Done)
}

fn annotation(value: &Value) -> String {
    object::go_json(&value.to_string()) + "\n"
}

/// Writes the annotation and says so.
fn write(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found, text: &str, done: &str) -> Outcome {
    let patch = json!({ "metadata": { "annotations": { LAST_APPLIED: text } } });
    let target = (one.namespace.as_str(), one.name.as_str());
    let mut object = one.object.clone();
    if writer.dry_run != DryRun::Client {
        let write = writer.write("kubectl");
        object = server::patch(cx, one.kind, target, (PatchType::Merge, patch), &write)?;
    }
    writer.print(cx, one.kind, &object, done)
}

fn set(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("filename") && !args.changed("kustomize") {
        return error("must specify one of -f and -k");
    }
    let writer = Writer::of(cx, args)?;
    let (found, fails) = manifest::objects(cx, args)?;
    crate::fail::all(fails)?;
    let mut changes = Vec::new();
    for mut one in found {
        let wanted = annotation(&one.object);
        one.refresh(cx)?;
        match keyed(&one.object, "metadata.annotations", LAST_APPLIED) {
            None if !args.bool("create-annotation") => {
                return missing(
                    &one,
                    ", to create the annotation, run the command with --create-annotation",
                );
            }
            Some(now) if now.trim_end() == wanted.trim_end() => {
                cx.say(&format!("set-last-applied {}: no changes required.", one.name));
            }
            _ => changes.push((one, wanted)),
        }
    }
    for (one, wanted) in changes {
        write(cx, &writer, &one, &wanted, "configured")?;
    }
    Ok(Flow::Done)
}

fn edit_last(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| {
        let Some(text) = keyed(&one.object, "metadata.annotations", LAST_APPLIED) else {
            return missing(&one, "");
        };
        let before: Value = serde_json::from_str(text)
            .map_err(|why| Fail::Error(format!("the annotation is not JSON: {why}")))?;
        let original = yaml::to_yaml(&before);
        let edited = edit::text(cx, &original)?;
        let parsed = yaml::parse(&edited, &yaml::Limits::default());
        match parsed.documents.into_iter().next() {
            Some(document) if document.value != before => {
                write(cx, &writer, &one, &annotation(&document.value), "edited")
            }
            _ => {
                cx.complain("Edit cancelled, no changes made.");
                Ok(())
            }
        }
    })?;
    Ok(Flow::Done)
}
