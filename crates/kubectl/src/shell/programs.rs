//! The programs of the terminal beside kubectl.

use apimachinery::duration::Duration;
use clock::SimTime;

use crate::command::Command;
use crate::help;
use crate::session::{Cx, Process, Progress};
use crate::shell::compound::{BREAK, CONTINUE};
use crate::shell::curl::curl;
use crate::shell::docker::docker;
use crate::shell::minikube;
use crate::shell::{Said, Sleep, small, text};

/// Names that completion offers for the first word.
pub const NAMES: [&str; 35] = [
    "awk", "base64", "cat", "clear", "curl", "cut", "docker", "echo", "exit", "export", "fault",
    "grep", "head", "help", "history", "k", "kill", "kubectl", "ls", "minikube", "mkdir", "printf",
    "pwd", "rm", "sed", "seq", "sh", "sleep", "sort", "tail", "tee", "test", "timeout", "watch",
    "xargs",
];

/// Does its work at the first poll.
struct Once(Option<Work>);

type Work = Box<dyn FnOnce(&mut Cx<'_>) -> i32>;

impl Process for Once {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        match self.0.take() {
            Some(work) => Progress::Done(work(cx)),
            None => Progress::Done(0),
        }
    }
}

pub fn once(work: impl FnOnce(&mut Cx<'_>) -> i32 + 'static) -> Box<dyn Process> {
    Box::new(Once(Some(Box::new(work))))
}

pub fn said(text: impl Into<String>, code: i32) -> Box<dyn Process> {
    Box::new(Said::new(text.into(), code))
}

/// Starts a program by its words. Assignments before a command hold as long as it runs.
pub fn start(
    cx: &mut Cx<'_>,
    argv: Vec<String>,
    assignments: Vec<(String, String)>,
    stdin: String,
) -> Box<dyn Process> {
    let mut words = argv.into_iter();
    let Some(program) = words.next() else {
        cx.session.env.extend(assignments);
        return once(|_| 0);
    };
    if !assignments.is_empty() {
        let before: Vec<_> = assignments
            .iter()
            .map(|(name, _)| (name.clone(), cx.session.env.get(name).cloned()))
            .collect();
        cx.session.env.extend(assignments);
        let argv = std::iter::once(program).chain(words).collect();
        let process = start(cx, argv, Vec::new(), stdin);
        return Box::new(Scoped { process, before });
    }
    let args: Vec<String> = words.collect();
    match program.as_str() {
        "kubectl" | "k" => Box::new(Command::new(args, stdin)),
        "sh" | "bash" => shell(cx, &args, &stdin),
        "sleep" => sleep(&args),
        "watch" => watch(&args),
        "docker" => once(move |cx| docker(cx, &args)),
        "fault" => once(move |cx| fault(cx, &args)),
        "minikube" => minikube::start(args),
        "echo" => once(move |cx| echo(cx, &args)),
        "printf" => once(move |cx| super::printf::printf(cx, &args)),
        "true" | ":" => once(|_| 0),
        "break" => once(|_| BREAK),
        "continue" => once(|_| CONTINUE),
        "xargs" => Box::new(small::Xargs::new(args, &stdin, start)),
        "tee" => once(move |cx| small::tee(cx, &args, &stdin)),
        "[" | "test" => once(move |cx| small::test(cx, &program, &args)),
        "curl" => once(move |cx| curl(cx, &args)),
        "timeout" => timeout(cx, args, stdin),
        "seq" => once(move |cx| small::seq(cx, &args)),
        "false" => once(|_| 1),
        "clear" => once(|cx| {
            cx.out.clear = true;
            cx.out.chunks.clear();
            0
        }),
        "help" => once(|cx| {
            cx.out.stdout(&help::root());
            cx.out.stdout(&format!("\nOther programs: {}\n", NAMES.join(" ")));
            0
        }),
        "pwd" => once(|cx| {
            cx.say("/home/user");
            0
        }),
        "date" => once(|cx| {
            let now = cx.time().to_string();
            cx.say(&now);
            0
        }),
        "history" => once(|cx| {
            let lines: Vec<String> = (1..)
                .zip(&cx.session.history)
                .map(|(number, line)| format!("{number:5}  {line}\n"))
                .collect();
            cx.out.stdout(&lines.concat());
            0
        }),
        "export" => once(move |cx| {
            for (name, value) in args.iter().filter_map(|arg| arg.split_once('=')) {
                cx.session.env.insert(name.to_owned(), value.to_owned());
            }
            0
        }),
        "exit" => {
            let code = args.first().and_then(|arg| arg.parse().ok()).unwrap_or(0);
            once(move |_| code)
        }
        "ls" => once(move |cx| ls(cx, &args)),
        "kill" => once(move |cx| kill(cx, &args)),
        "rm" => once(move |cx| rm(cx, &args)),
        "mkdir" => once(move |cx| {
            args.iter().filter(|arg| !arg.starts_with('-')).for_each(|name| {
                cx.session.files.make_folder(name);
            });
            0
        }),
        name => match text::filter(name) {
            Some(filter) => once(move |cx| filter(cx, &args, &stdin)),
            None => said(format!("bash: {name}: command not found\n"), 127),
        },
    }
}

/// Breaks and mends the cluster: machines, wires, programs.
fn fault(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    match cx.api.fault(&args.join(" ")) {
        Some(Ok(text)) => {
            cx.out.stdout(&text);
            0
        }
        Some(Err(text)) => {
            cx.complain(&text);
            1
        }
        None => {
            cx.complain("fault: this terminal has no way to the machines of the cluster");
            1
        }
    }
}

/// A program with variables of its own.
struct Scoped {
    process: Box<dyn Process>,
    before: Vec<(String, Option<String>)>,
}

impl Scoped {
    fn restore(&mut self, cx: &mut Cx<'_>) {
        for (name, value) in std::mem::take(&mut self.before) {
            match value {
                Some(value) => cx.session.env.insert(name, value),
                None => cx.session.env.remove(&name),
            };
        }
    }
}

impl Process for Scoped {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        let progress = self.process.poll(cx);
        if matches!(progress, Progress::Done(_)) {
            self.restore(cx);
        }
        progress
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        let code = self.process.interrupt(cx);
        self.restore(cx);
        code
    }
}

