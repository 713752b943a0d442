//! A small shell: lines with quotes, pipes, lists, redirects and here-documents.

mod awk;
mod compound;
mod curl;
mod docker;
mod expand;
mod lex;
mod minikube;
mod parse;
mod pattern;
mod printf;
mod programs;
mod small;
mod text;

use client::WatchSpec;
use clock::SimTime;

use crate::session::{Cx, Output, Process, Progress, Session, Stream};
use lex::Redirect;
use parse::{Command, Connector, Item};

/// Shells that `sh -c` and `$(…)` may nest.
const DEPTH_MAX: u8 = 8;

/// Reads a whole shell line. A line that cannot be read becomes a process that says so.
pub fn start(line: &str, session: &Session) -> Box<dyn Process> {
    if session.depth >= DEPTH_MAX {
        return Box::new(Said::new("bash: too many nested shells\n".to_owned(), 2));
    }
    match parse::parse(line) {
        Ok(items) => Box::new(Shell::of(items)),
        Err(text) => Box::new(Said::new(text, 2)),
    }
}

/// The programs there are, for completion.
pub fn programs_names() -> Vec<String> {
    programs::NAMES.iter().map(|name| (*name).to_owned()).collect()
}

/// Says one thing on stderr and ends.
pub struct Said {
    text: String,
    code: i32,
}

impl Said {
    pub fn new(text: String, code: i32) -> Self {
        Said { text, code }
    }
}

impl Process for Said {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        cx.out.stderr(&std::mem::take(&mut self.text));
        Progress::Done(self.code)
    }
}

/// Runs the pipelines of a line, one after the other.
struct Shell {
    items: Vec<Item>,
    at: usize,
    code: i32,
    running: Option<Pipeline>,
    jobs: Vec<Job>,
}

/// A pipeline in the background. The line ends when all of its jobs have ended.
struct Job {
    number: u32,
    pipeline: Pipeline,
}

/// A pipeline: its commands run to their end one after the other, the output of each kept for the
/// next.
struct Pipeline {
    commands: std::vec::IntoIter<Command>,
    current: Stage,
}

struct Stage {
    process: Box<dyn Process>,
    redirects: Vec<Redirect>,
    /// What it said so far, if that does not go to the terminal at once.
    kept: Option<Output>,
    is_last: bool,
}

impl Process for Shell {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            self.drop_killed(cx);
            if self.running.is_none() && !self.begin_next(cx) {
                let (watch, until) = self.poll_jobs(cx);
                return match self.jobs.is_empty() {
                    true => Progress::Done(self.code),
                    false => Progress::Wait { watch, until },
                };
            }
            let Some(pipeline) = &mut self.running else { continue };
            match pipeline.poll(cx) {
                Progress::Done(code) => {
                    self.code = code;
                    // `break` and `continue` end all the lists up to the loop they stand in.
                    if code == compound::BREAK || code == compound::CONTINUE {
                        self.at = self.items.len();
                    }
                    cx.session.env.insert("?".to_owned(), code.to_string());
                    self.running = None;
                }
                Progress::Wait { mut watch, until } => {
                    let (more, earlier) = self.poll_jobs(cx);
                    watch.extend(more);
                    let until = [until, earlier].into_iter().flatten().min();
                    return Progress::Wait { watch, until };
                }
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        for mut job in std::mem::take(&mut self.jobs) {
            cx.session.jobs.remove(&job.number);
            job.pipeline.interrupt(cx);
        }
        match &mut self.running {
            Some(pipeline) => pipeline.interrupt(cx),
            None => 130,
        }
    }
}

impl Shell {
    fn of(items: Vec<Item>) -> Self {
        Shell { items, at: 0, code: 0, running: None, jobs: Vec::new() }
    }

    /// `kill` takes a job off the session's list.
    fn drop_killed(&mut self, cx: &mut Cx<'_>) {
        self.jobs.retain_mut(|job| {
            let lives = cx.session.jobs.contains(&job.number);
            if !lives {
                job.pipeline.interrupt(cx);
            }
            lives
        });
    }

    /// Lets the jobs go on; what those that are left wait for.
    fn poll_jobs(&mut self, cx: &mut Cx<'_>) -> (Vec<WatchSpec>, Option<SimTime>) {
        let (mut watches, mut earliest) = (Vec::new(), None);
        self.jobs.retain_mut(|job| match job.pipeline.poll(cx) {
            Progress::Done(_) => {
                cx.session.jobs.remove(&job.number);
                false
            }
            Progress::Wait { watch, until } => {
                watches.extend(watch);
                earliest = [earliest, until].into_iter().flatten().min();
                true
            }
        });
        (watches, earliest)
    }

    fn begin_job(&mut self, cx: &mut Cx<'_>, mut pipeline: Pipeline) {
        cx.session.last_job = cx.session.last_job.wrapping_add(1);
        let number = cx.session.last_job;
        cx.session.env.insert("!".to_owned(), number.to_string());
        if let Progress::Wait { .. } = pipeline.poll(cx) {
            cx.session.jobs.insert(number);
            self.jobs.push(Job { number, pipeline });
        }
    }

