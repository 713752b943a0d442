//! JSON merge patches (RFC 7386), as the json-patch library of the API server treats them.

use super::{PatchError, guard_depth};
use serde_json::{Map, Value};

/// Applies a merge patch; both must be objects.
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    guard_depth(&[document, patch])?;
    let mut result = object(document)?.clone();
    merge(&mut result, object(patch)?);
    Ok(Value::Object(result))
}

/// The merge patch that turns `original` into `modified`.
pub fn create_two_way(original: &Value, modified: &Value) -> Result<Value, PatchError> {
    guard_depth(&[original, modified])?;
    Ok(Value::Object(diff(object(original)?, object(modified)?)))
}

// Models apimachinery/pkg/util/jsonmergepatch CreateThreeWayJSONMergePatch.
pub fn create_three_way(
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Result<Value, PatchError> {
    guard_depth(&[original, modified, current])?;
    let modified = object(modified)?;
    let changes = filter(diff(object(current)?, modified), false);
    let mut patch = filter(diff(object(original)?, modified), true);
    merge(&mut patch, &changes);
    Ok(Value::Object(patch))
}

fn object(value: &Value) -> Result<&Map<String, Value>, PatchError> {
    value.as_object().ok_or_else(|| PatchError::bad_request("Invalid JSON Patch"))
}

fn merge(document: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match (document.get_mut(key), value) {
            (_, Value::Null) => {
                document.remove(key);
            }
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            _ => {
                document.insert(key.clone(), without_nulls(value));
            }
        }
    }
}

/// Nulls in a value that replaces or is new mean absence, also inside lists.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn diff(original: &Map<String, Value>, modified: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for (key, new) in modified {
        match (original.get(key), new) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                let inner = diff(old, new);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(old), new) if old == new => {}
            _ => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in original.keys().filter(|key| !modified.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    patch
}

/// Keeps only the deletions of a patch, or only the rest.
fn filter(patch: Map<String, Value>, deletions: bool) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in patch {
        match value {
            Value::Null if deletions => {
                kept.insert(key, Value::Null);
            }
            Value::Object(inner) if !inner.is_empty() => {
                let inner = filter(inner, deletions);
                if !inner.is_empty() {
                    kept.insert(key, Value::Object(inner));
                }
            }
            Value::Null => {}
            other if !deletions => {
                kept.insert(key, other);
            }
            _ => {}
        }
    }
    kept
}
