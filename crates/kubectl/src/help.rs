//! `help` and `--help`, from the tables of verbs and flags.

use crate::flags::{Flag, FlagKind};
use crate::verbs::{self, Verb};

fn listing<'a>(verbs: impl Iterator<Item = &'a &'static Verb>) -> String {
    let verbs: Vec<_> = verbs.collect();
    let width = verbs.iter().map(|verb| verb.name.len()).max().unwrap_or(0);
    verbs.iter().map(|verb| format!("  {:width$}   {}\n", verb.name, verb.about)).collect()
}

pub fn root() -> String {
    format!(
        "kubectl controls the Kubernetes cluster manager.\n\nAvailable Commands:\n{}\nUsage:\n  \
         kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about \
         a given command.\n",
        listing(verbs::ALL.iter())
    )
}

fn flag_line(flag: &Flag) -> String {
    let short = flag.short.map(|c| format!("-{c}, ")).unwrap_or_default();
    let value = match flag.kind {
        FlagKind::Text => format!("'{}'", flag.default),
        FlagKind::List | FlagKind::Array => "[]".to_owned(),
        _ => flag.default.to_owned(),
    };
    format!("    {short}--{}={value}\n", flag.long)
}

pub fn verb(verb: &Verb, path: &str) -> String {
    let mut text = format!("{}.\n\n", verb.about);
    if !verb.children.is_empty() {
        text.push_str("Available Commands:\n");
        text.push_str(&listing(verb.children.iter()));
        text.push('\n');
    }
    let mut own: Vec<&Flag> = verb.flags.iter().flat_map(|group| group.iter()).collect();
    own.sort_by_key(|flag| flag.long);
    if !own.is_empty() {
        text.push_str("Options:\n");
        own.iter().for_each(|flag| text.push_str(&flag_line(flag)));
        text.push('\n');
    }
    text.push_str(&format!("Usage:\n  kubectl {path}{}{}\n", space(verb.usage), verb.usage));
    text
}

fn space(usage: &str) -> &'static str {
    if usage.is_empty() { "" } else { " " }
}
