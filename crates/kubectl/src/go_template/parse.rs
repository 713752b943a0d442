//! From a template's text to its nodes.
// Models Go's text/template/parse.

use serde_json::Value;

use super::{Defined, functions};

/// Blocks in blocks, and pipes in parentheses.
const DEPTH_MAX: usize = 50;

/// The place of a piece in the template: bytes from and to.
pub type Span = (usize, usize);
/// A line, and what is wrong there.
type Wrong = (usize, String);
type Parsed<T> = Result<T, Wrong>;

pub struct Template {
    pub nodes: Vec<Node>,
    pub defined: Defined,
}

pub enum Node {
    Text(String),
    Action(Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Pipe, Vec<Node>, Vec<Node>),
    Template(String, Option<Pipe>),
    Break,
    Continue,
}

/// `$a, $b := command | command`
pub struct Pipe {
    pub variables: Vec<String>,
    /// `=` instead of `:=`
    pub assigns: bool,
    pub commands: Vec<Command>,
    pub span: Span,
}

pub struct Command {
    pub args: Vec<Arg>,
}

pub enum Arg {
    Dot(Span),
    Nil(Span),
    Literal(Value, Span),
    Field(Vec<String>, Span),
    Variable(String, Vec<String>, Span),
    Function(String, Span),
    Pipe(Box<Pipe>, Vec<String>, Span),
}

