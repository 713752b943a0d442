//! What is wrong with a manifest, and the scanner's complaints in go-yaml's words.
//!
//! Models the error texts of go.yaml.in/yaml/v2 scannerc.go and parserc.go, and the way
//! decode.go picks the line: the scanner counts from 1, the parser is one line behind, and an
//! error on the first line names no line at all.

use crate::span::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Not YAML.
    Syntax,
    /// `--- something`, which kubectl refuses before it reads the document.
    Separator,
    /// The same key twice in one map. kubectl keeps the last; strict decoding refuses.
    DuplicateKey,
    /// YAML that no JSON can hold: a list as key, an infinite number.
    NotJson,
    /// A merge, anchor or tag that cannot be followed.
    Reference,
    /// A bound of `Limits` was passed.
    Limit,
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Syntax => "syntax",
            Code::Separator => "separator",
            Code::DuplicateKey => "duplicate-key",
            Code::NotJson => "not-json",
            Code::Reference => "reference",
            Code::Limit => "limit",
        }
    }
}

/// One finding. `message` is go-yaml's text, its line counted from the start of the document as
/// kubectl counts; `span` is where it lies in the whole text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: Code,
    pub span: Span,
    pub message: String,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, span: Span, message: String) -> Self {
        Diagnostic { severity: Severity::Error, code, span, message }
    }

    /// The text that kubectl puts behind `error parsing FILE: `.
    pub fn parse_error(&self) -> String {
        match self.code {
            Code::Separator | Code::Limit => self.message.clone(),
            _ => format!("error converting YAML to JSON: {}", self.message),
        }
    }
}

/// Which half of libyaml would have complained; they count lines differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Scanner,
    Parser,
}

/// Fragments of the scanner's texts, and go-yaml's words for the same trouble.
const WORDS: &[(&str, Stage, &str)] = &[
    ("mapping values are not allowed", Stage::Scanner, MAPPING_VALUES),
    ("illegal placement of ':'", Stage::Parser, "did not find expected ',' or ']'"),
    (
        "mapping keys are not allowed",
        Stage::Scanner,
        "mapping keys are not allowed in this context",
    ),
    ("block sequence entries", Stage::Scanner, BLOCK_ENTRIES),
    ("\"-\" is only valid inside a block", Stage::Scanner, BLOCK_ENTRIES),
    ("simple key expect", Stage::Scanner, "could not find expected ':'"),
    ("did not find expected key", Stage::Parser, "did not find expected key"),
    ("expected ',' or ']'", Stage::Parser, "did not find expected ',' or ']'"),
    ("expected ',' or '}'", Stage::Parser, "did not find expected ',' or '}'"),
    ("expected '-' indicator", Stage::Parser, "did not find expected '-' indicator"),
    ("expected node content", Stage::Parser, "did not find expected node content"),
    ("<document start>", Stage::Parser, "did not find expected <document start>"),
    ("<document-start>", Stage::Parser, "did not find expected <document start>"),
    ("handle wasn't declared", Stage::Parser, "found undefined tag handle"),
    ("duplicate version directive", Stage::Parser, "found duplicate %YAML directive"),
    ("at most once per handle", Stage::Parser, "found duplicate %TAG directive"),
    ("unexpected character", Stage::Scanner, CANNOT_START),
    ("tabs disallowed", Stage::Scanner, CANNOT_START),
    ("followed by a valid YAML whitespace", Stage::Scanner, CANNOT_START),
    ("tab cannot be used as indentation", Stage::Scanner, CANNOT_START),
    (
        "plain scalar, found a tab",
        Stage::Scanner,
        "found a tab character that violates indentation",
    ),
    ("scalar content cannot start with a tab", Stage::Scanner, BLOCK_TAB),
    ("unexpected document indicator", Stage::Scanner, "found unexpected document indicator"),
    ("unexpected end of stream", Stage::Scanner, "found unexpected end of stream"),
    ("unknown escape character", Stage::Scanner, "found unknown escape character"),
    ("hexadecimal number", Stage::Scanner, "did not find expected hexdecimal number"),
    ("invalid Unicode character", Stage::Scanner, "found invalid Unicode character escape code"),
    ("indicator equal to 0", Stage::Scanner, "found an indentation indicator equal to 0"),
    (
        "expected comment or line break",
        Stage::Scanner,
        "did not find expected comment or line break",
    ),
    (
        "alphabetic or numeric",
        Stage::Scanner,
        "did not find expected alphabetic or numeric character",
    ),
    ("found the expected '>'", Stage::Scanner, "did not find the expected '>'"),
    ("whitespace or line break", Stage::Scanner, "did not find expected whitespace or line break"),
    ("expected tag URI", Stage::Scanner, "did not find expected tag URI"),
    ("invalid trailing content", Stage::Parser, "did not find expected key"),
    ("invalid indentation", Stage::Parser, "did not find expected key"),
    ("wrongly indented line", Stage::Parser, "did not find expected key"),
    ("comment intercepting", Stage::Scanner, "could not find expected ':'"),
];

const MAPPING_VALUES: &str = "mapping values are not allowed in this context";
const BLOCK_ENTRIES: &str = "block sequence entries are not allowed in this context";
const CANNOT_START: &str = "found character that cannot start any token";
const BLOCK_TAB: &str = "found a tab character where an indentation space is expected";

/// go-yaml's message for the scanner's `info` at the document's `line`, counted from 1.
pub(crate) fn go_message(info: &str, line: usize) -> String {
    let known = WORDS.iter().find(|(fragment, _, _)| info.contains(fragment));
    let (stage, words) = match known {
        Some((_, stage, words)) => (*stage, *words),
        None => (Stage::Scanner, info),
    };
    let above = line.saturating_sub(1);
    match (above, stage) {
        (0, _) => format!("yaml: {words}"),
        (_, Stage::Scanner) => format!("yaml: line {line}: {words}"),
        (_, Stage::Parser) => format!("yaml: line {above}: {words}"),
    }
}
