//! What may be written at the cursor: the schema knows, indentation tells the place.

use schema::{Completions, Schema};

/// Where the word begins that a choice replaces, in bytes, and what may stand there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    pub from: usize,
    pub options: Vec<Choice>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub label: String,
    pub detail: String,
    /// What is put in.
    pub insert: String,
}

/// A line above the cursor that opens a level.
struct Level {
    indent: usize,
    key: String,
}

/// Block style only: inside braces nothing is offered.
pub fn complete(text: &str, cursor: usize) -> Offer {
    let head = text.get(..cursor).unwrap_or(text);
    let start = head.rfind("\n---").map_or(0, |at| at + 1);
    let document = head.get(start..).unwrap_or("");
    let rest = text.get(start..).unwrap_or("");
    let rest = rest.get(..rest.find("\n---").unwrap_or(rest.len())).unwrap_or(rest);
    let line = document.rsplit('\n').next().unwrap_or("");
    let (indent, body) = split_indent(line);
    let word = body.rsplit([' ', '"']).next().unwrap_or(body);
    let from = cursor.saturating_sub(word.len());
    let found = match body.split_once(": ").or(body.strip_suffix(':').map(|key| (key, ""))) {
        Some((key, _)) => value_choices(rest, document, indent, key.trim()),
        None => key_choices(rest, document, indent),
    };
    let mut options = found.unwrap_or_default();
    options.retain(|choice| choice.label.to_lowercase().starts_with(&word.to_lowercase()));
    Offer { from, options }
}

/// Columns before the first word, counting the dashes of list items, and the rest of the line.
fn split_indent(line: &str) -> (usize, &str) {
    let body = line.trim_start_matches([' ', '-']);
    let dashes = line.len() - body.len();
    // `-name` is a word, not an item.
    if line[..dashes].ends_with('-') && !body.is_empty() {
        return (dashes - 1, line.get(dashes - 1..).unwrap_or(""));
    }
    (dashes, body)
}

fn top_field<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let line = document.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().trim_matches(['"', '\'']))
}

/// The path of the level in which a line with this indent stands, with list indexes as `0`.
fn path_to(document: &str, indent: usize) -> Vec<String> {
    let mut levels: Vec<Level> = Vec::new();
    let mut within = indent;
    let lines: Vec<&str> = document.lines().collect();
    let above = lines.len().saturating_sub(usize::from(!document.ends_with('\n')));
    // The dashes of the cursor's own line are items too.
    let own = lines.get(above).copied().unwrap_or("");
    let mut items = items_at(own, within);
    for line in lines.iter().take(above).rev() {
        let (at, body) = split_indent(line);
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let dash = line.len() - line.trim_start().len();
        let opens = body.trim_end().ends_with(':');
        if at < within || (items > 0 && at == within && opens && dash == at) {
            let key = body.split(':').next().unwrap_or("").trim().to_owned();
            if items > 0 {
                levels.push(Level { indent: at, key: "0".to_owned() });
            }
            levels.push(Level { indent: at, key });
            within = at;
            items = items_at(line, at);
            if within == 0 {
                break;
            }
        } else if at == within && items == 0 {
            items = items_at(line, at);
            // A dash moves the search to where its list hangs.
            if items > 0 {
                within = dash + 1;
            }
        }
        if items > 0 {
            within = within.min(dash + 1);
        }
    }
    levels.sort_by_key(|level| level.indent);
    let mut path: Vec<(usize, String)> = Vec::new();
    for level in levels {
        path.push((level.indent, level.key));
    }
    // Of one indent, the key comes before the item below it.
    path.sort_by_key(|(indent, key)| (*indent, key == "0"));
    path.into_iter().map(|(_, key)| key).collect()
}

fn items_at(line: &str, at: usize) -> usize {
    line.get(..at.min(line.len())).map_or(0, |head| head.matches('-').count())
}

