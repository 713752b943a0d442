//! The part of awk that people put behind kubectl: conditions and `print`.

use crate::session::Cx;
use crate::shell::pattern::Pattern;
use crate::shell::text::{input, options};

/// `awk '{print $1, $3}'`, with `-F` and a pattern such as `NR>1` or `/text/` in front.
pub fn awk(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let (options, mut rest) = options(args, "F");
    if rest.is_empty() {
        cx.complain("usage: awk [-F fs] 'program' [file ...]");
        return 2;
    }
    let program = rest.remove(0).trim();
    let unsupported = |cx: &mut Cx<'_>| {
        cx.complain("awk: only '{print $N, ...}' with NR>N or /text/ is supported here");
        2
    };
    let Some((condition, action)) = program.split_once('{') else { return unsupported(cx) };
    let Some(action) = action.strip_suffix('}').map(str::trim) else { return unsupported(cx) };
    let Some(list) = action.strip_prefix("print") else { return unsupported(cx) };
    let condition = condition.trim();
    let (text, code) = input(cx, "awk", &rest, stdin);
    let separator = options.iter().find(|(letter, _)| *letter == 'F').map(|(_, value)| *value);
    for (number, line) in (1u64..).zip(text.lines()) {
        let Some(runs) = awk_condition(condition, number, line) else { return unsupported(cx) };
        if !runs {
            continue;
        }
        let fields: Vec<&str> = match separator {
            Some(separator) if !separator.is_empty() => line.split(separator).collect(),
            _ => line.split_whitespace().collect(),
        };
        let mut parts = Vec::new();
        for part in list.split(',').map(str::trim) {
            match awk_value(part, line, &fields, number) {
                Some(value) => parts.push(value),
                None => return unsupported(cx),
            }
        }
        cx.say(&parts.join(" "));
    }
    code
}

fn awk_condition(condition: &str, number: u64, line: &str) -> Option<bool> {
    if condition.is_empty() {
        return Some(true);
    }
    if let Some(pattern) = condition.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        let chars: Vec<char> = line.chars().collect();
        return Some(Pattern::parse(pattern, true, false).ok()?.find(&chars, 0).is_some());
    }
    let rest = condition.strip_prefix("NR")?.trim();
    for (operator, holds) in [
        (">=", (|a, b| a >= b) as fn(u64, u64) -> bool),
        ("<=", |a, b| a <= b),
        ("==", |a, b| a == b),
        ("!=", |a, b| a != b),
        (">", |a, b| a > b),
        ("<", |a, b| a < b),
    ] {
        if let Some(value) = rest.strip_prefix(operator) {
            return Some(holds(number, value.trim().parse().ok()?));
        }
    }
    None
}

/// One part of the list behind `print`: fields and texts side by side.
fn awk_value(part: &str, line: &str, fields: &[&str], number: u64) -> Option<String> {
    let mut value = String::new();
    let mut rest = part.trim();
    if rest.is_empty() {
        return Some(line.to_owned());
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('"') {
            let (text, after) = after.split_once('"')?;
            value.push_str(&text.replace("\\t", "\t").replace("\\n", "\n"));
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix("$NF") {
            value.push_str(fields.last().copied().unwrap_or(""));
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix('$') {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (digits, after) = after.split_at_checked(end)?;
            match digits.parse::<usize>().ok()? {
                0 => value.push_str(line),
                at => value.push_str(fields.get(at - 1).copied().unwrap_or("")),
            }
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix("NR") {
            value.push_str(&number.to_string());
            rest = after.trim_start();
        } else {
            return None;
        }
    }
    Some(value)
}
