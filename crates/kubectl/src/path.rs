//! Reading JSON objects by their fields' names.

use serde_json::Value;

static NULL: Value = Value::Null;

/// Short forms for looking into objects. A field that is missing is null.
pub trait Look {
    /// `spec.template.metadata`; each part is a field.
    fn at(&self, path: &str) -> &Value;
    fn text(&self, path: &str) -> &str;
    fn int(&self, path: &str) -> i64;
    fn flag(&self, path: &str) -> bool;
    fn items(&self, path: &str) -> &[Value];
    /// The pairs of a map, sorted by key.
    fn pairs(&self, path: &str) -> Vec<(&str, &Value)>;
    fn has(&self, path: &str) -> bool;
}

impl Look for Value {
    fn at(&self, path: &str) -> &Value {
        if path.is_empty() {
            return self;
        }
        path.split('.').fold(self, |value, name| value.get(name).unwrap_or(&NULL))
    }

    fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or("")
    }

    fn int(&self, path: &str) -> i64 {
        self.at(path).as_i64().unwrap_or(0)
    }

    fn flag(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or(false)
    }

    fn items(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map_or(&[], Vec::as_slice)
    }

    fn pairs(&self, path: &str) -> Vec<(&str, &Value)> {
        match self.at(path).as_object() {
            Some(map) => map.iter().map(|(key, value)| (key.as_str(), value)).collect(),
            None => Vec::new(),
        }
    }

    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }
}

/// The name of an object.
pub fn name(object: &Value) -> &str {
    object.text("metadata.name")
}

/// A label or an annotation, whose key may hold dots.
pub fn keyed<'a>(object: &'a Value, path: &str, key: &str) -> Option<&'a str> {
    object.at(path).get(key)?.as_str()
}

/// Text, number or boolean as kubectl prints it.
pub fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The object under a path, made if it is not there. Something else that stands in the way is
/// replaced.
pub fn object_mut<'a>(
    mut value: &'a mut Value,
    path: &[&str],
) -> Option<&'a mut serde_json::Map<String, Value>> {
    for name in path {
        if !value.is_object() {
            *value = Value::Object(serde_json::Map::new());
        }
        value = value.as_object_mut()?.entry(*name).or_insert(Value::Null);
    }
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    value.as_object_mut()
}
