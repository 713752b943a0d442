//! What the API server says of an object that a strategic merge patch has made wrong: there the
//! object is converted without JSON, and the texts differ from those of decoding.
// Models apimachinery/pkg/runtime/converter.go.

use super::{base64, go, quantity, time};
use crate::types::{Field, FieldKind, TypeId};
use crate::{MAX_DEPTH, Schema};
use serde_json::{Map, Value};

/// The detail of the Invalid answer (its field is `patch`, its value the patch as Go prints it,
/// see [`go_print`](crate::go_print)); nothing if the object is good.
pub fn check_patched(value: &Value, ty: TypeId) -> Option<String> {
    let mut unknown = Vec::new();
    if let Err(message) = convert(value, None, &FieldKind::Object(ty), 0, "", 0, &mut unknown) {
        return Some(message);
    }
    unknown.sort();
    (!unknown.is_empty()).then(|| format!("strict decoding error: {}", unknown.join(", ")))
}

fn convert(
    value: &Value,
    field: Option<&Field>,
    kind: &FieldKind,
    level: usize,
    path: &str,
    depth: usize,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err("exceeded max depth".to_owned());
    }
    match (kind, value) {
        (_, Value::Null) | (FieldKind::Any(_), _) => Ok(()),
        (FieldKind::Object(id), Value::Object(map)) => object(map, *id, path, depth, unknown),
        (FieldKind::Map(inner), Value::Object(map)) => map.values().try_for_each(|value| {
            convert(value, field, inner, level + 1, path, depth + 1, unknown)
        }),
        (FieldKind::Array(inner), Value::Array(list)) => {
            list.iter().enumerate().try_for_each(|(at, value)| {
                let path = format!("{path}[{at}]");
                convert(value, field, inner, level + 1, &path, depth + 1, unknown)
            })
        }
        (FieldKind::Object(_), _) => Err(format!("cannot restore struct from: {}", kind_of(value))),
        (FieldKind::Map(_), _) => Err(format!("cannot restore map from {}", kind_of(value))),
        (FieldKind::Array(_), _) => Err(format!("cannot restore slice from {}", kind_of(value))),
        _ => scalar(value, field, kind, level),
    }
}

fn object(
    map: &Map<String, Value>,
    id: TypeId,
    path: &str,
    depth: usize,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    let Some(ty) = Schema::get().ty(id) else { return Ok(()) };
    for (key, value) in map {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match ty.field(key) {
            Some(field) => {
                convert(value, Some(field), &field.kind, 0, &path, depth + 1, unknown)?;
            }
            None => unknown.push(format!("unknown field \"{path}\"")),
        }
    }
    Ok(())
}

fn scalar(
    value: &Value,
    field: Option<&Field>,
    kind: &FieldKind,
    level: usize,
) -> Result<(), String> {
    let unmarshal = |expected: &str| {
        let found = match value {
            Value::Number(n) if expected == "int32" => format!("number {}", go::number_text(n)),
            other => go::kind_of(other).to_owned(),
        };
        Err(format!("json: cannot unmarshal {found} into Go value of type {expected}"))
    };
    let cannot_convert = |from: &str| {
        let to = field.map_or_else(String::new, |field| go::type_of(field, kind, level));
        Err(format!("cannot convert {from} to {to}"))
    };
    let unrecognized = |kind: &str| Err(format!("unrecognized type: {kind}"));
    match (kind, value) {
        (FieldKind::String | FieldKind::IntOrString, Value::String(_))
        | (FieldKind::Boolean, Value::Bool(_))
        | (FieldKind::Number, Value::Number(_)) => Ok(()),
        (FieldKind::String, Value::Number(number)) if !number.is_f64() => cannot_convert("int64"),
        (FieldKind::Int32 | FieldKind::Int64, Value::Number(number)) => {
            // A number that is too large for the field wraps around there; it is let through.
            match number.as_f64() {
                Some(float) if number.is_f64() && float.fract() != 0.0 => cannot_convert("float64"),
                _ => Ok(()),
            }
        }
        (FieldKind::String, _) => unrecognized("string"),
        (FieldKind::Int32, _) => unrecognized("int32"),
        (FieldKind::Int64, _) => unrecognized("int64"),
        (FieldKind::Boolean, _) => unrecognized("bool"),
        (FieldKind::Number, _) => unrecognized("float64"),
        (FieldKind::Bytes, Value::String(text)) => match base64::first_bad_byte(text) {
            Some(at) => {
                Err(format!("error decoding from json: illegal base64 data at input byte {at}"))
            }
            None => Ok(()),
        },
        (FieldKind::Bytes, _) => Err(format!("cannot restore slice from {}", kind_of(value))),
        (FieldKind::IntOrString, Value::Number(n)) if go::fits(n, &FieldKind::Int32) => Ok(()),
        (FieldKind::IntOrString, _) => unmarshal("int32"),
        (FieldKind::Quantity, Value::String(text)) => {
            quantity::check(text.trim()).map_err(str::to_owned)
        }
        (FieldKind::Quantity, Value::Number(n)) => {
            quantity::check(&go::number_text(n)).map_err(str::to_owned)
        }
        (FieldKind::Quantity, _) => quantity::check("?").map_err(str::to_owned),
        (FieldKind::Time | FieldKind::MicroTime, Value::String(text)) => {
            time::check(text, *kind == FieldKind::MicroTime)
        }
        (FieldKind::Time | FieldKind::MicroTime, _) => unmarshal("string"),
        _ => Ok(()),
    }
}

/// `reflect.Kind` of the Go value that holds a JSON value.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}
