//! `-o kyaml`: the flow style of YAML, with braces, quoted values and trailing commas.
// Models sigs.k8s.io/yaml/kyaml.

use serde_json::Value;

/// Deeper values are cut off.
const DEPTH_MAX: usize = 200;

pub fn to_kyaml(value: &Value) -> String {
    let mut out = String::from("---\n");
    node(value, 0, &mut out);
    out.push('\n');
    out
}

fn indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn node(value: &Value, level: usize, out: &mut String) {
    if level > DEPTH_MAX {
        out.push_str("null");
        return;
    }
    match value {
        Value::String(text) => string(text, level + 1, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) if items.iter().all(|item| item.is_object() || item.is_array()) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                node(item, level, out);
            }
            out.push(']');
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                indent(level + 1, out);
                node(item, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push(']');
        }
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            out.push_str("{\n");
            for (key, value) in map {
                indent(level + 1, out);
                match needs_quotes(key) {
                    true => out.push_str(&quoted(key)),
                    false => out.push_str(key),
                }
                out.push_str(": ");
                node(value, level + 1, out);
                out.push_str(",\n");
            }
            indent(level, out);
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

/// A text of several lines is folded: each of its lines on one of its own.
fn string(text: &str, level: usize, out: &mut String) {
    if !text.contains('\n') {
        out.push_str(&quoted(text));
        return;
    }
    out.push_str("\"\\\n");
    for line in text.split_inclusive('\n') {
        indent(level, out);
        let is_space = line.starts_with(|c: char| c.is_whitespace() && c != '\n');
        out.push(if is_space { '\\' } else { ' ' });
        escaped(line.trim_end_matches('\n'), out);
        out.push_str(if line.ends_with('\n') { "\\n\\\n" } else { "\\\n" });
    }
    indent(level, out);
    out.push('"');
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    escaped(text, &mut out);
    out.push('"');
    out
}

fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{a0}' => out.push_str("\\_"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// Whether a key could be read as something other than itself.
fn needs_quotes(key: &str) -> bool {
    let words = ["null", "true", "y", "yes", "on", "false", "n", "no", "off", "t", "f"];
    if key.is_empty() || words.contains(&key.to_ascii_lowercase().as_str()) {
        return true;
    }
    let digits = key.replace('_', "");
    let radix = ["0x", "0o", "0b"].iter().any(|mark| digits.to_lowercase().starts_with(mark));
    if digits.parse::<f64>().is_ok() || (radix && !digits.contains(['.', '/', '-'])) {
        return true;
    }
    let is_date = key.len() >= 8
        && key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(|c| c.is_ascii_digit() || c == '-');
    let last = key.chars().count().saturating_sub(1);
    let is_plain = |(at, c): (usize, char)| {
        c.is_alphanumeric() || c == '_' || ("-./".contains(c) && at > 0 && at < last)
    };
    is_date || !key.chars().enumerate().all(is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::to_kyaml;

    #[test]
    fn as_the_real_one_prints_it() {
        let value = json!({
            "1": "2", "a": "b\nc\n", "n": "", "q": "say \"x\" \\ y", "e": {}, "l": ["x", 1],
            "containers": [{"name": "a"}, {"name": "b"}], "app.io/x": true,
        });
        let want = r#"---
{
  "1": "2",
  a: "\
     b\n\
     c\n\
    ",
  app.io/x: true,
  containers: [{
    name: "a",
  }, {
    name: "b",
  }],
  e: {},
  l: [
    "x",
    1,
  ],
  "n": "",
  q: "say \"x\" \\ y",
}
"#;
        assert_eq!(to_kyaml(&value), want);
    }
}
