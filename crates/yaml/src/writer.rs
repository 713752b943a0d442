//! The pen of the printer: columns, indentation, and the four ways to write a scalar.
//!
//! Models the yaml_emitter_write_* functions of go.yaml.in/yaml/v2 emitterc.go.

use crate::analyze::{is_break, is_printable};

/// Beyond this column a space may become a line break.
const WIDTH_BEST: usize = 80;

#[derive(Default)]
pub(crate) struct Writer {
    pub out: String,
    column: usize,
    /// The last thing written was a blank, so that no space is needed.
    whitespace: bool,
    /// Only blanks, `-`, `?` and `:` so far on this line.
    pub indention: bool,
    pub indent: usize,
}

impl Writer {
    pub fn new() -> Self {
        Writer { whitespace: true, indention: true, ..Writer::default() }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Copies a line break of the text itself.
    fn write_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    pub fn write_indent(&mut self) {
        let at_indent = self.column == self.indent && !self.whitespace;
        if !self.indention || self.column > self.indent || at_indent {
            self.put_break();
        }
        while self.column < self.indent {
            self.put(' ');
        }
        (self.whitespace, self.indention) = (true, true);
    }

    fn separate(&mut self) {
        if !self.whitespace {
            self.put(' ');
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// `-`, `?`, or the `:` below a `?`.
    pub fn block_indicator(&mut self, indicator: char) {
        self.separate();
        self.put(indicator);
        self.whitespace = false;
    }

    /// The `:` right behind a key.
    pub fn colon(&mut self) {
        self.put(':');
        (self.whitespace, self.indention) = (false, false);
    }

    /// A number, `null`, `[]` and the like, which never fold.
    pub fn word(&mut self, word: &str) {
        self.separate();
        self.text(word);
        (self.whitespace, self.indention) = (false, false);
    }

    /// A scalar continues on lines indented one level more.
    fn deeper(&mut self, is_root: bool, write: impl FnOnce(&mut Self)) {
        let indent = self.indent;
        self.indent = if is_root { 2 } else { indent + 2 };
        write(self);
        self.indent = indent;
    }

    pub fn plain(&mut self, text: &str, may_fold: bool, is_root: bool) {
        self.deeper(is_root, |pen| {
            pen.separate();
            pen.folding(text, may_fold, false);
            (pen.whitespace, pen.indention) = (false, false);
        });
    }

    pub fn single_quoted(&mut self, text: &str, may_fold: bool, is_root: bool) {
        self.deeper(is_root, |pen| {
            pen.separate();
            pen.put('\'');
            (pen.whitespace, pen.indention) = (false, false);
            pen.folding(text, may_fold, true);
            pen.put('\'');
            (pen.whitespace, pen.indention) = (false, false);
        });
    }

    fn folding(&mut self, text: &str, may_fold: bool, quoted: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut chars = text.chars().peekable();
        let mut is_first = true;
        while let Some(c) = chars.next() {
            let next = chars.peek().copied();
            if c == ' ' {
                let inside = !quoted || (!is_first && next.is_some());
                let fits = may_fold && !spaces && self.column > WIDTH_BEST;
                if fits && inside && next != Some(' ') {
                    self.write_indent();
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    self.put_break();
                }
                self.write_break(c);
                (self.indention, breaks) = (true, true);
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
            is_first = false;
        }
    }

    pub fn double_quoted(&mut self, text: &str, may_fold: bool, is_root: bool) {
        self.deeper(is_root, |pen| {
            pen.separate();
            pen.put('"');
            (pen.whitespace, pen.indention) = (false, false);
            pen.escaping(text, may_fold);
            pen.put('"');
            (pen.whitespace, pen.indention) = (false, false);
        });
    }

    fn escaping(&mut self, text: &str, may_fold: bool) {
        let mut spaces = false;
        let mut is_first = true;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let next = chars.peek().copied();
            if !is_printable(c) || is_break(c) || c == '"' || c == '\\' {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                let inside = !is_first && next.is_some();
                if may_fold && !spaces && self.column > WIDTH_BEST && inside {
                    self.write_indent();
                    if next == Some(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
            is_first = false;
        }
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => Some('0'),
            '\u{07}' => Some('a'),
            '\u{08}' => Some('b'),
            '\t' => Some('t'),
            '\n' => Some('n'),
            '\u{0b}' => Some('v'),
            '\u{0c}' => Some('f'),
            '\r' => Some('r'),
            '\u{1b}' => Some('e'),
            '"' => Some('"'),
            '\\' => Some('\\'),
            '\u{85}' => Some('N'),
            '\u{a0}' => Some('_'),
            '\u{2028}' => Some('L'),
            '\u{2029}' => Some('P'),
            _ => None,
        };
        let code = u32::from(c);
        match short {
            Some(letter) => self.text(&format!("\\{letter}")),
            None if code <= 0xff => self.text(&format!("\\x{code:02X}")),
            None if code <= 0xffff => self.text(&format!("\\u{code:04X}")),
            None => self.text(&format!("\\U{code:08X}")),
        }
    }

    pub fn literal(&mut self, text: &str, is_root: bool) {
        self.deeper(is_root, |pen| {
            pen.separate();
            pen.put('|');
            pen.text(block_hints(text));
            pen.put_break();
            (pen.whitespace, pen.indention) = (true, true);
            let mut breaks = true;
            for c in text.chars() {
                if is_break(c) {
                    pen.write_break(c);
                } else {
                    if breaks {
                        pen.write_indent();
                    }
                    pen.put(c);
                }
                breaks = is_break(c);
                pen.indention = breaks;
            }
        });
    }
}

/// Says how deep the block is where its first line cannot, and what becomes of its last breaks.
fn block_hints(text: &str) -> &'static str {
    let indented = text.starts_with(|c| c == ' ' || is_break(c));
    let mut last = text.chars().rev();
    match (indented, last.next().is_some_and(is_break), last.next().is_none_or(is_break)) {
        (false, false, _) => "-",
        (false, true, false) => "",
        (false, true, true) => "+",
        (true, false, _) => "2-",
        (true, true, false) => "2",
        (true, true, true) => "2+",
    }
}
