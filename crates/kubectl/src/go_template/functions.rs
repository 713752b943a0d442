//! The functions a template may call.
// Models Go's text/template/funcs.go; `exists` and `base64decode` are kubectl's own.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Val, format, is_true};

pub const NAMES: [&str; 20] = [
    "and",
    "base64decode",
    "call",
    "eq",
    "exists",
    "ge",
    "gt",
    "html",
    "index",
    "js",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "slice",
];

pub fn is_function(name: &str) -> bool {
    NAMES.contains(&name) || name == "urlquery"
}

type Answer = Result<Val, String>;

/// Calls a function. What is missing in the object reaches it as nil.
pub fn call(name: &str, values: Vec<Val>) -> Answer {
    let given = values.len();
    let wants = |least: usize| match given >= least {
        true => Ok(()),
        false => Err(format!("wrong number of args for {name}: want at least {least} got {given}")),
    };
    let plain: Vec<Value> = values.iter().map(|v| v.clone().unwrap_or(Value::Null)).collect();
    let text = |text: String| Ok(Some(Value::String(text)));
    match name {
        "and" | "or" => {
            wants(1)?;
            Ok(values.into_iter().next_back().flatten())
        }
        "not" => {
            wants(1)?;
            Ok(Some((!is_true(&values.into_iter().next().flatten())).into()))
        }
        "print" => text(format::print(&plain)),
        "println" => {
            let words: Vec<String> = plain.iter().map(format::plain).collect();
            text(words.join(" ") + "\n")
        }
        "printf" => match plain.split_first() {
            Some((Value::String(form), rest)) => text(format::printf(form, rest)),
            Some((other, _)) => Err(format!("wrong type for value; expected string; got {other}")),
            None => Err("wrong number of args for printf: want at least 1 got 0".to_owned()),
        },
        "html" => text(escaped(&format::print(&plain))),
        "js" => text(format::print(&plain).replace('\\', "\\\\").replace('\'', "\\'")),
        "urlquery" => text(url_query(&format::print(&plain))),
        "len" => length(plain.first().unwrap_or(&Value::Null)),
        "index" => index(plain),
        "slice" => slice(&plain),
        "exists" => exists(&plain),
        "base64decode" => decoded(plain.first()),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => {
            wants(2)?;
            compare(name, &plain).map(|is| Some(is.into()))
        }
        _ => Err(format!("function {name:?} is not supported in this terminal")),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

fn url_query(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn count(number: usize) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn length(value: &Value) -> Answer {
    match value {
        Value::Array(items) => Ok(Some(count(items.len()))),
        Value::Object(map) => Ok(Some(count(map.len()))),
        Value::String(text) => Ok(Some(count(text.len()))),
        Value::Null => Err("len of nil pointer".to_owned()),
        other => Err(format!("len of type {}", kind_of(other).name())),
    }
}

fn index(values: Vec<Value>) -> Answer {
    let mut values = values.into_iter();
    let mut value = values.next().unwrap_or(Value::Null);
    for key in values {
        value = match (value, &key) {
            (Value::Object(mut map), Value::String(name)) => match map.remove(name) {
                Some(found) => found,
                None => return Ok(None),
            },
            (Value::Array(items), Value::Number(at)) => {
                let at = at.as_i64().unwrap_or(-1);
                let found = usize::try_from(at).ok().and_then(|at| items.get(at).cloned());
                found.ok_or_else(|| format!("index out of range: {at}"))?
            }
            (Value::Null, _) => return Err("index of untyped nil".to_owned()),
            (other, _) => {
                return Err(format!("can't index item of type {}", kind_of(&other).name()));
            }
        };
    }
    Ok(Some(value))
}

fn slice(values: &[Value]) -> Answer {
    let bound = |at: usize, otherwise: usize| match values.get(at) {
        Some(value) => value.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX),
        None => otherwise,
    };
    let out_of_range = || Err("index out of range".to_owned());
    match values.first() {
        Some(Value::String(text)) => match text.get(bound(1, 0)..bound(2, text.len())) {
            Some(part) => Ok(Some(part.into())),
            None => out_of_range(),
        },
        Some(Value::Array(items)) => match items.get(bound(1, 0)..bound(2, items.len())) {
            Some(part) => Ok(Some(part.to_vec().into())),
            None => out_of_range(),
        },
        _ => Err("slice of untyped nil".to_owned()),
    }
}

fn exists(values: &[Value]) -> Answer {
    let Some((first, keys)) = values.split_first() else { return Ok(Some(false.into())) };
    let mut value = first;
    for key in keys {
        let next = match key {
            Value::String(name) => value.get(name),
            other => {
                let at = other.as_u64().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| value.get(at))
            }
        };
        match next {
            Some(found) => value = found,
            None => return Ok(Some(false.into())),
        }
    }
    Ok(Some(true.into()))
}

fn decoded(value: Option<&Value>) -> Answer {
    let Some(Value::String(text)) = value else {
        return Err("wrong type for value; expected string".to_owned());
    };
    match apimachinery::base64::decode(text) {
        Some(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned().into())),
        None => Err("base64 decode failed: illegal base64 data at input byte 0".to_owned()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Float,
    String,
    Nil,
    Other,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float64",
            Kind::String => "string",
            Kind::Nil | Kind::Other => "interface {}",
        }
    }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Nil,
        Value::Bool(_) => Kind::Bool,
        Value::Number(number) if number.is_f64() => Kind::Float,
        Value::Number(_) => Kind::Int,
        Value::String(_) => Kind::String,
        _ => Kind::Other,
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
    }
}

/// `eq` holds if the first equals any of the others; the rest take two.
fn compare(name: &str, values: &[Value]) -> Result<bool, String> {
    let Some((first, others)) = values.split_first() else { return Ok(false) };
    let kind = kind_of(first);
    for other in others {
        let known = [kind, kind_of(other)];
        if name != "eq" && name != "ne" && known.iter().any(|k| matches!(k, Kind::Bool | Kind::Nil))
        {
            return Err("invalid type for comparison".to_owned());
        }
        if known.contains(&Kind::Other) {
            return Err("non-comparable type in comparison".to_owned());
        }
        if known[0] != known[1] && !known.contains(&Kind::Nil) {
            return Err("incompatible types for comparison".to_owned());
        }
    }
    let Some(second) = others.first() else { return Ok(false) };
    let ordering = order(first, second);
    Ok(match name {
        "eq" => others.iter().any(|other| first == other),
        "ne" => first != second,
        "lt" => ordering == Some(Ordering::Less),
        "le" => ordering.is_some_and(Ordering::is_le),
        "gt" => ordering == Some(Ordering::Greater),
        _ => ordering.is_some_and(Ordering::is_ge),
    })
}
