//! Structural schemas: unknown fields are pruned, missing ones get their defaults.
// Models apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}.

use schema::MAX_DEPTH;
use serde_json::{Map, Value};

fn is_true(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

/// Prunes a whole object; its metadata is not the schema's. Gives the paths that went.
pub(super) fn prune_object(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut gone = Vec::new();
    if let Value::Object(map) = object {
        let own = ["apiVersion", "kind", "metadata"].map(|name| (name, map.remove(name)));
        prune_map(map, schema, "", 0, &mut gone);
        for (name, value) in own {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        }
    }
    gone
}

fn prune(value: &mut Value, schema: &Value, path: &str, depth: usize, gone: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => {
            if is_true(schema, "x-kubernetes-embedded-resource") {
                let own = ["apiVersion", "kind", "metadata"].map(|name| (name, map.remove(name)));
                prune_map(map, schema, path, depth, gone);
                for (name, value) in own {
                    map.extend(value.map(|value| (name.to_owned(), value)));
                }
            } else {
                prune_map(map, schema, path, depth, gone);
            }
        }
        Value::Array(items) => {
            let none = Value::Null;
            let element = schema.get("items").unwrap_or(&none);
            for (index, item) in items.iter_mut().enumerate() {
                prune(item, element, &format!("{path}[{index}]"), depth + 1, gone);
            }
        }
        _ => {}
    }
}

fn prune_map(
    map: &mut Map<String, Value>,
    schema: &Value,
    path: &str,
    depth: usize,
    gone: &mut Vec<String>,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    let keeps = is_true(schema, "x-kubernetes-preserve-unknown-fields")
        || others.is_some_and(|others| others != &Value::Bool(false));
    let names: Vec<String> = map.keys().cloned().collect();
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let known = properties.and_then(|fields| fields.get(&name));
        match (known.or(others.filter(|others| others.is_object())), map.get_mut(&name)) {
            (Some(inner), Some(value)) => prune(value, inner, &below, depth + 1, gone),
            (None, Some(_)) if !keeps => {
                map.remove(&name);
                gone.push(below);
            }
            _ => {}
        }
    }
}

/// Puts in what has a default and is missing.
pub(super) fn set_defaults(fields: &mut Map<String, Value>, schema: &Value) {
    default_map(fields, schema, 0);
}

fn default_map(map: &mut Map<String, Value>, schema: &Value, depth: usize) {
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (name, inner) in properties {
        let is_missing = match map.get(name) {
            None => true,
            Some(value) => value.is_null() && !is_true(inner, "nullable"),
        };
        if let (true, Some(default)) = (is_missing, inner.get("default")) {
            map.insert(name.clone(), default.clone());
        }
    }
    for (name, value) in map.iter_mut() {
        if let Some(inner) = properties.get(name).or(others) {
            default_value(value, inner, depth + 1);
        }
    }
}

fn default_value(value: &mut Value, schema: &Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => default_map(map, schema, depth),
        Value::Array(items) => {
            if let Some(element) = schema.get("items") {
                items.iter_mut().for_each(|item| default_value(item, element, depth + 1));
            }
        }
        _ => {}
    }
}
