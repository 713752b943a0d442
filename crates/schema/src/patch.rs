//! The three kinds of patch the API server applies, and the patches kubectl computes.

pub mod json;
pub mod merge;
pub mod strategic;

use crate::{MAX_DEPTH, TypeId};
use serde_json::Value;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError {
    /// The HTTP status the API server answers with: 400, 413, 422 or 500.
    pub code: u16,
    /// Why the patch cannot be applied. With 422 the server says "the server rejected our request
    /// due to an error in our request" and gives this text as the cause.
    pub message: String,
}

impl PatchError {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        PatchError { code: 400, message: message.into() }
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        PatchError { code: 422, message: message.into() }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        PatchError { code: 500, message: message.into() }
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PatchError {}

/// A patch from `original` to `modified`: strategic for a known type, else a JSON merge patch.
pub fn two_way(
    original: &Value,
    modified: &Value,
    ty: Option<TypeId>,
) -> Result<Value, PatchError> {
    match ty {
        Some(ty) => strategic::create_two_way(original, modified, ty),
        None => merge::create_two_way(original, modified),
    }
}

/// The patch of `kubectl apply`: what `modified` adds to or changes in `current`, and what the
/// last applied `original` had and `modified` has no more.
pub fn three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
    ty: Option<TypeId>,
) -> Result<Value, PatchError> {
    match ty {
        Some(ty) => strategic::create_three_way(original, modified, current, ty),
        None => merge::create_three_way(original, modified, current),
    }
}

/// False if the patch would change apiVersion, kind or name, which kubectl refuses.
pub fn keeps_identity(patch: &Value) -> bool {
    patch.get("apiVersion").is_none()
        && patch.get("kind").is_none()
        && patch.get("metadata").is_none_or(|metadata| metadata.get("name").is_none())
}

/// Refuses values that are too deep to be walked by recursion.
pub(crate) fn guard_depth(values: &[&Value]) -> Result<(), PatchError> {
    if values.iter().any(|value| depth(value) > MAX_DEPTH) {
        return Err(PatchError::bad_request("exceeded max depth"));
    }
    Ok(())
}

pub(crate) fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(value, 1)];
    while let Some((value, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::Array(list) => open.extend(list.iter().map(|value| (value, depth + 1))),
            Value::Object(map) => open.extend(map.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    deepest
}