fn shell(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> Box<dyn Process> {
    let line = match args {
        [flag, line, ..] if flag.starts_with('-') && flag.ends_with('c') => line.clone(),
        [] => stdin.to_owned(),
        [file, ..] => match cx.session.files.read(file) {
            Some(text) => text.to_owned(),
            None => return said(format!("bash: {file}: No such file or directory\n"), 127),
        },
    };
    cx.session.depth += 1;
    let process = super::start(&line, cx.session);
    cx.session.depth -= 1;
    Box::new(Nested(process))
}

/// A shell in a shell: how deep they nest is bounded.
struct Nested(Box<dyn Process>);

impl Process for Nested {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        cx.session.depth = cx.session.depth.saturating_add(1);
        let progress = self.0.poll(cx);
        cx.session.depth = cx.session.depth.saturating_sub(1);
        progress
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.0.interrupt(cx)
    }
}

fn sleep(args: &[String]) -> Box<dyn Process> {
    let Some(first) = args.first() else {
        return said("sleep: missing operand\nTry 'sleep --help' for more information.\n", 1);
    };
    let (number, unit) = match first.char_indices().find(|(_, c)| c.is_ascii_alphabetic()) {
        Some((at, _)) => first.split_at_checked(at).unwrap_or((first, "")),
        None => (first.as_str(), "s"),
    };
    let unit = if unit == "d" { "h" } else { unit };
    match Duration::parse(&format!("{number}{unit}")) {
        Ok(duration) => {
            let nanos = u64::try_from(duration.0).unwrap_or(0);
            Box::new(Sleep { nanos, until: None })
        }
        Err(_) => said(format!("sleep: invalid time interval ‘{first}’\n"), 1),
    }
}

fn echo(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let mut args = args;
    let (mut newline, mut escapes) = (true, false);
    while let [first, rest @ ..] = args {
        match first.as_str() {
            "-n" => newline = false,
            "-e" => escapes = true,
            "-ne" | "-en" => (newline, escapes) = (false, true),
            _ => break,
        }
        args = rest;
    }
    let mut text = args.join(" ");
    if escapes {
        text = text.replace("\\n", "\n").replace("\\t", "\t");
    }
    cx.out.stdout(&text);
    if newline {
        cx.out.stdout("\n");
    }
    0
}

fn ls(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let mut code = 0;
    let here = String::new();
    let names = if names.is_empty() { vec![&here] } else { names };
    for name in names {
        if cx.session.files.read(name).is_some() {
            cx.say(name);
        } else if cx.session.files.is_folder(name) {
            let list: Vec<String> = cx
                .session
                .files
                .list(name)
                .iter()
                .map(|n| n.trim_end_matches('/').to_owned() + "\n")
                .collect();
            cx.out.stdout(&list.concat());
        } else {
            cx.complain(&format!("ls: cannot access '{name}': No such file or directory"));
            code = 2;
        }
    }
    code
}

