//! Values as Go prints them: `fmt.Print` for scalars and in errors, package json for the rest.

use serde_json::{Number, Value};

use super::Numbers;
use crate::strconv;

/// A number as Go's `%v` prints a float64.
pub(super) fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        exponent(value, 2)
    } else {
        value.to_string()
    }
}

/// `1.5e+21`, the exponent with at least `digits` digits.
fn exponent(value: f64, digits: usize) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}

/// The number as an integer where the decoder would have made one.
pub(super) fn as_int(number: &Number, numbers: Numbers) -> Option<i64> {
    if numbers == Numbers::Integers { number.as_i64() } else { None }
}

pub(super) fn number(number: &Number, numbers: Numbers) -> String {
    match as_int(number, numbers) {
        Some(int) => int.to_string(),
        None => float(number.as_f64().unwrap_or_default()),
    }
}

fn json_number(number: &Number, numbers: Numbers) -> String {
    if let Some(int) = as_int(number, numbers) {
        return int.to_string();
    }
    let value = number.as_f64().unwrap_or_default();
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        exponent(value, 1)
    } else {
        value.to_string()
    }
}

/// Compact JSON as Go's package json writes it.
pub(super) fn json(value: &Value, numbers: Numbers) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => json_number(value, numbers),
        Value::String(text) => strconv::json_string(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| json(item, numbers)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let fields = map.iter();
            let fields: Vec<String> = fields
                .map(|(key, item)| format!("{}:{}", strconv::json_string(key), json(item, numbers)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
    }
}

/// JSON indented by four spaces a level.
pub(super) fn json_indented(value: &Value, numbers: Numbers, level: usize) -> String {
    let inner = " ".repeat(4 * (level + 1));
    let outer = " ".repeat(4 * level);
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter();
            let items: Vec<String> = items
                .map(|item| format!("{inner}{}", json_indented(item, numbers, level + 1)))
                .collect();
            format!("[\n{}\n{outer}]", items.join(",\n"))
        }
        Value::Object(map) if !map.is_empty() => {
            let fields = map.iter().map(|(key, item)| {
                let item = json_indented(item, numbers, level + 1);
                format!("{inner}{}: {item}", strconv::json_string(key))
            });
            format!("{{\n{}\n{outer}}}", fields.collect::<Vec<_>>().join(",\n"))
        }
        value => json(value, numbers),
    }
}

/// A value as Go's `%v` prints it, as errors quote it.
pub(super) fn debug(value: &Value, numbers: Numbers) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => number(value, numbers),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| debug(item, numbers)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let fields = map.iter().map(|(key, item)| format!("{key}:{}", debug(item, numbers)));
            format!("map[{}]", fields.collect::<Vec<_>>().join(" "))
        }
    }
}

/// The Go type that a decoded value has.
pub(super) fn type_name(value: &Value, numbers: Numbers) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if as_int(number, numbers).is_some() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
