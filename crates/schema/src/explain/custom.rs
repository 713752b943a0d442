//! `kubectl explain` of a custom kind, from the schema of its definition.
// Models kubectl/pkg/explain/v2/templates/plaintext.tmpl.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{ENUMS_SHOWN_MAX, ExplainError};
use crate::MAX_DEPTH;

/// A page of a kind by its OpenAPI schema, as `explain_text` gives it for the API's own kinds.
pub fn explain_custom(
    (group, version, kind): (&str, &str, &str),
    schema: &Value,
    path: &[&str],
    recursive: bool,
) -> Result<String, ExplainError> {
    let mut out = format!("GROUP:      {group}\nKIND:       {kind}\nVERSION:    {version}\n\n");
    let root = with_common_fields(schema);
    let mut at = &root;
    for name in path {
        match below(at).and_then(|fields| fields.get(*name)) {
            Some(inner) => at = inner,
            None => {
                let message = format!("error: field \"{name}\" does not exist");
                return Err(ExplainError { output: out, message });
            }
        }
    }
    if let Some(name) = path.last() {
        let _ = writeln!(out, "FIELD: {name} <{}>", type_name(at));
        if let Some(values) = at["enum"].as_array() {
            out.push_str("ENUM:");
            values.iter().for_each(|value| {
                let _ = write!(out, "\n    {}", text(value));
            });
        }
        out.push_str("\n\n");
    }
    let about = at["description"].as_str().unwrap_or("<empty>");
    let _ = writeln!(out, "DESCRIPTION:\n    {about}");
    if below(at).is_some_and(|fields| !fields.is_empty()) {
        out.push_str("FIELDS:\n");
        fields(at, 1, recursive, &mut out);
    }
    out.push('\n');
    Ok(out)
}

/// What every object has.
fn with_common_fields(schema: &Value) -> Value {
    let mut root = schema.clone();
    if !root["properties"].is_object() {
        root["properties"] = json!({});
    }
    for (name, field) in [
        ("apiVersion", json!({"type": "string"})),
        ("kind", json!({"type": "string"})),
        ("metadata", json!({"type": "object", "x-name": "ObjectMeta"})),
    ] {
        root["properties"][name] = field;
    }
    root
}

/// The fields of an object, also through lists and maps.
fn below(schema: &Value) -> Option<&Map<String, Value>> {
    match schema["type"].as_str() {
        Some("array") => below(&schema["items"]),
        _ if schema["additionalProperties"].is_object() => below(&schema["additionalProperties"]),
        _ => schema["properties"].as_object(),
    }
}

fn type_name(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some("array") => format!("[]{}", type_name(&schema["items"])),
        _ if schema["additionalProperties"].is_object() => {
            format!("map[string]{}", type_name(&schema["additionalProperties"]))
        }
        Some("object") => schema["x-name"].as_str().unwrap_or("Object").to_owned(),
        Some(name) => name.to_owned(),
        None => "Object".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fields(schema: &Value, level: usize, recursive: bool, out: &mut String) {
    if level > MAX_DEPTH {
        return;
    }
    let indent = "  ".repeat(level);
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, field) in below(schema).into_iter().flatten() {
        let _ = write!(out, "{indent}{name}\t<{}>", type_name(field));
        if required.iter().any(|it| it == name.as_str()) {
            out.push_str(" -required-");
        }
        if let Some(values) = field["enum"].as_array() {
            let shown: Vec<String> = values.iter().take(ENUMS_SHOWN_MAX).map(text).collect();
            let more = if values.len() > ENUMS_SHOWN_MAX { ", ...." } else { "" };
            let _ = write!(out, "\n{indent}enum: {}{more}", shown.join(", "));
        }
        out.push('\n');
        if recursive {
            fields(field, level + 1, recursive, out);
        } else {
            let about = field["description"].as_str().unwrap_or("<no description>");
            let _ = write!(out, "{indent}  {about}\n\n");
        }
    }
}
