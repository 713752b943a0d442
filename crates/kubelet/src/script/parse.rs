//! From a script's text to its operations.

use smol_str::SmolStr;

use super::{Op, Part, Word};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(Word),
    Op(&'static str),
}

const NESTING_MAX: u32 = 32;

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    tokens: Vec<Token>,
    word: Option<Word>,
}

impl Lexer<'_> {
    fn text(&mut self, c: char) {
        let word = self.word.get_or_insert_default();
        match word.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => word.parts.push(Part::Text(c.into())),
        }
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            self.tokens.push(Token::Word(word));
        }
    }

    fn op(&mut self, op: &'static str) {
        self.end_word();
        self.tokens.push(Token::Op(op));
    }

    fn until(&mut self, close: char) -> String {
        let (mut text, mut depth) = (String::new(), 0u32);
        for c in self.rest.by_ref() {
            if c == close && depth == 0 {
                break;
            }
            match c {
                '(' if close == ')' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            text.push(c);
        }
        text
    }

    fn dollar(&mut self) {
        let part = match self.rest.peek() {
            Some('(') => {
                self.rest.next();
                let inner = self.until(')');
                match inner.strip_prefix('(').and_then(|sum| sum.strip_suffix(')')) {
                    Some(sum) => Part::Sum(sum.to_owned()),
                    None => Part::Command(inner),
                }
            }
            Some('{') => {
                self.rest.next();
                let name = self.until('}');
                Part::Variable(name.split(':').next().unwrap_or("").into())
            }
            Some('?' | '$' | '#') => {
                Part::Variable(self.rest.next().map(String::from).unwrap_or_default().into())
            }
            Some(c) if c.is_ascii_alphanumeric() || *c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                Part::Variable(name.into())
            }
            _ => return self.text('$'),
        };
        self.word.get_or_insert_default().parts.push(part);
    }

    fn double_quoted(&mut self) {
        self.word.get_or_insert_default().quoted = true;
        while let Some(c) = self.rest.next() {
            match c {
                '"' => return,
                '\\' => {
                    let next = self.rest.next().unwrap_or('\\');
                    if !matches!(next, '"' | '\\' | '$' | '`') {
                        self.text('\\');
                    }
                    self.text(next);
                }
                '$' => self.dollar(),
                '`' => {
                    let inner = self.until('`');
                    self.word.get_or_insert_default().parts.push(Part::Command(inner));
                }
                c => self.text(c),
            }
        }
    }

    fn one(&mut self, c: char) {
        match c {
            '\'' => {
                self.word.get_or_insert_default().quoted = true;
                let text = self.until('\'');
                text.chars().for_each(|c| self.text(c));
            }
            '"' => self.double_quoted(),
            '\\' => match self.rest.next() {
                Some('\n') | None => {}
                Some(c) => self.text(c),
            },
            '$' => self.dollar(),
            '`' => {
                let inner = self.until('`');
                self.word.get_or_insert_default().parts.push(Part::Command(inner));
            }
            '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
            '\n' | ';' => self.op(";"),
            '&' if self.rest.next_if_eq(&'&').is_some() => self.op("&&"),
            '&' => self.op("&"),
            '|' if self.rest.next_if_eq(&'|').is_some() => self.op("||"),
            '|' => self.op("|"),
            '>' if self.rest.next_if_eq(&'>').is_some() => self.op(">>"),
            '>' => self.redirect(),
            c if c.is_whitespace() => self.end_word(),
            c => self.text(c),
        }
    }

    /// `2>` goes nowhere; `>&2` stays where it is.
    fn redirect(&mut self) {
        let errors = self
            .word
            .as_ref()
            .is_some_and(|word| word.parts == [Part::Text("2".to_owned())] && !word.quoted);
        if errors {
            self.word = None;
        }
        if self.rest.next_if_eq(&'&').is_some() {
            self.rest.next_if(|c| c.is_ascii_digit());
        } else {
            self.op(if errors { "2>" } else { ">" });
        }
    }
}

fn lex(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: text.chars().peekable(), tokens: Vec::new(), word: None };
    while let Some(c) = lexer.rest.next() {
        lexer.one(c);
    }
    lexer.end_word();
    lexer.tokens
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    ops: Vec<Op>,
    depth: u32,
    lists: u32,
}

type Parsed = Result<(), String>;

