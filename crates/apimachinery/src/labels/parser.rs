//! Reads a selector's text: `a=b, c!=d, e in (x,y), !f, g>1`.
// Models apimachinery/pkg/labels/selector.go (Lexer, Parser).

use std::collections::BTreeSet;

use super::{Operator, Requirement, Selector, SelectorError};
use crate::field_path::FieldPath;
use crate::names;
use smol_str::SmolStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    OpenParen,
    CloseParen,
    Comma,
    Not,
    Binary(Operator),
    Identifier,
}

fn keyword(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::CloseParen,
        "," => Token::Comma,
        "!" => Token::Not,
        "(" => Token::OpenParen,
        "==" => Token::Binary(Operator::DoubleEquals),
        "=" => Token::Binary(Operator::Equals),
        "!=" => Token::Binary(Operator::NotEquals),
        ">" => Token::Binary(Operator::GreaterThan),
        "<" => Token::Binary(Operator::LessThan),
        "in" => Token::Binary(Operator::In),
        "notin" => Token::Binary(Operator::NotIn),
        _ => return None,
    })
}

fn is_special(b: u8) -> bool {
    b"=!(),><".contains(&b)
}

fn is_blank(b: u8) -> bool {
    b" \t\r\n".contains(&b)
}

/// One token and its text, and what follows it. A NUL ends the text.
fn lex(text: &str) -> (Token, &str, &str) {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let bytes = text.as_bytes();
    let length = match bytes.first() {
        None | Some(0) => return (Token::End, "", ""),
        Some(b) if is_special(*b) => match text.get(..2) {
            Some(two) if keyword(two).is_some() => 2,
            _ => 1,
        },
        Some(_) => {
            let ends = |b: &u8| *b == 0 || is_special(*b) || is_blank(*b);
            bytes.iter().position(ends).unwrap_or(bytes.len())
        }
    };
    let (literal, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    (keyword(literal).unwrap_or(Token::Identifier), literal, rest)
}

fn found(literal: &str, expected: &str) -> SelectorError {
    SelectorError(format!("found '{literal}', expected: {expected}"))
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// The next token; `in` and `notin` are words here.
    fn peek(&self) -> (Token, &'a str) {
        let (token, literal, _) = lex(self.rest);
        (as_value(token), literal)
    }

    fn next(&mut self) -> (Token, &'a str) {
        let (token, literal) = self.next_operator();
        (as_value(token), literal)
    }

    /// The next token; `in` and `notin` are operators here.
    fn next_operator(&mut self) -> (Token, &'a str) {
        let (token, literal, rest) = lex(self.rest);
        self.rest = rest;
        (token, literal)
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let (mut token, mut key) = self.next();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.next();
        }
        if token != Token::Identifier {
            return Err(found(key, "identifier"));
        }
        let wrong = names::is_qualified_name(key);
        if !wrong.is_empty() {
            return Err(super::invalid_text(&FieldPath::root(), key, &wrong.join("; ")));
        }
        if negated {
            return Requirement::new(key.into(), Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Requirement::new(key.into(), Operator::Exists, Vec::new());
        }
        let operator = match self.next_operator() {
            (Token::Binary(operator), _) => operator,
            (_, literal) => return Err(found(literal, "in, notin, =, ==, !=, gt, lt")),
        };
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => BTreeSet::from([self.exact_value()?]),
        };
        Requirement::new(key.into(), operator, values.into_iter().map(SmolStr::from).collect())
    }

    fn exact_value(&mut self) -> Result<&'a str, SelectorError> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok("");
        }
        match self.next() {
            (Token::Identifier, literal) => Ok(literal),
            (_, literal) => Err(found(literal, "identifier")),
        }
    }

    fn values(&mut self) -> Result<BTreeSet<&'a str>, SelectorError> {
        let (token, literal) = self.next();
        if token != Token::OpenParen {
            return Err(SelectorError(format!("found '{literal}' expected: '('")));
        }
        match self.peek() {
            (Token::Identifier | Token::Comma, literal) => {
                let values = self.identifiers()?;
                if self.next().0 != Token::CloseParen {
                    return Err(found(literal, "')'"));
                }
                Ok(values)
            }
            (Token::CloseParen, _) => {
                self.next();
                Ok(BTreeSet::from([""]))
            }
            (_, literal) => Err(found(literal, "',', ')' or identifier")),
        }
    }

    /// Words between commas; nothing between two commas is the empty word.
    fn identifiers(&mut self) -> Result<BTreeSet<&'a str>, SelectorError> {
        let mut values = BTreeSet::new();
        loop {
            match self.next() {
                (Token::Identifier, literal) => {
                    values.insert(literal);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::CloseParen, _) => return Ok(values),
                        (_, literal) => return Err(found(literal, "',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    if values.is_empty() {
                        values.insert("");
                    }
                    match self.peek().0 {
                        Token::CloseParen => {
                            values.insert("");
                            return Ok(values);
                        }
                        Token::Comma => {
                            values.insert("");
                        }
                        _ => {}
                    }
                }
                (_, literal) => return Err(found(literal, "',', or identifier")),
            }
        }
    }
}

fn as_value(token: Token) -> Token {
    match token {
        Token::Binary(Operator::In | Operator::NotIn) => Token::Identifier,
        token => token,
    }
}

pub(super) fn parse(text: &str) -> Result<Selector, SelectorError> {
    let mut parser = Parser { rest: text };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            (Token::Identifier | Token::Not, _) => {
                let requirement = parser
                    .requirement()
                    .map_err(|err| SelectorError(format!("unable to parse requirement: {err}")))?;
                requirements.push(requirement);
                match parser.next() {
                    (Token::End, _) => break,
                    (Token::Comma, _) => {}
                    (_, literal) => return Err(found(literal, "',' or 'end of string'")),
                }
                let (token, literal) = parser.peek();
                if !matches!(token, Token::Identifier | Token::Not) {
                    return Err(found(literal, "identifier after ','"));
                }
            }
            (Token::End, _) => break,
            (_, literal) => return Err(found(literal, "!, identifier, or 'end of string'")),
        }
    }
    Ok(Selector::from_requirements(requirements))
}
