//! What a terminal session keeps between commands, and what a running command may touch.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::time::Time;
use client::fabric::pushed::Layer;
use client::{Api, WatchSpec};
use clock::{Rng, SimTime};

use crate::discovery::Kind;
use crate::kubeconfig::Kubeconfig;

/// The virtual working directory: names, with `/` between folders, to text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    texts: BTreeMap<String, String>,
    folders: BTreeSet<String>,
}

/// `./a//b` and `a/b` are one file.
fn normal(name: &str) -> String {
    let parts = name.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

impl Files {
    pub fn read(&self, name: &str) -> Option<&str> {
        self.texts.get(&normal(name)).map(String::as_str)
    }

    pub fn write(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(normal(name), text.into());
    }

    pub fn append(&mut self, name: &str, text: &str) {
        self.texts.entry(normal(name)).or_default().push_str(text);
    }

    pub fn remove(&mut self, name: &str) -> bool {
        self.texts.remove(&normal(name)).is_some()
    }

    pub fn make_folder(&mut self, name: &str) {
        self.folders.insert(normal(name));
    }

    pub fn is_folder(&self, name: &str) -> bool {
        let name = normal(name);
        let prefix = format!("{name}/");
        name.is_empty()
            || self.folders.contains(&name)
            || self.texts.keys().any(|key| key.starts_with(&prefix))
    }

    /// The names directly in a folder (`""` is the root), folders with a `/` behind.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let folder = normal(folder);
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names = BTreeSet::new();
        for key in self.texts.keys().filter_map(|key| key.strip_prefix(&prefix)) {
            names.insert(match key.split_once('/') {
                Some((first, _)) => format!("{first}/"),
                None => key.to_owned(),
            });
        }
        for key in self.folders.iter().filter_map(|key| key.strip_prefix(&prefix)) {
            let first = key.split('/').next().unwrap_or(key);
            if !first.is_empty() {
                names.insert(format!("{first}/"));
            }
        }
        names.into_iter().collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

/// One terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub files: Files,
    /// The file that commands use unless they name another.
    pub kubeconfig: Kubeconfig,
    pub env: BTreeMap<String, String>,
    pub history: Vec<String>,
    /// Warnings already printed by the running command, which says each once.
    pub(crate) warned: BTreeSet<String>,
    /// Whether the running command asks for `metadata.managedFields`.
    pub(crate) managed_fields: bool,
    /// The custom kinds that the server had when they were last looked at.
    pub(crate) custom_kinds: Vec<Kind>,
    pub(crate) depth: u8,
    /// Pipelines that run in the background, by the number that `$!` gives.
    pub(crate) jobs: BTreeSet<u32>,
    pub(crate) last_job: u32,
    /// Images that docker has here, by `repository:tag`.
    pub(crate) images: BTreeMap<String, LocalImage>,
    /// Local ports that `port-forward` keeps open.
    pub(crate) forwards: BTreeMap<u16, Forward>,
}

/// An image that docker has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalImage {
    /// What it was built on, or itself if it was pulled.
    pub base: String,
    pub layer: Layer,
    pub id: String,
    /// Unix seconds.
    pub created: i64,
}

/// Where a local port leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forward {
    /// The node whose kubelet passes it on.
    pub node: String,
    /// `10.64.1.2:80`
    pub address: String,
}

impl Session {
    /// The namespace of the current context.
    pub fn namespace(&self) -> &str {
        self.kubeconfig.namespace()
    }
}

impl Default for Session {
    fn default() -> Self {
        Session {
            files: Files::default(),
            kubeconfig: Kubeconfig::new("kubarium", "kubernetes-admin", "kubarium-admin"),
            env: BTreeMap::new(),
            history: Vec::new(),
            warned: BTreeSet::new(),
            managed_fields: false,
            custom_kinds: Vec::new(),
            depth: 0,
            jobs: BTreeSet::new(),
            last_job: 0,
            images: BTreeMap::new(),
            forwards: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub stream: Stream,
    pub text: String,
}

/// What a command has said, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub chunks: Vec<Chunk>,
    /// The terminal is to be wiped before the next chunk (`clear`, each round of `watch`).
    pub clear: bool,
}

impl Output {
    pub fn push(&mut self, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.chunks.last_mut() {
            Some(last) if last.stream == stream => last.text.push_str(text),
            _ => self.chunks.push(Chunk { stream, text: text.to_owned() }),
        }
    }

    pub fn stdout(&mut self, text: &str) {
        self.push(Stream::Stdout, text);
    }

    pub fn stderr(&mut self, text: &str) {
        self.push(Stream::Stderr, text);
    }

    /// Everything said on one stream.
    pub fn text(&self, stream: Stream) -> String {
        self.chunks.iter().filter(|c| c.stream == stream).map(|c| c.text.as_str()).collect()
    }
}

/// What a running command may touch.
pub struct Cx<'a> {
    pub api: &'a mut dyn Api,
    pub now: SimTime,
    /// Unix seconds at `SimTime::ZERO`.
    pub epoch: i64,
    pub rng: &'a mut Rng,
    pub session: &'a mut Session,
    pub out: &'a mut Output,
}

impl Cx<'_> {
    pub fn time(&self) -> Time {
        Time(self.epoch.saturating_add((self.now.nanos() / 1_000_000_000) as i64))
    }

    /// The same world with another place for output.
    pub fn with_output<'b>(&'b mut self, out: &'b mut Output) -> Cx<'b> {
        Cx {
            api: &mut *self.api,
            now: self.now,
            epoch: self.epoch,
            rng: &mut *self.rng,
            session: &mut *self.session,
            out,
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.out.stdout(line);
        self.out.stdout("\n");
    }

    pub(crate) fn complain(&mut self, line: &str) {
        self.out.stderr(line);
        self.out.stderr("\n");
    }

    /// A `Warning: …` line, once a command.
    pub(crate) fn warn(&mut self, warning: &str) {
        if self.session.warned.insert(warning.to_owned()) {
            self.complain(&format!("Warning: {warning}"));
        }
    }
}

/// How far a command is.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Finished, with this exit code.
    Done(i32),
    /// Poll again after a change to one of these resources, or at the deadline.
    Wait { watch: Vec<WatchSpec>, until: Option<SimTime> },
}

/// A running command. It may be polled more often than it asked for.
pub trait Process {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress;

    /// Ctrl-C. The process is over after this, with the exit code given back.
    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        let _ = cx;
        130
    }
}
