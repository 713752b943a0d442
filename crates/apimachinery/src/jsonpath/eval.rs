//! Walks a template's nodes over a document.
// Models client-go/util/jsonpath/jsonpath.go and its fork of text/template's comparisons.

use std::cmp::Ordering;

use serde_json::Value;

use super::parser::{Node, Param};
use super::{JsonPathError, Numbers, print};

type Result<T> = std::result::Result<T, JsonPathError>;

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(JsonPathError(message.into()))
}

/// One result: a piece of the document, or a literal of the template.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Json(&'a Value),
    /// What a range over nothing, or over `null`, is evaluated with.
    NoValue,
    Text(&'a str),
    /// A byte of a string that `[*]` took apart.
    Byte(u8),
    Int(i64),
    Float(f64),
    Bool(bool),
}

/// A value that can be compared.
enum Scalar<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(&'a str),
}

impl<'a> Item<'a> {
    fn json(self) -> Option<&'a Value> {
        match self {
            Item::Json(Value::Null) => None,
            Item::Json(value) => Some(value),
            _ => None,
        }
    }

    /// Values without anything in them are passed over.
    fn is_null(self) -> bool {
        matches!(self, Item::Json(Value::Null))
    }

    /// What `[*]` and `..` see inside.
    fn children(self) -> Vec<Item<'a>> {
        let bytes = |text: &'a str| text.bytes().map(Item::Byte).collect();
        match self {
            Item::Json(Value::Array(items)) => items.iter().map(Item::Json).collect(),
            Item::Json(Value::Object(map)) => map.values().map(Item::Json).collect(),
            Item::Json(Value::String(text)) => bytes(text),
            Item::Text(text) => bytes(text),
            _ => Vec::new(),
        }
    }

    fn scalar(self, numbers: Numbers) -> Result<Scalar<'a>> {
        Ok(match self {
            Item::Json(Value::Bool(value)) => Scalar::Bool(*value),
            Item::Json(Value::String(text)) => Scalar::Text(text),
            Item::Json(Value::Number(number)) => match print::as_int(number, numbers) {
                Some(int) => Scalar::Int(int),
                None => Scalar::Float(number.as_f64().unwrap_or_default()),
            },
            Item::Text(text) => Scalar::Text(text),
            Item::Byte(byte) => Scalar::Uint(u64::from(byte)),
            Item::Int(int) => Scalar::Int(int),
            Item::Float(float) => Scalar::Float(float),
            Item::Bool(value) => Scalar::Bool(value),
            _ => return error("invalid type for comparison"),
        })
    }
}

pub(super) struct Walk<'a> {
    nodes: &'a [Node],
    numbers: Numbers,
    allow_missing_keys: bool,
    begin_range: u32,
    in_range: u32,
    end_range: u32,
    last_end: Option<usize>,
}

impl<'a> Walk<'a> {
    pub fn new(nodes: &'a [Node], numbers: Numbers, allow_missing_keys: bool) -> Self {
        let (begin_range, in_range, end_range, last_end) = (0, 0, 0, None);
        Walk { nodes, numbers, allow_missing_keys, begin_range, in_range, end_range, last_end }
    }

    /// The results of each node from `start` on, up to the `{end}` of the range that it is in.
    pub fn find(&mut self, start: usize, current: Item<'a>) -> Result<Vec<Vec<Item<'a>>>> {
        let mut found = Vec::new();
        let mut at = start;
        while let Some(node) = self.nodes.get(at) {
            let results = self.walk(&[current], node)?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                for item in &results {
                    let item = if item.is_null() { Item::NoValue } else { *item };
                    found.extend(self.find(at + 1, item)?);
                }
                if results.is_empty() {
                    // The range's nodes are still walked, to find its end.
                    self.find(at + 1, Item::NoValue)?;
                }
                self.in_range -= 1;
                at = self.last_end.filter(|end| *end > at).unwrap_or(at);
            } else {
                found.push(results);
            }
            at += 1;
        }
        Ok(found)
    }