    /// Begins the next pipeline that is to run; false at the end of the line.
    fn begin_next(&mut self, cx: &mut Cx<'_>) -> bool {
        while let Some(item) = self.items.get(self.at).cloned() {
            self.at += 1;
            let skip = match item.connector {
                Connector::Always => false,
                Connector::And => self.code != 0,
                Connector::Or => self.code == 0,
            };
            if skip {
                continue;
            }
            let mut commands = item.commands.into_iter();
            let Some(first) = commands.next() else { continue };
            match stage(cx, first, String::new(), commands.len() == 0) {
                Ok(current) if item.background => {
                    self.begin_job(cx, Pipeline { commands, current });
                }
                Ok(current) => {
                    self.running = Some(Pipeline { commands, current });
                    return true;
                }
                Err((text, code)) => {
                    cx.out.stderr(&text);
                    self.code = code;
                }
            }
        }
        false
    }
}

/// Makes one command of a pipeline ready to run.
fn stage(
    cx: &mut Cx<'_>,
    command: Command,
    stdin: String,
    is_last: bool,
) -> Result<Stage, (String, i32)> {
    let mut stdin = stdin;
    let mut redirects = Vec::new();
    for redirect in command.redirects {
        let target = expand::redirect_target(cx, &redirect)?;
        match redirect {
            Redirect::Text(_) => stdin = target,
            Redirect::Input(_) => match read(cx, &target) {
                Some(text) => stdin = text,
                None => {
                    return Err((format!("bash: {target}: No such file or directory\n"), 1));
                }
            },
            Redirect::Output { stream, append, .. } => {
                let target = lex::Word::literal(&target);
                redirects.push(Redirect::Output { stream, append, target });
            }
            merge @ Redirect::Merge { .. } => redirects.push(merge),
        }
    }
    let mut assignments = Vec::new();
    for (name, word) in &command.assignments {
        assignments.push((name.clone(), expand::text(cx, word)?));
    }
    let process = match command.compound {
        Some(compound) => compound::start(*compound),
        None => {
            let argv = expand::words(cx, &command.words)?;
            programs::start(cx, argv, assignments, stdin)
        }
    };
    let keeps = !is_last || !redirects.is_empty();
    Ok(Stage { process, redirects, kept: keeps.then(Output::default), is_last })
}

fn read(cx: &Cx<'_>, name: &str) -> Option<String> {
    if name == "/dev/null" {
        return Some(String::new());
    }
    cx.session.files.read(name).map(str::to_owned)
}

impl Pipeline {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        loop {
            let code = match self.current.poll(cx) {
                Progress::Done(code) => code,
                wait => return wait,
            };
            let stdin = self.current.finish(cx);
            let Some(next) = self.commands.next() else { return Progress::Done(code) };
            match stage(cx, next, stdin, self.commands.len() == 0) {
                Ok(stage) => self.current = stage,
                Err((text, code)) => {
                    cx.out.stderr(&text);
                    return Progress::Done(code);
                }
            }
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        let stage = &mut self.current;
        let code = match &mut stage.kept {
            Some(kept) => stage.process.interrupt(&mut cx.with_output(kept)),
            None => stage.process.interrupt(cx),
        };
        stage.finish(cx);
        code
    }
}

impl Stage {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        let Some(kept) = &mut self.kept else { return self.process.poll(cx) };
        let progress = self.process.poll(&mut cx.with_output(kept));
        if self.redirects.is_empty() {
            // Errors are seen at once, only the output waits for the next command.
            let chunks = std::mem::take(&mut kept.chunks);
            for chunk in chunks {
                match chunk.stream {
                    Stream::Stderr => cx.out.stderr(&chunk.text),
                    Stream::Stdout => kept.stdout(&chunk.text),
                }
            }
        }
        progress
    }

    /// Sends what was kept where it belongs; gives back what the next command reads.
    fn finish(&mut self, cx: &mut Cx<'_>) -> String {
        let Some(kept) = self.kept.take() else { return String::new() };
        // Where the two streams go: None is the terminal or the pipe.
        let (mut stdout, mut stderr) = (Sink::Stdout, Sink::Stderr);
        for redirect in &self.redirects {
            match redirect {
                Redirect::Output { stream, append, target } => {
                    let name = target.plain();
                    if name != "/dev/null" && !*append {
                        cx.session.files.write(&name, "");
                    }
                    let sink = Sink::File(name);
                    match stream {
                        Some(Stream::Stdout) => stdout = sink,
                        Some(Stream::Stderr) => stderr = sink,
                        None => (stdout, stderr) = (sink.clone(), sink),
                    }
                }
                Redirect::Merge { from: Stream::Stderr } => stderr = stdout.clone(),
                Redirect::Merge { from: Stream::Stdout } => stdout = stderr.clone(),
                _ => {}
            }
        }
        let mut piped = String::new();
        for chunk in kept.chunks {
            let sink = if chunk.stream == Stream::Stdout { &stdout } else { &stderr };
            match sink {
                Sink::Stdout if self.is_last => cx.out.stdout(&chunk.text),
                Sink::Stdout => piped.push_str(&chunk.text),
                Sink::Stderr => cx.out.stderr(&chunk.text),
                Sink::File(name) if name == "/dev/null" => {}
                Sink::File(name) => cx.session.files.append(name, &chunk.text),
            }
        }
        piped
    }
}

#[derive(Clone)]
enum Sink {
    Stdout,
    Stderr,
    File(String),
}

/// How a program is started by its words.
type Start = fn(&mut Cx<'_>, Vec<String>, Vec<(String, String)>, String) -> Box<dyn Process>;

/// Waits for a moment.
pub struct Sleep {
    pub nanos: u64,
    pub until: Option<SimTime>,
}

impl Process for Sleep {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        let until = *self.until.get_or_insert(cx.now + clock::Duration::from_nanos(self.nanos));
        if cx.now >= until {
            return Progress::Done(0);
        }
        Progress::Wait { watch: Vec::new(), until: Some(until) }
    }
}
