//! Stories: commands with what they must say, as plain text. `$ ` begins a command; the lines below
//! it are its output, whatever the width of the columns, where `…` stands for anything (a line that
//! is only `…` for any number of lines); `--exit N--` ends an output whose command fails.
//! `#pass N` lets seconds pass, `#stop NODE` and `#start NODE` are about kubelets, `#file NAME` puts
//! a file of `data/` where kubectl finds it, and `##` is a remark.

use cluster::Command;

use crate::terminal::Terminal;

/// One command and its expected lines.
struct Step<'a> {
    number: usize,
    line: &'a str,
    expected: Vec<String>,
    code: i32,
}

/// Plays a story to its end; panics at the first command that says something else.
///
/// # Panics
/// When the cluster tells another story.
pub fn play(terminal: &mut Terminal, story: &str, files: &dyn Fn(&str) -> String) {
    let mut lines = story.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if let Some(command) = line.strip_prefix("$ ") {
            let mut step = Step { number: at + 1, line: command, expected: Vec::new(), code: 0 };
            while let Some((_, line)) = lines.next_if(|(_, l)| !l.starts_with(['$', '#'])) {
                match line.strip_prefix("--exit ").and_then(|rest| rest.strip_suffix("--")) {
                    Some(code) => step.code = code.parse().unwrap_or(-1),
                    None => step.expected.push(squeezed(line)),
                }
            }
            step.hold(terminal);
        } else {
            direct(terminal, line, files);
        }
    }
}

fn direct(terminal: &mut Terminal, line: &str, files: &dyn Fn(&str) -> String) {
    let mut words = line.split_whitespace();
    let (word, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match word {
        "#pass" => terminal.pass(rest.parse().unwrap_or(0)),
        "#stop" => drop(terminal.cluster.execute(Command::StopKubelet { node: rest.into() })),
        "#start" => drop(terminal.cluster.execute(Command::StartKubelet { node: rest.into() })),
        "#file" => terminal.file(rest, &files(rest)),
        "##" | "" => {}
        _ => panic!("no such directive: {line}"),
    }
}

impl Step<'_> {
    fn hold(&self, terminal: &mut Terminal) {
        let answer = terminal.run(self.line);
        let said: Vec<String> =
            answer.text.lines().map(squeezed).filter(|line| !line.is_empty()).collect();
        let expected: Vec<&String> = self.expected.iter().filter(|line| !line.is_empty()).collect();
        let same = matches_lines(&expected, &said) && answer.code == self.code;
        assert!(
            same,
            "line {}: $ {}\n{}\n--exit {}--\nbut it had to be\n{}\n--exit {}--",
            self.number,
            self.line,
            answer.text,
            answer.code,
            self.expected.join("\n"),
            self.code
        );
    }
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn matches_lines(expected: &[&String], said: &[String]) -> bool {
    match expected.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first.as_str() == "…" => {
            (0..=said.len()).any(|skip| said.get(skip..).is_some_and(|s| matches_lines(rest, s)))
        }
        Some((first, rest)) => said
            .split_first()
            .is_some_and(|(line, said)| fits(first, line) && matches_lines(rest, said)),
    }
}

/// Whether a line is as expected, `…` standing for anything.
pub fn fits(expected: &str, line: &str) -> bool {
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}