    fn walk(&mut self, input: &[Item<'a>], node: &'a Node) -> Result<Vec<Item<'a>>> {
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Item::Text(text)]),
            Node::Field(name) => self.field(input, name),
            Node::Slice(params) => self.slice(input, params),
            Node::Filter { left, operator, right } => self.filter(input, left, operator, right),
            Node::Int(value) => Ok(vec![Item::Int(*value); input.len()]),
            Node::Float(value) => Ok(vec![Item::Float(*value); input.len()]),
            Node::Bool(value) => Ok(vec![Item::Bool(*value); input.len()]),
            Node::Wildcard => Ok(input.iter().flat_map(|item| item.children()).collect()),
            Node::Recursive => Ok(recursive(input)),
            Node::Union(lists) => {
                let mut results = Vec::new();
                for nodes in lists {
                    results.extend(self.list(input, nodes)?);
                }
                Ok(results)
            }
            Node::Identifier(name) => self.identifier(input, name),
        }
    }

    fn list(&mut self, input: &[Item<'a>], nodes: &'a [Node]) -> Result<Vec<Item<'a>>> {
        let mut current = input.to_vec();
        for node in nodes {
            current = self.walk(&current, node)?;
        }
        Ok(current)
    }

    fn identifier(&mut self, input: &[Item<'a>], name: &str) -> Result<Vec<Item<'a>>> {
        match name {
            "range" => {
                self.begin_range += 1;
                Ok(input.to_vec())
            }
            "end" if self.in_range > 0 => {
                self.end_range += 1;
                Ok(Vec::new())
            }
            "end" => error("not in range, nothing to end"),
            _ => error(format!("unrecognized identifier {name}")),
        }
    }

    fn field(&self, input: &[Item<'a>], name: &str) -> Result<Vec<Item<'a>>> {
        let results: Vec<Item<'a>> = input
            .iter()
            .filter_map(|item| item.json()?.as_object()?.get(name))
            .map(Item::Json)
            .collect();
        if results.is_empty() && !input.is_empty() && !self.allow_missing_keys {
            return error(format!("{name} is not found"));
        }
        Ok(results)
    }

    fn slice(&self, input: &[Item<'a>], params: &[Param; 3]) -> Result<Vec<Item<'a>>> {
        let mut results = Vec::new();
        for item in input.iter().filter(|item| !item.is_null()) {
            let Some(Value::Array(items)) = item.json() else {
                return error(format!("{} is not array or slice", self.type_name(*item)));
            };
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let [start, end, step] = params;
            let mut from = if start.known { start.value } else { 0 };
            if from < 0 {
                from = from.wrapping_add(length);
            }
            let mut to = if end.known { end.value } else { length };
            if to < 0 || (to == 0 && end.derived) {
                to = to.wrapping_add(length);
            }
            if from == to {
                return Ok(results);
            }
            if from >= length || from < 0 {
                return out_of_bounds(from, length);
            }
            if to > length || to < 0 {
                return out_of_bounds(to.wrapping_sub(1), length);
            }
            if from > to {
                return error(format!("starting index {from} is greater than ending index {to}"));
            }
            if step.known && step.value <= 0 {
                return error("step must be > 0");
            }
            // A 32-bit usize must not turn a huge step into zero.
            let stride = if step.known { step.value.min(length) } else { 1 };
            let taken = items.iter().take(to as usize).skip(from as usize);
            results.extend(taken.step_by(stride as usize).map(Item::Json));
        }
        Ok(results)
    }

    fn type_name(&self, item: Item<'a>) -> &'static str {
        match item {
            Item::Json(value) => print::type_name(value, self.numbers),
            Item::NoValue => "<nil>",
            Item::Text(_) => "string",
            Item::Byte(_) => "uint8",
            Item::Int(_) => "int",
            Item::Float(_) => "float64",
            Item::Bool(_) => "bool",
        }
    }

    fn filter(
        &mut self,
        input: &[Item<'a>],
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Result<Vec<Item<'a>>> {
        let mut results = Vec::new();
        for item in input {
            let Some(Value::Array(items)) = item.json() else {
                let text = match item {
                    Item::Json(value) => print::debug(value, self.numbers),
                    Item::NoValue => "<invalid reflect.Value>".to_owned(),
                    item => text(*item, self.numbers),
                };
                return error(format!("{text} is not array or slice and cannot be filtered"));
            };
            for element in items.iter().map(Item::Json) {
                if operator == "exists" {
                    if self.list(&[element], left).is_ok_and(|found| !found.is_empty()) {
                        results.push(element);
                    }
                } else if self.passes(element, left, operator, right)? {
                    results.push(element);
                }
            }
        }
        Ok(results)
    }

    fn passes(
        &mut self,
        element: Item<'a>,
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Result<bool> {
        let lefts = self.list(&[element], left)?;
        let Some(left) = only(&lefts)? else { return Ok(false) };
        let rights = self.list(&[element], right)?;
        let Some(right) = only(&rights)? else { return Ok(false) };
        compare(left, operator, right, self.numbers)
    }
}

fn only<'a>(items: &[Item<'a>]) -> Result<Option<Item<'a>>> {
    match items {
        [] => Ok(None),
        [item] => Ok(Some(*item)),
        _ => error("can only compare one element at a time"),
    }
}

fn out_of_bounds<T>(index: i64, length: i64) -> Result<T> {
    error(format!("array index out of bounds: index {index}, length {length}"))
}

/// Every value that has something in it, each before what it holds.
fn recursive<'a>(input: &[Item<'a>]) -> Vec<Item<'a>> {
    let mut results = Vec::new();
    for item in input {
        let children = item.children();
        if !children.is_empty() {
            results.push(*item);
            results.extend(recursive(&children));
        }
    }
    results
}

fn compare(left: Item<'_>, operator: &str, right: Item<'_>, numbers: Numbers) -> Result<bool> {
    let known = ["<", ">", "==", "!=", "<=", ">="].contains(&operator);
    if !known {
        return error(format!("unrecognized filter operator {operator}"));
    }
    let ordering = match (left.scalar(numbers)?, right.scalar(numbers)?) {
        (Scalar::Bool(a), Scalar::Bool(b)) if ["==", "!="].contains(&operator) => Some(a.cmp(&b)),
        (Scalar::Bool(_), Scalar::Bool(_)) => return error("invalid type for comparison"),
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(&b)),
        (Scalar::Uint(a), Scalar::Uint(b)) => Some(a.cmp(&b)),
        (Scalar::Int(a), Scalar::Uint(b)) => Some(i128::from(a).cmp(&i128::from(b))),
        (Scalar::Uint(a), Scalar::Int(b)) => Some(i128::from(a).cmp(&i128::from(b))),
        (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(&b),
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(b)),
        _ => return error("incompatible types for comparison"),
    };
    Ok(match operator {
        "<" => ordering == Some(Ordering::Less),
        ">" => ordering == Some(Ordering::Greater),
        "==" => ordering == Some(Ordering::Equal),
        "!=" => ordering != Some(Ordering::Equal),
        "<=" => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// A result as it is printed.
pub(super) fn text(item: Item<'_>, numbers: Numbers) -> String {
    match item {
        Item::Json(Value::String(text)) => text.clone(),
        Item::Json(Value::Number(number)) => print::number(number, numbers),
        Item::Json(value) => print::json(value, numbers),
        Item::NoValue => "<no value>".to_owned(),
        Item::Text(text) => text.to_owned(),
        Item::Byte(byte) => byte.to_string(),
        Item::Int(int) => int.to_string(),
        Item::Float(value) => print::float(value),
        Item::Bool(value) => value.to_string(),
    }
}

pub(super) fn to_json(item: Item<'_>) -> Value {
    match item {
        Item::Json(value) => value.clone(),
        Item::NoValue => Value::Null,
        Item::Text(text) => Value::from(text),
        Item::Byte(byte) => Value::from(byte),
        Item::Int(int) => Value::from(int),
        Item::Float(value) => Value::from(value),
        Item::Bool(value) => Value::from(value),
    }
}
