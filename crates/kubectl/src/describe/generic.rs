//! Kinds without a describer of their own: every field, its name in words.

use serde_json::Value;

use crate::describe::Pen;
use crate::path::Look;
use crate::printers::columns::go;
use crate::session::Cx;

const SKIPPED: [&str; 5] = [
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

pub fn generic(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    fields(pen, 0, object, "");
}

fn fields(pen: &mut Pen, level: usize, object: &Value, path: &str) {
    for (name, value) in object.pairs("") {
        let path = format!("{path}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Object(_) => {
                pen.line(level, &format!("{label}:"));
                fields(pen, level + 1, value, &path);
            }
            Value::Array(items) => {
                pen.line(level, &format!("{label}:"));
                for item in items {
                    match item {
                        Value::Object(_) => fields(pen, level + 1, item, &path),
                        other => pen.line(level + 1, &go(other)),
                    }
                }
            }
            other => pen.field(level, &label, &go(other)),
        }
    }
}

/// `creationTimestamp` becomes `Creation Timestamp`, `apiVersion` becomes `API Version`.
fn label(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let words = split_camel(field).into_iter().map(|word| {
        let upper = word.to_uppercase();
        if ["API", "URL", "UID", "GUID"].contains(&upper.as_str()) {
            return upper;
        }
        if word.to_lowercase() != word {
            return word;
        }
        let mut chars = word.chars();
        match chars.next() {
            Some(first) => first.to_uppercase().chain(chars).collect(),
            None => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Cuts before a capital that follows a small letter, and before the last of several capitals
/// unless two capital words meet.
fn split_camel(field: &str) -> Vec<String> {
    let chars: Vec<char> = field.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let starts = match before {
            None => true,
            Some(before) => {
                (c.is_uppercase() && !before.is_uppercase()) || (*c == '-') != (*before == '-')
            }
        };
        match words.last_mut() {
            Some(word) if !starts => word.push(*c),
            _ => words.push(c.to_string()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    #[test]
    fn fields_become_words() {
        for (field, words) in [
            ("apiVersion", "API Version"),
            ("creationTimestamp", "Creation Timestamp"),
            ("kind", "Kind"),
            ("uid", "UID"),
            ("podIP", "Pod IP"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(super::label(field), words);
        }
    }
}
