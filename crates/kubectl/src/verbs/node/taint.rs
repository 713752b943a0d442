//! `kubectl taint`.
// Models kubectl/pkg/cmd/taint/{taint,utils}.go.

use client::PatchType;
use serde_json::{Value, json};

use crate::fail::{Fail, Outcome, error};
use crate::flags::{ALL, Args, Flag, PRINT, SELECTOR, WRITE};
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, Writer};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "taint",
    about: "Update the taints on one or more nodes",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    flags: &[&[Flag::bool("overwrite")], SELECTOR, ALL, PRINT, WRITE],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

#[derive(Default)]
struct Changes {
    add: Vec<(String, String, String)>,
    /// Key and effect; an empty effect means all.
    remove: Vec<(String, String)>,
}

fn is_change(word: &str) -> bool {
    word.contains('=') || word.contains(':') || word.ends_with('-')
}

fn parse(words: &[String]) -> Outcome<Changes> {
    let mut changes = Changes::default();
    for word in words {
        if let Some(removed) = word.strip_suffix('-') {
            let (key, effect) = removed.split_once(':').unwrap_or((removed, ""));
            let key = key.split('=').next().unwrap_or(key);
            changes.remove.push((key.to_owned(), effect.to_owned()));
            continue;
        }
        let Some((pair, effect)) = word.rsplit_once(':') else {
            // A key that is one is not told apart from one that lacks its effect only.
            let errors = apimachinery::names::is_qualified_name(word);
            return error(match errors.is_empty() {
                true => format!("invalid taint spec: {word}"),
                false => format!("invalid taint spec: {word}, {}", errors.join("; ")),
            });
        };
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return error(format!("invalid taint effect: {effect}, unsupported taint effect"));
        }
        let errors = apimachinery::names::is_qualified_name(key);
        if !errors.is_empty() {
            return error(format!("invalid taint spec: {word}, {}", errors.join("; ")));
        }
        changes.add.push((key.to_owned(), value.to_owned(), effect.to_owned()));
    }
    Ok(changes)
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let (settings, words): (Vec<String>, Vec<String>) =
        args.words.iter().cloned().partition(|word| is_change(word));
    if words.is_empty() {
        return error("one or more resources must be specified as <resource> <name>");
    }
    if settings.is_empty() {
        return error("at least one taint update is required");
    }
    let changes = match parse(&settings) {
        Err(Fail::Error(text)) => return args.usage(&text),
        parsed => parsed?,
    };
    let writer = Writer::of(cx, args)?;
    let (found, fails) = target::find(cx, args, &words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| taint(cx, &writer, &one, &changes))?;
    Ok(Flow::Done)
}

fn taint(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found, changes: &Changes) -> Outcome {
    if one.kind.kind != "Node" {
        return error(format!(
            "invalid resource type {}, only node types are supported",
            one.kind.plural
        ));
    }
    let mut taints: Vec<Value> = one.object.items("spec.taints").to_vec();
    let same = |taint: &Value, key: &str, effect: &str| {
        taint.text("key") == key && (effect.is_empty() || taint.text("effect") == effect)
    };
    for (key, effect) in &changes.remove {
        let before = taints.len();
        taints.retain(|taint| !same(taint, key, effect));
        if taints.len() == before {
            let shown = if effect.is_empty() { key.clone() } else { format!("{key}:{effect}") };
            return error(format!("taint {shown:?} not found"));
        }
    }
    let mut overwritten = false;
    for (key, value, effect) in &changes.add {
        if taints.iter().any(|taint| same(taint, key, effect)) {
            if !writer.args.bool("overwrite") {
                return error(format!(
                    "node {} already has {key} taint(s) with same effect(s) and --overwrite is \
                         false",
                    one.name
                ));
            }
            overwritten = true;
            taints.retain(|taint| !same(taint, key, effect));
        }
        let mut taint = json!({ "effect": effect, "key": key });
        if !value.is_empty() {
            taint["value"] = value.as_str().into();
        }
        taints.push(taint);
    }
    let done = match (changes.add.is_empty(), changes.remove.is_empty(), overwritten) {
        (true, ..) => "untainted",
        (_, _, true) => "modified",
        (_, false, _) => "modified",
        _ => "tainted",
    };
    let mut object = one.object.clone();
    if writer.dry_run != DryRun::Client {
        let write = writer.write("kubectl-taint");
        let value = if taints.is_empty() { Value::Null } else { Value::Array(taints) };
        let patch = json!({ "spec": { "taints": value } });
        object = server::patch(cx, one.kind, ("", &one.name), (PatchType::Merge, patch), &write)?;
    }
    writer.print(cx, one.kind, &object, done)
}
