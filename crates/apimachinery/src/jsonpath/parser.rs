//! Reads a JSONPath template into nodes.
// Models client-go/util/jsonpath/parser.go.

use super::JsonPathError;
use crate::strconv;

/// Filters and unions hold templates of their own; this deep nobody writes them.
const DEPTH_MAX: u32 = 32;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// What stood between one pair of braces.
    List(Vec<Node>),
    Text(String),
    Field(String),
    Slice([Param; 3]),
    Filter {
        left: Vec<Node>,
        operator: String,
        right: Vec<Node>,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    Identifier(String),
}

/// Start, end or step of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Param {
    pub value: i64,
    pub known: bool,
    /// An end that follows from a single index.
    pub derived: bool,
}

type Result<T> = std::result::Result<T, JsonPathError>;

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(JsonPathError(message.into()))
}

fn is_terminator(c: char) -> bool {
    " \t\r\n.,[]$@{}".contains(c)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Up to the first character that satisfies `stop`, and the rest.
fn split_before(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(stop).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

pub(super) fn parse(text: &str) -> Result<Vec<Node>> {
    parse_nested(text, 0)
}

fn parse_nested(text: &str, depth: u32) -> Result<Vec<Node>> {
    if depth > DEPTH_MAX {
        return error("template is nested too deeply");
    }
    let mut nodes = Vec::new();
    let mut rest = text;
    loop {
        let (plain, after) = split_before(rest, |c| c == '{');
        if !plain.is_empty() {
            nodes.push(Node::Text(plain.to_owned()));
        }
        let Some(inside) = after.strip_prefix('{') else { return Ok(nodes) };
        let mut action = Action { rest: inside, nodes: Vec::new(), depth };
        while action.step()? {}
        nodes.push(Node::List(action.nodes));
        rest = action.rest;
    }
}

/// The nodes of `{text}`.
fn parse_action(text: &str, depth: u32) -> Result<Vec<Node>> {
    match parse_nested(&format!("{{{text}}}"), depth + 1)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Action<'a> {
    rest: &'a str,
    nodes: Vec<Node>,
    depth: u32,
}

impl<'a> Action<'a> {
    /// Reads one node; whether the action goes on.
    fn step(&mut self) -> Result<bool> {
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            return Ok(false);
        }
        if let Some(rest) = self.rest.strip_prefix("[?(") {
            return self.filter(rest);
        }
        if let Some(rest) = self.rest.strip_prefix("..") {
            return self.recursive(rest);
        }
        let mut chars = self.rest.chars();
        let first = chars.next();
        let after = chars.as_str();
        match first {
            None | Some('\r' | '\n') => error("unclosed action"),
            Some(' ' | '@' | '$') => {
                self.rest = after;
                Ok(true)
            }
            Some('[') => self.array(after),
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            Some('.') => self.field(after),
            Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) if is_alphanumeric(c) => self.identifier(),
            Some(c) => {
                error(format!("unrecognized character in action: U+{:04X} '{c}'", u32::from(c)))
            }
        }
    }

    fn push(&mut self, node: Node) -> Result<bool> {
        self.nodes.push(node);
        Ok(true)
    }

    fn identifier(&mut self) -> Result<bool> {
        let (word, rest) = split_before(self.rest, is_terminator);
        self.rest = rest;
        self.push(match word {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            word => Node::Identifier(word.to_owned()),
        })
    }

    fn recursive(&mut self, after: &'a str) -> Result<bool> {
        if self.nodes.last() == Some(&Node::Recursive) {
            return error("invalid multiple recursive descent");
        }
        self.rest = after;
        self.nodes.push(Node::Recursive);
        if after.starts_with(is_alphanumeric) { self.field(after) } else { Ok(true) }
    }

    fn number(&mut self) -> Result<bool> {
        let unsigned = self.rest.strip_prefix(['+', '-']).unwrap_or(self.rest);
        let (_, rest) = split_before(unsigned, |c| c != '.' && !c.is_ascii_digit());
        let text = self.rest.strip_suffix(rest).unwrap_or(self.rest);
        self.rest = rest;
        if let Some(int) = strconv::parse_int64(text) {
            return self.push(Node::Int(int));
        }
        match text.parse() {
            Ok(float) if text.bytes().any(|b| b.is_ascii_digit()) => self.push(Node::Float(float)),
            _ => error(format!("cannot parse number {text}")),
        }
    }

    fn field(&mut self, after: &'a str) -> Result<bool> {
        let mut escaped = false;
        let end = after.char_indices().find(|(_, c)| {
            let ends = !escaped && is_terminator(*c);
            escaped = !escaped && *c == '\\';
            ends
        });
        let end = end.map_or(after.len(), |(at, _)| at);
        let (name, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        self.rest = rest;
        self.push(match name {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        })
    }

    fn quoted(&mut self, quote: char) -> Result<bool> {
        let mut previous = quote;
        let body = self.rest.strip_prefix(quote).unwrap_or("");
        for (at, c) in body.char_indices() {
            if c == '\n' {
                break;
            }
            if c == quote && previous != '\\' {
                let (text, rest) = body.split_at_checked(at).unwrap_or((body, ""));
                self.rest = rest.strip_prefix(quote).unwrap_or("");
                let Some(plain) = unquote(text, quote) else {
                    return error(format!(
                        "unquote string {quote}{text}{quote} error invalid syntax"
                    ));
                };
                return self.push(Node::Text(plain));
            }
            previous = c;
        }
        error("unterminated quoted string")
    }

    fn array(&mut self, after: &'a str) -> Result<bool> {
        let (text, rest) = split_before(after, |c| c == ']' || c == '\n');
        let Some(rest) = rest.strip_prefix(']') else { return error("unterminated array") };
        self.rest = rest;
        let text = if text == "*" { ":" } else { text };
        if text.contains(',') {
            let parts = text
                .split(',')
                .map(|part| parse_action(&format!("[{}]", part.trim_matches(' ')), self.depth));
            let union = parts.collect::<Result<Vec<_>>>()?;
            return self.push(Node::Union(union));
        }
        let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = quoted.filter(|key| !key.contains('\'')) {
            self.nodes.extend(parse_action(&format!(".{key}"), self.depth)?);
            return Ok(true);
        }
        self.push(Node::Slice(parse_slice(text)?))
    }

    fn filter(&mut self, after: &'a str) -> Result<bool> {
        let end = filter_end(after)?;
        let (text, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        let Some(rest) = rest.strip_prefix(")]") else {
            return error("unclosed array expect ]");
        };
        self.rest = rest;
        let Some((left, operator, right)) = split_comparison(text) else {
            let (left, operator) = (parse_action(text, self.depth)?, "exists".to_owned());
            return self.push(Node::Filter { left, operator, right: Vec::new() });
        };
        let left = parse_action(left, self.depth)?;
        let right = parse_action(right, self.depth)?;
        self.push(Node::Filter { left, operator: operator.to_owned(), right })
    }
}

/// Where the parenthesis closes: outside the one quoted string that may occur.
fn filter_end(text: &str) -> Result<usize> {
    let (mut begun, mut ended, mut pair, mut previous) = (false, false, ' ', '(');
    for (at, c) in text.char_indices() {
        match c {
            '\n' => break,
            '"' | '\'' if !begun => {
                begun = true;
                pair = c;
            }
            '"' | '\'' if previous != '\\' && c == pair => ended = true,
            ')' if begun == ended => return Ok(at),
            _ => {}
        }
        previous = c;
    }
    error("unterminated filter")
}

/// Left side, operator and right side; none if there is no comparison.
fn split_comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| "!<>=".contains(c);
    let (left, rest) = split_before(text, is_operator);
    let (operator, right) = split_before(rest, |c| !is_operator(c));
    let (operator, right) = match (operator.len(), right.is_empty()) {
        // The right side is at least one character, if need be the operator's last.
        (2.., true) => rest.split_at_checked(rest.len() - 1)?,
        _ => (operator, right),
    };
    (!left.is_empty() && !operator.is_empty() && !right.is_empty())
        .then_some((left, operator, right))
}

fn parse_slice(text: &str) -> Result<[Param; 3]> {
    let mut params = [Param::default(); 3];
    let parts: Vec<&str> = text.split(':').collect();
    let legal =
        |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(legal) {
        return error(format!("invalid array index {text}"));
    }
    for (param, part) in params.iter_mut().zip(&parts) {
        if !part.is_empty() {
            let Some(value) = strconv::parse_int64(part) else {
                return error(format!("array index {part} is not a number"));
            };
            *param = Param { value, known: true, derived: false };
        }
    }
    if let ([start, end, _], 1) = (&mut params, parts.len()) {
        *end = Param { value: start.value.wrapping_add(1), known: true, derived: true };
    }
    Ok(params)
}

/// The text between quotes with Go's escapes resolved.
fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.extend_from_slice(c.to_string().as_bytes());
            continue;
        }
        match chars.next()? {
            'a' => out.push(7),
            'b' => out.push(8),
            'f' => out.push(12),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'v' => out.push(11),
            'x' => out.push(u8::try_from(number(None, &mut chars, 2, 16)?).ok()?),
            'u' => push_code(&mut out, number(None, &mut chars, 4, 16)?)?,
            'U' => push_code(&mut out, number(None, &mut chars, 8, 16)?)?,
            c @ '0'..='7' => out.push(u8::try_from(number(Some(c), &mut chars, 3, 8)?).ok()?),
            '\\' => out.push(b'\\'),
            c if c == quote => out.push(c as u8),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn push_code(out: &mut Vec<u8>, code: u32) -> Option<()> {
    out.extend_from_slice(char::from_u32(code)?.to_string().as_bytes());
    Some(())
}

fn number(
    first: Option<char>,
    chars: &mut std::str::Chars<'_>,
    length: usize,
    radix: u32,
) -> Option<u32> {
    let digits: String = first.into_iter().chain(chars).take(length).collect();
    let legal = digits.len() == length && digits.chars().all(|c| c.is_digit(radix));
    if legal { u32::from_str_radix(&digits, radix).ok() } else { None }
}
