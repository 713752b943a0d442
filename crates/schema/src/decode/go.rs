//! How Go names JSON values, numbers and types in its decode errors.

use crate::Schema;
use crate::types::{Field, FieldKind};
use serde_json::{Map, Number, Value};

pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The number as Go's encoder writes it, which is what the server gets from kubectl: `3.0` is `3`.
pub fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if float != 0.0 && (float.abs() < 1e-6 || float.abs() >= 1e21) {
        let text = format!("{float:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{float}")
}

pub fn fits(number: &Number, kind: &FieldKind) -> bool {
    let integer = number.as_i64().or_else(|| number_text(number).parse().ok());
    match kind {
        FieldKind::Int32 => integer.is_some_and(|n| i32::try_from(n).is_ok()),
        _ => integer.is_some(),
    }
}

/// The Go type of a field (level 0), of its elements (level 1), and so on.
pub fn type_of(field: &Field, kind: &FieldKind, level: usize) -> String {
    let Some(mut name) = field.go_type else { return default_type(kind) };
    for _ in 0..level {
        let element = match name.strip_prefix("[]") {
            Some(rest) => Some(rest),
            None => name.strip_prefix("map[").and_then(|rest| Some(rest.split_once(']')?.1)),
        };
        match element {
            Some(rest) => name = rest,
            None => return default_type(kind),
        }
    }
    name.to_owned()
}

fn default_type(kind: &FieldKind) -> String {
    match kind {
        FieldKind::String => "string".to_owned(),
        FieldKind::Int32 => "int32".to_owned(),
        FieldKind::Int64 => "int64".to_owned(),
        FieldKind::Number => "float64".to_owned(),
        FieldKind::Boolean => "bool".to_owned(),
        FieldKind::Bytes => "[]uint8".to_owned(),
        FieldKind::Quantity => "resource.Quantity".to_owned(),
        FieldKind::IntOrString => "intstr.IntOrString".to_owned(),
        FieldKind::Time => "v1.Time".to_owned(),
        FieldKind::MicroTime => "v1.MicroTime".to_owned(),
        FieldKind::Map(inner) => format!("map[string]{}", default_type(inner)),
        FieldKind::Array(inner) => format!("[]{}", default_type(inner)),
        FieldKind::Object(id) | FieldKind::Any(id) => {
            Schema::get().ty(*id).map_or("interface {}", |ty| ty.go_name()).to_owned()
        }
    }
}

/// A value as Go's `%v` prints it.
pub fn go_print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        Value::Bool(bool) => bool.to_string(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_print).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => print_map(map),
    }
}

pub fn print_map(map: &Map<String, Value>) -> String {
    let items: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", go_print(v))).collect();
    format!("map[{}]", items.join(" "))
}
