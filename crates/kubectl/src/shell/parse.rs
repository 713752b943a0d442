//! From words and operators to pipelines of commands, loops and conditions.

use crate::shell::lex::{Piece, Redirect, Token, Word, tokens, unexpected};

/// Loops in loops.
const DEPTH_MAX: usize = 20;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub assignments: Vec<(String, Word)>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
    pub compound: Option<Box<Compound>>,
}

/// A command made of lists of commands.
#[derive(Clone, Debug, PartialEq)]
pub enum Compound {
    /// `for NAME in WORDS; do BODY; done`
    For { name: String, words: Vec<Word>, body: Vec<Item> },
    /// `while` and `until`
    While { condition: Vec<Item>, body: Vec<Item>, until: bool },
    /// Conditions with what follows from each; what remains comes under an empty condition.
    If(Vec<(Vec<Item>, Vec<Item>)>),
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

/// Words that end or continue a compound command.
const CLOSING: [&str; 7] = ["then", "elif", "else", "fi", "do", "done", "esac"];
const NOT_HERE: [&str; 3] = ["case", "function", "select"];

/// Reads a line, which may span several lines. The error is the text for stderr.
pub fn parse(line: &str) -> Result<Vec<Item>, String> {
    let (tokens, texts, last) = tokens(line)?;
    let mut parser =
        Parser { tokens: tokens.into_iter().peekable(), texts: texts.into_iter(), last };
    let (items, end) = parser.list(0)?;
    match end {
        None => Ok(items),
        Some(word) => Err(unexpected(last, &word)),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    texts: std::vec::IntoIter<Word>,
    last: usize,
}

fn reserved(word: &Word) -> String {
    if word.quoted { String::new() } else { word.plain() }
}

impl Parser {
    fn end_of_file(&self) -> String {
        format!("bash: -c: line {}: syntax error: unexpected end of file\n", self.last + 1)
    }

    /// Reads pipelines up to a closing word, which is given, or to the end.
    fn list(&mut self, depth: usize) -> Result<(Vec<Item>, Option<String>), String> {
        if depth > DEPTH_MAX {
            return Err("bash: too many nested loops\n".to_owned());
        }
        let mut items: Vec<Item> = Vec::new();
        let mut item = Item::behind(Connector::Always);
        let mut command = Command::default();
        let mut wants_more = None;
        while let Some(token) = self.tokens.next() {
            match token {
                Token::Word(word) => {
                    let first =
                        if command == Command::default() { reserved(&word) } else { String::new() };
                    if CLOSING.contains(&first.as_str()) && item.commands.is_empty() {
                        return Ok((items, Some(first)));
                    }
                    match self.compound(&first, depth)? {
                        Some(compound) => command.compound = Some(Box::new(compound)),
                        None => self.add_word(&mut command, word)?,
                    }
                }
                Token::Redirect(redirect) => command.redirects.push(redirect),
                Token::Here(_) => {
                    let text = self.texts.next().unwrap_or_default();
                    command.redirects.push(Redirect::Text(text));
                }
                Token::Operator(operator) => {
                    let is_empty = command == Command::default();
                    if is_empty && operator == "\n" {
                        continue;
                    }
                    if is_empty {
                        return Err(unexpected(self.last, operator));
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
            return Err(self.end_of_file());
        }
        if !item.commands.is_empty() {
            items.push(item);
        }
        Ok((items, None))
    }

    /// Reads up to a certain closing word.
    fn part(&mut self, ends: &[&str], depth: usize) -> Result<(Vec<Item>, String), String> {
        match self.list(depth + 1)? {
            (items, Some(end)) if ends.contains(&end.as_str()) => match items.is_empty() {
                true => Err(unexpected(self.last, &end)),
                false => Ok((items, end)),
            },
            (_, Some(end)) => Err(unexpected(self.last, &end)),
            (_, None) => Err(self.end_of_file()),
        }
    }

    fn compound(&mut self, first: &str, depth: usize) -> Result<Option<Compound>, String> {
        Ok(Some(match first {
            "for" => self.for_loop(depth)?,
            "while" | "until" => {
                let (condition, _) = self.part(&["do"], depth)?;
                let (body, _) = self.part(&["done"], depth)?;
                Compound::While { condition, body, until: first == "until" }
            }
            "if" => {
                let mut branches = Vec::new();
                let mut end = "elif".to_owned();
                while end == "elif" {
                    let (condition, _) = self.part(&["then"], depth)?;
                    let (body, next) = self.part(&["elif", "else", "fi"], depth)?;
                    branches.push((condition, body));
                    end = next;
                }
                if end == "else" {
                    branches.push((Vec::new(), self.part(&["fi"], depth)?.0));
                }
                Compound::If(branches)
            }
            word if NOT_HERE.contains(&word) => {
                let line = self.last;
                return Err(format!(
                    "bash: -c: line {line}: `{word}' is not supported in this terminal\n"
                ));
            }
            _ => return Ok(None),
        }))
    }

    fn for_loop(&mut self, depth: usize) -> Result<Compound, String> {
        let name = match self.tokens.next() {
            Some(Token::Word(word)) if is_name(&word.plain()) => word.plain(),
            Some(Token::Word(word)) => {
                return Err(format!("bash: `{}': not a valid identifier\n", word.plain()));
            }
            _ => return Err(unexpected(self.last, "newline")),
        };
        let mut words = Vec::new();
        match self.tokens.next() {
            Some(Token::Word(word)) if reserved(&word) == "in" => {}
            Some(Token::Word(word)) => return Err(unexpected(self.last, &word.plain())),
            _ => return Err(unexpected(self.last, "newline")),
        }
        while let Some(Token::Word(_)) = self.tokens.peek() {
            if let Some(Token::Word(word)) = self.tokens.next() {
                words.push(word);
            }
        }
        while self.tokens.next_if(|token| matches!(token, Token::Operator(";" | "\n"))).is_some() {}
        match self.tokens.next() {
            Some(Token::Word(word)) if reserved(&word) == "do" => {}
            Some(Token::Word(word)) => return Err(unexpected(self.last, &word.plain())),
            _ => return Err(self.end_of_file()),
        }
        let (body, _) = self.part(&["done"], depth)?;
        Ok(Compound::For { name, words, body })
    }

    fn add_word(&self, command: &mut Command, word: Word) -> Result<(), String> {
        if command.compound.is_some() {
            return Err(unexpected(self.last, &word.plain()));
        }
        if command.words.is_empty()
            && let Some((name, value)) = assignment(&word)
        {
            command.assignments.push((name, value));
            return Ok(());
        }
        command.words.push(word);
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
}

/// `NAME=value` at the start of a command.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Piece::Text(first)) = word.pieces.first() else { return None };
    let (name, value) = first.split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut rest = word.clone();
    if let Some(piece) = rest.pieces.first_mut() {
        *piece = Piece::Text(value.to_owned());
    }
    Some((name.to_owned(), rest))
}
