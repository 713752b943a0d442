//! The tables of `kubectl get`.
// Models cli-runtime/pkg/printers/tableprinter.go.

use client::{Table, TableRow};
use serde_json::Value;

/// How a table is shown.
#[derive(Clone, Debug, Default)]
pub struct Style {
    pub wide: bool,
    pub no_headers: bool,
    pub namespace: bool,
    /// `pod`, `deployment.apps` in front of names when several kinds are shown.
    pub kind: Option<String>,
    pub labels: Vec<String>,
    pub show_labels: bool,
}

/// The header line with tabs between the cells.
pub fn header(table: &Table, style: &Style) -> String {
    let mut cells: Vec<String> = Vec::new();
    if style.namespace {
        cells.push("NAMESPACE".to_owned());
    }
    let shown = table.columns.iter().filter(|column| style.wide || !column.wide);
    cells.extend(shown.map(|column| column.name.to_uppercase()));
    for label in &style.labels {
        cells.push(label.rsplit('/').next().unwrap_or(label).to_uppercase());
    }
    if style.show_labels {
        cells.push("LABELS".to_owned());
    }
    cells.join("\t") + "\n"
}

/// One line of the table with tabs between the cells.
pub fn row(table: &Table, row: &TableRow, style: &Style) -> String {
    let mut cells: Vec<String> = Vec::new();
    let meta = row.object.meta();
    if style.namespace {
        cells.push(meta.namespace.to_string());
    }
    let mut is_first = true;
    for (column, cell) in table.columns.iter().zip(&row.cells) {
        if column.wide && !style.wide {
            continue;
        }
        let text = cell_text(cell);
        cells.push(match &style.kind {
            Some(kind) if is_first => format!("{kind}/{text}"),
            _ => text,
        });
        is_first = false;
    }
    for label in &style.labels {
        cells.push(meta.label(label).unwrap_or("").to_owned());
    }
    if style.show_labels {
        let all: Vec<String> =
            meta.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        cells.push(if all.is_empty() { "<none>".to_owned() } else { all.join(",") });
    }
    cells.join("\t") + "\n"
}

fn cell_text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        other => other.to_string(),
    }
}

/// The first line of a text, as far as it has more; nothing that could steer a terminal.
fn one_line(text: &str) -> String {
    let mut shown = match text.split_once(['\n', '\r', '\u{c}']) {
        Some((first, _)) => format!("{first}..."),
        None => text.to_owned(),
    };
    if shown.contains('\u{1b}') {
        shown = shown.replace('\u{1b}', "^[");
    }
    shown.replace('\t', " ")
}
