//! A document without some of its fields.
// Models structured-merge-diff/typed/remove.go.

use apimachinery::field_set::{FieldSet, PathElement};
use serde_json::{Map, Value};

use super::{Atom, Place, Relation, element_of};

/// Takes out the fields and items of the set. Units stay whole or go whole.
pub fn remove(value: &Value, fields: &FieldSet, place: Place<'_>) -> Value {
    without(value, fields, place).unwrap_or(Value::Null)
}

fn without(value: &Value, fields: &FieldSet, place: Place<'_>) -> Option<Value> {
    match (place.atom(Some(value)), value) {
        (Atom::Map(false), Value::Object(map)) if !map.is_empty() => {
            let mut out = Map::new();
            let mut has_matches = false;
            for (name, value) in map {
                let element = PathElement::field(name);
                if fields.has_member(&element) {
                    continue;
                }
                let kept = inner(value, fields, &element, place.field(name).0, &mut has_matches);
                out.insert(name.clone(), kept);
            }
            (has_matches || !out.is_empty()).then_some(Value::Object(out))
        }
        (Atom::List(relation, element), Value::Array(items))
            if relation != Relation::Atomic && !items.is_empty() =>
        {
            let mut out = Vec::new();
            let mut has_matches = false;
            for item in items {
                let Some(name) = element_of(&relation, element, item) else {
                    out.push(item.clone());
                    continue;
                };
                if !fields.has_member(&name) {
                    out.push(inner(item, fields, &name, element, &mut has_matches));
                }
            }
            (has_matches || !out.is_empty()).then_some(Value::Array(out))
        }
        (Atom::Scalar, value) => Some(value.clone()),
        _ => None,
    }
}

fn inner(
    value: &Value,
    fields: &FieldSet,
    element: &PathElement,
    place: Place<'_>,
    has_matches: &mut bool,
) -> Value {
    let Some(below) = fields.child(element) else { return value.clone() };
    *has_matches = true;
    without(value, below, place).unwrap_or_else(|| match value {
        Value::Object(_) => Value::Object(Map::new()),
        Value::Array(_) => Value::Array(Vec::new()),
        _ => Value::Null,
    })
}

/// The set with the named fields above its members, which sets usually leave out.
// Models EnsureNamedFieldsAreMembers of fieldpath/set.go.
pub fn with_named_fields(set: &FieldSet, place: Place<'_>) -> FieldSet {
    set.with_members(
        place,
        &|place, element| matches!(element, PathElement::Field(name) if place.field(name).1),
        &|place, element| match (element, place.atom(None)) {
            (PathElement::Field(name), _) => place.field(name).0,
            (_, Atom::List(_, element)) => element,
            _ => Place::Untyped,
        },
    )
}
