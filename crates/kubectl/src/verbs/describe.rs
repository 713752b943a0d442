//! `kubectl describe`.
// Models kubectl/pkg/cmd/describe/describe.go.

use crate::describe;
use crate::fail::{Outcome, error};
use crate::flags::{ALL_NAMESPACES, Args, FILENAME, Flag, SELECTOR};
use crate::session::Cx;
use crate::target::{self, Ask, Found, Rules};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "describe",
    about: "Show details of a specific resource or group of resources",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags: &[
        &[Flag::on("show-events"), Flag::int("chunk-size", "500")],
        FILENAME,
        SELECTOR,
        ALL_NAMESPACES,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.words.is_empty() && !args.changed("filename") {
        return error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for \
             a complete list of supported resources.\n",
        );
    }
    let rules = Rules { all_by_default: true, ..Rules::default() };
    let (mut found, mut fails) = target::find(cx, args, &args.words, rules)?;
    let mut by_name = true;
    if found.is_empty() && fails.iter().all(crate::fail::Fail::is_not_found) {
        let matching = by_prefix(cx, args, rules);
        if !matching.is_empty() {
            found = matching;
            by_name = false;
            fails.clear();
        }
    }
    if found.is_empty() && fails.is_empty() {
        match args.bool("all-namespaces") {
            true => cx.complain("No resources found"),
            false => cx.complain(&format!("No resources found in {} namespace.", args.namespace)),
        }
    }
    // By default only a single object, asked for by its full name, shows its events.
    let alone = by_name && found.len() <= 1;
    let events = args.bool("show-events") && (alone || args.changed("show-events"));
    let mut is_first = true;
    target::each(cx, found, fails, |cx, one| {
        let text = describe::describe(cx, one.kind, &one.object, events)?;
        if !std::mem::take(&mut is_first) {
            cx.out.stdout("\n\n");
        }
        cx.out.stdout(&text);
        Ok(())
    })?;
    Ok(Flow::Done)
}

/// Objects whose names begin with what was asked for.
fn by_prefix(cx: &mut Cx<'_>, args: &Args, rules: Rules) -> Vec<Found> {
    let Ok(asks) = target::asks(args, &args.words, rules) else { return Vec::new() };
    let [Ask::Name { kind, namespace, name }] = asks.as_slice() else { return Vec::new() };
    let list = Ask::List { kind, namespace: namespace.clone() };
    let mut found = target::fetch(cx, &list, &target::filter(args)).unwrap_or_default();
    found.retain(|one| one.name.starts_with(name.as_str()));
    found
}
