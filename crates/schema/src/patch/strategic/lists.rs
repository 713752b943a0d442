//! Order and identity of list elements: which one an element is, and where it goes.

use super::{MAP_TYPE, Object, PATCH, bad_argument, go_print, go_type, no_merge_key};
use crate::patch::PatchError;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Lists merge by element only if all elements have one Go type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Elements {
    Maps,
    Scalars,
}

pub fn element_type(lists: [&[Value]; 2]) -> Result<Elements, PatchError> {
    let mut all = lists.into_iter().flatten();
    let Some(first) = all.next() else {
        return Err(PatchError::internal("no elements in any of the given slices"));
    };
    if first.is_array() {
        return Err(PatchError::unprocessable("lists of lists are not supported"));
    }
    if all.any(|value| go_type(value) != go_type(first)) {
        let print = |list: &[Value]| go_print(&Value::Array(list.to_vec()));
        let [a, b] = lists.map(print);
        let text = format!("list element types are not identical: [{a} {b}]");
        return Err(PatchError::internal(text));
    }
    Ok(if first.is_object() { Elements::Maps } else { Elements::Scalars })
}

pub fn as_map(value: &Value) -> Result<&Object, PatchError> {
    value.as_object().ok_or_else(|| bad_argument(MAP_TYPE, value))
}

/// The value of the merge key of an element; every element of a merged list must have one.
pub fn key_value<'a>(value: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let map = as_map(value)?;
    map.get(key).ok_or_else(|| no_merge_key(map, key))
}

/// What tells elements apart: the value of the merge key, of scalars the value itself.
pub fn identity(value: &Value, key: &str) -> String {
    match value {
        Value::Object(map) if !key.is_empty() => map.get(key).unwrap_or(&Value::Null).to_string(),
        other => other.to_string(),
    }
}

/// Places in a list by identity; of equal elements the first counts.
pub fn places(list: &[Value], key: &str) -> BTreeMap<String, usize> {
    let mut places = BTreeMap::new();
    for (at, value) in list.iter().enumerate() {
        places.entry(identity(value, key)).or_insert(at);
    }
    places
}

pub fn is_delete(value: &Value) -> bool {
    value.get(PATCH).is_some_and(|directive| directive == "delete")
}

/// Sorts by the order of another list; elements to be deleted go last.
pub fn sort_like(
    list: Vec<Value>,
    order: &[Value],
    key: &str,
    elements: Elements,
) -> Result<Vec<Value>, PatchError> {
    let (mut kept, mut deleted) = (Vec::new(), Vec::new());
    if elements == Elements::Maps {
        for value in list.iter().chain(order) {
            key_value(value, key)?;
        }
    }
    for value in list {
        let delete = elements == Elements::Maps && is_delete(&value);
        if delete { &mut deleted } else { &mut kept }.push(value);
    }
    let places = places(order, key);
    kept.sort_by_cached_key(|value| places.get(&identity(value, key)).copied().unwrap_or(0));
    kept.append(&mut deleted);
    Ok(kept)
}

/// Orders a merged list: the elements of the patch as `order` says, those only the server has as
/// they were, interleaved by the order on the server where it knows both.
pub fn normalize(
    merged: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    key: &str,
    elements: Elements,
) -> Result<Vec<Value>, PatchError> {
    let named: BTreeSet<String> = order.iter().map(|value| identity(value, key)).collect();
    let (mut patched, mut server_only) = (Vec::new(), Vec::new());
    for value in merged {
        if !key.is_empty() {
            key_value(&value, key)?;
        }
        let mine = named.contains(&identity(&value, key));
        if mine { &mut patched } else { &mut server_only }.push(value);
    }
    let patched = sort_like(patched, order, key, elements)?;
    let server_only = sort_like(server_only, server_order, key, elements)?;
    let places = places(server_order, key);
    let place = |value: &Value| places.get(&identity(value, key)).copied();
    let mut out = Vec::with_capacity(patched.len() + server_only.len());
    let mut left = server_only.into_iter().peekable();
    for right in patched {
        let right_place = place(&right);
        while let (Some(next), Some(right_place)) = (left.peek(), right_place) {
            if place(next).is_some_and(|place| place < right_place) {
                out.extend(left.next());
            } else {
                break;
            }
        }
        out.push(right);
    }
    out.extend(left);
    Ok(out)
}
