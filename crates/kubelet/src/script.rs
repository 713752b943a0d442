//! A small shell: scripts become a flat list of operations, so that a script that sleeps is one
//! number between its steps.

mod parse;

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
    Succeed,
}

/// A script ready to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Script {
    ops: Vec<Op>,
    error: Option<String>,
}

impl Script {
    pub fn parse(text: &str) -> Self {
        match parse::parse(text) {
            Ok(ops) => Script { ops, error: None },
            Err(error) => Script { ops: Vec::new(), error: Some(error) },
        }
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
        // A loop that never sleeps keeps a core busy: it gets its turn every second. What it
        // waits for in that second, it does not compute.
        let mut waited = Duration::ZERO;
        let print = &mut |world: &mut World<'_>, output: Output| {
            waited += output.took;
            print(world, output);
        };
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
        if let Some(process) = world.process() {
            let spun = Duration::from_secs(1).saturating_sub(waited);
            process.spun_nanos = process.spun_nanos.saturating_add(spun.as_nanos() as u64);
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
                let value = capped(expand_word(world, value, code));
                world.process()?.memory_mut().values.insert(name.clone(), value.into());
            }
            Op::List { name, items } => {
                let items = capped(expand(world, items, code).join("\n"));
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
            Op::Succeed => world.process()?.memory_mut().last_code = 0,
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
        ["tail", "-f", ..] => forever(),
        words if computes(words) => {
            let now = world.now;
            if let Some(process) = world.process() {
                process.spinning_since.get_or_insert(now);
            }
            forever()
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
            if let Err(why) = shell::write(world, &path, &output.stdout, *append) {
                output = Output::fail(1, format!("sh: can't create {path}: {why}\n"));
            }
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

fn forever() -> Output {
    Output { took: Duration::from_secs(u64::from(u32::MAX)), ..Output::default() }
}

/// Whether a command computes until it is stopped.
fn computes(words: &[&str]) -> bool {
    match words {
        ["yes" | "stress" | "stress-ng", ..] => true,
        ["md5sum" | "sha1sum" | "sha256sum" | "sha512sum" | "gzip" | "cat", files @ ..] => {
            files.iter().any(|file| matches!(*file, "/dev/zero" | "/dev/urandom"))
        }
        ["dd", rest @ ..] => {
            rest.contains(&"if=/dev/zero")
                && rest.contains(&"of=/dev/null")
                && !rest.iter().any(|word| word.starts_with("count="))
        }
        _ => false,
    }
}

/// A variable that grows without end stops at this.
const VALUE_BYTES_MAX: usize = 64 * 1024;

fn capped(mut value: String) -> String {
    if value.len() > VALUE_BYTES_MAX {
        let end = (0..=VALUE_BYTES_MAX).rev().find(|at| value.is_char_boundary(*at));
        value.truncate(end.unwrap_or(0));
    }
    value
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
