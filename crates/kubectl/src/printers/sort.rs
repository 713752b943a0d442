//! `--sort-by`.
// Models kubectl/pkg/cmd/get/sorter.go.

use std::cmp::Ordering;

use apimachinery::jsonpath::{JsonPath, relaxed_expression};
use apimachinery::quantity::Quantity;
use serde_json::Value;

use crate::fail::{Fail, Outcome};

/// The value each object is sorted by. `None` if no object has the field.
pub fn keys(path: &str, objects: &[Value]) -> Outcome<Option<Vec<Option<Value>>>> {
    let parsed = relaxed_expression(path)
        .and_then(|expression| JsonPath::parse(&expression))
        .map_err(|why| Fail::Error(why.to_string()))?
        .allow_missing_keys(true);
    let key = |object: &Value| -> Option<Value> {
        let results = parsed.results(object).ok()?;
        results.into_iter().next()?.into_iter().next()
    };
    let keys: Vec<Option<Value>> = objects.iter().map(key).collect();
    Ok((objects.is_empty() || keys.iter().any(Option::is_some)).then_some(keys))
}

/// Missing values come first.
pub fn compare(a: &Option<Value>, b: &Option<Value>) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare_values(a, b),
    }
}

fn compare_values(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        }
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => match (Quantity::parse(a), Quantity::parse(b)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => natural(a, b),
        },
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

/// Digits compare as numbers: `web-2` before `web-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, rest_a) = digits(a);
            let (right, rest_b) = digits(b);
            let (short, long) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
            let order = short.len().cmp(&long.len()).then_with(|| short.cmp(long));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x != y {
            return x.cmp(&y);
        } else {
            a = a.get(x.len_utf8()..).unwrap_or("");
            b = b.get(y.len_utf8()..).unwrap_or("");
        }
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
