//! Terminals: processes that run in them, what these wait for and print.

use apiserver::WatcherId;
use client::WatchSpec;
use clock::SimTime;
use kubectl::{Cx, Output, Progress};
use smol_str::SmolStr;

use super::{Cluster, Event, WatcherOwner};
use crate::host::Connection;
use crate::nodes::NodeConnections;
use crate::process::{Chunk, ProcessId, ProcessState, Running};

impl Cluster {
    pub(super) fn start_process(&mut self, terminal: u32, line: &str) -> ProcessId {
        let id = ProcessId(self.next_process);
        self.next_process += 1;
        let process = kubectl::start(line, &self.session);
        let running =
            Running { id, terminal, process, watch: Vec::new(), watchers: Vec::new(), until: None };
        self.processes.insert(id, running);
        self.poll_process(id);
        id
    }

    pub(super) fn interrupt(&mut self, terminal: u32) {
        let ids: Vec<ProcessId> = self
            .processes
            .values()
            .filter(|running| running.terminal == terminal)
            .map(|running| running.id)
            .collect();
        for id in ids {
            let Some(mut running) = self.processes.remove(&id) else { continue };
            let mut code = 130;
            self.with_cx(running.terminal, |cx| code = running.process.interrupt(cx));
            self.close(running, code);
        }
    }

    pub(super) fn poll_process(&mut self, id: ProcessId) {
        let Some(mut running) = self.processes.remove(&id) else { return };
        let mut progress = Progress::Done(0);
        self.with_cx(running.terminal, |cx| progress = running.process.poll(cx));
        match progress {
            Progress::Done(code) => self.close(running, code),
            Progress::Wait { watch, until } => {
                // What one command waits for only shrinks; the next of a line has its own.
                let is_open =
                    |spec: Option<&WatchSpec>| spec.is_none_or(|spec| running.watch.contains(spec));
                if !is_open(watch.first()) || !is_open(watch.last()) {
                    self.close_watches(std::mem::take(&mut running.watchers));
                    for spec in &watch {
                        let watcher = self.server.open_watch(spec);
                        self.own(watcher, WatcherOwner::Process(id));
                        running.watchers.push(watcher);
                    }
                    running.watch = watch;
                }
                if let Some(at) = until.filter(|at| running.until != Some(*at)) {
                    self.queue.push(at.max(self.now), Event::Process(id));
                }
                running.until = until;
                self.processes.insert(id, running);
            }
        }
    }

    pub(super) fn close(&mut self, running: Running, code: i32) {
        self.close_watches(running.watchers);
        self.ended.insert(running.id, code);
    }

    pub(super) fn close_watches(&mut self, watchers: Vec<WatcherId>) {
        for watcher in watchers {
            self.server.close_watch(watcher);
            if let Some(owner) = self.owners.get_mut(watcher.0 as usize) {
                *owner = None;
            }
        }
    }

    pub(super) fn with_cx(&mut self, terminal: u32, act: impl FnOnce(&mut Cx<'_>)) {
        let from = SmolStr::new_static("kubectl");
        let mut out = Output::default();
        let mut nodes = NodeConnections {
            fabric: &mut self.fabric,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.node_rng,
        };
        let mut connection = Connection {
            server: &mut self.server,
            user: &self.person,
            from: &from,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.server_rng,
            nodes: &mut nodes,
            traces: &mut self.traces,
            latency: &self.config.latency,
            changed_at: &mut self.changed_at,
            gate: self.faults.gate(""),
            faults: Some((&mut self.faults, &self.config)),
        };
        let mut cx = Cx {
            api: &mut connection,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.rng,
            session: &mut self.session,
            out: &mut out,
        };
        act(&mut cx);
        let chunks = self.output.entry(terminal).or_default();
        if out.clear {
            chunks.push(Chunk::Clear);
        }
        chunks.extend(out.chunks.drain(..).map(|chunk| match chunk.stream {
            kubectl::Stream::Stdout => Chunk::Out(chunk.text),
            kubectl::Stream::Stderr => Chunk::Err(chunk.text),
        }));
        for fault in self.faults.take_asked() {
            self.break_or_mend(&fault);
        }
    }

    pub fn process_state(&self, id: ProcessId) -> ProcessState {
        match self.ended.get(&id) {
            Some(code) => ProcessState::Exited(*code),
            None => ProcessState::Running,
        }
    }

    /// Runs until a command has ended, at most until `deadline`.
    pub fn run_process(&mut self, id: ProcessId, deadline: SimTime) -> ProcessState {
        while self.process_state(id) == ProcessState::Running
            && self.queue.next_at().is_some_and(|at| at <= deadline)
        {
            self.run_one();
        }
        if self.process_state(id) == ProcessState::Running {
            self.now = self.now.max(deadline);
        }
        self.process_state(id)
    }

    /// Whether a terminal still runs something.
    pub fn is_busy(&self, terminal: u32) -> bool {
        self.processes.values().any(|running| running.terminal == terminal)
    }

    /// What a terminal printed since the last call.
    pub fn take_output(&mut self, terminal: u32) -> Vec<Chunk> {
        self.output.get_mut(&terminal).map(std::mem::take).unwrap_or_default()
    }

    /// What could stand at the cursor of a line being typed.
    pub fn complete(&mut self, line: &str, cursor: usize) -> kubectl::Completions {
        let session = self.session.clone();
        let mut found = kubectl::Completions::default();
        let traces = std::mem::replace(&mut self.traces.on, false);
        self.with_cx(u32::MAX, |cx| found = kubectl::complete(line, cursor, &session, cx.api));
        self.traces.on = traces;
        found
    }

    /// Runs one line at once on a terminal of its own and gives its standard output: for panels
    /// that show what `kubectl describe` says. Not part of the log; it must only read.
    pub fn read(&mut self, line: &str) -> String {
        const PANEL: u32 = u32::MAX - 1;
        // Looking is no message of the person's: the picture does not show it.
        let traces = std::mem::replace(&mut self.traces.on, false);
        let id = self.start_process(PANEL, line);
        self.traces.on = traces;
        if let Some(running) = self.processes.remove(&id) {
            self.close(running, 130);
        }
        self.ended.remove(&id);
        self.take_output(PANEL).iter().map(Chunk::text).collect()
    }
}