/// Ends jobs in the background; they notice when they are polled next.
fn kill(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let mut code = 0;
    for word in args.iter().filter(|arg| !arg.starts_with('-')) {
        if !word.parse().is_ok_and(|number: u32| cx.session.jobs.remove(&number)) {
            cx.complain(&format!("bash: kill: ({word}) - No such process"));
            code = 1;
        }
    }
    code
}

fn rm(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let force = args.iter().any(|arg| arg.starts_with('-') && arg.contains('f'));
    let mut code = 0;
    for name in args.iter().filter(|arg| !arg.starts_with('-')) {
        if !cx.session.files.remove(name) && !force {
            cx.complain(&format!("rm: cannot remove '{name}': No such file or directory"));
            code = 1;
        }
    }
    code
}

/// `timeout DURATION COMMAND…`: ends the command when the time is over.
struct Timeout {
    process: Box<dyn Process>,
    until: SimTime,
}

fn timeout(cx: &mut Cx<'_>, args: Vec<String>, stdin: String) -> Box<dyn Process> {
    let mut words = args.into_iter().skip_while(|arg| arg.starts_with('-'));
    let given = words.next().unwrap_or_default();
    let unit = if given.ends_with(|c: char| c.is_ascii_digit()) { "s" } else { "" };
    let argv: Vec<String> = words.collect();
    match Duration::parse(&format!("{given}{unit}")) {
        Ok(duration) if !argv.is_empty() => {
            let until =
                cx.now + clock::Duration::from_nanos(u64::try_from(duration.0).unwrap_or(0));
            Box::new(Timeout { process: start(cx, argv, Vec::new(), stdin), until })
        }
        Ok(_) => said("timeout: missing operand\n", 125),
        Err(_) => said(format!("timeout: invalid time interval ‘{given}’\n"), 125),
    }
}

impl Process for Timeout {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        match self.process.poll(cx) {
            Progress::Wait { .. } if cx.now >= self.until => {
                self.process.interrupt(cx);
                Progress::Done(124)
            }
            Progress::Wait { watch, until } => {
                let until = until.map_or(self.until, |until| until.min(self.until));
                Progress::Wait { watch, until: Some(until) }
            }
            done => done,
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.process.interrupt(cx)
    }
}

/// `watch -n SECONDS command`: the command again and again, each time on a clear screen.
struct Watch {
    line: String,
    nanos: u64,
    next: Option<SimTime>,
    running: Option<Box<dyn Process>>,
}

fn watch(args: &[String]) -> Box<dyn Process> {
    let mut rest = args;
    let mut nanos = 2_000_000_000;
    while let [flag, tail @ ..] = rest {
        let Some(body) = flag.strip_prefix('-') else { break };
        rest = tail;
        if let Some(given) = body.strip_prefix('n') {
            let seconds = match (given, tail) {
                ("", [seconds, more @ ..]) => {
                    rest = more;
                    seconds.as_str()
                }
                (given, _) => given,
            };
            match Duration::parse(&format!("{seconds}s")) {
                Ok(duration) => nanos = u64::try_from(duration.0).unwrap_or(0).max(100_000_000),
                Err(_) => {
                    let text = format!("watch: failed to parse argument: '{seconds}'\n");
                    return said(text, 1);
                }
            }
        }
    }
    if rest.is_empty() {
        return said("Usage:\n watch [options] command\n", 1);
    }
    Box::new(Watch { line: rest.join(" "), nanos, next: None, running: None })
}

impl Process for Watch {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        if self.running.is_none() && self.next.is_some_and(|next| cx.now < next) {
            return Progress::Wait { watch: Vec::new(), until: self.next };
        }
        if self.running.is_none() {
            cx.out.clear = true;
            cx.out.chunks.clear();
            cx.say(&format!("Every {}.0s: {}\n", self.nanos / 1_000_000_000, self.line));
            cx.session.depth += 1;
            self.running = Some(super::start(&self.line, cx.session));
            cx.session.depth -= 1;
        }
        if let Some(running) = &mut self.running
            && let wait @ Progress::Wait { .. } = running.poll(cx)
        {
            return wait;
        }
        self.running = None;
        let next = cx.now + clock::Duration::from_nanos(self.nanos);
        self.next = Some(next);
        Progress::Wait { watch: Vec::new(), until: Some(next) }
    }
}