fn at_path(rest: &str, path: &[String]) -> Option<Completions> {
    let (version, kind) = (top_field(rest, "apiVersion")?, top_field(rest, "kind")?);
    let schema = Schema::get();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    schema.completions(schema.type_of(version, kind)?, &path)
}

fn key_choices(rest: &str, document: &str, indent: usize) -> Option<Vec<Choice>> {
    let path = path_to(document, indent);
    if path.is_empty() && at_path(rest, &path).is_none() {
        let plain = |label: &str| Choice {
            label: label.to_owned(),
            detail: String::new(),
            insert: format!("{label}: "),
        };
        return Some(["apiVersion", "kind", "metadata", "spec"].into_iter().map(plain).collect());
    }
    let found = at_path(rest, &path)?;
    let fields = found.fields.into_iter().map(|field| {
        let list = field.type_name.starts_with("[]");
        let nested = field.type_name.starts_with("map[")
            || field.type_name.chars().next().is_some_and(char::is_uppercase)
                && field.enums.is_empty();
        let insert = match (list, nested) {
            (true, _) => format!("{}:\n{}- ", field.name, " ".repeat(indent)),
            (_, true) => format!("{}:\n{}", field.name, " ".repeat(indent + 2)),
            _ => format!("{}: ", field.name),
        };
        let required = if field.required { " · required" } else { "" };
        Choice {
            label: field.name.to_owned(),
            detail: format!("{}{required}", field.type_name),
            insert,
        }
    });
    Some(fields.collect())
}

fn value_choices(rest: &str, document: &str, indent: usize, key: &str) -> Option<Vec<Choice>> {
    let plain = |label: String, detail: String| Choice { insert: label.clone(), label, detail };
    if indent == 0 && key == "kind" {
        let version = top_field(rest, "apiVersion").unwrap_or_default().to_owned();
        let kinds = Schema::get().kinds();
        let kinds = kinds.filter(|(known, _)| version.is_empty() || *known == version);
        return Some(kinds.map(|(known, kind)| plain(kind.to_owned(), known)).collect());
    }
    if indent == 0 && key == "apiVersion" {
        let mut versions: Vec<String> = Schema::get().kinds().map(|(known, _)| known).collect();
        versions.sort();
        versions.dedup();
        return Some(versions.into_iter().map(|v| plain(v, String::new())).collect());
    }
    let mut path = path_to(document, indent);
    path.push(key.to_owned());
    let values = at_path(rest, &path)?.values.into_iter();
    Some(values.map(|value| plain(value.to_owned(), String::new())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        let cursor = text.find('|').unwrap();
        let offer = complete(&text.replace('|', ""), cursor);
        offer.options.into_iter().map(|choice| choice.label).collect()
    }

    const POD: &str = "apiVersion: v1\nkind: Pod\n";

    #[test]
    fn fields_are_those_of_the_place() {
        let cases = [
            ("metadata:\n  nam|", "name"),
            ("spec:\n  containers:\n  - name: a\n    readi|", "readinessProbe"),
            ("spec:\n  containers:\n  - read|", "readinessProbe"),
            ("spec:\n  containers:\n    - name: a\n      resour|", "resources"),
            (
                "spec:\n  containers:\n  - name: a\n    readinessProbe:\n      httpGet:\n        pa|",
                "path",
            ),
            ("spec:\n  containers:\n  - name: a\n    imagePullPolicy: If|", "IfNotPresent"),
            ("spec:\n  containers:\n  - name: a\n  restartPol|", "restartPolicy"),
        ];
        for (text, want) in cases {
            let found = labels(&format!("{POD}{text}"));
            assert!(found.iter().any(|label| label == want), "{text}: {found:?}");
        }
    }

    #[test]
    fn kinds_follow_their_version() {
        assert!(labels("apiVersion: apps/v1\nkind: Dep|").contains(&"Deployment".to_owned()));
        assert!(labels("apiVersion: v1\nkind: Dep|").is_empty());
        assert_eq!(labels("ki|"), ["kind"]);
    }
}
