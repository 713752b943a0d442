//! What Go's JSON reader says of text that is none.
// Models encoding/json/scanner.go.

/// What the reader waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// After `[`: a value or the end.
    FirstValue,
    /// After `{`: a key or the end.
    FirstKey,
    Key,
    Colon,
    AfterValue,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// Open lists and objects, the innermost last: true is an object.
    open: Vec<bool>,
}

fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0x20..0x7f => format!("'{}'", char::from(byte)),
        _ if byte.is_ascii() => format!("'\\x{byte:02x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

const END: &str = "unexpected end of JSON input";

fn invalid(byte: u8, context: &str) -> String {
    format!("invalid character {} {context}", quoted(byte))
}

impl Scanner<'_> {
    fn next(&mut self) -> Result<u8, String> {
        let byte = self.text.get(self.at).copied().ok_or(END)?;
        self.at += 1;
        Ok(byte)
    }

    fn string(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => match self.next()? {
                    b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => {}
                    b'u' => {
                        for _ in 0..4 {
                            let byte = self.next()?;
                            if !byte.is_ascii_hexdigit() {
                                let context = "in \\u hexadecimal character escape";
                                return Err(invalid(byte, context));
                            }
                        }
                    }
                    byte => return Err(invalid(byte, "in string escape code")),
                },
                byte if byte < 0x20 => return Err(invalid(byte, "in string literal")),
                _ => {}
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        for wanted in word.bytes().skip(1) {
            let byte = self.next()?;
            if byte != wanted {
                let wanted = char::from(wanted);
                return Err(invalid(byte, &format!("in literal {word} (expecting '{wanted}')")));
            }
        }
        Ok(())
    }

    fn digits(&mut self, context: &str) -> Result<(), String> {
        let byte = self.next()?;
        if !byte.is_ascii_digit() {
            return Err(invalid(byte, context));
        }
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        let mut first = first;
        if first == b'-' {
            first = self.next()?;
            if !first.is_ascii_digit() {
                return Err(invalid(first, "in numeric literal"));
            }
        }
        while first != b'0' && self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Result<State, String> {
        match byte {
            b'{' => {
                self.open.push(true);
                return Ok(State::FirstKey);
            }
            b'[' => {
                self.open.push(false);
                return Ok(State::FirstValue);
            }
            b'"' => self.string()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            b'-' | b'0'..=b'9' => self.number(byte)?,
            _ => return Err(invalid(byte, "looking for beginning of value")),
        }
        Ok(State::AfterValue)
    }

    fn after_value(&mut self, byte: u8) -> Result<State, String> {
        match (self.open.last(), byte) {
            (None, _) => Err(invalid(byte, "after top-level value")),
            (Some(true), b',') => Ok(State::Key),
            (Some(false), b',') => Ok(State::Value),
            (Some(true), b'}') | (Some(false), b']') => {
                self.open.pop();
                Ok(State::AfterValue)
            }
            (Some(true), _) => Err(invalid(byte, "after object key:value pair")),
            (Some(false), _) => Err(invalid(byte, "after array element")),
        }
    }

    fn scan(&mut self) -> Result<(), String> {
        let mut state = State::Value;
        loop {
            while self.text.get(self.at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            {
                self.at += 1;
            }
            if self.at == self.text.len() && state == State::AfterValue && self.open.is_empty() {
                return Ok(());
            }
            let byte = self.next()?;
            state = match (state, byte) {
                (State::FirstKey, b'}') | (State::FirstValue, b']') => {
                    self.open.pop();
                    State::AfterValue
                }
                (State::FirstKey | State::Key, b'"') => {
                    self.string()?;
                    State::Colon
                }
                (State::FirstKey | State::Key, _) => {
                    return Err(invalid(byte, "looking for beginning of object key string"));
                }
                (State::Colon, b':') => State::Value,
                (State::Colon, _) => return Err(invalid(byte, "after object key")),
                (State::Value | State::FirstValue, _) => self.value(byte)?,
                (State::AfterValue, _) => self.after_value(byte)?,
            };
        }
    }
}

/// The first thing that is wrong, if Go finds something wrong.
pub(crate) fn complaint(text: &[u8]) -> Option<String> {
    Scanner { text, at: 0, open: Vec::new() }.scan().err()
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn wrong_json_is_named_in_gos_words() {
        for (text, wanted) in [
            ("{bad", "invalid character 'b' looking for beginning of object key string"),
            ("", "unexpected end of JSON input"),
            ("{\"a\":1", "unexpected end of JSON input"),
            ("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("nuLl", "invalid character 'L' in literal null (expecting 'l')"),
            ("kind: Pod", "invalid character 'k' looking for beginning of value"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
        ] {
            assert_eq!(complaint(text.as_bytes()).as_deref(), Some(wanted), "{text}");
        }
        for fine in ["{}", " [1, -2.5e3, {\"a\": null}] ", "\"x\\u00e9\"", "true"] {
            assert_eq!(complaint(fine.as_bytes()), None, "{fine}");
        }
    }
}
