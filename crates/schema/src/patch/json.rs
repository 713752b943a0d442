//! JSON patches (RFC 6902), with the habits of the library the API server uses: `replace` of a
//! missing key adds it, and negative list indexes count from the end.

use super::{PatchError, depth, guard_depth};
use crate::MAX_DEPTH;
use serde_json::Value;

const OPERATIONS_MAX: usize = 10_000;
/// Copied JSON text per patch, so that repeated `copy` cannot grow without bound.
const COPIED_BYTES_MAX: usize = 3 * 1024 * 1024;

// Models gopkg.in/evanphx/json-patch.v4 and apiserver's jsonPatcher.applyJSPatch.
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    guard_depth(&[document, patch])?;
    let operations = patch.as_array().ok_or_else(|| {
        let found = crate::decode::go::kind_of(patch);
        PatchError::bad_request(format!(
            "json: cannot unmarshal {found} into Go value of type jsonpatch.Patch"
        ))
    })?;
    if operations.len() > OPERATIONS_MAX {
        let count = operations.len();
        let message = format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {count}"
        );
        return Err(PatchError { code: 413, message });
    }
    let mut result = document.clone();
    let mut copied = 0;
    for operation in operations {
        let operation = Operation::read(operation)?;
        operation.apply(&mut result, &mut copied).map_err(PatchError::unprocessable)?;
    }
    Ok(result)
}

struct Operation<'a> {
    kind: &'a str,
    path: &'a str,
    from: Option<&'a str>,
    value: Option<&'a Value>,
}

impl<'a> Operation<'a> {
    fn read(operation: &'a Value) -> Result<Self, PatchError> {
        let Some(map) = operation.as_object() else {
            let found = crate::decode::go::kind_of(operation);
            return Err(PatchError::bad_request(format!(
                "json: cannot unmarshal {found} into Go value of type jsonpatch.Operation"
            )));
        };
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        let path = text("path").ok_or_else(|| {
            PatchError::unprocessable("failed to decode 'path': operation missing path field")
        })?;
        Ok(Operation {
            kind: text("op").unwrap_or("unknown"),
            path,
            from: text("from"),
            value: map.get("value"),
        })
    }

    fn apply(&self, document: &mut Value, copied: &mut usize) -> Result<(), String> {
        let path = self.path;
        match self.kind {
            "add" => add(document, path, self.value.cloned().unwrap_or_default(), "add"),
            "remove" => remove(document, path, "remove").map(drop),
            "replace" => self.replace(document),
            "move" => {
                let from = self.from.ok_or("move operation does not apply: missing from")?;
                let value = remove(document, from, "move")?;
                add(document, path, value, "move")
            }
            "copy" => {
                let from = self.from.ok_or("copy operation does not apply: missing from")?;
                let value = get(document, from)
                    .ok_or_else(|| missing("copy", &format!("from path: {from}")))?
                    .clone();
                *copied += value.to_string().len();
                if *copied > COPIED_BYTES_MAX {
                    return Err(format!(
                        "Unable to complete the copy, the accumulated size increase of copy is \
                         {copied}, exceeding the limit {COPIED_BYTES_MAX}"
                    ));
                }
                add(document, path, value, "copy")
            }
            "test" => self.test(document),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }

    fn replace(&self, document: &mut Value) -> Result<(), String> {
        let value = self.value.cloned().unwrap_or_default();
        fits_below(self.path, &value)?;
        if self.path.is_empty() {
            *document = value;
            return Ok(());
        }
        let (container, key) = container(document, self.path)
            .ok_or_else(|| missing("replace", &format!("path: {}", self.path)))?;
        match container {
            Value::Object(map) => {
                map.insert(key, value);
            }
            Value::Array(list) => {
                let slot = index(&key, list.len())
                    .and_then(|at| list.get_mut(at))
                    .ok_or_else(|| missing("replace", &format!("key: {}", self.path)))?;
                *slot = value;
            }
            _ => return Err(missing("replace", &format!("path: {}", self.path))),
        }
        Ok(())
    }

    fn test(&self, document: &Value) -> Result<(), String> {
        let want = self.value.unwrap_or(&Value::Null);
        if get(document, self.path).unwrap_or(&Value::Null) == want {
            return Ok(());
        }
        Err(format!("testing value {} failed: test failed", self.path))
    }
}

fn missing(operation: &str, what: &str) -> String {
    format!("{operation} operation does not apply: doc is missing {what}: missing value")
}

fn add(document: &mut Value, path: &str, value: Value, operation: &str) -> Result<(), String> {
    fits_below(path, &value)?;
    let lost = || missing(operation, &format!("path: \"{path}\""));
    let (container, key) = container(document, path).ok_or_else(lost)?;
    match container {
        Value::Object(map) => {
            map.insert(key, value);
            Ok(())
        }
        Value::Array(list) if key == "-" => {
            list.push(value);
            Ok(())
        }
        Value::Array(list) => match index(&key, list.len() + 1) {
            Some(at) if at <= list.len() => {
                list.insert(at, value);
                Ok(())
            }
            _ => Err(bad_index(&key)),
        },
        _ => Err(lost()),
    }
}

fn remove(document: &mut Value, path: &str, operation: &str) -> Result<Value, String> {
    let lost = || missing(operation, &format!("path: \"{path}\""));
    let (container, key) = container(document, path).ok_or_else(lost)?;
    match container {
        Value::Object(map) => map
            .remove(&key)
            .ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value")),
        Value::Array(list) => match index(&key, list.len()) {
            Some(at) if at < list.len() => Ok(list.remove(at)),
            _ => Err(bad_index(&key)),
        },
        _ => Err(lost()),
    }
}

fn bad_index(key: &str) -> String {
    format!("Unable to access invalid index: {key}: invalid index referenced")
}

/// Negative indexes count from the end of a list of this length.
fn index(key: &str, length: usize) -> Option<usize> {
    let at: i64 = key.parse().ok()?;
    if at >= 0 {
        return usize::try_from(at).ok();
    }
    usize::try_from(i64::try_from(length).ok()?.checked_add(at)?).ok()
}

fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    Some(path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())
}

fn container<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts = segments(path)?;
    let key = parts.pop()?;
    let mut at = document;
    for part in parts {
        at = match at {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(list) => {
                let length = list.len();
                list.get_mut(index(&part, length)?)?
            }
            _ => return None,
        };
    }
    Some((at, key))
}

fn get<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(document);
    }
    segments(path)?.iter().try_fold(document, |at, part| match at {
        Value::Object(map) => map.get(part),
        Value::Array(list) => list.get(index(part, list.len())?),
        _ => None,
    })
}

fn fits_below(path: &str, value: &Value) -> Result<(), String> {
    if path.matches('/').count() + depth(value) > MAX_DEPTH {
        return Err("exceeded max depth".to_owned());
    }
    Ok(())
}
