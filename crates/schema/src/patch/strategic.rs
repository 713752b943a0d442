//! Strategic merge patches: lists merge by key where the schema says so, and directives in the
//! patch delete, replace and order.
// Models apimachinery/pkg/util/strategicpatch/patch.go.

mod apply;
mod diff;
mod lists;
mod meta;

use super::{PatchError, guard_depth};
use crate::TypeId;
use crate::decode::go::{go_print, print_map};
use meta::Meta;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
const SET_ELEMENT_ORDER: &str = "$setElementOrder";

/// Applies a strategic merge patch to an object of the type.
pub fn apply(document: &Value, patch: &Value, ty: TypeId) -> Result<Value, PatchError> {
    guard_depth(&[document, patch])?;
    let (document, patch) = (object(document)?.clone(), object(patch)?.clone());
    apply::merge_map(document, patch, Meta::Struct(ty), apply::Mode::Apply).map(Value::Object)
}

/// The patch that turns `original` into `modified`; what kubectl set, label, annotate and edit
/// send.
pub fn create_two_way(original: &Value, modified: &Value, ty: TypeId) -> Result<Value, PatchError> {
    guard_depth(&[original, modified])?;
    let options = diff::Options::default();
    let patch = diff::maps(object(original)?, object(modified)?, Meta::Struct(ty), options)?;
    Ok(Value::Object(patch))
}

/// The patch of `kubectl apply`: changes and additions from `current` to `modified`, deletions
/// from `original` (the last applied configuration) to `modified`.
pub fn create_three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    ty: TypeId,
) -> Result<Value, PatchError> {
    guard_depth(&[original, modified, current])?;
    let (meta, modified) = (Meta::Struct(ty), object(modified)?);
    let only_changes = diff::Options { ignore_deletions: true, ..Default::default() };
    let changes = diff::maps(object(current)?, modified, meta, only_changes)?;
    let only_deletions = diff::Options { ignore_changes: true, ..Default::default() };
    let deletions = diff::maps(object(original)?, modified, meta, only_deletions)?;
    apply::merge_map(deletions, changes, meta, apply::Mode::Combine).map(Value::Object)
}

fn object(value: &Value) -> Result<&Object, PatchError> {
    value.as_object().ok_or_else(|| PatchError::bad_request("invalid JSON document"))
}

fn no_merge_key(map: &Object, key: &str) -> PatchError {
    let map = print_map(map);
    PatchError::internal(format!("map: {map} does not contain declared merge key: {key}"))
}

fn bad_argument(expected: &str, actual: &Value) -> PatchError {
    let actual = go_type(actual);
    PatchError::internal(format!("expected a {expected}, but received a {actual}"))
}

fn bad_patch_type(directive: &Value, map: &Object) -> PatchError {
    let (directive, map) = (go_print(directive), print_map(map));
    PatchError::internal(format!("unknown patch type: {directive} in map: {map}"))
}

fn bad_order_list() -> PatchError {
    PatchError::bad_request("invalid patch format of setElementOrder list")
}

fn bad_retain_keys() -> PatchError {
    PatchError::bad_request("invalid patch format of retainKeys")
}

const MAP_TYPE: &str = "map[string]interface {}";
const LIST_TYPE: &str = "[]interface {}";

/// The Go type a JSON value is decoded to.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => LIST_TYPE,
        Value::Object(_) => MAP_TYPE,
    }
}
