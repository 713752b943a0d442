//! `-o go-template`: fields, `range`, `if`, `else`, `index` and text. What is missing is named.
// Models the part of Go's text/template that people use with kubectl.

use serde_json::Value;

use crate::fail::{Outcome, error};
use crate::printers::columns::go;

enum Node {
    Text(String),
    Print(Vec<String>),
    If(Vec<String>, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Vec<Node>, Vec<Node>),
}

/// Most loops one template may make.
const STEPS_MAX: usize = 1_000_000;
const DEPTH_MAX: usize = 50;

pub fn check(template: &str) -> Outcome {
    parse(template).map(|_| ())
}

pub fn execute(template: &str, data: &Value) -> Outcome<String> {
    let nodes = parse(template)?;
    let mut out = String::new();
    let mut steps = 0;
    run(&nodes, data, data, &mut out, &mut steps)?;
    Ok(out)
}

fn fail<T>(template: &str, why: &str) -> Outcome<T> {
    error(format!("error parsing template {template}, template: output:1: {why}"))
}

enum Token {
    Text(String),
    Action(Vec<String>),
}

fn tokens(template: &str) -> Outcome<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once("{{") {
        let Some((body, after)) = after.split_once("}}") else {
            return fail(template, "unclosed action");
        };
        let mut text = text;
        let mut body = body;
        let mut next = after;
        if let Some(trimmed) = body.strip_prefix("- ") {
            text = text.trim_end();
            body = trimmed;
        }
        if let Some(trimmed) = body.strip_suffix(" -") {
            next = next.trim_start();
            body = trimmed;
        }
        tokens.push(Token::Text(text.to_owned()));
        tokens.push(Token::Action(words(body)));
        rest = next;
    }
    tokens.push(Token::Text(rest.to_owned()));
    Ok(tokens)
}

/// Words of an action; quoted text is one word that keeps its first quote.
fn words(body: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::from(c);
        if c == '"' || c == '`' {
            while let Some(next) = chars.next() {
                match next {
                    '\\' if c == '"' => word.push(match chars.next() {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some(other) => other,
                        None => '\\',
                    }),
                    next if next == c => break,
                    next => word.push(next),
                }
            }
        } else {
            while let Some(next) = chars.next_if(|next| !next.is_whitespace()) {
                word.push(next);
            }
        }
        words.push(word);
    }
    words
}

fn parse(template: &str) -> Outcome<Vec<Node>> {
    let mut tokens = tokens(template)?.into_iter();
    let (nodes, end) = block(template, &mut tokens, 0)?;
    match end.as_deref() {
        None => Ok(nodes),
        Some(end) => fail(template, &format!("unexpected {{{{{end}}}}}")),
    }
}

/// Reads up to `end` or `else`, and tells which it was.
fn block(
    template: &str,
    tokens: &mut std::vec::IntoIter<Token>,
    depth: usize,
) -> Outcome<(Vec<Node>, Option<String>)> {
    if depth > DEPTH_MAX {
        return fail(template, "exceeded maximum depth");
    }
    let mut nodes = Vec::new();
    while let Some(token) = tokens.next() {
        let action = match token {
            Token::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Token::Action(action) => action,
        };
        let head = action.first().map_or("", String::as_str);
        match head {
            "end" | "else" if action.len() == 1 => return Ok((nodes, Some(head.to_owned()))),
            "if" | "range" => {
                let (body, mut end) = block(template, tokens, depth + 1)?;
                let mut other = Vec::new();
                if end.as_deref() == Some("else") {
                    (other, end) = block(template, tokens, depth + 1)?;
                }
                if end.is_none() {
                    return fail(template, "unexpected EOF");
                }
                let what = action.get(1..).unwrap_or(&[]).to_vec();
                nodes.push(match head {
                    "if" => Node::If(what, body, other),
                    _ => Node::Range(what, body, other),
                });
            }
            "" => return fail(template, "missing value for command"),
            head if head.starts_with("/*") => {}
            "with" | "template" | "define" | "block" | "else" => {
                return fail(template, &format!("{head:?} is not supported in this terminal"));
            }
            _ => nodes.push(Node::Print(action)),
        }
    }
    Ok((nodes, None))
}

fn field(path: &str, data: &Value) -> Value {
    let parts = path.split('.').filter(|part| !part.is_empty());
    parts.fold(data, |value, name| value.get(name).unwrap_or(&Value::Null)).clone()
}

fn eval(words: &[String], dot: &Value, root: &Value) -> Outcome<Value> {
    match words {
        [word] => match word.chars().next() {
            Some('.') => Ok(field(word, dot)),
            Some('$') => Ok(field(word.trim_start_matches('$'), root)),
            Some('"' | '`') => Ok(word.get(1..).unwrap_or("").into()),
            _ => match word.parse::<i64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => error(format!("template: output:1: function {word:?} not defined")),
            },
        },
        [head, list, keys @ ..] if head == "index" => {
            let mut value = eval(std::slice::from_ref(list), dot, root)?;
            for key in keys {
                let key = eval(std::slice::from_ref(key), dot, root)?;
                let next = match (&key, key.as_u64()) {
                    (Value::String(name), _) => value.get(name.as_str()),
                    (_, Some(at)) => usize::try_from(at).ok().and_then(|at| value.get(at)),
                    _ => None,
                };
                value = next.cloned().unwrap_or(Value::Null);
            }
            Ok(value)
        }
        [head, value] if head == "len" => {
            let value = eval(std::slice::from_ref(value), dot, root)?;
            let length = match &value {
                Value::Array(items) => items.len(),
                Value::Object(map) => map.len(),
                Value::String(text) => text.len(),
                _ => 0,
            };
            Ok(u64::try_from(length).unwrap_or(0).into())
        }
        _ => error(format!(
            "template: output:1: {:?} is not supported in this terminal",
            words.join(" ")
        )),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn run(nodes: &[Node], dot: &Value, root: &Value, out: &mut String, steps: &mut usize) -> Outcome {
    for node in nodes {
        *steps += 1;
        if *steps > STEPS_MAX {
            return error("template: output:1: the template takes too many steps");
        }
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Print(words) => match eval(words, dot, root)? {
                Value::Null => out.push_str("<no value>"),
                value => out.push_str(&go(&value)),
            },
            Node::If(words, body, other) => {
                let branch = if is_true(&eval(words, dot, root)?) { body } else { other };
                run(branch, dot, root, out, steps)?;
            }
            Node::Range(words, body, other) => {
                let items: Vec<Value> = match eval(words, dot, root)? {
                    Value::Array(items) => items,
                    Value::Object(map) => map.into_iter().map(|(_, value)| value).collect(),
                    _ => Vec::new(),
                };
                if items.is_empty() {
                    run(other, dot, root, out, steps)?;
                }
                for item in &items {
                    run(body, item, root, out, steps)?;
                }
            }
        }
    }
    Ok(())
}
