//! Whether text is an RFC 3339 time, and what Go says when it is not.

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_MICRO: &str = "2006-01-02T15:04:05.000000Z07:00";

enum Wrong {
    Shape,
    Range(&'static str),
}

// Models Go's time.Parse for the layouts of metav1.Time and metav1.MicroTime.
pub fn check(text: &str, micro: bool) -> Result<(), String> {
    let layout = if micro { RFC3339_MICRO } else { RFC3339 };
    let mut elements =
        vec!["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", "Z07:00"];
    if micro {
        elements.insert(11, ".000000");
    }
    let mut date = [0; 3];
    let mut rest = text;
    for (at, element) in elements.iter().enumerate() {
        match take(rest, element, micro) {
            Ok((number, after)) => {
                if let (0 | 2 | 4, Some(part)) = (at, date.get_mut(at / 2)) {
                    *part = number;
                }
                rest = after;
            }
            Err(Wrong::Shape) => {
                return Err(format!(
                    "parsing time {} as {}: cannot parse {} as {}",
                    quote(text),
                    quote(layout),
                    quote(rest),
                    quote(element)
                ));
            }
            Err(Wrong::Range(what)) => {
                return Err(format!("parsing time {}: {what} out of range", quote(text)));
            }
        }
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(rest)));
    }
    let [year, month, day] = date;
    if day < 1 || day > days_in(year, month) {
        return Err(format!("parsing time {}: day out of range", quote(text)));
    }
    Ok(())
}

fn take<'a>(text: &'a str, element: &str, micro: bool) -> Result<(u32, &'a str), Wrong> {
    let (number, rest) = match element {
        "2006" => number(text, 4, 4)?,
        "15" => number(text, 1, 2)?,
        "01" | "02" | "04" | "05" => number(text, 2, 2)?,
        ".000000" => return fraction(text),
        "Z07:00" => return zone(text),
        literal => return Ok((0, text.strip_prefix(literal).ok_or(Wrong::Shape)?)),
    };
    match element {
        "01" if !(1..=12).contains(&number) => Err(Wrong::Range("month")),
        "15" if number > 23 => Err(Wrong::Range("hour")),
        "04" if number > 59 => Err(Wrong::Range("minute")),
        "05" if number > 59 => Err(Wrong::Range("second")),
        "05" if !micro => Ok((number, skip_fraction(rest))),
        _ => Ok((number, rest)),
    }
}

fn number(text: &str, least: usize, most: usize) -> Result<(u32, &str), Wrong> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return Err(Wrong::Shape);
    }
    let (digits, rest) = text.split_at_checked(length).ok_or(Wrong::Shape)?;
    Ok((digits.parse().map_err(|_| Wrong::Shape)?, rest))
}

fn fraction(text: &str) -> Result<(u32, &str), Wrong> {
    let rest = text.strip_prefix(['.', ',']).ok_or(Wrong::Shape)?;
    number(rest, 6, 6)
}

/// A fraction of a second may follow although the layout has none.
fn skip_fraction(text: &str) -> &str {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return text };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { text } else { rest.get(digits..).unwrap_or("") }
}

fn zone(text: &str) -> Result<(u32, &str), Wrong> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Ok((0, rest));
    }
    let rest = text.strip_prefix(['+', '-']).ok_or(Wrong::Shape)?;
    let (hours, rest) = number(rest, 2, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':').ok_or(Wrong::Shape)?, 2, 2)?;
    if hours > 24 {
        return Err(Wrong::Range("time zone offset hour"));
    }
    if minutes > 60 {
        return Err(Wrong::Range("time zone offset minute"));
    }
    Ok((0, rest))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            other => {
                let mut bytes = [0; 4];
                for byte in other.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
