//! Values as Go's fmt prints them: `%v`, and the verbs of `printf`.
// Models Go's fmt/print.go.

use serde_json::Value;

/// Widths beyond this are not padded.
const WIDTH_MAX: usize = 1000;

/// A float64 by `%v`: shortest digits, an exponent from 21 digits down to what `%g` takes.
fn float(value: f64) -> String {
    let digits = format!("{value:e}");
    let Some((mantissa, exponent)) = digits.split_once('e') else { return digits };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) && !(6..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `%v`
pub fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or(0.0)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", plain(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Flags, width and precision of one verb.
#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
}

fn verb(spec: &Spec, verb: char, value: &Value) -> String {
    let integer = value.as_i64().filter(|_| !value.is_f64());
    let text = match (verb, value, integer) {
        ('v', Value::String(text), _) if spec.sharp => apimachinery::strconv::quote(text),
        ('v', ..) => plain(value),
        ('T', ..) => go_type(value).to_owned(),
        ('s', Value::String(text), _) => match spec.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.clone(),
        },
        ('s', Value::Array(_) | Value::Object(_), _) => plain(value),
        ('q', Value::String(text), _) => apimachinery::strconv::quote(text),
        ('x', Value::String(text), _) => text.bytes().map(|b| format!("{b:02x}")).collect(),
        ('t', Value::Bool(value), _) => value.to_string(),
        ('d', _, Some(number)) if spec.plus => format!("{number:+}"),
        ('d', _, Some(number)) => number.to_string(),
        ('x', _, Some(number)) => format!("{number:x}"),
        ('X', _, Some(number)) => format!("{number:X}"),
        ('o', _, Some(number)) => format!("{number:o}"),
        ('b', _, Some(number)) => format!("{number:b}"),
        ('c', _, Some(number)) => {
            u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string()
        }
        ('f', Value::Number(number), None) => {
            let precision = spec.precision.unwrap_or(6).min(WIDTH_MAX);
            format!("{:.*}", precision, number.as_f64().unwrap_or(0.0))
        }
        ('g', Value::Number(number), None) => float(number.as_f64().unwrap_or(0.0)),
        _ => return format!("%!{verb}({}={})", go_type(value), plain(value)),
    };
    let missing = spec.width.min(WIDTH_MAX).saturating_sub(text.chars().count());
    if spec.left {
        return text + &" ".repeat(missing);
    }
    if spec.zero && integer.is_some() {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    " ".repeat(missing) + &text
}

/// `printf FORMAT ARGUMENT…`
pub fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut left = arguments.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                _ => {}
            }
        }
        let mut number = || -> Option<usize> {
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse().ok()
        };
        spec.width = number().unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            spec.precision = Some(digits.parse().unwrap_or(0));
        }
        match (chars.next(), left.len()) {
            (None, _) => out.push_str("%!(NOVERB)"),
            (Some('%'), _) => out.push('%'),
            (Some(letter), 0) => out.push_str(&format!("%!{letter}(MISSING)")),
            (Some(letter), _) => {
                if let Some(value) = left.next() {
                    out.push_str(&verb(&spec, letter, value));
                }
            }
        }
    }
    let rest: Vec<String> =
        left.map(|value| format!("{}={}", go_type(value), plain(value))).collect();
    if !rest.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", rest.join(", ")));
    }
    out
}

/// `print`: a space between two operands of which neither is a string.
pub fn print(values: &[Value]) -> String {
    let mut out = String::new();
    let mut before: Option<&Value> = None;
    for value in values {
        if before.is_some_and(|before| !before.is_string() && !value.is_string()) {
            out.push(' ');
        }
        out.push_str(&plain(value));
        before = Some(value);
    }
    out
}
