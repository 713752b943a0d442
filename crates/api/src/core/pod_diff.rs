//! What a refused update would have changed in a pod's spec, as the API server prints it: a unified
//! diff of its internal form as indented JSON. `internal_types.txt` holds the order of that form's
//! fields: `*` pointer, `[]` list, `%` map, a bare type is embedded.
// Models ValidatePodUpdate's use of apimachinery/pkg/util/diff.

use apimachinery::strconv::json_string;
use apimachinery::wire::Wire;
use serde_json::{Map, Value, json};

use super::pod_spec::PodSpec;

static TYPES: &str = include_str!("pod_diff/internal_types.txt");
/// Larger changes are shown as one block, so that a hostile pod costs no quadratic time.
const TABLE_MAX_CELLS: usize = 1 << 20;
const CONTEXT: usize = 3;

pub fn spec_diff(old: &PodSpec, new: &PodSpec) -> String {
    let (old, new) = (internal_form(old), internal_form(new));
    text_diff(&old, &new)
}

/// A spec's internal form on one line, as Go's package json prints it.
pub fn internal_json(spec: &PodSpec) -> String {
    let mut out = String::new();
    for line in internal_form(spec).lines().map(str::trim_start) {
        match line.split_once("\": ") {
            // Only a key has a quote behind it that is not escaped.
            Some((key, rest)) if key.starts_with('"') && !key.ends_with('\\') => {
                out.extend([key, "\":", rest]);
            }
            _ => out.push_str(line),
        }
    }
    out
}

/// The same for a part that takes the same form inside as outside.
pub fn value_diff(type_: &str, old: &Value, new: &Value) -> String {
    let text = |value: &Value| {
        let mut out = String::new();
        render(Some(value), type_, 0, &mut out);
        out
    };
    text_diff(&text(old), &text(new))
}

fn text_diff(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    unified(&old, &new)
}

fn internal_form(spec: &PodSpec) -> String {
    let mut value = spec.to_value();
    if let Some(map) = value.as_object_mut() {
        // Internally these stand in the security context.
        for name in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
            let Some(field) = map.remove(name) else { continue };
            let context = map.entry("securityContext").or_insert_with(|| json!({}));
            if let Some(context) = context.as_object_mut() {
                context.insert(name.to_owned(), field);
            }
        }
    }
    let mut out = String::new();
    render(Some(&value), "PodSpec", 0, &mut out);
    out
}

fn fields(type_: &str) -> Option<&'static str> {
    TYPES.lines().find_map(|line| line.strip_prefix(type_)?.strip_prefix(": "))
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', depth));
}

fn render(value: Option<&Value>, type_: &str, depth: usize, out: &mut String) {
    let value = value.filter(|value| !value.is_null());
    if let Some(inner) = type_.strip_prefix('*') {
        match value {
            None => out.push_str("null"),
            some => render(some, inner, depth, out),
        }
    } else if let Some(inner) = type_.strip_prefix("[]") {
        let items = value.and_then(Value::as_array).filter(|items| !items.is_empty());
        let items = items.map(|items| items.iter().map(|item| (None, item)).collect::<Vec<_>>());
        render_many(items, ['[', ']'], inner, depth, out);
    } else if let Some(inner) = type_.strip_prefix('%') {
        let items = value.and_then(Value::as_object).filter(|map| !map.is_empty());
        let items = items.map(|map| map.iter().map(|(key, item)| (Some(key), item)).collect());
        render_many(items, ['{', '}'], inner, depth, out);
    } else if let Some(fields) = fields(type_) {
        let empty = Map::new();
        let map = value.and_then(Value::as_object).unwrap_or(&empty);
        out.push('{');
        let mut first = true;
        render_fields(map, fields, depth + 1, &mut first, out);
        new_line(depth, out);
        out.push('}');
    } else {
        render_plain(value, type_, depth, out);
    }
}

fn render_many(
    items: Option<Vec<(Option<&String>, &Value)>>,
    brackets: [char; 2],
    type_: &str,
    depth: usize,
    out: &mut String,
) {
    let Some(items) = items else { return out.push_str("null") };
    let [open, close] = brackets;
    out.push(open);
    for (i, (key, item)) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        new_line(depth + 1, out);
        if let Some(key) = key {
            out.push_str(&json_string(key));
            out.push_str(": ");
        }
        render(Some(item), type_, depth + 1, out);
    }
    new_line(depth, out);
    out.push(close);
}

fn render_fields(
    map: &Map<String, Value>,
    list: &str,
    depth: usize,
    first: &mut bool,
    out: &mut String,
) {
    for field in list.split(", ") {
        let Some((name, type_)) = field.split_once(' ') else {
            if let Some(embedded) = fields(field.trim_start_matches('*')) {
                render_fields(map, embedded, depth, first, out);
            }
            continue;
        };
        if !std::mem::take(first) {
            out.push(',');
        }
        new_line(depth, out);
        out.push_str(&format!("\"{name}\": "));
        let value = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        render(value.map(|(_, value)| value), type_, depth, out);
    }
}

