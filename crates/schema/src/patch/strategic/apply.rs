//! From an object and a patch to the object patched; also from two patches to one.

use super::lists::{Elements, element_type, identity, is_delete, key_value, normalize, places};
use super::meta::Meta;
use super::{
    DELETE_FROM_LIST, LIST_TYPE, Object, PATCH, RETAIN_KEYS, SET_ELEMENT_ORDER, bad_argument,
    bad_order_list, bad_patch_type, bad_retain_keys, go_print, no_merge_key,
};
use crate::patch::PatchError;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The patch is applied to an object; nulls and directives are consumed.
    Apply,
    /// The original is a patch too; nulls and directives stay in the result.
    Combine,
}

pub fn merge_map(
    mut original: Object,
    mut patch: Object,
    meta: Meta,
    mode: Mode,
) -> Result<Object, PatchError> {
    if let Some(directive) = patch.get(PATCH) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(PATCH);
                Ok(patch)
            }
            Some("delete") => Ok(Map::new()),
            _ => Err(bad_patch_type(directive, &patch)),
        };
    }
    retain_keys(&mut original, &mut patch, mode)?;
    ordered_lists(&mut original, &mut patch, meta, mode)?;
    for (key, value) in patch {
        let (name, delete_list) = match key.starts_with(DELETE_FROM_LIST) {
            true if mode == Mode::Combine => {
                original.insert(key, value);
                continue;
            }
            true => (list_name(&key, "invalid patch format of primitive list")?, true),
            false => (key, false),
        };
        merge_field(&mut original, name, value, delete_list, meta, mode)?;
    }
    Ok(original)
}

fn merge_field(
    original: &mut Object,
    key: String,
    value: Value,
    delete_list: bool,
    meta: Meta,
    mode: Mode,
) -> Result<(), PatchError> {
    if value.is_null() {
        original.remove(&key);
        if mode == Mode::Combine && !delete_list {
            original.insert(key, Value::Null);
        }
        return Ok(());
    }
    let merged = match (original.remove(&key), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            let (below, field) = meta.lookup_map(&key)?;
            match field.patch_strategy.replace {
                true => Some(Value::Object(new)),
                false => Some(Value::Object(merge_map(old, new, below, mode)?)),
            }
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let (below, field) = meta.lookup_list(&key)?;
            let merge = field.patch_strategy.merge || delete_list;
            let merge_key = field.merge_key.unwrap_or("");
            Some(Value::Array(match merge {
                true => merge_list(old, new, below, merge_key, mode, delete_list)?,
                false => new,
            }))
        }
        (old, _) if delete_list => old,
        (_, mut new) => {
            if mode == Mode::Apply {
                discard_nulls(&mut new);
            }
            without_directives(new)
        }
    };
    if let Some(merged) = merged {
        original.insert(key, merged);
    }
    Ok(())
}

fn list_name(key: &str, message: &str) -> Result<String, PatchError> {
    let prefix_ok = |prefix: &str| prefix == DELETE_FROM_LIST || prefix == SET_ELEMENT_ORDER;
    match key.split_once('/') {
        Some((prefix, name)) if prefix_ok(prefix) => Ok(name.to_owned()),
        _ => Err(PatchError::bad_request(message)),
    }
}

/// `$retainKeys` clears the fields it does not name.
fn retain_keys(original: &mut Object, patch: &mut Object, mode: Mode) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if mode == Mode::Combine {
        if let Some(before) = original.get(RETAIN_KEYS).filter(|before| **before != keys) {
            return Err(PatchError::internal(format!(
                "{} and {} are not deep equal: this may happen when calculating the 3-way diff \
                 patch",
                go_print(before),
                go_print(&keys)
            )));
        }
        original.insert(RETAIN_KEYS.to_owned(), keys);
        return Ok(());
    }
    let keys = keys.as_array().ok_or_else(bad_retain_keys)?;
    let keep: BTreeSet<&str> = keys.iter().filter_map(Value::as_str).collect();
    for (key, value) in patch.iter() {
        let special = key.starts_with(DELETE_FROM_LIST) || key.starts_with(SET_ELEMENT_ORDER);
        if !value.is_null() && !special && !keep.contains(key.as_str()) {
            return Err(bad_retain_keys());
        }
    }
    original.retain(|key, _| keep.contains(key.as_str()));
    Ok(())
}

