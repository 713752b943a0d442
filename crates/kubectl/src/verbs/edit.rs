//! `kubectl edit`, with an editor that is a command of this shell: `KUBE_EDITOR='sed -i …'`.
// Models kubectl/pkg/cmd/util/editor/editoptions.go.

use client::PatchType;
use schema::Schema;
use serde_json::Value;
use yaml::Limits;

use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, FILENAME, PRINT, RECORD, SAVE_CONFIG, VALIDATE, WRITE};
use crate::printers::object;
use crate::server;
use crate::session::{Cx, Progress};
use crate::shell;
use crate::target::{self, Found, Rules};
use crate::verbs::object::Writer;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "edit",
    about: "Edit a resource on the server",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[FILENAME, PRINT, WRITE, RECORD, VALIDATE, SAVE_CONFIG],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n\
    # and an empty file will abort the edit. If an error occurs while saving this file will be\n\
    # reopened with the relevant failures.\n#\n";

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &args.words, Rules::default())?;
    if found.is_empty() {
        crate::fail::all(fails)?;
        return Ok(Flow::Done);
    }
    let editor = editor(cx)?;
    target::each(cx, found, fails, |cx, one| edit(cx, &writer, &editor, one))?;
    Ok(Flow::Done)
}

/// The command that edits.
fn editor(cx: &Cx<'_>) -> Outcome<String> {
    let editor = ["KUBE_EDITOR", "EDITOR"].iter().find_map(|name| cx.session.env.get(*name));
    match editor {
        Some(editor) => Ok(editor.clone()),
        None => error(
            "kubectl edit opens the editor that KUBE_EDITOR names, a command of this terminal such \
             as 'sed -i s/this/that/'; use the manifest editor and kubectl apply, or kubectl patch",
        ),
    }
}

/// A text after the editor had it, without comments.
pub fn text(cx: &mut Cx<'_>, text: &str) -> Outcome<String> {
    let editor = editor(cx)?;
    let file = format!("/tmp/kubectl-edit-{}.yaml", cx.rng.next_u64() % 10_000_000_000);
    cx.session.files.write(&file, format!("{HEADER}{text}"));
    let edited = open(cx, &editor, &file)?;
    cx.session.files.remove(&file);
    Ok(without_comments(&edited))
}

/// Runs the editor on a file; it must end at once.
fn open(cx: &mut Cx<'_>, editor: &str, file: &str) -> Outcome<String> {
    let mut process = shell::start(&format!("{editor} \"{file}\""), cx.session);
    cx.session.depth = cx.session.depth.saturating_add(1);
    let progress = process.poll(cx);
    cx.session.depth = cx.session.depth.saturating_sub(1);
    match progress {
        Progress::Done(0) => Ok(cx.session.files.read(file).unwrap_or("").to_owned()),
        Progress::Done(_) => error(format!("there was a problem with the editor {editor:?}")),
        Progress::Wait { .. } => {
            error(format!("an editor that waits, such as {editor:?}, is not supported here"))
        }
    }
}

fn without_comments(text: &str) -> String {
    let kept = text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with('#'));
    kept.collect::<String>().trim_end().to_owned()
}

fn edit(cx: &mut Cx<'_>, writer: &Writer<'_>, editor: &str, one: Found) -> Outcome {
    let mut shown = one.object.clone();
    object::hide_managed_fields(&mut shown);
    let original = yaml::to_yaml(&shown);
    let file = format!("/tmp/kubectl-edit-{}.yaml", cx.rng.next_u64() % 10_000_000_000);
    let mut text = original.clone();
    let mut reason = String::new();
    loop {
        let before = without_comments(&text);
        cx.session.files.write(&file, format!("{HEADER}{reason}{before}\n"));
        let edited = without_comments(&open(cx, editor, &file)?);
        if !reason.is_empty() && edited == before {
            cx.complain(&format!("A copy of your changes has been stored to {file:?}"));
            return error("Edit cancelled, no valid changes were saved.");
        }
        if edited == without_comments(&original) || edited.is_empty() {
            cx.session.files.remove(&file);
            let why = if edited.is_empty() { "saved file was empty" } else { "no changes made" };
            cx.complain(&format!("Edit cancelled, {why}."));
            return Ok(());
        }
        match save(cx, writer, &one, &shown, &edited) {
            Ok(()) => {
                cx.session.files.remove(&file);
                return Ok(());
            }
            Err(Refused::Again(why)) => {
                reason = why.lines().map(|line| format!("# {line}\n")).collect::<String>() + "#\n";
                text = edited;
            }
            Err(Refused::For(fail)) => {
                cx.complain(&format!("A copy of your changes has been stored to {file:?}"));
                return Err(fail);
            }
        }
    }
}

/// Why an edit was not taken.
enum Refused {
    /// The editor opens again with these reasons.
    Again(String),
    For(Fail),
}

fn save(
    cx: &mut Cx<'_>,
    writer: &Writer<'_>,
    one: &Found,
    shown: &Value,
    edited: &str,
) -> Result<(), Refused> {
    let parsed = yaml::parse(edited, &Limits::default());
    let object = match (parsed.diagnostics.first(), parsed.documents.into_iter().next()) {
        (None, Some(document)) => document.value,
        (wrong, _) => {
            let why = wrong.map_or("it holds no object".to_owned(), |wrong| wrong.message.clone());
            return Err(Refused::Again(format!("The edited file had a syntax error: {why}")));
        }
    };
    let ty = Schema::get().type_for(one.kind.group, one.kind.version, one.kind.kind);
    let patch = schema::patch::three_way(shown, &object, shown, ty)
        .map_err(|why| Refused::For(Fail::Error(why.to_string())))?;
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return writer.print(cx, one.kind, &one.object, "skipped").map_err(Refused::For);
    }
    let kind = if ty.is_some() { PatchType::Strategic } else { PatchType::Merge };
    let target = (one.namespace.as_str(), one.name.as_str());
    let write = writer.write("kubectl-edit");
    match server::patch(cx, one.kind, target, (kind, patch), &write) {
        Ok(saved) => writer.print(cx, one.kind, &saved, "edited").map_err(Refused::For),
        Err(Fail::Status(status)) if status.reason == apimachinery::status::Reason::Invalid => {
            let group = match one.kind.group {
                "" => String::new(),
                group => format!(".{group}"),
            };
            let words = format!("{}{group} {:?} is invalid", one.kind.plural, one.name);
            cx.complain(&format!("error: {words}"));
            let causes: Vec<String> =
                status.causes.iter().map(|c| format!("* {}: {}", c.field, c.message)).collect();
            Err(Refused::Again(format!("{words}\n{}", causes.join("\n"))))
        }
        Err(fail) => Err(Refused::For(fail)),
    }
}
