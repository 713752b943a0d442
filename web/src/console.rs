//! The terminal without its looks: what was printed, what was typed, what waits to run.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use cluster::{Chunk, Command};
use yew::Callback;

use crate::engine::{Engine, Subscription, TERMINAL, Topic};
use crate::storage;

const HISTORY_KEY: &str = "kubarium.history";
const HISTORY_MAX: usize = 500;
/// Lines of a block: a full block never changes, so that only the last is drawn again.
const BLOCK_LINES: usize = 50;
const BLOCKS_MAX: usize = 60;
/// Of a longer line only so much is shown.
const LINE_CHARS_MAX: usize = 4_000;
/// Typed ahead or pasted.
const QUEUE_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Prompt,
    Out,
    Err,
    Note,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: Kind,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Counted from the beginning of the session.
    pub number: u64,
    pub lines: Vec<Line>,
    /// The last line has not ended yet.
    open: bool,
}

/// Told when a command has ended, with what it printed.
type Done = Callback<Vec<Line>>;

struct Waiting {
    line: String,
    done: Option<Done>,
}

struct Inner {
    engine: Engine,
    blocks: RefCell<VecDeque<Rc<Block>>>,
    history: RefCell<Vec<String>>,
    queue: RefCell<VecDeque<Waiting>>,
    /// The command that runs now: whom to tell, and what it printed so far.
    running: RefCell<Option<(Option<Done>, Vec<Line>)>>,
    listener: RefCell<Option<Callback<()>>>,
    heard: RefCell<Option<Subscription>>,
    next_block: Cell<u64>,
}

/// A handle; equal handles are the same terminal.
#[derive(Clone)]
pub struct Console(Rc<Inner>);

impl PartialEq for Console {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Console {
    pub fn new(engine: Engine) -> Self {
        let console = Console(Rc::new(Inner {
            engine: engine.clone(),
            blocks: RefCell::default(),
            history: RefCell::new(storage::load(HISTORY_KEY).unwrap_or_default()),
            queue: RefCell::default(),
            running: RefCell::default(),
            listener: RefCell::default(),
            heard: RefCell::default(),
            next_block: Cell::new(0),
        }));
        let weak = Rc::downgrade(&console.0);
        let hear = Callback::from(move |()| {
            if let Some(inner) = weak.upgrade() {
                Console(inner).pump();
            }
        });
        *console.0.heard.borrow_mut() = Some(engine.listen(Topic::Terminal, hear));
        console
    }

    /// Who draws the terminal.
    pub fn set_listener(&self, listener: Option<Callback<()>>) {
        *self.0.listener.borrow_mut() = listener;
    }

    fn changed(&self) {
        let listener = self.0.listener.borrow().clone();
        if let Some(listener) = listener {
            listener.emit(());
        }
    }

    pub fn blocks(&self) -> Vec<Rc<Block>> {
        self.0.blocks.borrow().iter().cloned().collect()
    }

    pub fn history(&self) -> Vec<String> {
        self.0.history.borrow().clone()
    }

    pub fn is_busy(&self) -> bool {
        self.0.running.borrow().is_some()
    }

    /// Everything shown, as text.
    pub fn text(&self) -> String {
        let blocks = self.0.blocks.borrow();
        let lines = blocks.iter().flat_map(|block| &block.lines);
        lines.map(|line| prefix(line.kind).to_owned() + &line.text + "\n").collect()
    }

    // ---- running ----

    /// Types lines; each runs when the one before it has ended.
    pub fn type_text(&self, text: &str) {
        for line in commands(text) {
            self.enqueue(line, None);
        }
        self.pump();
    }

    /// Types one line and tells what it printed when it has ended.
    pub fn run(&self, line: &str, done: Option<Done>) {
        self.enqueue(line.to_owned(), done);
        self.pump();
    }

    fn enqueue(&self, line: String, done: Option<Done>) {
        let mut queue = self.0.queue.borrow_mut();
        if queue.len() < QUEUE_MAX {
            queue.push_back(Waiting { line, done });
        }
    }

    pub fn interrupt(&self) {
        self.0.queue.borrow_mut().clear();
        if self.is_busy() {
            self.0.engine.execute(Command::Interrupt { terminal: TERMINAL });
            self.take_output();
            self.push(Kind::Note, "^C");
        } else {
            self.push(Kind::Prompt, "^C");
        }
        self.pump();
    }

    pub fn clear(&self) {
        self.0.blocks.borrow_mut().clear();
        self.changed();
    }

    /// The cluster is another one: nothing runs any more.
    pub fn forget_running(&self) {
        self.0.queue.borrow_mut().clear();
        self.0.running.borrow_mut().take();
        self.clear();
    }

    /// Takes what was printed, and starts the next line if nothing runs.
    fn pump(&self) {
        self.take_output();
        loop {
            if self.0.engine.is_busy() {
                break;
            }
            let ended = self.0.running.borrow_mut().take();
            if let Some((Some(done), lines)) = ended {
                done.emit(lines);
            }
            let Some(next) = self.0.queue.borrow_mut().pop_front() else { break };
            self.start(next);
        }
        self.changed();
    }

