//! `help`, `options` and `--help`, from the tables of verbs and flags.
// Models the templates of kubectl/pkg/util/templates and the groups of kubectl/pkg/cmd/cmd.go.

use crate::flags::{Flag, FlagKind, GLOBAL};
use crate::verbs::{self, Verb};

/// The groups of `kubectl --help`, in its order. What stands in none is under "Other Commands".
pub const GROUPS: [(&str, &[&str]); 7] = [
    ("Basic Commands (Beginner)", &["create", "expose", "run", "set"]),
    ("Basic Commands (Intermediate)", &["explain", "get", "edit", "delete"]),
    ("Deploy Commands", &["rollout", "scale", "autoscale"]),
    (
        "Cluster Management Commands",
        &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"],
    ),
    (
        "Troubleshooting and Debugging Commands",
        &[
            "describe",
            "logs",
            "attach",
            "exec",
            "port-forward",
            "proxy",
            "cp",
            "auth",
            "debug",
            "events",
        ],
    ),
    ("Advanced Commands", &["diff", "apply", "patch", "replace", "wait", "kustomize"]),
    ("Settings Commands", &["label", "annotate", "completion"]),
];

/// Every command in the order of the help, those without a group last.
pub fn in_order() -> Vec<&'static Verb> {
    let grouped = GROUPS.iter().flat_map(|(_, names)| names.iter());
    let mut all: Vec<&Verb> = grouped.filter_map(|name| verbs::find(verbs::ALL, name)).collect();
    all.extend(ungrouped());
    all
}

fn ungrouped() -> impl Iterator<Item = &'static Verb> {
    let is_grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    verbs::ALL.iter().copied().filter(move |verb| !is_grouped(verb.name) && !verb.hidden)
}

/// Names are padded to the longest of the level, and to 13 at least.
fn listing<'a>(verbs: impl Iterator<Item = &'a Verb>, width: usize) -> String {
    verbs.map(|verb| format!("  {:width$}   {}\n", verb.name, verb.about)).collect()
}

fn width<'a>(verbs: impl Iterator<Item = &'a &'static Verb>) -> usize {
    verbs.map(|verb| verb.name.len()).max().unwrap_or(0).max(11)
}

pub fn root() -> String {
    let mut text = String::from(
        "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: \
         https://kubernetes.io/docs/reference/kubectl/\n\n",
    );
    let width = width(verbs::ALL.iter());
    for (title, names) in GROUPS {
        let verbs = names.iter().filter_map(|name| verbs::find(verbs::ALL, name));
        text.push_str(&format!("{title}:\n{}\n", listing(verbs, width)));
    }
    text.push_str("Subcommands provided by plugins:\n\nOther Commands:\n");
    text.push_str(&listing(ungrouped(), width));
    text.push_str(
        "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more \
         information about a given command.\n",
    );
    text.push_str(GLOBAL_TIP);
    text
}

const GLOBAL_TIP: &str = "Use \"kubectl options\" for a list of global command-line options (applies \
                          to all commands).\n";

fn flag_line(flag: &Flag) -> String {
    let short = flag.short.map(|c| format!("-{c}, ")).unwrap_or_default();
    let value = match flag.kind {
        FlagKind::Text => format!("'{}'", flag.default),
        FlagKind::List | FlagKind::Array => "[]".to_owned(),
        _ => flag.default.to_owned(),
    };
    format!("    {short}--{}={value}:\n\n", flag.long)
}

fn flag_lines<'a>(flags: impl Iterator<Item = &'a Flag>) -> String {
    let mut flags: Vec<&Flag> = flags.filter(|flag| flag.long != "help").collect();
    flags.sort_by_key(|flag| flag.long);
    flags.iter().map(|flag| flag_line(flag)).collect()
}

/// `kubectl options`
pub fn options() -> String {
    let lines = flag_lines(GLOBAL.iter());
    format!("The following options can be passed to any command:\n\n{lines}")
}

pub fn verb(verb: &Verb, path: &str) -> String {
    let mut text = format!("{}.\n\n", verb.about.trim_end_matches('.'));
    if !verb.aliases.is_empty() {
        text.push_str(&format!("Aliases:\n{}, {}\n\n", verb.name, verb.aliases.join(", ")));
    }
    if !verb.children.is_empty() {
        text.push_str("Available Commands:\n");
        let width = width(verb.children.iter());
        text.push_str(&listing(verb.children.iter().copied(), width));
        text.push('\n');
    }
    let own = flag_lines(verb.flags.iter().flat_map(|group| group.iter()));
    if !own.is_empty() {
        text.push_str(&format!("Options:\n{own}"));
    }
    let gap = if verb.usage.is_empty() { "" } else { " " };
    let usage = verb.usage.trim_end();
    text.push_str(&format!("Usage:\n  kubectl {path}{gap}{usage} [options]\n\n"));
    if !verb.children.is_empty() {
        text.push_str(&format!(
            "Use \"kubectl {path} <command> --help\" for more information about a given command.\n"
        ));
    }
    text.push_str(GLOBAL_TIP);
    text
}
