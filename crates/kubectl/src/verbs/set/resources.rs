//! `kubectl set resources`.

use apimachinery::quantity::Quantity;

use super::{COMMON, containers, each, pod_spec};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag, LOCAL};
use crate::path::object_mut;
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "resources",
    about: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
    flags: &[
        &[
            Flag::text("containers").short('c').default("*"),
            Flag::text("limits"),
            Flag::text("requests"),
        ],
        COMMON[0],
        COMMON[1],
        COMMON[2],
        COMMON[3],
        COMMON[4],
        COMMON[5],
        LOCAL,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn amounts(text: &str) -> Outcome<Vec<(String, String)>> {
    let mut found = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let Some((name, amount)) = part.split_once('=') else {
            return error(format!("Invalid argument syntax {part}, expected <resource>=<value>"));
        };
        if let Err(why) = Quantity::parse(amount) {
            return error(why.to_string());
        }
        found.push((name.to_owned(), amount.to_owned()));
    }
    Ok(found)
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if !args.changed("limits") && !args.changed("requests") {
        return error(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        );
    }
    let changes =
        [("limits", amounts(args.text("limits"))?), ("requests", amounts(args.text("requests"))?)];
    let pattern = args.text("containers").to_owned();
    let words = args.words.clone();
    each(cx, args, &words, "resource requirements", |object| {
        let found = containers(pod_spec(object)?, &pattern);
        if found.is_empty() {
            return error(format!("unable to find container named {pattern}"));
        }
        for container in found {
            for (field, amounts) in &changes {
                for (name, amount) in amounts {
                    if let Some(map) = object_mut(container, &["resources", field]) {
                        map.insert(name.clone(), amount.as_str().into());
                    }
                }
            }
        }
        Ok(())
    })
}
