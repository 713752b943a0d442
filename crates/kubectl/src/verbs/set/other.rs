//! `kubectl set selector` and `kubectl set serviceaccount`.

use apimachinery::labels::Selector;
use serde_json::{Map, Value};

use super::{COMMON, each, pod_spec};
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, LOCAL};
use crate::session::Cx;
use crate::verbs::{Flow, Verb, Words};

pub static SELECTOR_VERB: Verb = Verb {
    name: "selector",
    about: "Set the selector on a resource",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS",
    flags: &[COMMON[0], COMMON[2], COMMON[3], COMMON[4], COMMON[5], LOCAL],
    words: Words::Resources,
    run: Some(selector),
    ..Verb::NONE
};

pub static SERVICE_ACCOUNT: Verb = Verb {
    name: "serviceaccount",
    aliases: &["sa"],
    about: "Update the service account of a resource",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    flags: &[COMMON[0], COMMON[2], COMMON[3], COMMON[4], COMMON[5], LOCAL],
    words: Words::Resources,
    run: Some(service_account),
    ..Verb::NONE
};

/// The last word is what to set, the others name objects.
fn last_word(args: &Args, what: &str) -> Outcome<(Vec<String>, String)> {
    match args.words.split_last() {
        Some((last, words)) if !words.is_empty() || args.changed("filename") => {
            Ok((words.to_vec(), last.clone()))
        }
        _ => error(format!("{what} is required")),
    }
}

fn selector(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (words, text) = last_word(args, "one or more resources and a selector expression")?;
    let parsed = Selector::parse(&text).map_err(|why| Fail::Error(why.to_string()))?;
    let mut labels = Map::new();
    for requirement in parsed.requirements() {
        match requirement.values() {
            [value] => labels.insert(requirement.key().to_owned(), value.as_str().into()),
            _ => return error("only label equality selectors are supported"),
        };
    }
    each(cx, args, &words, "selector", |object| {
        if object["kind"].as_str() != Some("Service") {
            return error("setting a selector is only supported for Services");
        }
        object["spec"]["selector"] = Value::Object(labels.clone());
        Ok(())
    })
}

fn service_account(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (words, account) = last_word(args, "serviceaccount")?;
    each(cx, args, &words, "serviceaccount", |object| {
        let spec = pod_spec(object)?;
        spec["serviceAccountName"] = account.as_str().into();
        Ok(())
    })
}
