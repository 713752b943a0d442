//! A document with another one applied to it.
// Models structured-merge-diff/typed/merge.go.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use apimachinery::field_set::PathElement;
use serde_json::{Map, Value};

use super::{Atom, Place, Relation, element_of};
use crate::MAX_DEPTH;

/// What `config` says of `live` wins; nothing is removed.
pub fn merge(live: &Value, config: &Value, place: Place<'_>) -> Value {
    both(Some(live), Some(config), place, 0).unwrap_or(Value::Null)
}

fn both(
    live: Option<&Value>,
    config: Option<&Value>,
    place: Place<'_>,
    depth: usize,
) -> Option<Value> {
    let decisive = config.filter(|value| !value.is_null()).or(live);
    match (if depth > MAX_DEPTH { Atom::Scalar } else { place.atom(decisive) }, live, config) {
        (Atom::Map(false), Some(Value::Object(live)), Some(Value::Object(config)))
            if !(live.is_empty() && config.is_empty()) =>
        {
            maps(live, config, place, depth)
        }
        (Atom::List(relation, element), Some(Value::Array(live)), Some(Value::Array(config)))
            if relation != Relation::Atomic && !(live.is_empty() && config.is_empty()) =>
        {
            lists((live, config), &relation, element, depth)
        }
        // A null in a granular map or list says nothing.
        (
            Atom::Map(false) | Atom::List(Relation::Set | Relation::Keys(_), _),
            Some(live),
            Some(config),
        ) if config.is_null() && !live.is_null() => Some(live.clone()),
        _ => config.or(live).cloned(),
    }
}

fn maps(
    live: &Map<String, Value>,
    config: &Map<String, Value>,
    place: Place<'_>,
    depth: usize,
) -> Option<Value> {
    let mut out = Map::new();
    let added = config.keys().filter(|name| !live.contains_key(*name));
    for name in live.keys().chain(added) {
        let inner = place.field(name).0;
        if let Some(value) = both(live.get(name), config.get(name), inner, depth + 1) {
            out.insert(name.clone(), value);
        }
    }
    Some(Value::Object(out))
}

struct Side<'a> {
    names: Vec<PathElement>,
    /// None where the key is doubled.
    items: BTreeMap<PathElement, Option<&'a Value>>,
    values: Vec<&'a Value>,
}

fn side<'a>(list: &'a [Value], relation: &Relation, element: Place<'_>) -> Side<'a> {
    let mut side = Side { names: Vec::new(), items: BTreeMap::new(), values: Vec::new() };
    for item in list {
        let Some(name) = element_of(relation, element, item) else { continue };
        let known = side.items.contains_key(&name);
        side.items.insert(name.clone(), (!known).then_some(item));
        side.names.push(name);
        side.values.push(item);
    }
    side
}

/// Both orders are kept as far as they agree; where they do not, the applied one wins.
fn lists(
    (live, config): (&[Value], &[Value]),
    relation: &Relation,
    element: Place<'_>,
    depth: usize,
) -> Option<Value> {
    let (live, config) = (side(live, relation, element), side(config, relation, element));
    let shared = config.names.iter().filter(|name| live.items.contains_key(*name));
    let mut shared: VecDeque<&PathElement> = shared.collect();
    let mut next = shared.pop_front();
    let (mut out, mut merged) = (Vec::new(), BTreeSet::new());
    let (mut l, mut r) = (0, 0);
    let item = |side: &Side<'_>, name: &PathElement| -> Option<Value> {
        side.items.get(name).copied().flatten().cloned()
    };
    let join = |name: &PathElement| {
        let (old, new) = (item(&live, name), item(&config, name));
        both(old.as_ref(), new.as_ref(), element, depth + 1)
    };
    loop {
        let (left, right) = (live.names.get(l), config.names.get(r));
        match (left, right) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {
                merged.insert(a.clone());
                out.extend(join(a));
                (l, r) = (l + 1, r + 1);
                next = shared.pop_front();
                continue;
            }
            (Some(a), Some(_))
                if config.items.contains_key(a) && next.is_some_and(|next| next != a) =>
            {
                l += 1;
                continue;
            }
            _ => {}
        }
        if let Some(a) = left {
            if !config.items.contains_key(a) {
                out.extend(live.values.get(l).map(|value| (*value).clone()));
                l += 1;
                continue;
            }
            if merged.contains(a) || right.is_none() {
                l += 1;
            }
        }
        if let Some(b) = right {
            merged.insert(b.clone());
            out.extend(join(b));
            r += 1;
            if next == Some(b) {
                next = shared.pop_front();
            }
        }
    }
    Some(Value::Array(out))
}
