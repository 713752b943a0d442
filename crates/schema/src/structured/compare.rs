//! What differs between two documents, as sets of fields.
// Models structured-merge-diff/typed/compare.go.

use std::collections::BTreeMap;

use apimachinery::field_set::{FieldSet, PathElement};
use serde_json::{Map, Value};

use super::{Atom, Place, Relation, element_of};
use crate::MAX_DEPTH;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub removed: FieldSet,
    pub modified: FieldSet,
    pub added: FieldSet,
}

impl Comparison {
    pub fn is_same(&self) -> bool {
        self.removed.is_empty() && self.modified.is_empty() && self.added.is_empty()
    }

    /// Without these fields and what lies below them.
    pub fn excluding(self, fields: &FieldSet) -> Comparison {
        if fields.is_empty() {
            return self;
        }
        Comparison {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

pub fn compare(old: &Value, new: &Value, place: Place<'_>) -> Comparison {
    let mut walk = Walk { path: Vec::new(), found: Comparison::default() };
    walk.compare(Some(old), Some(new), place);
    walk.found
}

struct Walk {
    path: Vec<PathElement>,
    found: Comparison,
}

fn is_empty_map(value: Option<&Value>) -> bool {
    value.and_then(Value::as_object).is_none_or(Map::is_empty)
}

fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_empty_list(value: Option<&Value>) -> bool {
    items(value).is_empty()
}

impl Walk {
    fn compare(&mut self, old: Option<&Value>, new: Option<&Value>, place: Place<'_>) {
        let decisive = new.filter(|value| !value.is_null()).or(old);
        let atom = if self.path.len() > MAX_DEPTH { Atom::Scalar } else { place.atom(decisive) };
        match atom {
            Atom::Map(false) if !(is_empty_map(old) && is_empty_map(new)) => {
                self.maps(old, new, place);
            }
            Atom::List(relation, element)
                if relation != Relation::Atomic && !(is_empty_list(old) && is_empty_list(new)) =>
            {
                self.lists(old, new, &relation, element);
            }
            _ => return self.leaf(old, new),
        }
        self.note(old, new);
    }

    /// A thing that is only in one of both is added or removed itself.
    fn note(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (None, Some(_)) => self.found.added.insert(&self.path),
            (Some(_), None) => self.found.removed.insert(&self.path),
            _ => {}
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(old), Some(new)) if old != new => self.found.modified.insert(&self.path),
            _ => self.note(old, new),
        }
    }

    fn below(
        &mut self,
        element: PathElement,
        old: Option<&Value>,
        new: Option<&Value>,
        place: Place<'_>,
    ) {
        self.path.push(element);
        self.compare(old, new, place);
        self.path.pop();
    }

    fn maps(&mut self, old: Option<&Value>, new: Option<&Value>, place: Place<'_>) {
        let none = Map::new();
        // In a struct that both have, these are what Go may write of a field that is not set.
        let is_unset = |value: Option<&Value>| match value {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            _ => false,
        };
        let both = old.is_some() && new.is_some();
        let old = old.and_then(Value::as_object).unwrap_or(&none);
        let new = new.and_then(Value::as_object).unwrap_or(&none);
        let added = new.keys().filter(|name| !old.contains_key(*name));
        for name in old.keys().chain(added) {
            let (was, is) = (old.get(name), new.get(name));
            let (inner, is_declared) = place.field(name);
            if both && is_declared && is_unset(was) && is_unset(is) {
                continue;
            }
            self.below(PathElement::field(name), was, is, inner);
        }
    }

    fn lists(
        &mut self,
        old: Option<&Value>,
        new: Option<&Value>,
        relation: &Relation,
        element: Place<'_>,
    ) {
        type Pair<'v> = (Vec<&'v Value>, Vec<&'v Value>);
        let mut pairs: BTreeMap<PathElement, Pair<'_>> = BTreeMap::new();
        for item in items(old) {
            if let Some(name) = element_of(relation, element, item) {
                pairs.entry(name).or_default().0.push(item);
            }
        }
        for item in items(new) {
            if let Some(name) = element_of(relation, element, item) {
                pairs.entry(name).or_default().1.push(item);
            }
        }
        for (name, (old, new)) in pairs {
            match (old.as_slice(), new.as_slice()) {
                ([] | [_], [] | [_]) => {
                    self.below(name, old.first().copied(), new.first().copied(), element);
                }
                ([_, _, ..], [_, _, ..]) if old == new => {}
                (old, new) => self.duplicates(name, old, new, element),
            }
        }
    }

    /// Items of one key are one unit.
    fn duplicates(
        &mut self,
        name: PathElement,
        old: &[&Value],
        new: &[&Value],
        element: Place<'_>,
    ) {
        self.path.push(name.clone());
        let set = match (old.len() > 1, new.len() > 1) {
            (true, true) => &mut self.found.modified,
            (true, false) => &mut self.found.removed,
            _ => &mut self.found.added,
        };
        set.insert(&self.path);
        self.path.pop();
        match (old, new) {
            ([_, _, ..], [one]) => self.below(name, None, Some(one), element),
            ([one], [_, _, ..]) => self.below(name, Some(one), None, element),
            _ => {}
        }
    }
}
