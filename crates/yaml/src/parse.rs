//! From manifest text to documents: cut at the `---` lines, then each part on its own, so that
//! one broken document does not hide the others.
//!
//! Models YAMLReader of k8s.io/apimachinery/pkg/util/yaml/decoder.go.

use crate::compose::Composer;
use crate::diagnostic::{Code, Diagnostic, go_message};
use crate::limits::Limits;
use crate::span::{Lines, Position, Span, SpanIndex};
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

fn read_part(text: &str, lines: &Lines, part: Part, limits: &Limits, parsed: &mut Parsed) {
    let source = text.get(lines.start(part.first)..lines.start(part.end)).unwrap_or("");
    let mut composer = Composer::new(lines, part.first, limits);
    let outcome = compose(source, &mut composer, lines, part.first);
    let composed = match outcome {
        Ok(()) => composer.finish(),
        Err(diagnostic) => Err(diagnostic),
    };
    match composed {
        Ok(Some((document, warnings))) => {
            parsed.diagnostics.extend(warnings);
            parsed.documents.push(document);
        }
        Ok(None) => {}
        Err(diagnostic) => parsed.diagnostics.push(diagnostic),
    }
}

/// Feeds the events of the first document in `source`; go-yaml looks no further either.
fn compose<'a>(
    source: &'a str,
    composer: &mut Composer<'a>,
    lines: &Lines,
    base: usize,
) -> Result<(), Diagnostic> {
    let mut parser = Parser::new_from_str(source);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((Event::DocumentEnd | Event::StreamEnd, _)) => break,
            Ok((event, span)) => composer.accept(event, span)?,
            Err(error) => return Err(syntax_error(&error, source, lines, base)),
        }
    }
    Ok(())
}

fn syntax_error(error: &ScanError, source: &str, lines: &Lines, base: usize) -> Diagnostic {
    let mark = error.marker();
    let line = base + mark.line().saturating_sub(1);
    let start = lines.position(line, mark.col());
    let width = lines.line(line).trim_end().chars().count();
    let end = lines.position(line, width.max(mark.col()));
    let span = Span { start, end };
    if error.info().contains("unknown anchor") {
        let name = source
            .get(start.offset as usize - lines.start(base)..)
            .and_then(|rest| rest.strip_prefix('*'))
            .map(|rest| rest.split(|c: char| !is_name(c)).next().unwrap_or(""))
            .unwrap_or("");
        let message = format!("yaml: unknown anchor '{name}' referenced");
        return Diagnostic::error(Code::Reference, span, message);
    }
    if error.info().contains("recursion limit") {
        let message = "yaml: exceeded max depth of flow collections".to_string();
        return Diagnostic::error(Code::Limit, span, message);
    }
    Diagnostic::error(Code::Syntax, span, go_message(error.info(), mark.line()))
}

/// The characters of an anchor's name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}
