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
            Flag::text("from"),
            Flag::list("keys"),
            Flag::bool("list"),
            Flag::on("overwrite"),
            Flag::text("prefix"),
            Flag::bool("resolve"),
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
    settings.extend(from(cx, args)?);
    let prefix = args.text("prefix");
    for setting in settings.iter_mut().filter(|setting| setting.contains('=')) {
        setting.insert_str(0, prefix);
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

/// Keys of the config map or secret that `--from` names, as `NAME=>field/object/key`.
fn from(cx: &mut Cx<'_>, args: &Args) -> Outcome<Vec<String>> {
    let source = args.text("from");
    if source.is_empty() {
        return Ok(Vec::new());
    }
    let words = [source.to_owned()];
    let (found, fails) = target::find(cx, args, &words, Rules::default())?;
    crate::fail::all(fails)?;
    let mut settings = Vec::new();
    for one in found {
        let field = match one.kind.kind {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return error("unsupported resource specified in --from"),
        };
        let keys = args.list("keys");
        for (key, _) in one.object.pairs("data") {
            if keys.is_empty() || keys.iter().any(|wanted| wanted == key) {
                let sign = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
                let name: String = key.chars().map(sign).collect();
                let name = name.to_ascii_uppercase();
                settings.push(format!("{name}={REFERENCE}{field}/{}/{key}", one.name));
            }
        }
    }
    Ok(settings)
}

/// Stands before a value that is a reference; no value from a command line holds it.
const REFERENCE: char = '\u{0}';

/// The variable a setting makes: a value, or a reference to a key.
fn variable(name: &str, value: &str) -> Value {
    let parts: Vec<&str> = match value.strip_prefix(REFERENCE) {
        Some(reference) => reference.splitn(3, '/').collect(),
        None => Vec::new(),
    };
    match parts.as_slice() {
        [field, object, key] => {
            let reference = json!({ "name": object, "key": key });
            json!({ "name": name, "valueFrom": { *field: reference } })
        }
        _ => json!({ "name": name, "value": value }),
    }
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
            *variable = self::variable(name, value);
            Ok(())
        }
        None => {
            variables.push(variable(name, value));
            Ok(())
        }
    }
}

/// `configmap c, key k`, as Kubernetes tells a reference.
fn reference(variable: &Value) -> String {
    let from = variable.at("valueFrom");
    for (field, word) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        let to = from.at(field);
        if !to.is_null() {
            return format!("{word} {}, key {}", to.text("name"), to.text("key"));
        }
    }
    match (from.at("fieldRef"), from.at("resourceFieldRef")) {
        (Value::Null, Value::Null) => "invalid valueFrom".to_owned(),
        (Value::Null, resource) => {
            let container = match resource.text("containerName") {
                "" => String::new(),
                name => format!("{name}, "),
            };
            format!("resource field {container}{}", resource.text("resource"))
        }
        (field, _) => {
            let version = field.text("apiVersion");
            let version = if version.is_empty() { "v1" } else { version };
            format!("field path {version}:{}", field.text("fieldPath"))
        }
    }
}

fn list(cx: &mut Cx<'_>, args: &Args, words: &[String], pattern: &str) -> Outcome<Flow> {
    let (found, fails) = target::find(cx, args, words, Rules::default())?;
    target::each(cx, found, fails, |cx, mut one| {
        let full = format!("{} {}", one.kind.kind, one.name);
        for container in containers(pod_spec(&mut one.object)?, pattern) {
            cx.say(&format!("# {}, container {}", full, container.text("name")));
            for variable in container.items("env") {
                let (name, value) = (variable.text("name"), variable.text("value"));
                match variable.has("valueFrom") {
                    true => cx.say(&format!("# {name} from {}", reference(variable))),
                    false => cx.say(&format!("{name}={value}")),
                }
            }
        }
        Ok(())
    })?;
    Ok(Flow::Done)
}
