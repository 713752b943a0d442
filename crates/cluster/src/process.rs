//! Commands that run in terminals and may wait: `rollout status`, `get -w`, `logs -f`.

use apiserver::WatcherId;
use client::WatchSpec;
use clock::SimTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// A piece of output, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    Out(String),
    Err(String),
    /// Wipe the terminal.
    Clear,
}

impl Chunk {
    /// What it prints, on whichever stream.
    pub fn text(&self) -> &str {
        match self {
            Chunk::Out(text) | Chunk::Err(text) => text,
            Chunk::Clear => "",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    Running,
    Exited(i32),
}

/// A running command and what woke it last.
pub(crate) struct Running {
    pub id: ProcessId,
    pub terminal: u32,
    pub process: Box<dyn kubectl::Process>,
    pub watch: Vec<WatchSpec>,
    pub watchers: Vec<WatcherId>,
    pub until: Option<SimTime>,
}
