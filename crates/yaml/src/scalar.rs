//! From a scalar event to a JSON value or to a key, its tag considered.
//!
//! Models the scalar half of go.yaml.in/yaml/v2 decode.go and convertToJSONableObject of
//! sigs.k8s.io/yaml.

use crate::diagnostic::Code;
use crate::emit::go_float_single;
use crate::resolve::{Resolved, resolve};
use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};
use std::borrow::Cow;

/// Why a scalar cannot be used, in go-yaml's words.
pub(crate) type Refusal = (Code, String);

const CORE: &str = "tag:yaml.org,2002:";

/// What `text` means under its style and tag.
pub(crate) fn read(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Resolved, Refusal> {
    let Some(tag) = tag else {
        return Ok(if style == ScalarStyle::Plain { resolve(text) } else { Resolved::Text });
    };
    let full = format!("{}{}", tag.handle, tag.suffix);
    let wanted = match full.strip_prefix(CORE).or(full.strip_prefix("!!")) {
        Some(name @ ("bool" | "int" | "float" | "null" | "timestamp")) => name,
        Some("binary") => {
            let message = "yaml: !!binary values are not supported: use a base64 string";
            return Err((Code::Reference, message.to_string()));
        }
        _ => return Ok(Resolved::Text),
    };
    match (resolve(text), wanted) {
        (Resolved::Int(int), "float") => Ok(Resolved::Float(int as f64)),
        (found, _) if found.tag() == format!("!!{wanted}") => Ok(found),
        (found, _) => {
            let found = found.tag();
            let message = format!("yaml: cannot decode {found} `{text}` as a !!{wanted}");
            Err((Code::Reference, message))
        }
    }
}

pub(crate) fn to_value(resolved: Resolved, text: Cow<'_, str>) -> Result<Value, Refusal> {
    Ok(match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(truth) => Value::Bool(truth),
        Resolved::Int(int) => Value::from(int),
        Resolved::Uint(uint) => Value::from(uint),
        Resolved::Float(float) => return float_value(float),
        Resolved::Merge | Resolved::Timestamp | Resolved::Text => Value::String(text.into_owned()),
    })
}

/// Go prints a whole float without a point, so that the API reads it back as an integer.
fn float_value(float: f64) -> Result<Value, Refusal> {
    const WHOLE_MAX: f64 = 9_223_372_036_854_775_807.0;
    if float.trunc() == float && float.abs() < WHOLE_MAX {
        return Ok(Value::from(float as i64));
    }
    let unsupported = || {
        let name = match float {
            f if f.is_nan() => "NaN",
            f if f > 0.0 => "+Inf",
            _ => "-Inf",
        };
        (Code::NotJson, format!("json: unsupported value: {name}"))
    };
    Number::from_f64(float).map(Value::Number).ok_or_else(unsupported)
}

/// The name that a key of any scalar type gets in JSON.
pub(crate) fn to_key(resolved: Resolved, text: Cow<'_, str>) -> Result<String, Refusal> {
    Ok(match resolved {
        Resolved::Bool(truth) => truth.to_string(),
        Resolved::Int(int) => int.to_string(),
        Resolved::Float(float) if float.is_nan() => ".nan".to_string(),
        Resolved::Float(f64::INFINITY) => ".inf".to_string(),
        Resolved::Float(f64::NEG_INFINITY) => "-.inf".to_string(),
        Resolved::Float(float) => go_float_single(float as f32),
        Resolved::Merge | Resolved::Timestamp | Resolved::Text => text.into_owned(),
        Resolved::Null | Resolved::Uint(_) => {
            let (kind, key) = match resolved {
                Resolved::Uint(uint) => ("uint64", format!("{uint:#x}")),
                _ => ("%!s(<nil>)", "<nil>".to_string()),
            };
            let message = format!("unsupported map key of type: {kind}, key: {key}");
            return Err((Code::NotJson, message));
        }
    })
}

/// Go's `%#v` of a decoded value, as the message about a map used as key shows it.
pub(crate) fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key:?}:{}", go_syntax(value))).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", fields.join(", "))
        }
    }
}
