//! A small shell: scripts become a flat list of operations, so that a script that sleeps is one
//! number between its steps.

use client::fabric::{Next, Output, World};
use clock::Duration;
use smol_str::SmolStr;

use crate::shell;

/// A word, to be expanded when it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word {
    parts: Vec<Part>,
    /// Unquoted expansions that become empty vanish.
    quoted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(SmolStr),
    Command(String),
    Sum(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Op {
    Run {
        words: Vec<Word>,
        into: Option<(Word, bool)>,
        quiet: bool,
    },
    Set {
        name: SmolStr,
        value: Word,
    },
    /// `for`: the list lies in a variable of its own and is eaten word by word.
    List {
        name: SmolStr,
        items: Vec<Word>,
    },
    Next {
        list: SmolStr,
        name: SmolStr,
        done: usize,
    },
    Jump(usize),
    JumpIfFailed(usize),
    JumpIfOk(usize),
    Negate,
}

/// A script ready to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    ops: Vec<Op>,
    error: Option<String>,
}

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

impl Script {
    pub fn parse(text: &str) -> Self {
        let mut parser = Parser { tokens: lex(text), at: 0, ops: Vec::new(), depth: 0, lists: 0 };
        let mut result = parser.list(&[]);
        if result.is_ok() && parser.at < parser.tokens.len() {
            result = Err("syntax error: unexpected word".to_owned());
        }
        Script { ops: parser.ops, error: result.err() }
    }

    /// One command with its arguments, as they are.
    pub fn of_argv(argv: &[SmolStr]) -> Self {
        let word =
            |text: &SmolStr| Word { parts: vec![Part::Text(text.to_string())], quoted: true };
        let words: Vec<Word> = argv.iter().map(word).collect();
        Script { ops: vec![Op::Run { words, into: None, quiet: false }], error: None }
    }

