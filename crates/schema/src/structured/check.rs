//! Whether a document fits its type closely enough to be applied.
// Models structured-merge-diff/typed/validate.go.

use apimachinery::field_set::{PathElement, path_text};
use serde_json::Value;

use super::{Atom, Place, Relation, element_of};
use crate::{FieldKind, MAX_DEPTH, go_print};

/// What is wrong, each with its path; in order.
pub fn check(document: &Value, place: Place<'_>) -> Vec<String> {
    let mut walk = Walk { path: Vec::new(), errors: Vec::new() };
    walk.value(document, place);
    walk.errors
}

struct Walk {
    path: Vec<PathElement>,
    errors: Vec<String>,
}

impl Walk {
    fn refuse(&mut self, why: &str) {
        let path = path_text(&self.path);
        self.errors.push(if path.is_empty() { why.to_owned() } else { format!("{path}: {why}") });
    }

    fn value(&mut self, value: &Value, place: Place<'_>) {
        if self.path.len() > MAX_DEPTH {
            return;
        }
        match (place.atom(None), value) {
            (_, Value::Null) => {}
            (Atom::Map(_), Value::Object(map)) => {
                for (name, inner) in map {
                    self.path.push(PathElement::field(name));
                    match place.field(name) {
                        (Place::Deduced, false) if place.is_closed() => {
                            self.refuse("field not declared in schema");
                        }
                        (inner_place, _) => self.value(inner, inner_place),
                    }
                    self.path.pop();
                }
            }
            (Atom::List(relation, element), Value::Array(items)) => {
                self.list(items, &relation, element);
            }
            (Atom::Map(_), other) => self.refuse(&format!("expected map, got {}", go_print(other))),
            (Atom::List(..), other) => {
                self.refuse(&format!("expected list, got {}", go_print(other)))
            }
            (Atom::Scalar, other) => self.scalar(other, place),
        }
    }

    fn list(&mut self, items: &[Value], relation: &Relation, element: Place<'_>) {
        let mut seen: Vec<PathElement> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let name = match relation {
                Relation::Atomic => PathElement::Index(index as i64),
                _ => match element_of(relation, element, item) {
                    Some(name) => name,
                    None => {
                        let why = without_keys(relation, item);
                        return self.refuse(&format!("element {index}: {why}"));
                    }
                },
            };
            if seen.contains(&name) {
                self.refuse(&format!("duplicate entries for key {name}"));
            }
            self.path.push(name.clone());
            self.value(item, element);
            self.path.pop();
            seen.push(name);
        }
    }

    fn scalar(&mut self, value: &Value, place: Place<'_>) {
        let Some(kind) = place.kind() else { return };
        let want = match (kind, value) {
            (FieldKind::String, Value::String(_)) | (FieldKind::Boolean, Value::Bool(_)) => return,
            (FieldKind::Int32 | FieldKind::Int64 | FieldKind::Number, Value::Number(_)) => return,
            (FieldKind::String, other) => format!("expected string, got {}", go_value(other)),
            (FieldKind::Boolean, other) => format!("expected boolean, got {}", go_print(other)),
            (FieldKind::Int32 | FieldKind::Int64 | FieldKind::Number, other) => {
                format!("expected numeric (int or float), got {}", go_type(other))
            }
            (_, Value::Array(_) | Value::Object(_)) => {
                format!("expected any scalar, got {}", go_print(value))
            }
            _ => return,
        };
        self.refuse(&want);
    }
}

fn without_keys(relation: &Relation, item: &Value) -> String {
    match (relation, item) {
        (_, Value::Null) => "associative list with keys may not have a null element".to_owned(),
        (Relation::Keys(names), Value::Object(_)) => {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            format!(
                "associative list with keys has an element that omits all key fields [{}] (and \
                 doesn't have default values for any key fields)",
                names.join(" ")
            )
        }
        _ => "associative list with keys may not have non-map elements".to_owned(),
    }
}

/// As `%#v` prints a value of upstream's wrapper.
fn go_value(value: &Value) -> String {
    let inner = match value {
        Value::String(text) => format!("{text:?}"),
        other => go_print(other),
    };
    format!("&value.valueUnstructured{{Value:{inner}}}")
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        _ => "nil",
    }
}
