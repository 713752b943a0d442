//! `kubectl rollout history`.
// Models kubectl/pkg/polymorphichelpers/history.go.

use serde_json::Value;

use super::{OUT, WHICH, find, supported};
use crate::describe::{Pen, owned_sets, pod_template, revision};
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

const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.int("revision") < 0 {
        return error(format!("revision must be a positive integer: {}", args.int("revision")));
    }
    let format = Format::of(args, &cx.session.files, false)?;
    let (found, fails) = find(cx, args)?;
    target::each(cx, found, fails, |cx, one| history(cx, args, &format, &one))?;
    Ok(Flow::Done)
}

/// The template of a set with the cause of its change among the annotations.
fn template(set: &Value) -> Value {
    let mut template = set.at("spec.template").clone();
    if let Some(cause) = keyed(set, "metadata.annotations", CHANGE_CAUSE) {
        annotate(&mut template, CHANGE_CAUSE, cause);
    }
    template
}

fn history(cx: &mut Cx<'_>, args: &Args, format: &Format, one: &Found) -> Outcome {
    supported(one, "history viewer", &["Deployment"])?;
    let mut sets = owned_sets(cx, &one.object);
    sets.sort_by_key(revision);
    let wanted = args.int("revision");
    if !format.is_human() {
        let chosen = match wanted {
            0 => sets.last(),
            wanted => sets.iter().find(|set| revision(set) == wanted),
        };
        let Some(set) = chosen else { return error("unable to find the specified revision") };
        cx.out.stdout(&object::print(format, set, args)?);
        return Ok(());
    }
    if wanted > 0 {
        let Some(set) = sets.iter().find(|set| revision(set) == wanted) else {
            return error("unable to find the specified revision");
        };
        let mut pen = Pen::new(cx.time());
        pod_template(&mut pen, &template(set));
        let text = pen.raw();
        cx.say(&format!("{} with revision #{wanted}\n{text}", one.full_name()));
        return Ok(());
    }
    let mut text = String::from("REVISION\tCHANGE-CAUSE\n");
    for set in &sets {
        let cause = keyed(set, "metadata.annotations", CHANGE_CAUSE).unwrap_or("<none>");
        text.push_str(&format!("{}\t{cause}\n", revision(set)));
    }
    let text = TabWriter::describe().format(&text);
    cx.say(&format!("{} \n{text}", one.full_name()));
    Ok(())
}