    fn start(&self, next: Waiting) {
        self.remember(&next.line);
        for (number, line) in next.line.split('\n').enumerate() {
            self.push(if number == 0 { Kind::Prompt } else { Kind::Out }, line);
        }
        if next.line.trim().is_empty() {
            return;
        }
        *self.0.running.borrow_mut() = Some((next.done, Vec::new()));
        self.0.engine.execute(Command::Line { terminal: TERMINAL, line: next.line });
        self.take_output();
    }

    fn remember(&self, line: &str) {
        let line = line.trim();
        let mut history = self.0.history.borrow_mut();
        if line.is_empty() || line.len() > 8_192 || history.last().is_some_and(|l| l == line) {
            return;
        }
        history.push(line.to_owned());
        if history.len() > HISTORY_MAX {
            history.remove(0);
        }
        storage::save(HISTORY_KEY, &*history);
    }

    fn take_output(&self) {
        for chunk in self.0.engine.take_output() {
            match chunk {
                Chunk::Clear => self.0.blocks.borrow_mut().clear(),
                Chunk::Out(text) => self.print(Kind::Out, &text),
                Chunk::Err(text) => self.print(Kind::Err, &text),
            }
        }
    }

    // ---- scrollback ----

    fn print(&self, kind: Kind, text: &str) {
        let ended = text.ends_with('\n');
        let body = text.strip_suffix('\n').unwrap_or(text);
        let mut lines = body.split('\n').peekable();
        while let Some(line) = lines.next() {
            let more = lines.peek().is_some();
            self.append(kind, line, more || ended);
        }
    }

    fn push(&self, kind: Kind, text: &str) {
        self.append(kind, text, true);
    }

    fn append(&self, kind: Kind, text: &str, ends: bool) {
        let text: String = if text.len() > LINE_CHARS_MAX {
            text.chars().take(LINE_CHARS_MAX).chain(std::iter::once('…')).collect()
        } else {
            text.to_owned()
        };
        if let Some((_, lines)) = self.0.running.borrow_mut().as_mut()
            && kind != Kind::Prompt
            && lines.len() < 2_000
        {
            lines.push(Line { kind, text: text.clone() });
        }
        let mut blocks = self.0.blocks.borrow_mut();
        let full = blocks.back().is_none_or(|b| b.lines.len() >= BLOCK_LINES && !b.open);
        if full {
            let number = self.0.next_block.get();
            self.0.next_block.set(number + 1);
            blocks.push_back(Rc::new(Block { number, ..Block::default() }));
            if blocks.len() > BLOCKS_MAX {
                blocks.pop_front();
            }
        }
        let Some(block) = blocks.back_mut().map(Rc::make_mut) else { return };
        match block.lines.last_mut() {
            Some(last) if block.open && last.kind == kind => last.text.push_str(&text),
            _ => block.lines.push(Line { kind, text }),
        }
        block.open = !ends;
    }
}

pub fn prefix(kind: Kind) -> &'static str {
    if kind == Kind::Prompt { "$ " } else { "" }
}

/// Cuts pasted text into commands: a line that ends with a backslash, an open quote or a here
/// document goes on.
pub fn commands(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut found, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        let mut command = line.strip_prefix("$ ").unwrap_or(line).to_owned();
        if let Some(mark) = here_mark(&command) {
            for line in lines.by_ref() {
                command.push('\n');
                command.push_str(line);
                if line.trim_start_matches('\t') == mark {
                    break;
                }
            }
        }
        while command.ends_with('\\') || has_open_quote(&command) {
            let Some(line) = lines.next() else { break };
            command.push('\n');
            command.push_str(line);
        }
        if !command.trim().is_empty() {
            found.push(command);
        }
    }
    found
}

/// `EOF` of `cat <<EOF | …`.
fn here_mark(line: &str) -> Option<String> {
    let (_, after) = line.split_once("<<")?;
    let after = after.trim_start_matches(['-', ' ']);
    let word: String = after.chars().take_while(|c| !c.is_whitespace() && *c != '|').collect();
    let mark = word.trim_matches(['"', '\'']).to_owned();
    (!mark.is_empty() && !mark.starts_with('<')).then_some(mark)
}

fn has_open_quote(line: &str) -> bool {
    let (mut open, mut escaped) = (None, false);
    for c in line.chars() {
        match (open, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (None, '#') => return false,
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    open.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_becomes_commands() {
        let text = "$ kubectl get pods\r\n\nkubectl get \\\n  nodes\ncat <<EOF | kubectl apply -f -\n\
                    kind: Pod\nEOF\necho 'a\nb'";
        let want = [
            "kubectl get pods",
            "kubectl get \\\n  nodes",
            "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF",
            "echo 'a\nb'",
        ];
        assert_eq!(commands(text), want);
        assert_eq!(commands("echo 'open"), ["echo 'open"]);
    }
}
