//! Loops and conditions.

use clock::Duration;

use crate::session::{Cx, Process, Progress};
use crate::shell::parse::{Compound, Item};
use crate::shell::{Shell, expand, lex::Word};

/// What `break` and `continue` end a list with; no program ends so.
pub const BREAK: i32 = 0x7fff_ff01;
pub const CONTINUE: i32 = 0x7fff_ff02;

/// Rounds a loop makes before it lets some time pass: one that waits for nothing must end too.
const ROUNDS_MAX: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(10);

pub fn start(compound: Compound) -> Box<dyn Process> {
    match compound {
        Compound::For { name, words, body } => {
            let state = ForState::Words(words);
            Box::new(For { name, state, body, running: None, code: 0, rounds: 0 })
        }
        Compound::While { condition, body, until } => Box::new(While {
            condition,
            body,
            until,
            running: None,
            in_body: false,
            code: 0,
            rounds: 0,
        }),
        Compound::If(branches) => {
            Box::new(If { branches: branches.into_iter(), body: None, running: None })
        }
    }
}

/// Lets time pass once in a while.
fn pause(cx: &Cx<'_>, rounds: &mut u32) -> Option<Progress> {
    *rounds += 1;
    if *rounds < ROUNDS_MAX {
        return None;
    }
    *rounds = 0;
    Some(Progress::Wait { watch: Vec::new(), until: Some(cx.now + PAUSE) })
}

enum ForState {
    Words(Vec<Word>),
    Values(std::vec::IntoIter<String>),
}

struct For {
    name: String,
    state: ForState,
    body: Vec<Item>,
    running: Option<Shell>,
    code: i32,
    rounds: u32,
}

impl Process for For {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        if let ForState::Words(words) = &self.state {
            match expand::words(cx, words) {
                Ok(values) => self.state = ForState::Values(values.into_iter()),
                Err((text, code)) => {
                    cx.out.stderr(&text);
                    return Progress::Done(code);
                }
            }
        }
        loop {
            if let Some(running) = &mut self.running {
                match running.poll(cx) {
                    Progress::Done(BREAK) => return Progress::Done(0),
                    Progress::Done(CONTINUE) => self.code = 0,
                    Progress::Done(code) => self.code = code,
                    wait => return wait,
                }
                self.running = None;
                if let Some(wait) = pause(cx, &mut self.rounds) {
                    return wait;
                }
            }
            let ForState::Values(values) = &mut self.state else { return Progress::Done(1) };
            let Some(value) = values.next() else { return Progress::Done(self.code) };
            cx.session.env.insert(self.name.clone(), value);
            self.running = Some(Shell::of(self.body.clone()));
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.running.as_mut().map_or(130, |running| running.interrupt(cx))
    }
}

struct While {
    condition: Vec<Item>,
    body: Vec<Item>,
    until: bool,
    running: Option<Shell>,
    in_body: bool,
    code: i32,
    rounds: u32,
}

impl Process for While {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            let Some(running) = &mut self.running else {
                self.running = Some(Shell::of(self.condition.clone()));
                self.in_body = false;
                continue;
            };
            let code = match running.poll(cx) {
                Progress::Done(code) => code,
                wait => return wait,
            };
            self.running = None;
            if code == BREAK {
                return Progress::Done(0);
            }
            if self.in_body {
                self.code = if code == CONTINUE { 0 } else { code };
                if let Some(wait) = pause(cx, &mut self.rounds) {
                    return wait;
                }
            } else if (code == 0) == self.until {
                return Progress::Done(self.code);
            } else {
                self.running = Some(Shell::of(self.body.clone()));
                self.in_body = true;
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.running.as_mut().map_or(130, |running| running.interrupt(cx))
    }
}

struct If {
    branches: std::vec::IntoIter<(Vec<Item>, Vec<Item>)>,
    /// What runs if the condition that runs now holds.
    body: Option<Vec<Item>>,
    running: Option<Shell>,
}

impl Process for If {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            let Some(running) = &mut self.running else {
                let Some((condition, body)) = self.branches.next() else {
                    return Progress::Done(0);
                };
                let is_else = condition.is_empty();
                self.running = Some(Shell::of(if is_else { body.clone() } else { condition }));
                self.body = (!is_else).then_some(body);
                continue;
            };
            let code = match running.poll(cx) {
                Progress::Done(code) => code,
                wait => return wait,
            };
            self.running = None;
            match self.body.take() {
                None => return Progress::Done(code),
                Some(body) if code == 0 => self.running = Some(Shell::of(body)),
                Some(_) => {}
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.running.as_mut().map_or(130, |running| running.interrupt(cx))
    }
}
