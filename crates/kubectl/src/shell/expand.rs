//! Variables and `$(…)` in words.

use crate::session::{Cx, Output, Progress, Stream};
use crate::shell::lex::{Piece, Redirect, Word};

type Expanded<T> = Result<T, (String, i32)>;

fn variable(cx: &Cx<'_>, name: &str) -> String {
    match cx.session.env.get(name) {
        Some(value) => value.clone(),
        None if name == "?" => "0".to_owned(),
        None => String::new(),
    }
}

/// Runs a line for its output.
fn output(cx: &mut Cx<'_>, line: &str) -> Expanded<String> {
    let mut process = super::start(line, cx.session);
    let mut kept = Output::default();
    cx.session.depth += 1;
    let progress = process.poll(&mut cx.with_output(&mut kept));
    cx.session.depth -= 1;
    cx.out.stderr(&kept.text(Stream::Stderr));
    match progress {
        Progress::Done(_) => Ok(kept.text(Stream::Stdout).trim_end_matches('\n').to_owned()),
        Progress::Wait { .. } => {
            Err((format!("bash: $({line}): a command that waits is not supported in $(...)\n"), 1))
        }
    }
}

fn piece(cx: &mut Cx<'_>, piece: &Piece) -> Expanded<(String, bool)> {
    Ok(match piece {
        Piece::Text(text) => (text.clone(), true),
        Piece::Variable { name, quoted } => (variable(cx, name), *quoted),
        Piece::Output { line, quoted } => (output(cx, line)?, *quoted),
    })
}

/// One word as one text.
pub fn text(cx: &mut Cx<'_>, word: &Word) -> Expanded<String> {
    let mut whole = String::new();
    for part in &word.pieces {
        whole.push_str(&piece(cx, part)?.0);
    }
    Ok(whole)
}

/// The words of a command; what was not quoted is cut at blanks.
pub fn words(cx: &mut Cx<'_>, words: &[Word]) -> Expanded<Vec<String>> {
    let mut found = Vec::new();
    for word in words {
        let mut current = String::new();
        let mut is_word = word.quoted;
        for part in &word.pieces {
            let (text, whole) = piece(cx, part)?;
            if whole {
                is_word = is_word || !text.is_empty();
                current.push_str(&text);
                continue;
            }
            let mut fields = text.split_whitespace();
            if text.starts_with(char::is_whitespace) && is_word {
                found.push(std::mem::take(&mut current));
                is_word = false;
            }
            if let Some(first) = fields.next() {
                current.push_str(first);
                is_word = true;
            }
            for field in fields {
                found.push(std::mem::replace(&mut current, field.to_owned()));
            }
        }
        if is_word {
            found.push(current);
        }
    }
    Ok(found)
}

pub fn redirect_target(cx: &mut Cx<'_>, redirect: &Redirect) -> Expanded<String> {
    match redirect {
        Redirect::Input(word) | Redirect::Text(word) => text(cx, word),
        Redirect::Output { target, .. } => text(cx, target),
        Redirect::Merge { .. } => Ok(String::new()),
    }
}