impl Parser {
    fn keyword(&self) -> Option<&str> {
        match self.tokens.get(self.at)? {
            Token::Word(word) if !word.quoted => match word.parts.as_slice() {
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.keyword() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn eat_op(&mut self, op: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Op(found)) if *found == op);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Parsed {
        while self.eat_op(";") {}
        if self.eat(word) { Ok(()) } else { Err(format!("syntax error: expecting \"{word}\"")) }
    }

    /// Statements up to one of the closing words or the end.
    fn list(&mut self, close: &[&str]) -> Parsed {
        loop {
            while self.eat_op(";") || self.eat_op("&") {}
            if self.at >= self.tokens.len() || self.keyword().is_some_and(|w| close.contains(&w)) {
                return Ok(());
            }
            self.chain()?;
        }
    }

    /// `a && b || c`.
    fn chain(&mut self) -> Parsed {
        self.statement()?;
        loop {
            let skip = if self.eat_op("&&") {
                Op::JumpIfFailed(0)
            } else if self.eat_op("||") {
                Op::JumpIfOk(0)
            } else {
                return Ok(());
            };
            let hole = self.ops.len();
            self.ops.push(skip);
            while self.eat_op(";") {}
            self.statement()?;
            let end = self.ops.len();
            self.patch(hole, end);
        }
    }

    fn patch(&mut self, hole: usize, target: usize) {
        match self.ops.get_mut(hole) {
            Some(Op::Jump(to) | Op::JumpIfFailed(to) | Op::JumpIfOk(to)) => *to = target,
            Some(Op::Next { done, .. }) => *done = target,
            _ => {}
        }
    }

    fn statement(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > NESTING_MAX {
            return Err("syntax error: nested too deep".to_owned());
        }
        let done = if self.eat("while") {
            self.loop_while(Op::JumpIfFailed(0))
        } else if self.eat("until") {
            self.loop_while(Op::JumpIfOk(0))
        } else if self.eat("for") {
            self.loop_for()
        } else if self.eat("if") {
            self.branch()
        } else if self.eat("!") {
            self.statement()?;
            self.ops.push(Op::Negate);
            Ok(())
        } else {
            self.command()
        };
        self.depth -= 1;
        done
    }

    fn loop_while(&mut self, leave: Op) -> Parsed {
        let top = self.ops.len();
        self.list(&["do"])?;
        let hole = self.ops.len();
        self.ops.push(leave);
        self.expect("do")?;
        self.list(&["done"])?;
        self.expect("done")?;
        self.ops.push(Op::Jump(top));
        let end = self.ops.len();
        self.patch(hole, end);
        self.ops.push(Op::Succeed);
        Ok(())
    }

    fn loop_for(&mut self) -> Parsed {
        let name = SmolStr::from(self.keyword().unwrap_or_default());
        self.at += 1;
        self.expect("in")?;
        let mut items = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.get(self.at) {
            items.push(word.clone());
            self.at += 1;
        }
        self.lists += 1;
        let list = smol_str::format_smolstr!(" list {}", self.lists);
        self.ops.push(Op::List { name: list.clone(), items });
        self.expect("do")?;
        let top = self.ops.len();
        self.ops.push(Op::Next { list, name, done: 0 });
        self.list(&["done"])?;
        self.expect("done")?;
        self.ops.push(Op::Jump(top));
        let end = self.ops.len();
        self.patch(top, end);
        Ok(())
    }

    fn branch(&mut self) -> Parsed {
        self.list(&["then"])?;
        self.expect("then")?;
        let skip = self.ops.len();
        self.ops.push(Op::JumpIfFailed(0));
        self.list(&["else", "elif", "fi"])?;
        let leave = self.ops.len();
        self.ops.push(Op::Jump(0));
        let otherwise = self.ops.len();
        self.patch(skip, otherwise);
        if self.eat("elif") {
            self.depth += 1;
            if self.depth > NESTING_MAX {
                return Err("syntax error: nested too deep".to_owned());
            }
            self.branch()?;
            self.depth -= 1;
        } else {
            if self.eat("else") {
                self.list(&["fi"])?;
            } else {
                self.ops.push(Op::Succeed);
            }
            self.expect("fi")?;
        }
        let end = self.ops.len();
        self.patch(leave, end);
        Ok(())
    }

    fn command(&mut self) -> Parsed {
        let (mut words, mut into, mut quiet) = (Vec::new(), None, false);
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match token {
                Token::Word(word) => words.push(word),
                Token::Op(op @ (">" | ">>" | "2>")) => {
                    self.at += 1;
                    let Some(Token::Word(path)) = self.tokens.get(self.at) else {
                        return Err("syntax error: unexpected newline".to_owned());
                    };
                    match op {
                        "2>" => quiet = true,
                        _ => into = Some((path.clone(), op == ">>")),
                    }
                }
                Token::Op("|") => return Err("pipes are not simulated".to_owned()),
                Token::Op(_) => break,
            }
            self.at += 1;
        }
        if words.is_empty() && into.is_none() {
            return Err("syntax error: unexpected token".to_owned());
        }
        match assignment(&words) {
            Some((name, value)) => self.ops.push(Op::Set { name, value }),
            None => self.ops.push(Op::Run { words, into, quiet }),
        }
        Ok(())
    }
}

/// `name=value`.
fn assignment(words: &[Word]) -> Option<(SmolStr, Word)> {
    let [word] = words else { return None };
    let (Part::Text(first), rest) = word.parts.split_first()? else { return None };
    let (name, start) = first.split_once('=')?;
    let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut parts = vec![Part::Text(start.to_owned())];
    parts.extend(rest.iter().cloned());
    good.then(|| (name.into(), Word { parts, quoted: true }))
}

/// The operations, or what is wrong with the text.
pub(super) fn parse(text: &str) -> Result<Vec<Op>, String> {
    let mut parser = Parser { tokens: lex(text), at: 0, ops: Vec::new(), depth: 0, lists: 0 };
    parser.list(&[])?;
    if parser.at < parser.tokens.len() {
        return Err("syntax error: unexpected word".to_owned());
    }
    Ok(parser.ops)
}
