//! JSON as a server in Go writes it: the fields of a type in the order of their declaration.

use serde_json::{Map, Value};

use crate::messages::{self, Field};

/// In one line, with an end of line behind.
pub fn compact(value: &Value) -> String {
    let mut text = String::new();
    write(value, own_type(value).as_deref(), None, &mut text);
    text.push('\n');
    text
}

/// Indented by two spaces.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, own_type(value).as_deref(), Some(0), &mut text);
    text
}

/// The type that an object itself tells; group and version lists of the core group tell no version.
fn own_type(value: &Value) -> Option<String> {
    let kind = value.get("kind")?.as_str()?;
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or("v1");
    Some(messages::type_of(version, kind))
}

/// Names of a type's fields with their types, those of embedded types in place.
fn order(name: &str, out: &mut Vec<(&'static str, Option<&'static Field>)>) {
    for field in messages::fields(name).unwrap_or_default() {
        match (field.mark, field.type_name()) {
            ('~', Some(inner)) => order(inner, out),
            _ => out.push((field.name, Some(field))),
        }
    }
}

fn fields<'a>(
    map: &'a Map<String, Value>,
    type_name: Option<&str>,
) -> Vec<(&'a str, &'a Value, Option<&'static Field>)> {
    let mut names = Vec::new();
    if let Some(name) = type_name {
        order(name, &mut names);
    }
    let is_listed = |name: &str| names.iter().any(|(listed, _)| *listed == name);
    let mut all = Vec::with_capacity(map.len());
    if !names.is_empty() {
        let first = ["kind", "apiVersion"].into_iter().filter(|name| !is_listed(name));
        all.extend(first.filter_map(|name| Some((name, map.get(name)?, None))));
    }
    all.extend(names.iter().filter_map(|(name, field)| Some((*name, map.get(*name)?, *field))));
    let is_there = |name: &str| all.iter().any(|(there, ..)| *there == name);
    let rest: Vec<_> = map.iter().filter(|(name, _)| !is_there(name)).collect();
    all.extend(rest.into_iter().map(|(name, value)| (name.as_str(), value, None)));
    all
}

fn new_line(depth: Option<usize>, out: &mut String) {
    let Some(depth) = depth else { return };
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn quoted(text: &str, out: &mut String) {
    // Go writes what could be read as HTML as code points.
    for c in serde_json::to_string(text).unwrap_or_default().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
}

/// A value of a field: an object of its type, or a list or map of them.
fn write_field(value: &Value, field: Option<&Field>, depth: Option<usize>, out: &mut String) {
    let Some(field) = field else { return write(value, None, depth, out) };
    match (field.mark, value) {
        ('*', Value::Array(items)) => {
            list(items, depth, out, |item, depth, out| write_one(item, field, depth, out));
        }
        ('m', Value::Object(map)) => {
            let all = map.iter().map(|(name, value)| (name.as_str(), value, None)).collect();
            object(all, depth, out, |item, _, depth, out| write_one(item, field, depth, out));
        }
        _ => write_one(value, field, depth, out),
    }
}

fn write_one(value: &Value, field: &Field, depth: Option<usize>, out: &mut String) {
    match field.type_name() {
        Some(name) => write(value, Some(name), depth, out),
        None => write(value, own_type(value).as_deref(), depth, out),
    }
}

type Fields<'a> = Vec<(&'a str, &'a Value, Option<&'static Field>)>;

fn object(
    fields: Fields<'_>,
    depth: Option<usize>,
    out: &mut String,
    each: impl Fn(&Value, Option<&'static Field>, Option<usize>, &mut String),
) {
    if fields.is_empty() {
        return out.push_str("{}");
    }
    let inner = depth.map(|depth| depth + 1);
    out.push('{');
    for (number, (name, value, field)) in fields.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        new_line(inner, out);
        quoted(name, out);
        out.push_str(if depth.is_some() { ": " } else { ":" });
        each(value, field, inner, out);
    }
    new_line(depth, out);
    out.push('}');
}

fn list(
    items: &[Value],
    depth: Option<usize>,
    out: &mut String,
    each: impl Fn(&Value, Option<usize>, &mut String),
) {
    if items.is_empty() {
        return out.push_str("[]");
    }
    let inner = depth.map(|depth| depth + 1);
    out.push('[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        new_line(inner, out);
        each(item, inner, out);
    }
    new_line(depth, out);
    out.push(']');
}

fn write(value: &Value, type_name: Option<&str>, depth: Option<usize>, out: &mut String) {
    match value {
        Value::Object(map) => object(fields(map, type_name), depth, out, write_field),
        Value::Array(items) => {
            list(items, depth, out, |item, depth, out| write(item, None, depth, out));
        }
        Value::String(text) => quoted(text, out),
        other => out.push_str(&other.to_string()),
    }
}

/// One line of a watch.
pub(crate) fn event(kind: &str, object: &Value) -> String {
    let mut text = format!("{{\"type\":\"{kind}\",\"object\":");
    write(object, own_type(object).as_deref(), None, &mut text);
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_come_in_the_order_of_their_declaration() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "uid": "u", "name": "p", "labels": { "b": "1", "a": "2" } },
            "spec": {
                "containers": [{ "image": "i", "name": "c" }],
                "volumes": [{ "emptyDir": {}, "name": "v" }],
            },
        });
        assert_eq!(
            compact(&json!({ "kind": "PodList", "apiVersion": "v1", "items": [pod] })),
            "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":\"Pod\",\
             \"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"uid\":\"u\",\"labels\":\
             {\"a\":\"2\",\"b\":\"1\"}},\"spec\":{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],\
             \"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}]}\n"
        );
        let custom = json!({ "kind": "Widget", "apiVersion": "example.com/v1", "a": 1 });
        assert!(compact(&custom).starts_with("{\"a\":1,\"apiVersion\""));
        let status = json!({ "kind": "Status", "code": 404, "apiVersion": "v1", "metadata": {} });
        assert_eq!(
            pretty(&status),
            "{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {},\n  \
             \"code\": 404\n}"
        );
    }
}
