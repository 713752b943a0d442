//! Validation of custom objects by their schema.
// Models kube-openapi/pkg/validation/validate and apiextensions-apiserver/pkg/apiserver/validation.

use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use regex_lite::Regex;
use schema::MAX_DEPTH;
use serde_json::{Map, Value};

pub(super) fn validate(object: &Value, schema: &Value) -> FieldErrors {
    let mut errors = FieldErrors::new();
    check(object, schema, "", 0, &mut errors);
    errors
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A type as messages name it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_type(value: &Value, want: &str) -> bool {
    let whole = |number: f64| number.fract() == 0.0;
    match want {
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(whole),
        want => type_name(value) == want,
    }
}

fn check(value: &Value, schema: &Value, path: &str, depth: usize, errors: &mut FieldErrors) {
    if depth > MAX_DEPTH {
        return;
    }
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let invalid = |value: &Value, detail: String| FieldError::invalid(path, value.clone(), &detail);
    if schema["x-kubernetes-int-or-string"] == true {
        if !value.is_string() && !has_type(value, "integer") {
            let shown = Value::from(type_name(value));
            let detail = format!("{path} in body must be of type integer,string: {shown}");
            errors.push(FieldError::valued(FieldErrorKind::TypeInvalid, path, shown, &detail));
        }
    } else if let Some(want) = schema["type"].as_str().filter(|want| !has_type(value, want)) {
        let shown = Value::from(type_name(value));
        let detail = format!("{path} in body must be of type {want}: {shown}");
        errors.push(FieldError::valued(FieldErrorKind::TypeInvalid, path, shown, &detail));
        return;
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.contains(value)) {
        let texts: Vec<String> = values.iter().map(Value::to_string).collect();
        let detail = format!("supported values: {}", texts.join(", "));
        errors.push(FieldError::valued(FieldErrorKind::NotSupported, path, value.clone(), &detail));
    }
    match value {
        Value::String(text) => strings(text, schema, path, errors),
        Value::Number(_) => numbers(value, schema, path, errors),
        Value::Array(items) => {
            lists(items, schema, path, errors);
            for (index, item) in items.iter().enumerate() {
                check(item, &schema["items"], &format!("{path}[{index}]"), depth + 1, errors);
            }
        }
        Value::Object(map) => maps(map, schema, path, depth, errors),
        _ => {}
    }
    combinations(value, schema, (path, depth), &invalid, errors);
}

fn combinations(
    value: &Value,
    schema: &Value,
    (path, depth): (&str, usize),
    invalid: &dyn Fn(&Value, String) -> FieldError,
    errors: &mut FieldErrors,
) {
    let fits = |schema: &Value| {
        let mut found = FieldErrors::new();
        check(value, schema, path, depth + 1, &mut found);
        found.is_empty()
    };
    let list = |name: &str| schema[name].as_array().map_or(&[][..], Vec::as_slice);
    for part in list("allOf") {
        check(value, part, path, depth + 1, errors);
    }
    let any = list("anyOf");
    if !any.is_empty() && !any.iter().any(fits) {
        let detail = format!("{path:?} must validate at least one schema (anyOf)");
        errors.push(invalid(value, detail));
    }
    let one = list("oneOf");
    if !one.is_empty() {
        let count = one.iter().filter(|schema| fits(schema)).count();
        let found = if count == 0 { "none valid" } else { "valid alternatives" };
        if count != 1 {
            let detail =
                format!("{path:?} must validate one and only one schema (oneOf). Found {found}");
            errors.push(invalid(value, detail));
        }
    }
    if schema["not"].is_object() && fits(&schema["not"]) {
        errors.push(invalid(value, format!("{path:?} must not validate the schema (not)")));
    }
}

fn strings(text: &str, schema: &Value, path: &str, errors: &mut FieldErrors) {
    let length = text.chars().count() as u64;
    if let Some(max) = schema["maxLength"].as_u64().filter(|max| length > *max) {
        let detail = format!("may not be more than {max} bytes");
        errors.push(FieldError::bare(FieldErrorKind::TooLong, path, &detail));
    }
    if let Some(min) = schema["minLength"].as_u64().filter(|min| length < *min) {
        let detail = format!("{path} in body should be at least {min} chars long");
        errors.push(FieldError::invalid(path, text, &detail));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let fits = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
        if !fits {
            let detail = format!("{path} in body should match '{pattern}'");
            errors.push(FieldError::invalid(path, text, &detail));
        }
    }
    if let Some(format) = schema["format"].as_str().filter(|format| !has_format(text, format)) {
        let detail = format!("{path} in body must be of type {format}: {text:?}");
        errors.push(FieldError::invalid(path, text, &detail));
    }
}

fn has_format(text: &str, format: &str) -> bool {
    let all = |f: fn(char) -> bool| !text.is_empty() && text.chars().all(f);
    match format {
        "date-time" => apimachinery::time::Time::parse(text).is_ok(),
        "date" => text.len() == 10 && all(|c| c.is_ascii_digit() || c == '-'),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "ip" => text.parse::<std::net::IpAddr>().is_ok(),
        "uuid" => apimachinery::meta::Uid::parse(text).is_some(),
        "hostname" => apimachinery::names::is_dns1123_subdomain(text).is_empty(),
        _ => true,
    }
}

fn numbers(value: &Value, schema: &Value, path: &str, errors: &mut FieldErrors) {
    let number = value.as_f64().unwrap_or(0.0);
    let mut refuse = |what: &str, bound: &Value| {
        let detail = format!("{path} in body should be {what} {bound}");
        errors.push(FieldError::invalid(path, value.clone(), &detail));
    };
    if let Some(max) = schema["maximum"].as_f64() {
        let exclusive = schema["exclusiveMaximum"] == true;
        if exclusive && number >= max {
            refuse("less than", &schema["maximum"]);
        } else if number > max {
            refuse("less than or equal to", &schema["maximum"]);
        }
    }
    if let Some(min) = schema["minimum"].as_f64() {
        let exclusive = schema["exclusiveMinimum"] == true;
        if exclusive && number <= min {
            refuse("greater than", &schema["minimum"]);
        } else if number < min {
            refuse("greater than or equal to", &schema["minimum"]);
        }
    }
    let multiple = schema["multipleOf"].as_f64().filter(|of| *of > 0.0);
    if multiple.is_some_and(|of| (number / of).fract() != 0.0) {
        refuse("a multiple of", &schema["multipleOf"]);
    }
}

fn lists(items: &[Value], schema: &Value, path: &str, errors: &mut FieldErrors) {
    let count = items.len() as u64;
    if let Some(max) = schema["maxItems"].as_u64().filter(|max| count > *max) {
        errors.push(too_many(path, count, max));
    }
    if let Some(min) = schema["minItems"].as_u64().filter(|min| count < *min) {
        let detail = format!("{path} in body should have at least {min} items");
        errors.push(FieldError::invalid(path, count, &detail));
    }
    let is_keyed = schema["x-kubernetes-list-type"] == "map";
    let is_set = schema["x-kubernetes-list-type"] == "set" || schema["uniqueItems"] == true;
    let keys = schema["x-kubernetes-list-map-keys"].as_array();
    let key = |item: &Value| -> Value {
        match keys {
            Some(keys) if is_keyed => {
                let pick = |name: &Value| {
                    let name = name.as_str().unwrap_or_default();
                    item.get(name).map(|value| (name.to_owned(), value.clone()))
                };
                Value::Object(keys.iter().filter_map(pick).collect())
            }
            _ => item.clone(),
        }
    };
    if !is_keyed && !is_set {
        return;
    }
    let mut seen: Vec<Value> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let key = key(item);
        if seen.contains(&key) {
            errors.push(FieldError::duplicate(format!("{path}[{index}]"), key));
        } else {
            seen.push(key);
        }
    }
}

