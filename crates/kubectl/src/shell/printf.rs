//! `printf FORMAT [ARGUMENT…]`: escapes, and `%s`, `%d`, `%c`, `%%` with a width.

use std::iter::Peekable;
use std::str::Chars;

use crate::bytes;
use crate::session::Cx;

/// Output is bounded: a format goes round once for each argument.
const WIDTH_MAX: usize = 4096;

pub fn printf(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let args = if args.first().is_some_and(|arg| arg == "--") { args.get(1..) } else { Some(args) };
    let Some((format, rest)) = args.and_then(<[String]>::split_first) else {
        cx.complain("bash: printf: usage: printf [-v var] format [arguments]");
        return 2;
    };
    let mut arguments = rest.iter().map(String::as_str).peekable();
    let (mut out, mut code) = (Vec::new(), 0);
    loop {
        let before = arguments.len();
        if let Err(text) = round(format, &mut arguments, &mut out) {
            cx.complain(&format!("bash: printf: {text}"));
            code = 1;
        }
        if arguments.peek().is_none() || arguments.len() == before {
            break;
        }
    }
    cx.out.stdout(&bytes::to_text(&out));
    code
}

/// The format once.
fn round<'a>(
    format: &str,
    arguments: &mut impl Iterator<Item = &'a str>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let mut chars = format.chars().peekable();
    let mut wrong = Ok(());
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, out),
            '%' if chars.next_if_eq(&'%').is_some() => out.push(b'%'),
            '%' => {
                if let Err(text) = conversion(&mut chars, arguments, out) {
                    wrong = Err(text);
                }
            }
            c => out.extend(bytes::of_text(c.encode_utf8(&mut [0; 4]))),
        }
    }
    wrong
}

/// Up to `most` digits as one byte.
fn number(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Option<u8> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        chars.next();
        value = Some(value.unwrap_or(0) * radix + digit);
    }
    value.map(|value: u32| (value & 0xff) as u8)
}

fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut Vec<u8>) {
    if let Some(byte) = number(chars, 8, 3) {
        return out.push(byte);
    }
    let Some(c) = chars.next() else { return out.push(b'\\') };
    match c {
        'n' => out.push(b'\n'),
        't' => out.push(b'\t'),
        'r' => out.push(b'\r'),
        'a' => out.push(7),
        'b' => out.push(8),
        'e' => out.push(27),
        'f' => out.push(12),
        'v' => out.push(11),
        '\\' | '"' | '\'' => out.push(c as u8),
        'x' => match number(chars, 16, 2) {
            Some(byte) => out.push(byte),
            None => out.extend(b"\\x"),
        },
        c => {
            out.push(b'\\');
            out.extend(bytes::of_text(c.encode_utf8(&mut [0; 4])));
        }
    }
}

fn conversion<'a>(
    chars: &mut Peekable<Chars<'_>>,
    arguments: &mut impl Iterator<Item = &'a str>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let left = chars.next_if_eq(&'-').is_some();
    let zero = chars.next_if_eq(&'0').is_some();
    let mut width = 0usize;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        width = (width * 10 + digit as usize).min(WIDTH_MAX);
    }
    let given = arguments.next();
    let mut wrong = Ok(());
    let text = match chars.next() {
        Some('s') => given.unwrap_or("").to_owned(),
        Some('c') => given.unwrap_or("").chars().take(1).collect(),
        Some('d' | 'i' | 'u') => {
            let text = given.unwrap_or("0").trim();
            let parsed = text.parse::<i64>();
            if parsed.is_err() && !text.is_empty() {
                wrong = Err(format!("{text}: invalid number"));
            }
            parsed.unwrap_or(0).to_string()
        }
        Some(other) => return Err(format!("`{other}': invalid format character")),
        None => return Err("`%': missing format character".to_owned()),
    };
    let fill = width.saturating_sub(text.chars().count());
    let pad = if zero && !left { b'0' } else { b' ' };
    if !left {
        out.extend(std::iter::repeat_n(pad, fill));
    }
    out.extend(bytes::of_text(&text));
    if left {
        out.extend(std::iter::repeat_n(b' ', fill));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn formats_are_followed() {
        for (format, arguments, want) in [
            (r"a=1\nb\t\x41\101", &[][..], &b"a=1\nb\tAA"[..]),
            (r"\377\376bin", &[], b"\xff\xfebin"),
            ("%s-%d%%", &["x", "7"], b"x-7%"),
            ("[%5s|%-3s|%03d]", &["ab", "c", "7"], b"[   ab|c  |007]"),
            (r"\q\", &[], br"\q\"),
        ] {
            let mut out = Vec::new();
            assert!(round(format, &mut arguments.iter().copied(), &mut out).is_ok());
            assert_eq!(out, want, "{format}");
        }
        assert!(round("%d", &mut ["x"].into_iter(), &mut Vec::new()).is_err());
        assert!(round("%", &mut [].into_iter(), &mut Vec::new()).is_err());
    }
}
