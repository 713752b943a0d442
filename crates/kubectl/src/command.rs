//! `kubectl VERB …`: finds the verb, reads its flags, runs it.

use std::sync::Arc;

use client::Credentials;

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{self, Flag, GLOBAL};
use crate::help;
use crate::kubeconfig::{self, Sender};
use crate::session::{Cx, Process, Progress};
use crate::verbs::{self, Flow, Verb};

/// A kubectl command that has not begun, or one that waits.
pub struct Command {
    argv: Vec<String>,
    stdin: String,
    running: Option<Box<dyn Process>>,
    /// Who it is, once its flags are read.
    credentials: Arc<Credentials>,
}

impl Command {
    /// `argv` is what stands behind `kubectl`.
    pub fn new(argv: Vec<String>, stdin: String) -> Self {
        Command { argv, stdin, running: None, credentials: Arc::default() }
    }
}

impl Process for Command {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        discovery::learn(cx, false);
        if self.running.is_some() {
            return self.go_on(cx);
        }
        cx.session.warned.clear();
        let outcome = self.run(cx);
        match outcome {
            Ok(Flow::Done) => Progress::Done(0),
            Ok(Flow::Exit(code)) => Progress::Done(code),
            Ok(Flow::Wait(process)) => {
                self.running = Some(process);
                self.go_on(cx)
            }
            Err(fail) => Progress::Done(print(cx, &fail)),
        }
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        match &mut self.running {
            Some(running) => running.interrupt(cx),
            None => 130,
        }
    }
}

/// Prints a failure and gives the exit code.
pub fn print(cx: &mut Cx<'_>, fail: &Fail) -> i32 {
    if let Fail::After(said, _) = fail {
        cx.out.stdout(said);
    }
    cx.out.stderr(&fail.text());
    1
}

/// Where the verb ends and its arguments begin: the verbs found, and the arguments without them.
fn split(argv: &[String]) -> (Vec<&str>, Vec<String>) {
    let takes_value = |argument: &str| -> bool {
        let find = |flag: &&Flag| match argument.strip_prefix("--") {
            Some(long) => flag.long == long,
            None => flag.short.is_some_and(|c| argument.strip_prefix('-') == Some(&c.to_string())),
        };
        GLOBAL.iter().find(find).is_some_and(|flag| flag.bare.is_none())
    };
    let (mut path, mut rest, mut level) = (Vec::new(), Vec::new(), verbs::ALL);
    let mut arguments = argv.iter();
    let mut open = true;
    while let Some(argument) = arguments.next() {
        if open && argument == "--" {
            open = false;
        }
        if open && !argument.starts_with('-') {
            if let Some(verb) = verbs::find(level, argument) {
                path.push(argument.as_str());
                level = verb.children;
                open = !level.is_empty();
                continue;
            }
            open = false;
        }
        rest.push(argument.clone());
        if open && takes_value(argument) {
            rest.extend(arguments.next().cloned());
        }
    }
    (path, rest)
}

impl Command {
    fn go_on(&mut self, cx: &mut Cx<'_>) -> Progress {
        let Some(running) = &mut self.running else { return Progress::Done(0) };
        as_user(cx, &self.credentials, |cx| running.poll(cx))
    }

    fn run(&mut self, cx: &mut Cx<'_>) -> Outcome<Flow> {
        let (path, rest) = split(&self.argv);
        let mut level = verbs::ALL;
        let mut verb: Option<&'static Verb> = None;
        let mut full = Vec::new();
        for name in &path {
            verb = verbs::find(level, name);
            if let Some(verb) = verb {
                full.push(verb.name);
                level = verb.children;
            }
        }
        let full = full.join(" ");
        let Some(verb) = verb else {
            return without_verb(cx, &rest);
        };
        let mut args = flags::parse(verb, &full, &rest, std::mem::take(&mut self.stdin))?;
        if args.bool("help") {
            cx.out.stdout(&help::verb(verb, &full));
            return Ok(Flow::Done);
        }
        if args.changed("record") {
            let text = "Flag --record has been deprecated, --record will be removed in the future";
            cx.complain(text);
        }
        match verb.run {
            Some(_) if verb.is_offline => args.namespace = args.text("namespace").to_owned(),
            Some(_) => {
                let chosen = kubeconfig::choose(cx.session, &args)?;
                let given = args.text("namespace").to_owned();
                args.namespace = if given.is_empty() { chosen.namespace } else { given };
                self.credentials = Arc::new(chosen.credentials);
            }
            None if args.words.is_empty() => {
                let text = help::verb(verb, &full);
                match full.as_str() {
                    "rollout" => cx.out.stdout(&text),
                    _ => cx.out.stderr(&text),
                }
                return Ok(Flow::Exit(1));
            }
            None => return args.usage(&format!("unknown command {:?}", args.words.join(" "))),
        }
        cx.session.managed_fields = args.bool("show-managed-fields");
        as_user(cx, &self.credentials, |cx| verb.run.map_or(Ok(Flow::Done), |run| run(cx, &args)))
    }
}

/// Does something with the API as the command's user sees it.
fn as_user<T>(
    cx: &mut Cx<'_>,
    credentials: &Arc<Credentials>,
    act: impl FnOnce(&mut Cx<'_>) -> T,
) -> T {
    let mut sender = Sender { api: &mut *cx.api, credentials: Arc::clone(credentials) };
    act(&mut Cx {
        api: &mut sender,
        now: cx.now,
        epoch: cx.epoch,
        rng: &mut *cx.rng,
        session: &mut *cx.session,
        out: &mut *cx.out,
    })
}

fn without_verb(cx: &mut Cx<'_>, rest: &[String]) -> Outcome<Flow> {
    let args = flags::parse(&verbs::ROOT, "", rest, String::new())?;
    if let Some(word) = args.words.first() {
        let mut text = format!("unknown command {word:?} for \"kubectl\"");
        let near = verbs::near(word);
        if !near.is_empty() {
            text.push_str("\n\nDid you mean this?\n");
            near.iter().for_each(|name| text.push_str(&format!("\t{name}\n")));
        }
        return error(text);
    }
    cx.out.stdout(&help::root());
    Ok(Flow::Done)
}
