//! The `-o` formats that print whole objects.

use apimachinery::jsonpath::JsonPath;
use serde_json::{Value, json};

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::Args;
use crate::go_template;
use crate::path::Look;
use crate::printers::{columns, kyaml};
use crate::session::Files;

/// What `-o` asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// No `-o`: a table, or `deployment.apps/web created`.
    Human,
    Wide,
    Json,
    Yaml,
    Kyaml,
    Name,
    JsonPath(String),
    JsonPathAsJson(String),
    Template(String),
    Columns(String),
}

const COMMON: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,\
                      kyaml,name,template,templatefile,yaml";
const FOR_GET: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,\
                       jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,\
                       wide,yaml";

impl Format {
    /// Reads `-o`. Only `get` has tables, thus `wide` and columns.
    pub fn of(args: &Args, files: &Files, is_get: bool) -> Outcome<Format> {
        let output = args.text("output");
        let (name, value) = match output.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (output, args.text("template").to_owned()),
        };
        let from_file = |name: &str| match files.read(name) {
            Some(text) => Ok(text.trim_end_matches('\n').to_owned()),
            None => error(format!(
                "error reading --template {name}, open {name}: no such file or directory"
            )),
        };
        let needs = |value: &String| match value.is_empty() {
            true => error::<()>("template format specified but no template given"),
            false => Ok(()),
        };
        Ok(match name {
            "" if !value.is_empty() => Format::Template(value),
            "" => Format::Human,
            "json" => Format::Json,
            "yaml" => Format::Yaml,
            "name" => Format::Name,
            "wide" if is_get => Format::Wide,
            "jsonpath" | "jsonpath-as-json" => {
                needs(&value)?;
                match name {
                    "jsonpath" => Format::JsonPath(value),
                    _ => Format::JsonPathAsJson(value),
                }
            }
            "jsonpath-file" => Format::JsonPath(from_file(&value)?),
            "go-template" | "template" => {
                needs(&value)?;
                Format::Template(value)
            }
            "go-template-file" | "templatefile" => Format::Template(from_file(&value)?),
            "custom-columns" if is_get => Format::Columns(value),
            "custom-columns-file" if is_get => {
                let text = from_file(&value)?;
                let mut lines = text.lines();
                let (heads, paths) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
                let pairs = heads.split_whitespace().zip(paths.split_whitespace());
                let specs: Vec<String> = pairs.map(|(h, p)| format!("{h}:{p}")).collect();
                Format::Columns(specs.join(","))
            }
            "kyaml" => Format::Kyaml,
            _ => {
                let allowed = if is_get { FOR_GET } else { COMMON };
                return error(format!(
                    "unable to match a printer suitable for the output format {output:?}, allowed \
                     formats are: {allowed}"
                ));
            }
        })
    }

    pub fn is_human(&self) -> bool {
        matches!(self, Format::Human | Format::Wide)
    }
}

/// Takes the managed fields out of an object or the items of a list.
pub fn hide_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if let Some(items) = object.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(hide_managed_fields);
    }
}

/// Several objects as one `List`.
pub fn list_of(items: Vec<Value>) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "metadata": { "resourceVersion": "" },
        "items": items,
    })
}

/// JSON as Go writes it: `<`, `>` and `&` escaped.
pub fn go_json(text: &str) -> String {
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

pub fn to_json(value: &Value) -> String {
    let mut out = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, indent);
    let _ = serde::Serialize::serialize(value, &mut serializer);
    go_json(&String::from_utf8(out).unwrap_or_default()) + "\n"
}

/// `pod/web`, `deployment.apps/web` of an object.
pub fn object_name(object: &Value) -> String {
    let (version, kind) = (object.text("apiVersion"), object.text("kind"));
    let lower = match version.split_once('/') {
        Some((group, _)) => format!("{}.{group}", kind.to_ascii_lowercase()),
        None => kind.to_ascii_lowercase(),
    };
    let lower = match discovery::for_object(version, kind) {
        Some(kind) => discovery::kind_group(kind),
        None => lower,
    };
    format!("{lower}/{}", object.text("metadata.name"))
}

/// Prints an object or a list in one of the formats for whole objects.
pub fn print(format: &Format, object: &Value, args: &Args) -> Outcome<String> {
    let mut object = object.clone();
    if !args.bool("show-managed-fields") {
        hide_managed_fields(&mut object);
    }
    let items = || match object.get("items").and_then(Value::as_array) {
        Some(items) if object.text("kind").ends_with("List") => items.clone(),
        _ => vec![object.clone()],
    };
    Ok(match format {
        Format::Json => to_json(&object),
        Format::Yaml => yaml::to_yaml(&object),
        Format::Kyaml => kyaml::to_kyaml(&object),
        Format::Name => items().iter().map(|item| object_name(item) + "\n").collect(),
        Format::JsonPath(template) => jsonpath(template, &object, args)?,
        Format::JsonPathAsJson(template) => {
            let path = parse_path(template)?.allow_missing_keys(true);
            path.execute_as_json(&object).map_err(|why| Fail::Error(why.to_string()))?
        }
        Format::Template(template) => go_template(template, &object, args)?,
        Format::Columns(spec) => columns::print(spec, args.bool("no-headers"), &items())?,
        Format::Human | Format::Wide => String::new(),
    })
}

fn go_template(template: &str, object: &Value, args: &Args) -> Outcome<String> {
    let allow = args.text("allow-missing-template-keys") != "false";
    let (text, result) = go_template::execute(template, object, allow);
    match result {
        Ok(()) => Ok(text),
        Err(fail) => Err(Fail::After(text, Box::new(fail))),
    }
}

fn parse_path(template: &str) -> Outcome<JsonPath> {
    JsonPath::parse(template)
        .map_err(|why| Fail::Error(format!("error parsing jsonpath {template}, {why}")))
}

fn jsonpath(template: &str, object: &Value, args: &Args) -> Outcome<String> {
    let allow = args.text("allow-missing-template-keys") != "false";
    let path = parse_path(template)?.allow_missing_keys(allow);
    path.execute(object).map_err(|why| {
        Fail::Error(format!(
            "error executing jsonpath {template:?}: Error executing template: {why}. Printing more \
             information for debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject \
             given to jsonpath engine was:\n\t\t{}\n\n",
            columns::go(object)
        ))
    })
}

/// Checks the template before anything is asked of the server.
pub fn check(format: &Format) -> Outcome {
    match format {
        Format::JsonPath(template) | Format::JsonPathAsJson(template) => {
            parse_path(template).map(|_| ())
        }
        Format::Template(template) => go_template::check(template),
        _ => Ok(()),
    }
}
