//! From words and operators to pipelines of commands.

use crate::shell::lex::{Piece, Redirect, Token, Word, tokens, unexpected};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    Always,
    And,
    Or,
}

/// A pipeline, and when it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub connector: Connector,
    pub commands: Vec<Command>,
    /// Ended with `&`: the next pipeline does not wait for it.
    pub background: bool,
}

impl Item {
    fn behind(connector: Connector) -> Self {
        Item { connector, commands: Vec::new(), background: false }
    }
}

const RESERVED: [&str; 11] =
    ["if", "then", "else", "fi", "for", "while", "until", "do", "done", "case", "function"];

/// Reads a line, which may span several lines. The error is the text for stderr.
pub fn parse(line: &str) -> Result<Vec<Item>, String> {
    let (tokens, texts, last) = tokens(line)?;
    let mut items: Vec<Item> = Vec::new();
    let mut texts = texts.into_iter();
    let mut item = Item::behind(Connector::Always);
    let mut command = Command::default();
    let mut wants_more = None;
    for token in tokens {
        match token {
            Token::Word(word) => add_word(&mut command, word, last)?,
            Token::Redirect(redirect) => command.redirects.push(redirect),
            Token::Here(_) => {
                command.redirects.push(Redirect::Text(texts.next().unwrap_or_default()));
            }
            Token::Operator(operator) => {
                let is_empty = command == Command::default();
                if is_empty && operator == "\n" {
                    continue;
                }
                if is_empty {
                    return Err(unexpected(last, operator));
                }
                item.commands.push(std::mem::take(&mut command));
                wants_more = None;
                if operator == "|" {
                    wants_more = Some(operator);
                    continue;
                }
                let connector = match operator {
                    "&&" => Connector::And,
                    "||" => Connector::Or,
                    _ => Connector::Always,
                };
                if connector != Connector::Always {
                    wants_more = Some(operator);
                }
                item.background = operator == "&";
                items.push(std::mem::replace(&mut item, Item::behind(connector)));
            }
        }
    }
    if command != Command::default() {
        item.commands.push(command);
    } else if wants_more.is_some() {
        return Err(format!("bash: -c: line {}: syntax error: unexpected end of file\n", last + 1));
    }
    if !item.commands.is_empty() {
        items.push(item);
    }
    Ok(items)
}

fn add_word(command: &mut Command, word: Word, line: usize) -> Result<(), String> {
    if command.words.is_empty() {
        let plain = word.plain();
        if !word.quoted && RESERVED.contains(&plain.as_str()) {
            return Err(format!(
                "bash: -c: line {line}: `{plain}' is not supported in this terminal\n"
            ));
        }
        if let Some((name, value)) = assignment(&word) {
            command.assignments.push((name, value));
            return Ok(());
        }
    }
    command.words.push(word);
    Ok(())
}

/// `NAME=value` at the start of a command.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.pieces.first() else { return None };
    let (name, value) = first.split_once('=')?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if !is_name {
        return None;
    }
    let mut rest = word.clone();
    if let Some(piece) = rest.pieces.first_mut() {
        *piece = Piece::Text(value.to_owned());
    }
    Some((name.to_owned(), rest))
}
