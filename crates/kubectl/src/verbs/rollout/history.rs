//! `kubectl rollout history`.
// Models kubectl/pkg/polymorphichelpers/history.go.

use serde_json::Value;

use super::{OUT, WHICH, find, supported};
use crate::describe::{Pen, owned_sets, pod_template, revision, revision_template, revisions};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::path::{Look, keyed};
use crate::printers::{Format, TabWriter, object};
use crate::session::Cx;
use crate::target::{self, Found};
use crate::verbs::object::annotate;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "history",
    about: "View rollout history",
    usage: "(TYPE NAME | TYPE/NAME) [flags]",
    flags: &[&[Flag::int("revision", "0")], WHICH[0], WHICH[1], OUT[0]],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

use crate::verbs::object::CHANGE_CAUSE;

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.int("revision") < 0 {
        return error(format!("revision must be a positive integer: {}", args.int("revision")));
    }
    let format = Format::of(args, &cx.session.files, false)?;
    let (found, fails) = find(cx, args)?;
    target::each(cx, found, fails, |cx, one| history(cx, args, &format, &one))?;
    Ok(Flow::Done)
}

/// One state of a workload: its number, why it came to be, and its template.
struct Past {
    revision: i64,
    cause: Option<String>,
    template: Value,
    /// What `-o` prints: a Deployment's ReplicaSet, or the owner as it was.
    object: Value,
}

fn cause(object: &Value) -> Option<String> {
    keyed(object, "metadata.annotations", CHANGE_CAUSE).map(str::to_owned)
}

fn of_replica_set(set: Value) -> Past {
    let mut template = set.at("spec.template").clone();
    if let Some(cause) = keyed(&set, "metadata.annotations", CHANGE_CAUSE) {
        annotate(&mut template, CHANGE_CAUSE, cause);
    }
    Past { revision: revision(&set), cause: cause(&set), template, object: set }
}

fn of_revision(owner: &Value, kept: &Value) -> Past {
    let template = revision_template(kept);
    let mut object = owner.clone();
    if let Some(place) = object.pointer_mut("/spec/template") {
        *place = template.clone();
    }
    Past { revision: kept.int("revision"), cause: cause(kept), template, object }
}

fn history(cx: &mut Cx<'_>, args: &Args, format: &Format, one: &Found) -> Outcome {
    supported(one, "history", "history viewer")?;
    let mut all: Vec<Past> = match one.kind.kind {
        "Deployment" => owned_sets(cx, &one.object).into_iter().map(of_replica_set).collect(),
        _ => {
            let kept = revisions(cx, &one.object);
            kept.iter().map(|kept| of_revision(&one.object, kept)).collect()
        }
    };
    all.sort_by_key(|past| past.revision);
    let wanted = args.int("revision");
    let chosen = all.iter().find(|past| past.revision == wanted);
    if wanted > 0 && chosen.is_none() && !(format.is_human() && all.is_empty()) {
        return error("unable to find the specified revision");
    }
    if !format.is_human() {
        let printed = all.iter().filter(|past| wanted == 0 || past.revision == wanted);
        for past in printed {
            cx.out.stdout(&object::print(format, &past.object, args)?);
        }
        return Ok(());
    }
    let with = if wanted > 0 { format!("with revision #{wanted}") } else { String::new() };
    let text = match chosen.filter(|_| wanted > 0) {
        _ if all.is_empty() => "No rollout history found.".to_owned(),
        Some(past) => {
            let mut pen = Pen::new(cx.time());
            pod_template(&mut pen, &past.template);
            pen.raw()
        }
        None => {
            let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
            for past in &all {
                let cause = past.cause.as_deref().unwrap_or("<none>");
                text.push_str(&format!("{}\t{cause}\n", past.revision));
            }
            TabWriter::describe().format(&text)
        }
    };
    cx.say(&format!("{} {with}\n{text}", one.full_name()));
    Ok(())
}