fn render_plain(value: Option<&Value>, type_: &str, depth: usize, out: &mut String) {
    match (value, type_) {
        (Some(Value::String(text)), _) => out.push_str(&json_string(text)),
        (Some(value @ (Value::Array(_) | Value::Object(_))), _) => {
            let text = indented(value);
            let margin = format!("\n{}", " ".repeat(depth));
            out.push_str(&text.replace('\n', &margin));
        }
        (Some(value), _) => out.push_str(&value.to_string()),
        (None, "string") => out.push_str("\"\""),
        (None, "bool") => out.push_str("false"),
        (None, "LabelSelector") => out.push_str("{}"),
        (None, _) => out.push('0'),
    }
}

fn indented(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| (None, item)).collect();
            render_many(Some(items), ['[', ']'], "any", 0, &mut out);
        }
        Value::Object(map) => {
            // Label selectors print their labels first.
            let labels_first = |key: &&String| (*key != "matchLabels", (*key).clone());
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(labels_first);
            let items = keys.into_iter().filter_map(|key| Some((Some(key), map.get(key)?)));
            render_many(Some(items.collect()), ['{', '}'], "any", 0, &mut out);
        }
        other => out.push_str(&other.to_string()),
    }
    out
}

/// Runs of equal and of replaced lines: `(old range, new range, equal)`.
type Run = (std::ops::Range<usize>, std::ops::Range<usize>, bool);

fn runs(old: &[&str], new: &[&str]) -> Vec<Run> {
    let common =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let prefix = common(&mut old.iter().zip(new));
    let (old_rest, new_rest) = (old.len() - prefix, new.len() - prefix);
    let suffix = common(&mut old.iter().rev().zip(new.iter().rev())).min(old_rest).min(new_rest);
    let mut runs: Vec<Run> = vec![(0..prefix, 0..prefix, true)];
    let middle = |lines: &[&str]| prefix..lines.len() - suffix;
    middle_runs(old, new, middle(old), middle(new), &mut runs);
    runs.push((old.len() - suffix..old.len(), new.len() - suffix..new.len(), true));
    runs.retain(|(a, b, _)| !(a.is_empty() && b.is_empty()));
    runs
}

fn middle_runs(
    old: &[&str],
    new: &[&str],
    a: std::ops::Range<usize>,
    b: std::ops::Range<usize>,
    runs: &mut Vec<Run>,
) {
    let (rows, columns) = (a.len() + 1, b.len() + 1);
    if rows.saturating_mul(columns) > TABLE_MAX_CELLS {
        return runs.push((a, b, false));
    }
    let line = |lines: &[&str], at: usize| lines.get(at).map(|line| (*line).to_owned());
    let equal = |i: usize, j: usize| line(old, a.start + i) == line(new, b.start + j);
    let mut lengths = vec![0u32; rows * columns];
    let at =
        |lengths: &[u32], i: usize, j: usize| lengths.get(i * columns + j).copied().unwrap_or(0);
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            let best = if equal(i, j) {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(cell) = lengths.get_mut(i * columns + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let same = i < a.len() && j < b.len() && equal(i, j);
        let (from_i, from_j) = (i, j);
        if same {
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || at(&lengths, i + 1, j) >= at(&lengths, i, j + 1))
        {
            i += 1;
        } else {
            j += 1;
        }
        let run = (a.start + from_i..a.start + i, b.start + from_j..b.start + j, same);
        match runs.last_mut() {
            Some((last_a, last_b, last_same)) if *last_same == same => {
                (last_a.end, last_b.end) = (run.0.end, run.1.end);
            }
            _ => runs.push(run),
        }
    }
}

/// The unified diff without a header of names.
fn unified(old: &[&str], new: &[&str]) -> String {
    let runs = runs(old, new);
    let mut groups: Vec<Vec<Run>> = vec![Vec::new()];
    let last = runs.len().saturating_sub(1);
    for (i, (a, b, same)) in runs.into_iter().enumerate() {
        let Some(group) = groups.last_mut() else { break };
        if !same {
            group.push((a, b, false));
            continue;
        }
        let head = |n: usize| (a.start..a.start + n, b.start..b.start + n, true);
        let tail = |n: usize| (a.end - n..a.end, b.end - n..b.end, true);
        let len = a.len();
        if i == 0 {
            group.push(tail(len.min(CONTEXT)));
        } else if i == last {
            group.push(head(len.min(CONTEXT)));
        } else if len > 2 * CONTEXT {
            group.push(head(CONTEXT));
            groups.push(vec![tail(CONTEXT)]);
        } else {
            group.push((a, b, true));
        }
    }
    let changed = |group: &&Vec<Run>| group.iter().any(|(_, _, same)| !same);
    groups.iter().filter(changed).map(|group| print_group(group, old, new)).collect()
}

fn print_group(group: &[Run], old: &[&str], new: &[&str]) -> String {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return String::new() };
    let span = |start: usize, end: usize| match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        n => format!("{},{n}", start + 1),
    };
    let mut out = format!(
        "@@ -{} +{} @@\n",
        span(first.0.start, last.0.end),
        span(first.1.start, last.1.end)
    );
    let mut push = |sign: char, lines: Option<&[&str]>| {
        for line in lines.unwrap_or_default() {
            out.push(sign);
            out.push_str(line);
            out.push('\n');
        }
    };
    for (a, b, same) in group {
        if *same {
            push(' ', old.get(a.clone()));
        } else {
            push('-', old.get(a.clone()));
            push('+', new.get(b.clone()));
        }
    }
    out
}
