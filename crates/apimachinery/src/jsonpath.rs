//! kubectl's dialect of JSONPath: templates with `{.items[*].metadata.name}`, ranges, filters,
//! slices, unions and recursive descent over a JSON document.
// Models client-go/util/jsonpath.

mod eval;
mod parser;
mod print;

use std::fmt;

use serde_json::Value;

use eval::{Item, Walk};
use parser::Node;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPathError(String);

impl fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonPathError {}

/// How the document was decoded, which decides what its numbers can be compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// As API objects are: a whole number is an integer and compares with one.
    #[default]
    Integers,
    /// As plain `json.Unmarshal` does: every number is a float, `?(@.n==2)` is an error.
    Floats,
}

/// A parsed template.
#[derive(Clone, Debug)]
pub struct JsonPath {
    nodes: Vec<Node>,
    allow_missing_keys: bool,
    numbers: Numbers,
}

impl JsonPath {
    pub fn parse(template: &str) -> Result<Self, JsonPathError> {
        let nodes = parser::parse(template)?;
        Ok(JsonPath { nodes, allow_missing_keys: false, numbers: Numbers::default() })
    }

    /// Whether a missing field gives nothing instead of an error, as kubectl does by default.
    #[must_use]
    pub fn allow_missing_keys(mut self, allow: bool) -> Self {
        self.allow_missing_keys = allow;
        self
    }

    #[must_use]
    pub fn numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    fn find<'a>(&'a self, document: &'a Value) -> Result<Vec<Vec<Item<'a>>>, JsonPathError> {
        let root = if document.is_null() { Item::NoValue } else { Item::Json(document) };
        Walk::new(&self.nodes, self.numbers, self.allow_missing_keys).find(0, root)
    }

    /// The template filled in; several results of one pair of braces are set apart by blanks.
    pub fn execute(&self, document: &Value) -> Result<String, JsonPathError> {
        let mut out = String::new();
        for results in self.find(document)? {
            let texts: Vec<String> =
                results.into_iter().map(|item| eval::text(item, self.numbers)).collect();
            out.push_str(&texts.join(" "));
        }
        Ok(out)
    }

    /// The results as JSON lists, one for each piece of the template (`-o jsonpath-as-json`).
    pub fn execute_as_json(&self, document: &Value) -> Result<String, JsonPathError> {
        let mut out = String::new();
        for results in self.find(document)? {
            let list = Value::Array(results.into_iter().map(eval::to_json).collect());
            out.push_str(&print::json_indented(&list, self.numbers, 0));
            out.push('\n');
        }
        Ok(out)
    }

    /// What each piece of the template found (sorting, custom columns, waiting).
    pub fn results(&self, document: &Value) -> Result<Vec<Vec<Value>>, JsonPathError> {
        let found = self.find(document)?.into_iter();
        Ok(found.map(|items| items.into_iter().map(eval::to_json).collect()).collect())
    }
}

/// A path as `--sort-by` and custom columns take it, without braces or leading dot if one likes,
/// as a template.
// Models kubectl/pkg/cmd/get/customcolumn.go (RelaxedJSONPathExpression).
pub fn relaxed_expression(path: &str) -> Result<String, JsonPathError> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    let field = inner.strip_prefix('.').filter(|rest| !rest.is_empty()).unwrap_or(inner);
    if field.is_empty() || field.contains(['{', '}']) {
        let message = "unexpected path string, expected a 'name1.name2' or '.name1.name2' or \
                       '{name1.name2}' or '{.name1.name2}'";
        return Err(JsonPathError(message.to_owned()));
    }
    Ok(format!("{{.{field}}}"))
}
