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
        return error("required resource not specified");
    }
    target::find(cx, args, &args.words, Rules { all_by_default: true, ..Rules::default() })
}

/// Kinds of which one may ask at all; of the others not even that.
const VISITED: [(&str, &str); 8] = [
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
];

/// `ReplicaSet.apps`, or the kind alone.
fn group_kind(one: &Found) -> String {
    let (group, kind) = (one.kind.group, one.kind.kind);
    if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") }
}

/// Whether the kind rolls out at all. `what` is asked for, a `tool` would give it.
// Models kubectl/pkg/apps/kind_visitor.go.
fn supported(one: &Found, what: &str, tool: &str) -> Outcome {
    let (group, kind) = (one.kind.group, one.kind.kind);
    if group == "apps" && ["DaemonSet", "Deployment", "StatefulSet"].contains(&kind) {
        return Ok(());
    }
    let name = group_kind(one);
    if VISITED.contains(&(group, kind)) {
        return error(format!("no {tool} has been implemented for {name:?}"));
    }
    error(format!(
        "error retrieving {what} for {name:?}, no visitor method exists for {{{group} {kind}}}"
    ))
}
