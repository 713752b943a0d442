//! A cluster that is watched from outside while it lives: every change and every message.

use std::time::Duration;

use client::{Trace, TraceKind, Verb, WatchEvent};
use cluster::{Cluster, Command, Config, Feed};

pub struct History {
    pub cluster: Cluster,
    feed: Feed,
    /// Every change since in the order of revisions. Nothing is missing: falling behind panics.
    pub changes: Vec<WatchEvent>,
    pub messages: Vec<Trace>,
}

impl History {
    pub fn new(cluster: Cluster) -> Self {
        let mut history =
            History { cluster, feed: Feed::default(), changes: Vec::new(), messages: Vec::new() };
        history.read(true);
        history.forget();
        history
    }

    /// A cluster that is up, and nothing written down yet.
    pub fn of_ready_cluster(config: Config) -> Self {
        let mut history = History::new(Cluster::new(config));
        history.pass(30);
        history.forget();
        history
    }

    fn read(&mut self, first: bool) {
        let update = self.cluster.update(&mut self.feed);
        assert_eq!(update.relisted, first, "the feed fell behind");
        self.changes.extend(update.changes);
        self.messages.extend(update.traces);
    }

    /// Lets virtual seconds pass, a quarter at a time.
    pub fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds * 4 {
            let until = self.cluster.now() + Duration::from_millis(250);
            self.cluster.run_until(until);
            self.read(false);
        }
    }

    pub fn forget(&mut self) {
        self.changes.clear();
        self.messages.clear();
    }

    /// Gives a command and lets what it does at once be written down.
    pub fn line(&mut self, line: &str) {
        self.cluster.execute(Command::Line { terminal: 0, line: line.to_owned() });
        self.read(false);
    }

    pub fn kubelet(&mut self, node: &str, runs: bool) {
        let node = node.into();
        let command =
            if runs { Command::StartKubelet { node } } else { Command::StopKubelet { node } };
        self.cluster.execute(command);
        self.read(false);
    }

    pub fn file(&mut self, name: &str, text: &str) {
        self.cluster.execute(Command::WriteFile { name: name.into(), text: text.to_owned() });
    }

    /// Who wrote what: requests other than reads that were taken.
    pub fn writes(&self) -> impl Iterator<Item = &Trace> {
        self.messages.iter().filter(|message| {
            let TraceKind::Request(verb) = message.kind else { return false };
            !matches!(verb, Verb::Get | Verb::List) && message.code < 300
        })
    }
}