/// Merges the lists that come with a `$setElementOrder` and takes both out of the patch.
fn ordered_lists(
    original: &mut Object,
    patch: &mut Object,
    meta: Meta,
    mode: Mode,
) -> Result<(), PatchError> {
    let directives: Vec<String> =
        patch.keys().filter(|key| key.starts_with(SET_ELEMENT_ORDER)).cloned().collect();
    for key in directives {
        let Some(order) = patch.remove(&key) else { continue };
        if mode == Mode::Combine {
            if original.get(&key).is_some_and(|before| *before != order) {
                return Err(bad_order_list());
            }
            original.insert(key.clone(), order.clone());
        }
        let Value::Array(order) = order else { return Err(bad_argument(LIST_TYPE, &order)) };
        let name = list_name(&key, "invalid patch format of setElementOrder list")?;
        let old = take_list(original, &name)?;
        let new = take_list(patch, &name)?;
        let (below, field) = meta.lookup_list(&name)?;
        let merge_key = field.merge_key.unwrap_or("");
        check_order(new.as_deref().unwrap_or(&[]), &order, merge_key)?;
        let Some(elements) = kind_of_lists(old.as_deref(), new.as_deref())? else { continue };
        let server_order = server_order(old.as_deref(), new.as_deref(), merge_key);
        let merged = match (old, new) {
            (Some(old), Some(new)) if field.patch_strategy.merge => {
                merge_list(old, new, below, merge_key, mode, false)?
            }
            (Some(_), Some(new)) => new,
            (Some(old), None) => old,
            (None, Some(new)) => new.into_iter().filter_map(without_directives).collect(),
            (None, None) => continue,
        };
        let list = normalize(merged, &order, &server_order, merge_key, elements)?;
        original.insert(name, Value::Array(list));
    }
    Ok(())
}

/// The order on the server that the merged list is held against. Upstream deletes and appends in
/// the list it compares with later, so elements that are new count as known where as many went:
/// `A B Z` without B and with C is `A Z C`, while `A Z` with C is `A C Z`.
fn server_order(old: Option<&[Value]>, new: Option<&[Value]>, key: &str) -> Vec<Value> {
    let (old, new) = (old.unwrap_or(&[]), new.unwrap_or(&[]));
    let is_in = |list: &[&Value], value: &Value| {
        list.iter().any(|other| identity(other, key) == identity(value, key))
    };
    let (gone, rest): (Vec<&Value>, Vec<&Value>) = new.iter().partition(|value| is_delete(value));
    let kept: Vec<&Value> = old.iter().filter(|value| !is_in(&gone, value)).collect();
    let room = old.len() - kept.len();
    let added = rest.into_iter().filter(|value| !is_in(&kept, value)).take(room);
    kept.iter().copied().chain(added).cloned().collect()
}

fn kind_of_lists(
    old: Option<&[Value]>,
    new: Option<&[Value]>,
) -> Result<Option<Elements>, PatchError> {
    if old.is_none() && new.is_none() {
        return Ok(None);
    }
    element_type([old.unwrap_or(&[]), new.unwrap_or(&[])]).map(Some)
}

fn take_list(map: &mut Object, key: &str) -> Result<Option<Vec<Value>>, PatchError> {
    match map.remove(key) {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(other) => Err(bad_argument(LIST_TYPE, &other)),
    }
}

