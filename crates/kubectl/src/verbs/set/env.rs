//! `kubectl set env`.

use serde_json::{Value, json};

use super::{COMMON, containers, each, pod_spec, split};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag, LOCAL};
use crate::path::Look;
use crate::session::Cx;
use crate::target::{self, Rules};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "env",
    about: "Update environment variables on a pod template",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: &[
        &[
            Flag::array("env").short('e'),
            Flag::text("containers").short('c').default("*"),
            Flag::bool("list"),
            Flag::on("overwrite"),
        ],
        COMMON[0],
        COMMON[1],
        COMMON[2],
        COMMON[3],
        COMMON[4],
        LOCAL,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let is_setting = |word: &str| {
        word.contains('=') || (word.ends_with('-') && !word.contains('/') && word.len() > 1)
    };
    let (words, mut settings) = split(args, is_setting);
    settings.extend(args.list("env").iter().cloned());
    if words.is_empty() && !args.changed("filename") {
        return error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        );
    }
    let pattern = args.text("containers").to_owned();
    if args.bool("list") {
        return list(cx, args, &words, &pattern);
    }
    if settings.is_empty() {
        return error("at least one environment variable must be provided");
    }
    let overwrite = args.bool("overwrite");
    each(cx, args, &words, "env", |object| {
        let kind = object.text("kind").to_ascii_lowercase();
        let name = object.text("metadata.name").to_owned();
        let found = containers(pod_spec(object)?, &pattern);
        if found.is_empty() {
            return error(format!(
                "{kind}s/{name} does not have any containers matching {pattern:?}"
            ));
        }
        for container in found {
            for setting in &settings {
                change(container, setting, overwrite)?;
            }
        }
        Ok(())
    })
}

fn change(container: &mut Value, setting: &str, overwrite: bool) -> Outcome {
    if container["env"].as_array().is_none() {
        container["env"] = json!([]);
    }
    let Some(variables) = container["env"].as_array_mut() else { return Ok(()) };
    let Some((name, value)) = setting.split_once('=') else {
        let name = setting.trim_end_matches('-');
        variables.retain(|variable| variable.text("name") != name);
        return Ok(());
    };
    match variables.iter_mut().find(|variable| variable.text("name") == name) {
        Some(_) if !overwrite => {
            error(format!("'{name}' already has a value, and --overwrite is false"))
        }
        Some(variable) => {
            *variable = json!({ "name": name, "value": value });
            Ok(())
        }
        None => {
            variables.push(json!({ "name": name, "value": value }));
            Ok(())
        }
    }
}

fn list(cx: &mut Cx<'_>, args: &Args, words: &[String], pattern: &str) -> Outcome<Flow> {
    let (found, fails) = target::find(cx, args, words, Rules::default())?;
    target::each(cx, found, fails, |cx, mut one| {
        let full = one.plural_name();
        for container in containers(pod_spec(&mut one.object)?, pattern) {
            cx.say(&format!("# {}, container {}", full, container.text("name")));
            for variable in container.items("env") {
                let (name, value) = (variable.text("name"), variable.text("value"));
                match variable.has("valueFrom") {
                    true => cx.say(&format!("# {name} from {}", variable.at("valueFrom"))),
                    false => cx.say(&format!("{name}={value}")),
                }
            }
        }
        Ok(())
    })?;
    Ok(Flow::Done)
}
