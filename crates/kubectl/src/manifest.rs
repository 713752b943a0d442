//! Objects from files and from standard input.

use serde_json::Value;
use yaml::{Limits, Severity};

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::Args;
use crate::path::{self, Look};
use crate::session::{Cx, Files};
use crate::target::Found;

const EXTENSIONS: [&str; 3] = [".json", ".yaml", ".yml"];

/// The texts that `-f` names: source and content.
fn texts(files: &Files, args: &Args) -> Outcome<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for name in args.list("filename") {
        if name == "-" {
            texts.push(("STDIN".to_owned(), args.stdin.clone()));
        } else if let Some(text) = files.read(name) {
            texts.push((name.clone(), text.to_owned()));
        } else if name.starts_with("http://") || name.starts_with("https://") {
            return error(format!("the cluster in this tab cannot read the URL {name:?}"));
        } else if files.is_folder(name) {
            folder_texts(files, name, args.bool("recursive"), &mut texts)?;
        } else {
            return error(format!("the path {name:?} does not exist"));
        }
    }
    Ok(texts)
}

fn folder_texts(
    files: &Files,
    folder: &str,
    recursive: bool,
    texts: &mut Vec<(String, String)>,
) -> Outcome {
    let before = texts.len();
    let prefix = format!("{}/", folder.trim_end_matches('/').trim_start_matches("./"));
    for key in files.names() {
        let Some(rest) = key.strip_prefix(&prefix).or((prefix == "./").then_some(key)) else {
            continue;
        };
        let wanted = EXTENSIONS.iter().any(|extension| rest.ends_with(extension));
        if wanted && (recursive || !rest.contains('/')) {
            let text = files.read(key).unwrap_or("").to_owned();
            texts.push((key.to_owned(), text));
        }
    }
    if texts.len() == before {
        return error(format!(
            "error reading [{folder}]: recognized file extensions are [.json .yaml .yml]"
        ));
    }
    Ok(())
}

/// Reads every object of the files; what cannot be read comes second.
pub fn objects(cx: &mut Cx<'_>, args: &Args) -> Outcome<(Vec<Found>, Vec<Fail>)> {
    if args.changed("kustomize") {
        return crate::verbs::kustomize(cx, args.text("kustomize"));
    }
    let (mut found, mut fails) = (Vec::new(), Vec::new());
    for (source, text) in texts(&cx.session.files, args)? {
        let parsed = yaml::parse(&text, &Limits::default());
        for document in parsed.documents {
            for object in flatten(document.value) {
                match read(object, &source, args) {
                    Ok(one) => found.push(one),
                    Err(fail) => fails.push(fail),
                }
            }
        }
        let wrong = parsed.diagnostics.iter().find(|one| one.severity == Severity::Error);
        if let Some(wrong) = wrong {
            let text = wrong.parse_error();
            fails.push(Fail::Error(format!("error parsing {source}: {text}")));
        }
    }
    Ok((found, fails))
}

/// The items of a `List`, or the object itself.
fn flatten(object: Value) -> Vec<Value> {
    let is_list = object.text("kind") == "List" && object.text("apiVersion") == "v1";
    match object {
        Value::Object(mut map) if is_list => match map.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        other => vec![other],
    }
}

fn validation_fail(source: &str, why: &str) -> Fail {
    Fail::Error(format!(
        "error validating {source:?}: error validating data: {why}; if you choose to ignore these \
         errors, turn validation off with --validate=false"
    ))
}

fn read(mut object: Value, source: &str, args: &Args) -> Outcome<Found> {
    if !object.is_object() {
        let why = "Object 'Kind' is missing in '".to_owned() + &object.to_string() + "'";
        return error(format!("unable to decode {source:?}: {why}"));
    }
    let missing: Vec<&str> =
        ["apiVersion", "kind"].into_iter().filter(|field| object.text(field).is_empty()).collect();
    if !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(|field| format!("{field} not set")).collect();
        let text = if all.len() > 1 { format!("[{}]", all.join(", ")) } else { all.join("") };
        return Err(validation_fail(source, &text));
    }
    let (version, kind_name) = (object.text("apiVersion"), object.text("kind"));
    let name = path::name(&object).to_owned();
    let own = object.text("metadata.namespace").to_owned();
    let Some(kind) = discovery::for_object(version, kind_name) else {
        return error(format!(
            "resource mapping not found for name: {name:?} namespace: {own:?} from {source:?}: no \
             matches for kind {kind_name:?} in version {version:?}\nensure CRDs are installed first"
        ));
    };
    let mut namespace = String::new();
    if kind.namespaced {
        if !own.is_empty() && args.changed("namespace") && own != args.namespace {
            return error(format!(
                "the namespace from the provided object {own:?} does not match the namespace {:?}. \
                 You must pass '--namespace={own}' to perform this operation.",
                args.namespace
            ));
        }
        namespace = if own.is_empty() { args.namespace.clone() } else { own };
        if let Some(metadata) = path::object_mut(&mut object, &["metadata"]) {
            metadata.insert("namespace".to_owned(), namespace.as_str().into());
        }
    }
    Ok(Found { kind, namespace, name, object, source: source.to_owned() })
}
