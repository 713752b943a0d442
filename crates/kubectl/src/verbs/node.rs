//! `kubectl cordon|uncordon`; beside it drain and taint.
// Models kubectl/pkg/cmd/drain/drain.go.

pub mod drain;
pub mod taint;

use client::PatchType;
use serde_json::json;

use crate::fail::{Fail, Outcome};
use crate::flags::{Args, Flag, SELECTOR, WRITE};
use crate::path::Look;
use crate::server::{self, Write};
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::DryRun;
use crate::verbs::{Flow, Verb, Words};

const COMMON: [&[Flag]; 2] = [SELECTOR, WRITE];

pub static CORDON: Verb = Verb {
    name: "cordon",
    about: "Mark node as unschedulable",
    usage: "NODE",
    flags: &COMMON,
    words: Words::Names("nodes"),
    run: Some(|cx, args| each(cx, args, true)),
    ..Verb::NONE
};

pub static UNCORDON: Verb = Verb {
    name: "uncordon",
    about: "Mark node as schedulable",
    usage: "NODE",
    flags: &COMMON,
    words: Words::Names("nodes"),
    run: Some(|cx, args| each(cx, args, false)),
    ..Verb::NONE
};

/// The nodes the words name or the selector picks.
fn nodes(cx: &mut Cx<'_>, args: &Args) -> Outcome<(Vec<Found>, Vec<Fail>)> {
    let selects = !args.text("selector").is_empty();
    if args.words.is_empty() && !selects {
        return args.usage(&format!("USAGE: {} NODE [flags]", args.path));
    }
    let mut words = args.words.clone();
    for word in &mut words {
        if let Some(name) = word.strip_prefix("node/").or(word.strip_prefix("nodes/")) {
            *word = name.to_owned();
        }
    }
    words.insert(0, "nodes".to_owned());
    target::find(cx, args, &words, Rules::default())
}

fn each(cx: &mut Cx<'_>, args: &Args, unschedulable: bool) -> Outcome<Flow> {
    let (found, fails) = nodes(cx, args)?;
    let dry_run = DryRun::of(cx, args)?;
    target::each(cx, found, fails, |cx, one| mark(cx, &one, unschedulable, dry_run))?;
    Ok(Flow::Done)
}

/// Marks a node, and says so.
fn mark(cx: &mut Cx<'_>, one: &Found, unschedulable: bool, dry_run: DryRun) -> Outcome {
    let done = if unschedulable { "cordoned" } else { "uncordoned" };
    if one.object.flag("spec.unschedulable") == unschedulable {
        let dry = if dry_run == DryRun::None { "" } else { " (dry run)" };
        cx.say(&format!("node/{} already {done}{dry}", one.name));
        return Ok(());
    }
    if dry_run != DryRun::Client {
        let value = if unschedulable { json!(true) } else { json!(null) };
        let patch = json!({ "spec": { "unschedulable": value } });
        let write = Write {
            dry_run: dry_run == DryRun::Server,
            manager: "kubectl".to_owned(),
            ..Write::default()
        };
        server::patch(cx, one.kind, ("", &one.name), (PatchType::Strategic, patch), &write)?;
    }
    let dry = match dry_run {
        DryRun::None => "",
        DryRun::Client => " (dry run)",
        DryRun::Server => " (server dry run)",
    };
    cx.say(&format!("node/{} {done}{dry}", one.name));
    Ok(())
}
