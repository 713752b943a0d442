//! What is wrong with a manifest, line by line, in the server's words.

use schema::Schema;
use serde_json::Value;
use yaml::{Code, Document, Limits, Severity, Span};

const PROBLEMS_MAX: usize = 50;

#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub span: Span,
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
    pub warning: bool,
}

impl Problem {
    fn at(span: Span, message: String) -> Self {
        Problem { span, message, suggestion: None, warning: false }
    }
}

/// In the order of the text.
pub fn problems(text: &str) -> Vec<Problem> {
    let parsed = yaml::parse(text, &Limits::default());
    let mut found: Vec<Problem> = parsed
        .diagnostics
        .iter()
        .map(|diagnostic| Problem {
            warning: diagnostic.severity == Severity::Warning
                && diagnostic.code != Code::DuplicateKey,
            ..Problem::at(diagnostic.span, diagnostic.message.clone())
        })
        .collect();
    for document in &parsed.documents {
        check(document, &mut found);
    }
    found.sort_by_key(|problem| problem.span.start);
    found.truncate(PROBLEMS_MAX);
    found
}

fn check(document: &Document, found: &mut Vec<Problem>) {
    let schema = Schema::get();
    let text = |key: &str| document.value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let first = document.locate("").map_or(document.span, first_line);
    if kind.is_empty() {
        found.push(Problem::at(first, "Object 'Kind' is missing".to_owned()));
        return;
    }
    if version.is_empty() {
        found.push(Problem::at(first, "Object 'apiVersion' is missing".to_owned()));
        return;
    }
    if kind == "List" {
        return;
    }
    let Some(ty) = schema.type_of(version, kind) else {
        let message = format!("no matches for kind {kind:?} in version {version:?}");
        let span = document.locate("kind").unwrap_or(document.span);
        let meant = meant_kind(schema, version, kind);
        found.push(Problem { suggestion: meant, ..Problem::at(span, message) });
        return;
    };
    for error in schema::check(&document.value, ty).errors {
        let place = if error.fatal {
            document.locate(&error.path)
        } else {
            document.locate_key(&error.path)
        };
        found.push(Problem {
            suggestion: error.suggestion.map(str::to_owned),
            ..Problem::at(place.unwrap_or(first), error.message)
        });
    }
}

/// The same kind in its right version, or a kind that is written almost so.
fn meant_kind(schema: &Schema, version: &str, kind: &str) -> Option<String> {
    let right = schema.kinds().find(|(known, name)| *name == kind && known != version);
    if let Some((version, _)) = right {
        return Some(format!("apiVersion: {version}"));
    }
    let kinds: Vec<&str> = schema.kinds().map(|(_, name)| name).collect();
    schema::nearest(kind, kinds.into_iter()).map(str::to_owned)
}

/// A mark under a whole document would hide everything else.
fn first_line(span: Span) -> Span {
    let mut end = span.start;
    end.col += 1;
    end.offset += 1;
    Span { start: span.start, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(u32, String, Option<String>)> {
        let found = problems(text).into_iter();
        found.map(|p| (p.span.start.line, p.message, p.suggestion)).collect()
    }

    #[test]
    fn a_misspelt_field_is_found_on_its_line() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    \
                    image: nginx\n    redinessProbe: {}\n";
        let want = "unknown field \"spec.containers[0].redinessProbe\"";
        assert_eq!(said(text), [(9, want.to_owned(), Some("readinessProbe".to_owned()))]);
    }

    #[test]
    fn kinds_are_known() {
        let text = "apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n";
        let want = "no matches for kind \"Deploymnet\" in version \"apps/v1\"";
        assert_eq!(said(text), [(2, want.to_owned(), Some("Deployment".to_owned()))]);
        let text = "apiVersion: v1\nkind: Deployment\n";
        assert_eq!(said(text)[0].2.as_deref(), Some("apiVersion: apps/v1"));
        assert_eq!(said("a: 1\n")[0].1, "Object 'Kind' is missing");
        assert!(said("").is_empty());
    }

    #[test]
    fn broken_yaml_has_its_line() {
        let found = said("apiVersion: v1\nkind: Pod\nmetadata:\n  name: [a\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].1.starts_with("yaml: "), "{found:?}");
    }

    #[test]
    fn examples_are_sound() {
        for example in crate::examples::EXAMPLES {
            assert_eq!(problems(example.text), [], "{}", example.name);
        }
    }
}
