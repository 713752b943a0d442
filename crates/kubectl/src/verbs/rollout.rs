//! `kubectl rollout`.

mod change;
mod history;
mod status;
mod undo;

use crate::fail::{Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, SELECTOR, WRITE};
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::Verb;

pub static VERB: Verb = Verb {
    name: "rollout",
    about: "Manage the rollout of a resource",
    usage: "SUBCOMMAND",
    children: &[
        &history::VERB,
        &change::PAUSE,
        &change::RESTART,
        &change::RESUME,
        &status::VERB,
        &undo::VERB,
    ],
    ..Verb::NONE
};

/// The flags that say which objects.
const WHICH: [&[Flag]; 2] = [FILENAME, SELECTOR];
const OUT: [&[Flag]; 2] = [PRINT, WRITE];

fn find(cx: &mut Cx<'_>, args: &Args) -> Outcome<(Vec<Found>, Vec<crate::fail::Fail>)> {
    if args.words.is_empty() && !args.changed("filename") {
        return args.usage("required resource not specified");
    }
    target::find(cx, args, &args.words, Rules { all_by_default: true, ..Rules::default() })
}

/// Whether the kind rolls out at all.
fn supported(one: &Found, what: &str, kinds: &[&str]) -> Outcome {
    if one.kind.group == "apps" && kinds.contains(&one.kind.kind) {
        return Ok(());
    }
    error(format!("no {what} has been implemented for \"{}\"", one.kind.kind))
}
