//! The fields that a document names.
// Models structured-merge-diff/typed/tofieldset.go.

use apimachinery::field_set::{FieldSet, PathElement};
use serde_json::{Map, Value};

use super::{Atom, Place, Relation, element_of};
use crate::MAX_DEPTH;

/// Every leaf and every item. Two items of one key count as one leaf.
pub fn field_set(value: &Value, place: Place<'_>) -> FieldSet {
    let mut walk = Walk { path: Vec::new(), set: FieldSet::default() };
    walk.value(value, place);
    walk.set
}

struct Walk {
    path: Vec<PathElement>,
    set: FieldSet,
}

impl Walk {
    fn value(&mut self, value: &Value, place: Place<'_>) {
        let atom = if self.path.len() > MAX_DEPTH { Atom::Scalar } else { place.atom(Some(value)) };
        match (atom, value) {
            (Atom::Map(false), Value::Object(map)) => self.map(map, place),
            (Atom::List(relation, element), Value::Array(items))
                if relation != Relation::Atomic =>
            {
                self.list(items, &relation, element);
            }
            (Atom::Map(false), Value::Null) => {}
            (Atom::List(relation, _), Value::Null) if relation != Relation::Atomic => {}
            _ => self.set.insert(&self.path),
        }
    }

    fn map(&mut self, map: &Map<String, Value>, place: Place<'_>) {
        for (name, value) in map {
            let (inner, is_declared) = place.field(name);
            self.path.push(PathElement::field(name));
            self.value(value, inner);
            let is_bare = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            if is_bare || !is_declared {
                self.set.insert(&self.path);
            }
            self.path.pop();
        }
    }

    fn list(&mut self, items: &[Value], relation: &Relation, element: Place<'_>) {
        let names: Vec<Option<PathElement>> =
            items.iter().map(|item| element_of(relation, element, item)).collect();
        for (item, name) in items.iter().zip(&names) {
            let Some(name) = name else { continue };
            let count = names.iter().filter(|other| other.as_ref() == Some(name)).count();
            self.path.push(name.clone());
            if count == 1 {
                self.value(item, element);
            }
            self.set.insert(&self.path);
            self.path.pop();
        }
    }
}
