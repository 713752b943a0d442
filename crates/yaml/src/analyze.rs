//! Which styles can hold a string, and which of them go-yaml chooses.
//!
//! Models yaml_emitter_analyze_scalar and yaml_emitter_select_scalar_style of
//! go.yaml.in/yaml/v2 emitterc.go, and stringv of its encode.go.

use crate::resolve::{Resolved, is_base60, resolve};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What the characters of a string allow.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Analysis {
    pub multiline: bool,
    no_plain: bool,
    no_single_quoted: bool,
    no_block: bool,
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    c == ' ' || c == '\t' || c == '\0' || is_break(c)
}

/// Tabs and everything beyond the basic plane are escaped.
pub(crate) fn is_printable(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{feff}' => false,
        '\u{a0}'..='\u{fffd}' => true,
        _ => false,
    }
}

pub(crate) fn analyze(text: &str) -> Analysis {
    if text.is_empty() {
        return Analysis { no_block: true, ..Analysis::default() };
    }
    let mut found = Analysis { no_plain: looks_like_structure(text), ..Analysis::default() };
    let mut previous = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !is_printable(c) {
            (found.no_plain, found.no_single_quoted, found.no_block) = (true, true, true);
        }
        let at_edge = previous.is_none() || chars.peek().is_none();
        if c == ' ' {
            found.no_plain |= at_edge;
            found.no_block |= chars.peek().is_none();
            if previous.is_some_and(is_break) {
                (found.no_plain, found.no_single_quoted) = (true, true);
            }
        } else if is_break(c) {
            (found.multiline, found.no_plain) = (true, true);
            if previous == Some(' ') {
                (found.no_single_quoted, found.no_block) = (true, true);
            }
        }
        previous = Some(c);
    }
    found
}

/// Whether a plain scalar would be read as something else: `- a`, `a: b`, `a #b`, `---`.
fn looks_like_structure(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let mut previous = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before_blank = chars.peek().is_none_or(|next| *next == ' ' || *next == '\t');
        let indicates = match (previous, c) {
            (_, ':') | (None, '?' | '-') => before_blank,
            (None, c) => "#,[]{}&*!|>'\"%@`".contains(c),
            (Some(previous), '#') => is_blank_or_break(previous),
            _ => false,
        };
        if indicates {
            return true;
        }
        previous = Some(c);
    }
    false
}

pub(crate) fn style(text: &str, analysis: Analysis, is_simple_key: bool) -> Style {
    let wanted = if text.contains('\n') {
        Style::Literal
    } else if resolve(text) == Resolved::Text && !is_base60(text) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    };
    let fallback =
        if analysis.no_single_quoted { Style::DoubleQuoted } else { Style::SingleQuoted };
    match wanted {
        _ if is_simple_key && analysis.multiline => Style::DoubleQuoted,
        Style::Plain if analysis.no_plain || (text.is_empty() && is_simple_key) => fallback,
        Style::Literal if analysis.no_block || is_simple_key => Style::DoubleQuoted,
        wanted => wanted,
    }
}
