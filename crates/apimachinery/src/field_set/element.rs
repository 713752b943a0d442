//! One step of a field's path: a name in a map, or an item of a list by its keys or its value.
// Models structured-merge-diff/fieldpath/element.go and serialize-pe.go.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value};
use smol_str::SmolStr;

#[derive(Clone, Debug, PartialEq)]
pub enum PathElement {
    Field(SmolStr),
    /// An item of a list by its keys, sorted by name.
    Key(Box<[(SmolStr, Value)]>),
    /// An item of a set.
    Value(Box<Value>),
    Index(i64),
}

impl Eq for PathElement {}

impl PathElement {
    pub fn field(name: &str) -> Self {
        PathElement::Field(name.into())
    }

    pub fn key(mut keys: Vec<(SmolStr, Value)>) -> Self {
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        PathElement::Key(keys.into())
    }

    /// `f:name`, `k:{"name":"a"}`, `v:"a"`, `i:3`.
    pub fn encode(&self) -> String {
        match self {
            PathElement::Field(name) => format!("f:{name}"),
            PathElement::Key(keys) => {
                let keys: Map<String, Value> =
                    keys.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
                format!("k:{}", Value::Object(keys))
            }
            PathElement::Value(value) => format!("v:{value}"),
            PathElement::Index(index) => format!("i:{index}"),
        }
    }

    /// None if it is of no known kind.
    pub fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(PathElement::field(rest)),
            "k" => {
                let Value::Object(map) = serde_json::from_str(rest).ok()? else { return None };
                let keys = map.into_iter().map(|(name, value)| (name.into(), value));
                Some(PathElement::key(keys.collect()))
            }
            "v" => serde_json::from_str(rest).ok().map(|value| PathElement::Value(Box::new(value))),
            "i" => rest.parse().ok().map(PathElement::Index),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            PathElement::Field(_) => 0,
            PathElement::Key(_) => 1,
            PathElement::Value(_) => 2,
            PathElement::Index(_) => 3,
        }
    }
}

impl Ord for PathElement {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (PathElement::Field(a), PathElement::Field(b)) => a.cmp(b),
            (PathElement::Key(a), PathElement::Key(b)) => {
                let pairs = a.iter().zip(b.iter()).map(|((name, value), (other, against))| {
                    name.cmp(other).then_with(|| compare_values(value, against))
                });
                let first = pairs.into_iter().find(|order| order.is_ne());
                first.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (PathElement::Value(a), PathElement::Value(b)) => compare_values(a, b),
            (PathElement::Index(a), PathElement::Index(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for PathElement {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers before texts before truth values.
fn compare_values(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::String(_) => 1,
        Value::Bool(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    };
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (x.as_i64(), y.as_i64()) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.as_f64().unwrap_or(0.0).total_cmp(&y.as_f64().unwrap_or(0.0)),
        },
        (Value::String(x), Value::String(y)) => x.cmp(y),
        (Value::Bool(x), Value::Bool(y)) => x.cmp(y),
        _ if rank(a) == rank(b) => a.to_string().cmp(&b.to_string()),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// `.name`, `[name="a"]`, `[="a"]`, `[3]`.
impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathElement::Field(name) => write!(f, ".{name}"),
            PathElement::Key(keys) => {
                let keys: Vec<String> =
                    keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(f, "[{}]", keys.join(","))
            }
            PathElement::Value(value) => write!(f, "[={value}]"),
            PathElement::Index(index) => write!(f, "[{index}]"),
        }
    }
}
