//! From two objects to the patch between them.

use super::lists::{Elements, as_map, element_type, identity, key_value, sort_like};
use super::meta::Meta;
use super::{DELETE_FROM_LIST, Object, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, go_print, go_type};
use crate::patch::PatchError;
use serde_json::{Map, Value};
use std::cmp::Ordering;

#[derive(Clone, Copy, Default)]
pub struct Options {
    pub ignore_changes: bool,
    pub ignore_deletions: bool,
    pub retain_keys: bool,
}

pub fn maps(
    original: &Object,
    modified: &Object,
    meta: Meta,
    options: Options,
) -> Result<Object, PatchError> {
    let mut patch = Map::new();
    for (key, new) in modified {
        let old = original.get(key);
        match (old, new) {
            (Some(old), new) if key == PATCH => directive(old, new, &mut patch)?,
            (Some(Value::Object(old)), Value::Object(new)) => {
                map_field(key, old, new, meta, options, &mut patch)?;
            }
            (Some(Value::Array(old)), Value::Array(new)) => {
                list_field(key, old, new, meta, options, &mut patch)?;
            }
            _ if options.ignore_changes || old == Some(new) => {}
            _ => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    let gone = |key: &&String| !modified.contains_key(*key);
    if !options.ignore_deletions {
        for key in original.keys().filter(gone) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    if options.retain_keys {
        let keep: Vec<Value> = modified
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| Value::from(key.as_str()))
            .collect();
        let cleared = original.iter().any(|(key, value)| !value.is_null() && gone(&key));
        if !keep.is_empty() && (!patch.is_empty() || cleared) {
            patch.insert(RETAIN_KEYS.to_owned(), Value::Array(keep));
        }
    }
    Ok(patch)
}

fn directive(old: &Value, new: &Value, patch: &mut Object) -> Result<(), PatchError> {
    if !old.is_string() || !new.is_string() {
        return Err(PatchError::internal(format!("invalid value for special key: {PATCH}")));
    }
    if old != new {
        patch.insert(PATCH.to_owned(), new.clone());
    }
    Ok(())
}

fn map_field(
    key: &str,
    old: &Object,
    new: &Object,
    meta: Meta,
    options: Options,
    patch: &mut Object,
) -> Result<(), PatchError> {
    let (below, field) = match meta.lookup_map(key) {
        Ok(found) => found,
        Err(_) if old == new => return Ok(()),
        Err(error) => return Err(error),
    };
    if field.patch_strategy.replace {
        if !options.ignore_changes {
            patch.insert(key.to_owned(), Value::Object(new.clone()));
        }
        return Ok(());
    }
    // The elements of a map of strings are diffed the same way and need no lookup.
    let retain_keys = field.patch_strategy.retain_keys;
    let inner = maps(old, new, below, Options { retain_keys, ..options })?;
    if !inner.is_empty() {
        patch.insert(key.to_owned(), Value::Object(inner));
    }
    Ok(())
}

fn list_field(
    key: &str,
    old: &[Value],
    new: &[Value],
    meta: Meta,
    options: Options,
    patch: &mut Object,
) -> Result<(), PatchError> {
    let (below, field) = match meta.lookup_list(key) {
        Ok(found) => found,
        Err(_) if old == new => return Ok(()),
        Err(error) => return Err(error),
    };
    if !field.patch_strategy.merge {
        if !options.ignore_changes && old != new {
            patch.insert(key.to_owned(), Value::Array(new.to_vec()));
        }
        return Ok(());
    }
    let retain_keys = field.patch_strategy.retain_keys;
    let options = Options { retain_keys, ..options };
    let diff = lists(old, new, below, field.merge_key.unwrap_or(""), options)?;
    let parts = [
        (key.to_owned(), diff.add),
        (format!("{DELETE_FROM_LIST}/{key}"), diff.delete),
        (format!("{SET_ELEMENT_ORDER}/{key}"), diff.order),
    ];
    for (key, list) in parts.into_iter().filter(|(_, list)| !list.is_empty()) {
        patch.insert(key, Value::Array(list));
    }
    Ok(())
}

#[derive(Default)]
struct ListDiff {
    add: Vec<Value>,
    delete: Vec<Value>,
    order: Vec<Value>,
}

fn lists(
    original: &[Value],
    modified: &[Value],
    meta: Meta,
    key: &str,
    options: Options,
) -> Result<ListDiff, PatchError> {
    if original.is_empty() {
        let add = if options.ignore_changes { Vec::new() } else { modified.to_vec() };
        return Ok(ListDiff { add, ..ListDiff::default() });
    }
    match element_type([original, modified])? {
        Elements::Maps => list_of_maps(original, modified, meta, key, options),
        Elements::Scalars => list_of_scalars(original, modified, options),
    }
}

fn list_of_maps(
    original: &[Value],
    modified: &[Value],
    meta: Meta,
    key: &str,
    options: Options,
) -> Result<ListDiff, PatchError> {
    let (patch, mut deletions) = merge_join(original, modified, meta, key, options)?;
    let mut add = sort_like(patch, modified, key, Elements::Maps)?;
    let same_order = original.len() == modified.len()
        && original.iter().zip(modified).all(|(a, b)| identity(a, key) == identity(b, key));
    add.append(&mut deletions);
    let changed = !options.ignore_changes && (!add.is_empty() || !same_order);
    let removed = !options.ignore_deletions && !add.is_empty();
    let mut order = Vec::new();
    if changed || removed {
        for value in modified {
            let only_key = Map::from_iter([(key.to_owned(), key_value(value, key)?.clone())]);
            order.push(Value::Object(only_key));
        }
    }
    Ok(ListDiff { add, delete: Vec::new(), order })
}

/// Walks both lists in the order of their printed merge keys.
fn merge_join(
    original: &[Value],
    modified: &[Value],
    meta: Meta,
    key: &str,
    options: Options,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (old, new) = (by_key(original, key)?, by_key(modified, key)?);
    let (mut patch, mut deletions) = (Vec::new(), Vec::new());
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok((patch, deletions)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let old = if order.is_le() { old.next() } else { None };
        let new = if order.is_ge() { new.next() } else { None };
        match (old, new) {
            (Some((_, old)), Some((_, new))) => {
                let mut inner = maps(as_map(old)?, as_map(new)?, meta, options)?;
                if !inner.is_empty() {
                    inner.insert(key.to_owned(), key_value(new, key)?.clone());
                    patch.push(Value::Object(inner));
                }
            }
            (None, Some((_, new))) if !options.ignore_changes => patch.push(new.clone()),
            (Some((_, old)), None) if !options.ignore_deletions => {
                let delete = [
                    (key.to_owned(), key_value(old, key)?.clone()),
                    (PATCH.to_owned(), Value::from("delete")),
                ];
                deletions.push(Value::Object(Map::from_iter(delete)));
            }
            _ => {}
        }
    }
}

fn by_key<'a>(list: &'a [Value], key: &str) -> Result<Vec<(String, &'a Value)>, PatchError> {
    let mut sorted = Vec::with_capacity(list.len());
    for value in list {
        sorted.push((go_print(key_value(value, key)?), value));
    }
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(sorted)
}

fn list_of_scalars(
    original: &[Value],
    modified: &[Value],
    options: Options,
) -> Result<ListDiff, PatchError> {
    let (old, new) = (sorted_scalars(original), sorted_scalars(modified));
    let (mut add, mut delete) = (Vec::new(), Vec::new());
    let mut left = old.iter().peekable();
    let mut right = new.iter().peekable();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => go_print(a).cmp(&go_print(b)),
        };
        let gone = if order.is_le() { left.next() } else { None };
        let came = if order.is_ge() { right.next() } else { None };
        match (gone, came) {
            (Some(gone), None) if !options.ignore_deletions => delete.push(gone.clone()),
            (None, Some(came)) if !options.ignore_changes => add.push(came.clone()),
            _ => {}
        }
    }
    delete.dedup();
    let add = sort_like(add, modified, "", Elements::Scalars)?;
    // The list compared with is the sorted one, so an unsorted list that did not change gets its
    // order sent too: kubectl does the same.
    let reordered = !options.ignore_changes && old != modified;
    let order = if (!options.ignore_deletions && !delete.is_empty()) || reordered {
        modified.to_vec()
    } else {
        Vec::new()
    };
    Ok(ListDiff { add, delete, order })
}

fn sorted_scalars(list: &[Value]) -> Vec<Value> {
    let mut sorted = list.to_vec();
    sorted.sort_by_cached_key(|value| (go_print(value), go_type(value)));
    sorted
}