impl Arg {
    pub fn span(&self) -> Span {
        match self {
            Arg::Dot(span) | Arg::Nil(span) | Arg::Literal(_, span) | Arg::Field(_, span) => *span,
            Arg::Variable(_, _, span) | Arg::Function(_, span) | Arg::Pipe(_, _, span) => *span,
        }
    }
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// `.a.b`, or `.` alone with no names.
    Field(Vec<String>),
    Variable(String, Vec<String>),
    Word(String),
    Literal(Value),
    /// One of `|`, `(`, `)`, `,`, `:=`, `=`.
    Sign(&'static str),
    /// Fields right behind a `)`.
    Chain(Vec<String>),
}

enum Piece {
    Text(String),
    Action(usize, Vec<(Token, Span)>),
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// Where an action's `}}` stands, quotes passed over.
fn end_of_action(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    let body = text.get(start..)?;
    if body.trim_start_matches(['-', ' ']).starts_with("/*") {
        return body
            .find("*/")
            .and_then(|at| text.get(start + at..)?.find("}}").map(|e| start + at + e));
    }
    for (at, c) in body.char_indices() {
        match quote {
            Some('"') if c == '\\' && !escaped => {
                escaped = true;
                continue;
            }
            Some(open) if c == open && !escaped => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quote = Some(c),
            None if body.get(at..at + 2) == Some("}}") => return Some(start + at),
            None => {}
        }
        escaped = false;
    }
    None
}

fn pieces(text: &str) -> Parsed<Vec<Piece>> {
    let mut pieces = Vec::new();
    let (mut at, mut trims) = (0, false);
    loop {
        let rest = text.get(at..).unwrap_or("");
        let open = rest.find("{{");
        let mut plain = rest.get(..open.unwrap_or(rest.len())).unwrap_or("");
        if trims {
            plain = plain.trim_start();
        }
        let Some(open) = open else {
            pieces.push(Piece::Text(plain.to_owned()));
            return Ok(pieces);
        };
        let mut start = at + open + 2;
        let wrong = |why: &str| (line_of(text, start), why.to_owned());
        let Some(end) = end_of_action(text, start) else {
            let body = text.get(start..).unwrap_or("");
            let is_open = body.matches('"').count() % 2 == 1;
            return Err(wrong(if is_open {
                "unterminated quoted string"
            } else {
                "unclosed action"
            }));
        };
        let is_trimmed =
            |mark: Option<&str>| mark.is_some_and(|m| m.contains('-') && m.trim() == "-");
        if is_trimmed(text.get(start..start + 2)) {
            plain = plain.trim_end();
            start += 2;
        }
        let mut stop = end;
        trims = end >= start + 2 && is_trimmed(text.get(end - 2..end));
        if trims {
            stop = end - 2;
        }
        pieces.push(Piece::Text(plain.to_owned()));
        let body = text.get(start..stop).unwrap_or("");
        if !body.trim_start().starts_with("/*") {
            let tokens = tokens(body, start).map_err(|why| (line_of(text, start), why))?;
            pieces.push(Piece::Action(line_of(text, start), tokens));
        }
        at = end + 2;
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads `.a.b` off the front; what is left comes second.
fn names(text: &str) -> (Vec<String>, &str) {
    let (mut names, mut rest) = (Vec::new(), text);
    while let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
        let (name, tail) = after.split_at_checked(end).unwrap_or((after, ""));
        if name.is_empty() {
            break;
        }
        names.push(name.to_owned());
        rest = tail;
    }
    (names, rest)
}

fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    let raw = text.starts_with('`');
    while let Some((at, c)) = chars.next() {
        match c {
            '`' if raw => return Ok((value, text.get(at + 1..).unwrap_or(""))),
            '"' if !raw => return Ok((value, text.get(at + 1..).unwrap_or(""))),
            '\\' if !raw => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, c)) => value.push(c),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err("unterminated quoted string".to_owned())
}

fn number(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
}

fn tokens(body: &str, offset: usize) -> Result<Vec<(Token, Span)>, String> {
    let mut found: Vec<(Token, Span)> = Vec::new();
    let mut rest = body;
    while let Some(c) = rest.chars().next() {
        let place = offset + body.len() - rest.len();
        let after = rest.get(c.len_utf8()..).unwrap_or("");
        let is_behind = matches!(found.last(), Some((Token::Sign(")"), (_, end))) if *end == place);
        let (token, left) = match c {
            c if c.is_whitespace() => {
                rest = after;
                continue;
            }
            '|' => (Token::Sign("|"), after),
            '(' => (Token::Sign("("), after),
            ')' => (Token::Sign(")"), after),
            ',' => (Token::Sign(","), after),
            '=' => (Token::Sign("="), after),
            ':' if after.starts_with('=') => (Token::Sign(":="), after.get(1..).unwrap_or("")),
            '"' | '`' => {
                let (text, left) = quoted(rest)?;
                (Token::Literal(text.into()), left)
            }
            '.' => {
                let (path, left) = names(rest);
                let left = if path.is_empty() { after } else { left };
                let token = if is_behind { Token::Chain(path) } else { Token::Field(path) };
                (token, left)
            }
            '$' => {
                let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
                let (name, left) = after.split_at_checked(end).unwrap_or((after, ""));
                let (path, left) = names(left);
                (Token::Variable(format!("${name}"), path), left)
            }
            c if c.is_ascii_digit() || "+-".contains(c) => {
                let is_part = |c: char| is_name(c) || "+-.".contains(c);
                let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
                let (word, left) = rest.split_at_checked(end).unwrap_or((rest, ""));
                let Some(value) = number(word) else {
                    return Err(format!("bad number syntax: {word:?}"));
                };
                (Token::Literal(value), left)
            }
            c if is_name(c) => {
                let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                let (word, left) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Token::Word(word.to_owned()), left)
            }
            c => return Err(format!("unexpected {c:?} in command")),
        };
        found.push((token, (place, offset + body.len() - left.len())));
        rest = left;
    }
    Ok(found)
}

pub fn parse(text: &str) -> Parsed<Template> {
    let mut parser = Parser {
        pieces: pieces(text)?.into_iter(),
        defined: Defined::new(),
        variables: vec!["$".to_owned()],
        last_line: line_of(text, text.len()),
    };
    let (nodes, end) = parser.block(0)?;
    match end {
        None => Ok(Template { nodes, defined: parser.defined }),
        Some((line, tokens)) => Err((line, format!("unexpected {{{{{}}}}}", word(&tokens)))),
    }
}

type Action = (usize, Vec<(Token, Span)>);

fn word(tokens: &[(Token, Span)]) -> &str {
    match tokens.first() {
        Some((Token::Word(word), _)) => word,
        _ => "",
    }
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    defined: Defined,
    /// Names that are known at this place.
    variables: Vec<String>,
    last_line: usize,
}

impl Parser {
    /// Reads up to `end` or `else`, and gives that action.
    fn block(&mut self, depth: usize) -> Parsed<(Vec<Node>, Option<Action>)> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (line, tokens) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(line, tokens) => (line, tokens),
            };
            if depth > DEPTH_MAX {
                return Err((line, "exceeded maximum depth".to_owned()));
            }
            let rest = tokens.get(1..).unwrap_or(&[]).to_vec();
            match word(&tokens) {
                "end" | "else" => return Ok((nodes, Some((line, tokens)))),
                "if" | "range" | "with" => nodes.push(self.control((line, tokens), depth)?),
                "define" | "block" => {
                    let Some((Token::Literal(Value::String(name)), _)) = rest.first().cloned()
                    else {
                        return Err((line, "missing name in define clause".to_owned()));
                    };
                    let (body, _) = self.block_to_end(depth)?;
                    self.defined.insert(name.clone(), body);
                    if word(&tokens) == "block" {
                        let pipe = self.pipe(line, rest.get(1..).unwrap_or(&[]), "block clause")?;
                        nodes.push(Node::Template(name, Some(pipe)));
                    }
                }
                "template" => {
                    let Some((Token::Literal(Value::String(name)), _)) = rest.first().cloned()
                    else {
                        return Err((line, "unexpected token in template clause".to_owned()));
                    };
                    let rest = rest.get(1..).unwrap_or(&[]);
                    let pipe = match rest {
                        [] => None,
                        rest => Some(self.pipe(line, rest, "template clause")?),
                    };
                    nodes.push(Node::Template(name, pipe));
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                _ => nodes.push(Node::Action(self.pipe(line, &tokens, "command")?)),
            }
        }
        Ok((nodes, None))
    }

    fn block_to_end(&mut self, depth: usize) -> Parsed<(Vec<Node>, Action)> {
        match self.block(depth + 1)? {
            (body, Some(end)) => Ok((body, end)),
            (_, None) => Err((self.last_line, "unexpected EOF".to_owned())),
        }
    }

    fn control(&mut self, (line, tokens): Action, depth: usize) -> Parsed<Node> {
        let mark = self.variables.len();
        let head = word(&tokens).to_owned();
        let pipe = self.pipe(line, tokens.get(1..).unwrap_or(&[]), &head)?;
        let (body, (line, end)) = self.block_to_end(depth)?;
        let mut other = Vec::new();
        if word(&end) == "else" {
            other = match end.get(1..).unwrap_or(&[]) {
                [] => self.block_to_end(depth)?.0,
                // `else if` is an `if` in the `else`, closed by the same `end`.
                chained => vec![self.control((line, chained.to_vec()), depth + 1)?],
            };
        }
        self.variables.truncate(mark);
        Ok(match head.as_str() {
            "range" => Node::Range(pipe, body, other),
            "with" => Node::With(pipe, body, other),
            _ => Node::If(pipe, body, other),
        })
    }

    fn pipe(&mut self, line: usize, tokens: &[(Token, Span)], context: &str) -> Parsed<Pipe> {
        let mut rest = tokens;
        let mut pipe =
            Pipe { variables: Vec::new(), assigns: false, commands: Vec::new(), span: (0, 0) };
        if let (Some((_, (start, _))), Some((_, (_, end)))) = (tokens.first(), tokens.last()) {
            pipe.span = (*start, *end);
        }
        let sets = |token: &Token| matches!(token, Token::Sign(":=" | "="));
        if let Some(at) = tokens.iter().position(|(token, _)| sets(token)) {
            let (names, values) = tokens.split_at_checked(at).unwrap_or((tokens, &[]));
            for (token, _) in names {
                match token {
                    Token::Variable(name, path) if path.is_empty() => {
                        pipe.variables.push(name.clone());
                    }
                    Token::Sign(",") => {}
                    _ => return Err((line, format!("unexpected {:?} in {context}", ":="))),
                }
            }
            pipe.assigns = matches!(values.first(), Some((Token::Sign("="), _)));
            rest = values.get(1..).unwrap_or(&[]);
        }
        if rest.is_empty() {
            return Err((line, format!("missing value for {context}")));
        }
        pipe.commands = self.commands(line, rest, context, 0)?;
        self.variables.extend(pipe.variables.iter().cloned());
        Ok(pipe)
    }

    fn commands(
        &self,
        line: usize,
        tokens: &[(Token, Span)],
        context: &str,
        depth: usize,
    ) -> Parsed<Vec<Command>> {
        if depth > DEPTH_MAX {
            return Err((line, "exceeded maximum depth".to_owned()));
        }
        let mut commands = Vec::new();
        let mut args = Vec::new();
        let mut left = tokens.iter().enumerate();
        while let Some((at, (token, span))) = left.next() {
            let arg = match token {
                Token::Sign("|") => {
                    commands.push(Command { args: std::mem::take(&mut args) });
                    continue;
                }
                Token::Sign("(") => {
                    let close =
                        closing(tokens, at).ok_or((line, "unclosed left paren".to_owned()))?;
                    let inner = tokens.get(at + 1..close).unwrap_or(&[]);
                    let commands = self.commands(line, inner, context, depth + 1)?;
                    let end = tokens.get(close).map_or(*span, |(_, span)| *span).1;
                    let span = (span.0, end);
                    let pipe = Pipe { variables: Vec::new(), assigns: false, commands, span };
                    let mut path = Vec::new();
                    while left.clone().next().is_some_and(|(next, _)| next <= close) {
                        left.next();
                    }
                    if let Some((_, (Token::Chain(names), _))) = left.clone().next() {
                        path.clone_from(names);
                        left.next();
                    }
                    Arg::Pipe(Box::new(pipe), path, span)
                }
                Token::Sign(sign) => {
                    return Err((line, format!("unexpected {sign:?} in {context}")));
                }
                token => self.arg(line, token, *span)?,
            };
            args.push(arg);
        }
        commands.push(Command { args });
        if commands.iter().any(|command| command.args.is_empty()) {
            return Err((line, format!("missing value for {context}")));
        }
        Ok(commands)
    }

    fn arg(&self, line: usize, token: &Token, span: Span) -> Parsed<Arg> {
        Ok(match token {
            Token::Field(path) | Token::Chain(path) if path.is_empty() => Arg::Dot(span),
            Token::Field(path) | Token::Chain(path) => Arg::Field(path.clone(), span),
            Token::Literal(value) => Arg::Literal(value.clone(), span),
            Token::Variable(name, path) => {
                if !self.variables.contains(name) {
                    return Err((line, format!("undefined variable {name:?}")));
                }
                Arg::Variable(name.clone(), path.clone(), span)
            }
            Token::Word(word) => match word.as_str() {
                "true" => Arg::Literal(true.into(), span),
                "false" => Arg::Literal(false.into(), span),
                "nil" => Arg::Nil(span),
                word if functions::is_function(word) => Arg::Function(word.to_owned(), span),
                word => return Err((line, format!("function {word:?} not defined"))),
            },
            Token::Sign(sign) => return Err((line, format!("unexpected {sign:?} in command"))),
        })
    }
}

/// Where the parenthesis that opens at a place closes.
fn closing(tokens: &[(Token, Span)], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, (token, _)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign("(") => depth += 1,
            Token::Sign(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}
