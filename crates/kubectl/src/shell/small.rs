//! Small programs of a shell: `xargs`, `tee`, `test`, `seq`.

use crate::session::{Cx, Process, Progress};

/// Numbers `seq` prints at most.
const NUMBERS_MAX: i64 = 100_000;

/// Runs a command with the words of the standard input behind its own, a few at a time.
pub struct Xargs {
    argv: Vec<String>,
    rounds: std::vec::IntoIter<Vec<String>>,
    start: super::Start,
    running: Option<Box<dyn Process>>,
    code: i32,
}

impl Xargs {
    /// Reads `-n COUNT` and `-I WORD`.
    pub fn new(args: Vec<String>, stdin: &str, start: super::Start) -> Xargs {
        let mut args = args.into_iter().peekable();
        let (mut count, mut replace) = (usize::MAX, None);
        while let Some(flag) = args.next_if(|arg| arg.starts_with('-')) {
            let (name, joined) = flag.split_at_checked(2).unwrap_or((&flag, ""));
            let mut value = || match joined {
                "" => args.next().unwrap_or_default(),
                joined => joined.to_owned(),
            };
            match name {
                "-n" => count = value().parse().unwrap_or(usize::MAX).max(1),
                "-I" => replace = Some(value()),
                _ => {}
            }
        }
        let mut argv: Vec<String> = args.collect();
        if argv.is_empty() {
            argv.push("echo".to_owned());
        }
        let words: Vec<String> = stdin.split_whitespace().map(str::to_owned).collect();
        let rounds: Vec<Vec<String>> = match replace {
            Some(mark) => {
                let lines = stdin.lines().map(str::trim).filter(|line| !line.is_empty());
                let with = |line: &str| argv.iter().map(|arg| arg.replace(&mark, line)).collect();
                let rounds = lines.map(with).collect();
                argv.clear();
                rounds
            }
            None if words.is_empty() => vec![Vec::new()],
            None => words.chunks(count).map(<[String]>::to_vec).collect(),
        };
        Xargs { argv, rounds: rounds.into_iter(), start, running: None, code: 0 }
    }
}

impl Process for Xargs {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            if let Some(running) = &mut self.running {
                match running.poll(cx) {
                    Progress::Done(0) => {}
                    Progress::Done(_) => self.code = 123,
                    wait => return wait,
                }
                self.running = None;
            }
            let Some(words) = self.rounds.next() else { return Progress::Done(self.code) };
            let argv = self.argv.iter().cloned().chain(words).collect();
            self.running = Some((self.start)(cx, argv, Vec::new(), String::new()));
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.running.as_mut().map_or(130, |running| running.interrupt(cx))
    }
}

pub fn tee(cx: &mut Cx<'_>, args: &[String], stdin: &str) -> i32 {
    let append = args.iter().any(|arg| arg == "-a");
    for name in args.iter().filter(|arg| !arg.starts_with('-') && *arg != "/dev/null") {
        if !append {
            cx.session.files.write(name, "");
        }
        cx.session.files.append(name, stdin);
    }
    cx.out.stdout(stdin);
    0
}

/// `test` and `[`: 0 if it holds, 1 if not, 2 if it cannot be read.
pub fn test(cx: &mut Cx<'_>, program: &str, args: &[String]) -> i32 {
    let mut words: Vec<&str> = args.iter().map(String::as_str).collect();
    if program == "[" && words.pop() != Some("]") {
        cx.complain("bash: [: missing `]'");
        return 2;
    }
    let negated = words.first() == Some(&"!");
    let words = if negated { words.get(1..).unwrap_or(&[]) } else { words.as_slice() };
    match holds(cx, words) {
        Ok(holds) => i32::from(holds == negated),
        Err(why) => {
            cx.complain(&format!("bash: {program}: {why}"));
            2
        }
    }
}

fn holds(cx: &Cx<'_>, words: &[&str]) -> Result<bool, String> {
    let number = |text: &str| {
        text.trim().parse::<i64>().map_err(|_| format!("{text}: integer expression expected"))
    };
    Ok(match words {
        [] => false,
        [word] => !word.is_empty(),
        ["-z", word] => word.is_empty(),
        ["-n", word] => !word.is_empty(),
        ["-f", name] => cx.session.files.read(name).is_some(),
        ["-d", name] => cx.session.files.is_folder(name),
        ["-e", name] => cx.session.files.read(name).is_some() || cx.session.files.is_folder(name),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, operator, b] => {
            let (a, b) = (number(a)?, number(b)?);
            match *operator {
                "-eq" => a == b,
                "-ne" => a != b,
                "-lt" => a < b,
                "-le" => a <= b,
                "-gt" => a > b,
                "-ge" => a >= b,
                other => return Err(format!("{other}: binary operator expected")),
            }
        }
        _ => return Err("too many arguments".to_owned()),
    })
}

pub fn seq(cx: &mut Cx<'_>, args: &[String]) -> i32 {
    let numbers: Option<Vec<i64>> = args.iter().map(|arg| arg.parse().ok()).collect();
    let (first, step, last) = match numbers.as_deref() {
        Some([last]) => (1, 1, *last),
        Some([first, last]) => (*first, 1, *last),
        Some([first, step, last]) if *step != 0 => (*first, *step, *last),
        _ => {
            cx.complain("seq: missing or invalid operand");
            return 1;
        }
    };
    let mut text = String::new();
    let mut now = first;
    for _ in 0..NUMBERS_MAX {
        if (step > 0 && now > last) || (step < 0 && now < last) {
            break;
        }
        text.push_str(&format!("{now}\n"));
        now = now.saturating_add(step);
    }
    cx.out.stdout(&text);
    0
}
