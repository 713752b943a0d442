//! `kubectl create configmap`.
// Models kubectl/pkg/cmd/create/create_configmap.go.

use serde_json::{Map, Value, json};

use super::{FORM, one_name, submit};
use crate::bytes;
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::printers::object::go_json;
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

/// Where the data of config maps and secrets comes from.
pub static SOURCES: &[Flag] = &[
    Flag::list("from-file"),
    Flag::array("from-literal"),
    Flag::list("from-env-file"),
    Flag::bool("append-hash"),
];

pub static VERB: Verb = Verb {
    name: "configmap",
    aliases: &["cm"],
    about: "Create a config map from a local file, directory or literal value",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1]",
    flags: &[SOURCES, FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(run),
    ..Verb::NONE
};

/// The keys and texts that the flags give.
pub fn data(cx: &mut Cx<'_>, args: &Args, what: &str) -> Outcome<Map<String, Value>> {
    if args.changed("from-env-file") && (args.changed("from-file") || args.changed("from-literal"))
    {
        return error("from-env-file cannot be combined with from-file or from-literal");
    }
    let mut data = Map::new();
    let mut add = |key: &str, text: &str| -> Outcome {
        let errors = apimachinery::names::is_config_map_key(key);
        if !errors.is_empty() {
            return error(format!(
                "{key:?} is not a valid key name for a {what}: {}",
                errors.join(";")
            ));
        }
        if data.insert(key.to_owned(), text.into()).is_some() {
            return error(format!(
                "cannot add key {key:?}, another key by that name already exists in Data for \
                     {what} {:?}",
                args.word(0)
            ));
        }
        Ok(())
    };
    let files = &cx.session.files;
    for source in args.list("from-file") {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (Some(key), path),
            None => (None, source.as_str()),
        };
        if let Some(text) = files.read(path) {
            let base = path.rsplit('/').next().unwrap_or(path);
            add(key.unwrap_or(base), text)?;
        } else if files.is_folder(path) && key.is_none() {
            for name in files.list(path) {
                if let Some(text) = files.read(&format!("{path}/{name}")) {
                    add(&name, text)?;
                }
            }
        } else {
            return error(format!("error reading {path}: no such file or directory"));
        }
    }
    for literal in args.list("from-literal") {
        match literal.split_once('=').filter(|(key, _)| !key.is_empty()) {
            Some((key, text)) => add(key, text)?,
            None => return error(format!("invalid literal source {literal}, expected key=value")),
        }
    }
    for path in args.list("from-env-file") {
        let Some(text) = files.read(path) else {
            return error(format!("error reading {path}: no such file or directory"));
        };
        for line in text.lines().map(str::trim_start) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, text) = line.split_once('=').unwrap_or((line, ""));
            add(key, text)?;
        }
    }
    Ok(data)
}

/// `--append-hash`: the name gets a hash of the content behind it.
// Models kubectl/pkg/util/hash/hash.go.
pub fn append_hash(args: &Args, value: &mut Value, fields: &[&str]) {
    if !args.bool("append-hash") {
        return;
    }
    let mut hashed = json!({ "kind": value["kind"], "name": value["metadata"]["name"] });
    for field in fields {
        match value.get(field) {
            Some(content) => hashed[field] = content.clone(),
            None if *field == "data" => hashed[field] = Value::Null,
            None => {}
        }
    }
    let digest = schema::sha256(go_json(&hashed.to_string()).as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let sign = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    };
    let hash: String = hex.chars().take(10).map(sign).collect();
    let name = value["metadata"]["name"].as_str().unwrap_or("").to_owned();
    value["metadata"]["name"] = format!("{name}-{hash}").into();
}

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let data = data(cx, args, "ConfigMap")?;
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name },
    });
    let is_text = |value: &Value| value.as_str().is_none_or(bytes::is_text);
    let (texts, binary): (Map<_, _>, Map<_, _>) =
        data.into_iter().partition(|(_, value)| is_text(value));
    if !texts.is_empty() {
        value["data"] = Value::Object(texts);
    }
    if !binary.is_empty() {
        let coded = |value: Value| bytes::base64(&bytes::of_text(value.as_str().unwrap_or("")));
        let binary: Map<_, _> =
            binary.into_iter().map(|(key, value)| (key, coded(value).into())).collect();
        value["binaryData"] = Value::Object(binary);
    }
    append_hash(args, &mut value, &["data", "binaryData"]);
    submit(cx, args, "configmaps", value, "failed to create configmap:")
}
