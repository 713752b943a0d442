//! The printer behind `-o yaml`: block style, sorted keys, lists level with their key.
//!
//! Models go.yaml.in/yaml/v2 encode.go and the states of its emitterc.go, as sigs.k8s.io/yaml
//! calls them.

use crate::analyze::{Style, analyze, style};
use crate::key_order;
use crate::writer::Writer;
use serde_json::{Number, Value};

/// The longest key, in bytes, that may stand before its colon; longer ones get a `?`.
const SIMPLE_KEY_MAX: usize = 128;

/// Where a value stands, which decides how it is indented and folded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    Field,
}

/// A list or map that is being printed, and the indentation to return to behind it.
struct Open<'a> {
    rest: Rest<'a>,
    indent: usize,
}

enum Rest<'a> {
    Items(std::slice::Iter<'a, Value>),
    Fields(std::vec::IntoIter<(&'a str, &'a Value)>),
}

/// `value` as `kubectl get -o yaml` prints it, with a line break at the end.
pub fn to_yaml(value: &Value) -> String {
    let mut pen = Writer::new();
    let mut open = Vec::new();
    node(&mut pen, &mut open, value, Context::Root);
    while let Some(Open { rest, indent }) = open.last_mut() {
        let (next, context) = match rest {
            Rest::Items(items) => (items.next().map(|item| (None, item)), Context::Item),
            Rest::Fields(fields) => {
                (fields.next().map(|(key, value)| (Some(key), value)), Context::Field)
            }
        };
        let Some((key, value)) = next else {
            pen.indent = *indent;
            open.pop();
            continue;
        };
        pen.write_indent();
        match key {
            Some(key) => write_key(&mut pen, key),
            None => pen.block_indicator('-'),
        }
        node(&mut pen, &mut open, value, context);
    }
    pen.indent = 0;
    pen.write_indent();
    pen.out
}

fn node<'a>(pen: &mut Writer, open: &mut Vec<Open<'a>>, value: &'a Value, context: Context) {
    match value {
        Value::Null => pen.word("null"),
        Value::Bool(truth) => pen.word(if *truth { "true" } else { "false" }),
        Value::Number(number) => pen.word(&number_text(number)),
        Value::String(text) => write_text(pen, text, context == Context::Root),
        Value::Array(items) if items.is_empty() => pen.word("[]"),
        Value::Object(fields) if fields.is_empty() => pen.word("{}"),
        Value::Array(items) => {
            // A list is level with the key it belongs to.
            let level = context == Context::Field && !pen.indention;
            descend(pen, open, Rest::Items(items.iter()), context, level);
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&str, &Value)> =
                fields.iter().map(|(key, value)| (key.as_str(), value)).collect();
            key_order::sort(&mut fields);
            descend(pen, open, Rest::Fields(fields.into_iter()), context, false);
        }
    }
}

fn descend<'a>(
    pen: &mut Writer,
    open: &mut Vec<Open<'a>>,
    rest: Rest<'a>,
    context: Context,
    level: bool,
) {
    open.push(Open { rest, indent: pen.indent });
    if context != Context::Root && !level {
        pen.indent += 2;
    }
}

fn write_key(pen: &mut Writer, key: &str) {
    let analysis = analyze(key);
    if analysis.multiline || key.len() > SIMPLE_KEY_MAX {
        pen.block_indicator('?');
        write_text(pen, key, false);
        pen.write_indent();
        pen.block_indicator(':');
        return;
    }
    match style(key, analysis, true) {
        Style::Plain => pen.plain(key, false, false),
        Style::SingleQuoted => pen.single_quoted(key, false, false),
        Style::DoubleQuoted | Style::Literal => pen.double_quoted(key, false, false),
    }
    pen.colon();
}

fn write_text(pen: &mut Writer, text: &str, is_root: bool) {
    match style(text, analyze(text), false) {
        Style::Plain => pen.plain(text, true, is_root),
        Style::SingleQuoted => pen.single_quoted(text, true, is_root),
        Style::DoubleQuoted => pen.double_quoted(text, true, is_root),
        Style::Literal => pen.literal(text, is_root),
    }
}

fn number_text(number: &Number) -> String {
    if let Some(int) = number.as_i64() {
        return int.to_string();
    }
    if let Some(uint) = number.as_u64() {
        return uint.to_string();
    }
    let float = number.as_f64().unwrap_or(0.0);
    // The value passes through JSON text, where a whole float is written as an integer.
    const INT_MIN: f64 = -9_223_372_036_854_775_808.0;
    const UINT_END: f64 = 18_446_744_073_709_551_616.0;
    match float {
        0.0 => "0".to_string(),
        _ if float.trunc() == float && (INT_MIN..UINT_END).contains(&float) => float.to_string(),
        _ => go_float(float),
    }
}

/// Go's shortest `%g`: an exponent of at least two digits below 1e-4 and from 1e+06 on.
pub(crate) fn go_float(float: f64) -> String {
    exponent_form(&format!("{float:e}")).unwrap_or_else(|| float.to_string())
}

/// `go_float` at the precision of a 32 bit float, which is what float keys get.
pub(crate) fn go_float_single(float: f32) -> String {
    exponent_form(&format!("{float:e}")).unwrap_or_else(|| float.to_string())
}

/// Go's spelling of Rust's exponent form, where Go would use one.
fn exponent_form(shown: &str) -> Option<String> {
    let (mantissa, exponent) = shown.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let sign = if exponent < 0 { '-' } else { '+' };
    let exponential = !(-4..6).contains(&exponent);
    exponential.then(|| format!("{mantissa}e{sign}{:02}", exponent.abs()))
}