/// The patch list must name its elements in the order of the `$setElementOrder` list.
fn check_order(list: &[Value], order: &[Value], key: &str) -> Result<(), PatchError> {
    if order.is_empty() || list.is_empty() {
        return Ok(());
    }
    let mut order_left = order.iter();
    for value in list.iter().filter(|value| key.is_empty() || value.get(PATCH).is_none()) {
        if !key.is_empty() {
            key_value(value, key)?;
        }
        if !order_left.any(|other| identity(other, key) == identity(value, key)) {
            let print = |list: &[Value]| go_print(&Value::Array(list.to_vec()));
            return Err(PatchError::internal(format!(
                "The order in patch list:\n{}\n doesn't match {SET_ELEMENT_ORDER} list:\n{}\n",
                print(list),
                print(order)
            )));
        }
    }
    Ok(())
}

fn merge_list(
    original: Vec<Value>,
    patch: Vec<Value>,
    meta: Meta,
    key: &str,
    mode: Mode,
    delete_list: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    let elements = element_type([&original, &patch])?;
    if elements == Elements::Scalars {
        if delete_list {
            let gone: BTreeSet<String> = patch.iter().map(Value::to_string).collect();
            return Ok(original.into_iter().filter(|v| !gone.contains(&v.to_string())).collect());
        }
        let mut seen = BTreeSet::new();
        let both = original.iter().chain(&patch);
        let merged = both.filter(|value| seen.insert(value.to_string())).cloned().collect();
        return normalize(merged, &patch, &original, "", elements);
    }
    if key.is_empty() {
        let kind = meta.kind();
        let text = format!("cannot merge lists without merge key for {kind}");
        return Err(PatchError::internal(text));
    }
    let (original, patch) = special_elements(original, patch, key)?;
    let merged = merge_elements(&original, &patch, meta, key, mode)?;
    normalize(merged, &patch, &original, key, elements)
}

/// Carries out the elements that are directives (`$patch: delete` and `replace`).
fn special_elements(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut plain = Vec::with_capacity(patch.len());
    let mut deleted = BTreeSet::new();
    let mut replace = false;
    for value in patch {
        let Some(map) = value.as_object().filter(|map| map.contains_key(PATCH)) else {
            plain.push(value);
            continue;
        };
        match map.get(PATCH).and_then(Value::as_str) {
            Some("delete") => {
                let name = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
                deleted.insert(name.to_string());
            }
            Some("replace") => replace = true,
            Some("merge") => {
                let text = "merging lists cannot yet be specified in the patch";
                return Err(PatchError::internal(text));
            }
            _ => return Err(bad_patch_type(&value[PATCH], map)),
        }
    }
    if replace {
        return Ok((plain, Vec::new()));
    }
    original.retain(|value| value.get(key).is_none_or(|name| !deleted.contains(&name.to_string())));
    Ok((original, plain))
}

fn merge_elements(
    original: &[Value],
    patch: &[Value],
    meta: Meta,
    key: &str,
    mode: Mode,
) -> Result<Vec<Value>, PatchError> {
    let mut merged = original.to_vec();
    let mut places = places(original, key);
    for value in patch {
        key_value(value, key)?;
        let slot = places.get(&identity(value, key)).and_then(|at| merged.get_mut(*at));
        match (slot, value) {
            (Some(slot), Value::Object(new)) => {
                if let Value::Object(old) = slot.take() {
                    *slot = Value::Object(merge_map(old, new.clone(), meta, mode)?);
                }
            }
            _ => {
                places.insert(identity(value, key), merged.len());
                merged.push(value.clone());
            }
        }
    }
    Ok(merged)
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// The value without elements and fields that are directives; nothing if it is one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(PATCH) => None,
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter_map(|(key, value)| Some((key, without_directives(value)?)))
                .collect(),
        )),
        Value::Array(list) => {
            Some(Value::Array(list.into_iter().filter_map(without_directives).collect()))
        }
        other => Some(other),
    }
}