fn too_many(path: &str, count: u64, max: u64) -> FieldError {
    let detail = format!("must have at most {max} items");
    FieldError::valued(FieldErrorKind::TooMany, path, count, &detail)
}

fn maps(
    map: &Map<String, Value>,
    schema: &Value,
    path: &str,
    depth: usize,
    errors: &mut FieldErrors,
) {
    let count = map.len() as u64;
    if let Some(max) = schema["maxProperties"].as_u64().filter(|max| count > *max) {
        errors.push(too_many(path, count, max));
    }
    if let Some(min) = schema["minProperties"].as_u64().filter(|min| count < *min) {
        let detail = format!("{path} in body should have at least {min} properties");
        errors.push(FieldError::invalid(path, Value::Object(map.clone()), &detail));
    }
    for (name, value) in map {
        // The metadata is validated as that of every object.
        if path.is_empty() && ["apiVersion", "kind", "metadata"].contains(&name.as_str()) {
            continue;
        }
        let others = &schema["additionalProperties"];
        if let Some(inner) = schema["properties"].get(name) {
            check(value, inner, &join(path, name), depth + 1, errors);
        } else if others.is_object() {
            check(value, others, &join(path, name), depth + 1, errors);
        }
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str).filter(|name| !map.contains_key(*name)) {
        errors.push(FieldError::required(join(path, name), ""));
    }
}
