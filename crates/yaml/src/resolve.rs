//! What a plain scalar means: `yes` is true, `0777` is octal, `~` is null.
//!
//! Models go.yaml.in/yaml/v2 resolve.go.

use crate::timestamp::is_timestamp;

/// A scalar as go-yaml resolves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    /// `<<`, which merges where it is a key and is text elsewhere.
    Merge,
    /// Looks like a point in time, and stays the text it is.
    Timestamp,
    Text,
}

impl Resolved {
    /// The short tag that go-yaml's messages name.
    pub fn tag(self) -> &'static str {
        match self {
            Resolved::Null => "!!null",
            Resolved::Bool(_) => "!!bool",
            Resolved::Int(_) | Resolved::Uint(_) => "!!int",
            Resolved::Float(_) => "!!float",
            Resolved::Merge => "!!merge",
            Resolved::Timestamp => "!!timestamp",
            Resolved::Text => "!!str",
        }
    }
}

pub(crate) fn resolve(text: &str) -> Resolved {
    let Some(first) = text.bytes().next() else { return Resolved::Null };
    match first {
        b'+' | b'-' | b'0'..=b'9' => special(text).unwrap_or_else(|| number(text)),
        b'.' => special(text).or_else(|| float(text)).unwrap_or(Resolved::Text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' | b'<' => {
            special(text).unwrap_or(Resolved::Text)
        }
        _ => Resolved::Text,
    }
}

fn special(text: &str) -> Option<Resolved> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" => Resolved::Bool(true),
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "on" | "On" | "ON" => Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" => Resolved::Bool(false),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        "off" | "Off" | "OFF" => Resolved::Bool(false),
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        _ => return None,
    })
}

fn number(text: &str) -> Resolved {
    if is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let without_marks;
    let plain = if text.contains('_') {
        without_marks = text.replace('_', "");
        without_marks.as_str()
    } else {
        text
    };
    integer(plain).or_else(|| float(plain)).unwrap_or(Resolved::Text)
}

/// Go's integers with the base in a prefix; a bare leading zero means octal.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = digits.len() != text.len();
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Resolved::Int);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Resolved::Int(int)),
        // Beyond 63 bits only the unsigned reader is left, and it takes no sign.
        Err(_) => (!signed).then_some(Resolved::Uint(magnitude)),
    }
}

fn float(text: &str) -> Option<Resolved> {
    if !has_float_form(text) {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    float.is_finite().then_some(Resolved::Float(float))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn has_float_form(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// YAML 1.1's base 60 (`12:30`), which nobody reads as a number here but which is quoted on the
/// way out: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`.
pub(crate) fn is_base60(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut parts = rest.split(':');
    let head = parts.next().unwrap_or("");
    let mut sixties = 0;
    let all_fit = parts.all(|part| {
        sixties += 1;
        matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
    });
    head.starts_with(|c: char| c.is_ascii_digit())
        && digits(head)
        && digits(fraction)
        && all_fit
        && sixties > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_resolve_as_go_yaml_resolves_them() {
        use Resolved::*;
        let table = [
            ("", Null),
            ("~", Null),
            ("yes", Bool(true)),
            ("y", Bool(true)),
            ("OFF", Bool(false)),
            ("yEs", Text),
            ("0777", Int(511)),
            ("0o14", Int(12)),
            ("0x1F", Int(31)),
            ("-0x1F", Int(-31)),
            ("0b101", Int(5)),
            ("1_000", Int(1000)),
            ("+5", Int(5)),
            ("0", Int(0)),
            ("08", Float(8.0)),
            ("0x", Text),
            ("9223372036854775808", Uint(9223372036854775808)),
            ("-9223372036854775808", Int(i64::MIN)),
            ("18446744073709551616", Float(18446744073709551616.0)),
            ("1e3", Float(1000.0)),
            ("1.", Float(1.0)),
            (".5", Float(0.5)),
            (".", Text),
            ("1e999", Text),
            ("1.2.3", Text),
            ("100m", Text),
            ("190:20:30", Text),
            ("2026-11-20", Timestamp),
            ("<<", Merge),
            ("- a", Text),
        ];
        for (text, want) in table {
            assert_eq!(resolve(text), want, "{text:?}");
        }
    }

    #[test]
    fn base60_is_recognised() {
        for yes in ["1:20", "190:20:30", "-1:2.5", "10:09:58"] {
            assert!(is_base60(yes), "{yes}");
        }
        for no in ["1", "a:1", "1:60", "1:", ":1", "1:2:345", ""] {
            assert!(!is_base60(no), "{no}");
        }
    }
}
