//! `-o custom-columns=NAME:.metadata.name,…`.
// Models kubectl/pkg/cmd/get/customcolumn.go.

use apimachinery::jsonpath::{JsonPath, relaxed_expression};
use serde_json::Value;

use crate::fail::{Fail, Outcome, error};
use crate::printers::TabWriter;

pub fn print(spec: &str, no_headers: bool, objects: &[Value]) -> Outcome<String> {
    if spec.is_empty() {
        return error("custom-columns format specified but no custom columns given");
    }
    let (mut names, mut paths) = (Vec::new(), Vec::new());
    for part in spec.split(',') {
        let Some((name, path)) = part.split_once(':').filter(|(_, path)| !path.is_empty()) else {
            return error(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            ));
        };
        let parsed = relaxed_expression(path)
            .and_then(|expression| JsonPath::parse(&expression))
            .map_err(|why| Fail::Error(why.to_string()))?;
        names.push(name);
        paths.push(parsed.allow_missing_keys(true));
    }
    let mut text = String::new();
    if !no_headers {
        text.push_str(&names.join("\t"));
        text.push('\n');
    }
    for object in objects {
        let cells: Vec<String> = paths.iter().map(|path| cell(path, object)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    Ok(TabWriter::table().format(&text))
}

fn cell(path: &JsonPath, object: &Value) -> String {
    let found = path.results(object).unwrap_or_default();
    let values: Vec<String> = found.into_iter().flatten().map(|value| go(&value)).collect();
    if values.is_empty() { "<none>".to_owned() } else { values.join(",") }
}

/// A value as Go prints it: `map[a:b]`, `[x y]`.
pub fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", go(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}
