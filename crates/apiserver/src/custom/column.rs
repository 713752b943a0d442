//! Columns of a custom resource's table.
// Models apiextensions-apiserver/pkg/registry/customresource/tableconvertor.

use api::object::Column;
use apimachinery::jsonpath::JsonPath;
use apimachinery::time::Time;
use serde_json::{Value, json};
use smol_str::SmolStr;

#[derive(Debug)]
pub(super) struct Printer {
    kind: &'static str,
    path: Option<JsonPath>,
}

/// Types that a column may have.
const TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];

/// The columns and how their cells are made; without any, the age.
pub(super) fn of(list: &Value) -> (Vec<Column>, Vec<Printer>) {
    let age = [json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})];
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    let list = if list.is_empty() { &age[..] } else { list };
    let mut columns = vec![Column::text("Name")];
    let mut printers = Vec::new();
    for column in list {
        let text = |name: &str| column[name].as_str().unwrap_or_default();
        let kind = TYPES.iter().find(|kind| **kind == text("type")).copied().unwrap_or("string");
        columns.push(Column {
            name: SmolStr::new(text("name")),
            type_: kind,
            wide: column["priority"].as_i64().unwrap_or(0) > 0,
        });
        let path = JsonPath::parse(&format!("{{{}}}", text("jsonPath")));
        printers.push(Printer { kind, path: path.ok().map(|path| path.allow_missing_keys(true)) });
    }
    (columns, printers)
}

impl Printer {
    pub fn cell(&self, object: &Value, now: Time) -> Value {
        let Some(path) = &self.path else { return Value::Null };
        let found = path.results(object).unwrap_or_default();
        let Some(first) = found.first().and_then(|results| results.first()) else {
            return Value::Null;
        };
        match (self.kind, first) {
            (_, Value::Null) => Value::Null,
            ("integer", Value::Number(_)) | ("number", Value::Number(_)) => first.clone(),
            ("boolean", Value::Bool(_)) => first.clone(),
            ("date", Value::String(text)) => match Time::parse(text) {
                Ok(time) => api::object::since(Some(time), now).into(),
                Err(_) => "<invalid>".into(),
            },
            ("string", _) => path.execute(object).unwrap_or_default().into(),
            _ => Value::Null,
        }
    }
}