    /// Runs until the script waits or ends; what it prints goes to `print`.
    pub fn resume(
        &self,
        world: &mut World<'_>,
        print: &mut dyn FnMut(&mut World<'_>, Output),
    ) -> Next {
        if let Some(error) = &self.error {
            print(world, Output::fail(2, format!("sh: {error}\n")));
            return Next::Exit(2);
        }
        // A loop that never sleeps keeps a core busy: it gets its turn every second.
        for _ in 0..256 {
            let Some(process) = world.process() else { return Next::Exit(137) };
            let memory = process.memory_mut();
            let (pc, code) = (memory.pc as usize, memory.last_code);
            let Some(op) = self.ops.get(pc) else { return Next::Exit(code) };
            memory.pc += 1;
            if let Some(next) = self.act(world, op, code, print) {
                return next;
            }
        }
        Next::Wait(Duration::from_secs(1))
    }

    fn act(
        &self,
        world: &mut World<'_>,
        op: &Op,
        code: i32,
        print: &mut dyn FnMut(&mut World<'_>, Output),
    ) -> Option<Next> {
        match op {
            Op::Run { words, into, quiet } => {
                let argv = expand(world, words, code);
                return run(world, &argv, into.as_ref(), *quiet, code, print);
            }
            Op::Set { name, value } => {
                let value = expand_word(world, value, code);
                world.process()?.memory_mut().values.insert(name.clone(), value.into());
            }
            Op::List { name, items } => {
                let items = expand(world, items, code).join("\n");
                world.process()?.memory_mut().values.insert(name.clone(), items.into());
            }
            Op::Next { list, name, done } => {
                let memory = world.process()?.memory_mut();
                let items = memory.values.remove(list).unwrap_or_default();
                if items.is_empty() {
                    memory.pc = *done as u32;
                } else {
                    let (first, rest) = items.split_once('\n').unwrap_or((&items, ""));
                    memory.values.insert(name.clone(), first.into());
                    memory.values.insert(list.clone(), rest.into());
                }
            }
            Op::Jump(to) => world.process()?.memory_mut().pc = *to as u32,
            Op::JumpIfFailed(to) if code != 0 => world.process()?.memory_mut().pc = *to as u32,
            Op::JumpIfOk(to) if code == 0 => world.process()?.memory_mut().pc = *to as u32,
            Op::JumpIfFailed(_) | Op::JumpIfOk(_) => {}
            Op::Negate => world.process()?.memory_mut().last_code = i32::from(code == 0),
        }
        None
    }
}

fn run(
    world: &mut World<'_>,
    argv: &[String],
    into: Option<&(Word, bool)>,
    quiet: bool,
    code: i32,
    print: &mut dyn FnMut(&mut World<'_>, Output),
) -> Option<Next> {
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let words = match words.as_slice() {
        ["exec", rest @ ..] if !rest.is_empty() => rest,
        words => words,
    };
    if let ["exit", rest @ ..] = words {
        return Some(Next::Exit(rest.first().and_then(|code| code.parse().ok()).unwrap_or(code)));
    }
    let mut output = match words {
        [] => Output::default(),
        ["tail", "-f", ..] => {
            Output { took: Duration::from_secs(u64::from(u32::MAX)), ..Output::default() }
        }
        [name, args @ ..] => {
            let base = name.rsplit('/').next().unwrap_or(name);
            let own = world
                .process()
                .and_then(|p| p.program.clone())
                .and_then(|program| program.exec(world, words));
            own.or_else(|| shell::builtin(world, base, args))
                .unwrap_or_else(|| Output::fail(127, format!("sh: {name}: not found\n")))
        }
    };
    if let Some((path, append)) = into {
        let path = expand_word(world, path, code);
        if path != "/dev/null" && !path.starts_with("/proc/1/fd") && path != "/dev/stdout" {
            shell::write(world, &path, &output.stdout, *append);
            output.stdout.clear();
        } else if path == "/dev/null" {
            output.stdout.clear();
        }
    }
    if quiet {
        output.stderr.clear();
    }
    let took = output.took;
    if let Some(process) = world.process() {
        process.memory_mut().last_code = output.code;
    }
    print(world, output);
    (took > Duration::from_millis(20)).then_some(Next::Wait(took))
}

fn expand(world: &mut World<'_>, words: &[Word], code: i32) -> Vec<String> {
    let mut out = Vec::new();
    for word in words {
        let text = expand_word(world, word, code);
        let plain = word.parts.iter().all(|part| matches!(part, Part::Text(_)));
        if word.quoted || plain {
            out.push(text);
        } else {
            out.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    out
}

fn expand_word(world: &mut World<'_>, word: &Word, code: i32) -> String {
    let mut text = String::new();
    for part in &word.parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Variable(name) => text.push_str(&value_of(world, name, code)),
            Part::Sum(sum) => text.push_str(&sum_of(world, sum, code).to_string()),
            Part::Command(command) => {
                let inner = Script::parse(command);
                let words: Vec<Word> = match inner.ops.as_slice() {
                    [Op::Run { words, .. }] => words.clone(),
                    _ => Vec::new(),
                };
                // One level: a substitution within a substitution gives nothing.
                let flat =
                    words.iter().all(|w| !w.parts.iter().any(|p| matches!(p, Part::Command(_))));
                let argv = if flat { expand(world, &words, code) } else { Vec::new() };
                let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
                if let Some((name, args)) = argv.split_first()
                    && let Some(output) = shell::builtin(world, name, args)
                {
                    text.push_str(output.stdout.trim_end_matches('\n'));
                }
            }
        }
    }
    text
}

fn value_of(world: &mut World<'_>, name: &str, code: i32) -> SmolStr {
    match name {
        "?" => return smol_str::format_smolstr!("{code}"),
        "$" => return "1".into(),
        "RANDOM" => return smol_str::format_smolstr!("{}", world.rng.below(32_768)),
        _ => {}
    }
    let own = world
        .process()
        .and_then(|process| process.memory.as_ref())
        .and_then(|memory| memory.values.get(name).cloned());
    own.or_else(|| shell::variable(world, name)).unwrap_or_default()
}

/// `a + 1`, `a - b`, `a * 2`: two numbers or variables and one sign.
fn sum_of(world: &mut World<'_>, sum: &str, code: i32) -> i64 {
    let mut value = |text: &str| {
        let text = text.trim().trim_start_matches('$');
        text.parse::<i64>().unwrap_or_else(|_| value_of(world, text, code).parse().unwrap_or(0))
    };
    for sign in ['+', '-', '*', '/', '%'] {
        if let Some((a, b)) = sum.split_once(sign) {
            let (a, b) = (value(a), value(b));
            return match sign {
                '+' => a.saturating_add(b),
                '-' => a.saturating_sub(b),
                '*' => a.saturating_mul(b),
                '/' => a.checked_div(b).unwrap_or(0),
                _ => a.checked_rem(b).unwrap_or(0),
            };
        }
    }
    value(sum)
}

/// Runs a script within a running container, apart from the container's own program.
pub(crate) fn run_to_end(world: &mut World<'_>, text: &str) -> Output {
    let script = Script::parse(text);
    let kept = world.process().and_then(|process| process.memory.take());
    if let (Some(process), Some(kept)) = (world.process(), &kept) {
        process.memory_mut().files = kept.files.clone();
    }
    let mut all = Output::default();
    for _ in 0..64 {
        let mut collect = |_: &mut World<'_>, output: Output| {
            all.stdout.push_str(&output.stdout);
            all.stderr.push_str(&output.stderr);
        };
        match script.resume(world, &mut collect) {
            Next::Wait(span) => all.took += span,
            Next::Serve(_) => break,
            Next::Exit(code) => {
                all.code = code;
                break;
            }
        }
    }
    let files = world.process().and_then(|process| process.memory.take()).map(|m| m.files);
    if let Some(process) = world.process() {
        process.memory = kept;
        if let Some(files) = files.filter(|files| !files.is_empty()) {
            process.memory_mut().files = files;
        }
    }
    all
}
