//! Every kubectl verb, alphabetically. A verb is a record: its flags are data, from which help,
//! completion and the complaints about unknown flags come.

mod apply;
pub use auth::rule_line;

mod auth;
mod autoscale;
mod certificate;
mod config;
mod create;
mod delete;
mod describe;
mod diff;
mod distant;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
mod info;
mod label;
mod logs;
mod node;
pub mod object;
mod patch;
mod pods;
mod port_forward;
mod refused;
mod replace;
mod rollout;
mod run;
mod scale;
mod set;
mod top;
mod wait;

use crate::fail::Outcome;
use crate::flags::{Args, Flag, GLOBAL};
use crate::help;
use crate::session::{Cx, Process};

pub use refused::kustomize;

/// How a verb ends, or that it goes on.
pub enum Flow {
    Done,
    Exit(i32),
    Wait(Box<dyn Process>),
}

pub type Run = fn(&mut Cx<'_>, &Args) -> Outcome<Flow>;

/// What stands behind a verb, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    None,
    /// `TYPE NAME` or `TYPE/NAME`
    Resources,
    /// Names of one kind.
    Names(&'static str),
    /// Pods, and workloads as `deploy/web`.
    Pods,
    /// A type, then no names (`explain`).
    Types,
}

pub struct Verb {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub about: &'static str,
    pub usage: &'static str,
    pub flags: &'static [&'static [Flag]],
    pub words: Words,
    pub children: &'static [&'static Verb],
    pub run: Option<Run>,
    /// Not in the list of commands.
    pub hidden: bool,
    /// It reads and writes files and asks no server.
    pub is_offline: bool,
}

impl std::fmt::Debug for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Verb {
    /// A verb to fill in with `..`.
    pub const NONE: Verb = Verb {
        name: "",
        aliases: &[],
        about: "",
        usage: "",
        flags: &[],
        words: Words::None,
        children: &[],
        run: None,
        hidden: false,
        is_offline: false,
    };

    pub fn all_flags(&self) -> impl Iterator<Item = &'static Flag> {
        self.flags.iter().flat_map(|group| group.iter()).chain(GLOBAL.iter())
    }
}

/// kubectl itself.
pub static ROOT: Verb = Verb { about: "kubectl", ..Verb::NONE };

pub static ALL: &[&Verb] = &[
    &refused::ALPHA,
    &label::ANNOTATE,
    &info::API_RESOURCES,
    &info::API_VERSIONS,
    &apply::VERB,
    &distant::ATTACH,
    &auth::VERB,
    &autoscale::VERB,
    &certificate::VERB,
    &info::CLUSTER_INFO,
    &refused::COMPLETION,
    &config::VERB,
    &node::CORDON,
    &distant::CP,
    &create::VERB,
    &distant::DEBUG,
    &delete::VERB,
    &describe::VERB,
    &diff::VERB,
    &node::drain::VERB,
    &edit::VERB,
    &events::VERB,
    &exec::VERB,
    &explain::VERB,
    &expose::VERB,
    &get::VERB,
    &refused::HELP,
    &refused::KUBERC,
    &refused::KUSTOMIZE,
    &label::LABEL,
    &logs::VERB,
    &refused::OPTIONS,
    &patch::VERB,
    &refused::PLUGIN,
    &port_forward::VERB,
    &refused::PROXY,
    &replace::VERB,
    &rollout::VERB,
    &run::VERB,
    &scale::VERB,
    &set::VERB,
    &node::taint::VERB,
    &top::VERB,
    &node::UNCORDON,
    &info::VERSION,
    &wait::VERB,
];

pub fn find(level: &'static [&'static Verb], name: &str) -> Option<&'static Verb> {
    level.iter().copied().find(|verb| verb.name == name || verb.aliases.contains(&name))
}

/// Names of verbs that were probably meant.
// Models the suggestions of github.com/spf13/cobra.
pub fn near(word: &str) -> Vec<&'static str> {
    let close =
        |verb: &&&'static Verb| distance(word, verb.name) <= 2 || verb.name.starts_with(word);
    help::in_order().iter().filter(close).map(|verb| verb.name).collect()
}

fn distance(a: &str, b: &str) -> usize {
    if a.len() > 40 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let cost = corner + usize::from(x != *y);
            left = cost.min(left + 1).min(above + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
