//! From manifest text to documents: cut at the `---` lines, then each part on its own, so that
//! one broken document does not hide the others.
//!
//! Models YAMLReader of k8s.io/apimachinery/pkg/util/yaml/decoder.go.

use crate::compose::Composer;
use crate::diagnostic::{Code, Diagnostic, go_message};
use crate::flow::{self, Shifted};
use crate::limits::Limits;
use crate::span::{Lines, Marks, Position, Span, SpanIndex};
use saphyr_parser::{Event, Parser, ScanError};
use serde_json::Value;

/// One object of the manifest, as the JSON the API would get.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub value: Value,
    /// From the first to the last character of the value.
    pub span: Span,
    pub index: SpanIndex,
}

impl Document {
    /// The value at an API field path such as `spec.containers[0].image` or
    /// `metadata.labels[app]`; its nearest parent where the text has no such field.
    pub fn locate(&self, path: &str) -> Option<Span> {
        self.index.value(path)
    }

    /// As `locate`, but the key itself: where an unknown or misspelt field stands.
    pub fn locate_key(&self, path: &str) -> Option<Span> {
        self.index.key(path)
    }
}

/// Everything that could be read, and everything that was wrong, both in the text's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    pub documents: Vec<Document>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a manifest of one or more documents; empty ones are skipped, as kubectl skips them.
pub fn parse(text: &str, limits: &Limits) -> Parsed {
    let mut parsed = Parsed::default();
    if text.len() > limits.bytes_max.min(u32::MAX as usize) {
        let message = format!("Request entity too large: limit is {}", limits.bytes_max);
        let start = Position { line: 1, col: 1, offset: 0 };
        let span = Span { start, end: start };
        parsed.diagnostics.push(Diagnostic::error(Code::Limit, span, message));
        return parsed;
    }
    let lines = Lines::new(text);
    for part in parts(&lines, &mut parsed.diagnostics) {
        read_part(text, &lines, part, limits, &mut parsed);
    }
    parsed.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    parsed
}

/// A run of lines that holds one document, counted from 0.
#[derive(Clone, Copy)]
struct Part {
    first: usize,
    end: usize,
}

fn parts(lines: &Lines, diagnostics: &mut Vec<Diagnostic>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut first = 0;
    for number in 0..lines.count() {
        let Some(after) = lines.line(number).strip_prefix("---") else { continue };
        let after = after.trim();
        if !after.is_empty() && !after.starts_with('#') {
            let start = lines.position(number, 0);
            let end = lines.position(number, lines.line(number).trim_end().chars().count());
            let message = format!("invalid Yaml document separator: {after}");
            diagnostics.push(Diagnostic::error(Code::Separator, Span { start, end }, message));
        }
        // A separator that opens a part belongs to it and counts as its first line.
        if number > first {
            parts.push(Part { first, end: number });
            first = number + 1;
        }
    }
    parts.push(Part { first, end: lines.count() });
    parts
}

/// Why a part could not be read.
enum Stop {
    Scan(ScanError),
    Compose(Diagnostic),
}

type Read = Result<Option<(Document, Vec<Diagnostic>)>, Stop>;

fn read_part(text: &str, lines: &Lines, part: Part, limits: &Limits, parsed: &mut Parsed) {
    let source = text.get(lines.start(part.first)..lines.start(part.end)).unwrap_or("");
    let mut repaired: Option<Shifted> = None;
    let read = loop {
        let (source, columns) = match &repaired {
            Some(shifted) => (shifted.source.as_str(), shifted.columns.as_slice()),
            None => (source, [].as_slice()),
        };
        let marks = Marks { lines, first_line: part.first, columns };
        let read = compose(source, &marks, limits);
        if let Err(Stop::Scan(error)) = &read
            && let Some(shifted) = flow::repair(error.info(), source, columns)
        {
            repaired = Some(shifted);
            continue;
        }
        break read.map_err(|stop| explain(stop, source, &marks, limits));
    };
    match read {
        Ok(Some((document, warnings))) => {
            parsed.diagnostics.extend(warnings);
            parsed.documents.push(document);
        }
        Ok(None) => {}
        Err(diagnostic) => parsed.diagnostics.push(diagnostic),
    }
}

/// Reads the first document in `source`; go-yaml looks no further either.
fn compose(source: &str, marks: &Marks, limits: &Limits) -> Read {
    let mut composer = Composer::new(marks, limits);
    let mut parser = Parser::new_from_str(source);
    while let Some(event) = parser.next_event() {
        match event.map_err(Stop::Scan)? {
            (Event::DocumentEnd | Event::StreamEnd, _) => break,
            (event, span) => composer.accept(event, span).map_err(Stop::Compose)?,
        }
    }
    composer.finish().map_err(Stop::Compose)
}

fn explain(stop: Stop, source: &str, marks: &Marks, limits: &Limits) -> Diagnostic {
    let error = match stop {
        Stop::Scan(error) => error,
        Stop::Compose(diagnostic) => return diagnostic,
    };
    let mark = error.marker();
    let start = marks.position(mark);
    let line = marks.lines.line((start.line as usize).saturating_sub(1));
    let width = line.trim_end().chars().count();
    let end = marks.lines.position(start.line as usize - 1, width.max(start.col as usize - 1));
    let span = Span { start, end };
    if error.info().contains("unknown anchor") {
        let rest = line.chars().skip(start.col as usize);
        let name: String = rest.take_while(|c| is_name(*c)).collect();
        let message = format!("yaml: unknown anchor '{name}' referenced");
        return Diagnostic::error(Code::Reference, span, message);
    }
    if error.info().contains("recursion limit") {
        let message = format!("yaml: exceeded max depth of {}", limits.depth());
        return Diagnostic::error(Code::Limit, span, message);
    }
    let message = go_message(error.info(), go_line(&error, source));
    Diagnostic::error(Code::Syntax, span, message)
}

/// The line where go-yaml would have stopped: for a scalar it is not the line it began on.
fn go_line(error: &ScanError, source: &str) -> usize {
    let first = error.marker().line();
    if error.info().contains("unexpected end of stream") {
        return source.matches('\n').count() + 1;
    }
    if !error.info().contains("tab") || error.info().contains("tabs disallowed") {
        return first;
    }
    let tabbed = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    let after = source.lines().enumerate().skip(first);
    after.filter(|(_, line)| tabbed(line)).map(|(i, _)| i + 1).next().unwrap_or(first)
}

/// The characters of an anchor's name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
