//! One cluster: the API server, the components around it and the queue of what happens next.

mod outside;

use std::collections::BTreeMap;

use apiserver::{ApiServer, CallCx, WatcherId};
use client::{Component, Ctx, Fabric, Timers, Trace, TraceKind, User, WatchEvent, WatchSpec};
use clock::{Duration, EventQueue, Rng, SimTime};
use kubectl::{Cx, Output, Progress, Session};
use smol_str::SmolStr;

use crate::command::{Command, Logged};
use crate::config::Config;
use crate::digest::Digest;
use crate::feed::{Feed, TraceLog, Update};
use crate::host::{API_SERVER, Connection};
use crate::identities;
use crate::nodes::{NoNodes, NodeConnections};
use crate::process::{Chunk, ProcessId, ProcessState, Running};

/// Upstream's API server compacts etcd every five minutes.
const COMPACTION_PERIOD: Duration = Duration::from_secs(300);
/// How many events run between two looks at the budget.
const BUDGET_STRIDE: u32 = 64;
/// Room for watch events that is kept from one delivery to the next.
const BATCH_KEPT: usize = 1024;

#[derive(Clone, Copy, Debug)]
enum Event {
    Deliver(WatcherId),
    Timer { component: u32, token: u64 },
    Process(ProcessId),
    Compact,
}

#[derive(Clone, Copy, Debug)]
enum WatcherOwner {
    Component(u32),
    Process(ProcessId),
}

struct Seat {
    component: Option<Box<dyn Component>>,
    name: SmolStr,
    user: User,
    /// Virtual time a watch event needs to get here.
    watch_latency: Duration,
    started: bool,
}

/// A cluster on its own clock. Dropping it ends it.
pub struct Cluster {
    config: Config,
    now: SimTime,
    queue: EventQueue<Event>,
    server: ApiServer,
    server_rng: Rng,
    rng: Rng,
    node_rng: Rng,
    fabric: Fabric,
    timers: Timers,
    seats: Vec<Seat>,
    /// By watcher id.
    owners: Vec<Option<WatcherOwner>>,
    traces: TraceLog,
    changed_at: SimTime,
    log: Vec<Logged>,
    session: Session,
    person: User,
    processes: BTreeMap<ProcessId, Running>,
    ended: BTreeMap<ProcessId, i32>,
    output: BTreeMap<u32, Vec<Chunk>>,
    next_process: u32,
    batch: Vec<WatchEvent>,
    woken: Vec<WatcherId>,
    events_run: u64,
}

impl Cluster {
    /// A cluster at its birth: components exist, nothing has run. Let it run for a second or so
    /// and the nodes are Ready.
    pub fn new(config: Config) -> Self {
        let rng = Rng::new(config.seed);
        let mut cluster = Cluster {
            now: SimTime::ZERO,
            queue: EventQueue::default(),
            server: ApiServer::new(apiserver::Config {
                static_tokens: identities::tokens(&config),
                ..apiserver::Config::default()
            }),
            server_rng: Rng::new(config.seed ^ 0x5eed_0001),
            rng,
            node_rng: Rng::new(config.seed ^ 0x5eed_0002),
            fabric: Fabric::default(),
            timers: Timers::default(),
            seats: Vec::new(),
            owners: Vec::new(),
            traces: TraceLog::new(config.traces),
            changed_at: SimTime::ZERO,
            log: Vec::new(),
            session: identities::session(&config),
            person: User::new("kubernetes-admin", &["system:masters", "system:authenticated"]),
            processes: BTreeMap::new(),
            ended: BTreeMap::new(),
            output: BTreeMap::new(),
            next_process: 0,
            batch: Vec::new(),
            woken: Vec::new(),
            events_run: 0,
            config,
        };
        cluster.fabric.registry.preloaded = cluster.config.as_recorded;
        cluster.bootstrap();
        cluster
    }

    fn bootstrap(&mut self) {
        let user = User::new("system:apiserver", &["system:masters"]);
        let mut cx = CallCx {
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.server_rng,
            user: &user,
            nodes: &mut NoNodes,
        };
        self.server.bootstrap(&mut cx);
        for component in crate::components::all(&self.config) {
            self.seat(component);
        }
        self.queue.push(self.now + COMPACTION_PERIOD, Event::Compact);
    }

    /// Gives a component its place; it starts at once.
    pub fn seat(&mut self, component: Box<dyn Component>) {
        let index = self.seats.len() as u32;
        let watches = component.watches();
        self.seats.push(Seat {
            name: component.name(),
            user: component.user(),
            component: Some(component),
            watch_latency: Duration::from_micros(self.config.latency.watch_us),
            started: false,
        });
        self.with_component(index, |component, ctx| component.start(ctx));
        if let Some(seat) = self.seats.get_mut(index as usize) {
            seat.started = true;
        }
        for spec in watches {
            let id = self.server.open_watch(&spec);
            self.own(id, WatcherOwner::Component(index));
        }
        self.wake_watchers();
    }

    // ---- time ----

    pub fn now(&self) -> SimTime {
        self.now
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn next_event_at(&self) -> Option<SimTime> {
        self.queue.next_at()
    }

    /// How many events have run since birth.
    pub fn events_run(&self) -> u64 {
        self.events_run
    }

    /// When something other than a heartbeat changed last.
    pub fn changed_at(&self) -> SimTime {
        self.changed_at
    }

    /// Runs everything up to and including `until`.
    pub fn run_until(&mut self, until: SimTime) {
        self.run_within(until, &mut || true);
    }

    /// Runs towards `until` as long as `go_on` says so; true if it got there.
    pub fn run_within(&mut self, until: SimTime, go_on: &mut dyn FnMut() -> bool) -> bool {
        let mut count = 0u32;
        while self.queue.next_at().is_some_and(|at| at <= until) {
            self.run_one();
            count += 1;
            if count.is_multiple_of(BUDGET_STRIDE) && !go_on() {
                return false;
            }
        }
        self.now = self.now.max(until);
        true
    }

    /// Runs to the next moment at which somebody said something; at most `limit` further.
    pub fn step(&mut self, limit: Duration) {
        let (messages, end) = (self.traces.count(), self.now + limit);
        while self.traces.count() == messages && self.queue.next_at().is_some_and(|at| at <= end) {
            self.run_one();
        }
    }

    fn run_one(&mut self) {
        let Some((at, event)) = self.queue.pop() else { return };
        self.now = self.now.max(at);
        self.events_run += 1;
        match event {
            Event::Deliver(watcher) => self.deliver(watcher),
            Event::Timer { component, token } => {
                self.with_component(component, |component, ctx| component.on_timer(ctx, token));
            }
            Event::Process(id) => self.poll_process(id),
            Event::Compact => {
                self.server.compact(self.now);
                self.fabric.tidy();
                self.queue.push(self.now + COMPACTION_PERIOD, Event::Compact);
            }
        }
        self.wake_watchers();
    }

    // ---- components ----

    fn with_component(&mut self, index: u32, act: impl FnOnce(&mut dyn Component, &mut Ctx<'_>)) {
        let Some(seat) = self.seats.get_mut(index as usize) else { return };
        let Some(mut component) = seat.component.take() else { return };
        let mut nodes = NoNodes;
        let mut connection = Connection {
            server: &mut self.server,
            user: &seat.user,
            from: &seat.name,
            now: self.now,
            epoch: self.config.epoch,
            rng: &mut self.server_rng,
            nodes: &mut nodes,
            traces: &mut self.traces,
            latency: &self.config.latency,
            changed_at: &mut self.changed_at,
        };
        let mut ctx = Ctx {
            now: self.now,
            epoch: self.config.epoch,
            api: &mut connection,
            timers: &mut self.timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        act(component.as_mut(), &mut ctx);
        seat.component = Some(component);
        for (at, token) in self.timers.take() {
            self.queue.push(at.max(self.now), Event::Timer { component: index, token });
        }
    }

    /// The concrete component behind a name, for panels that look into it.
    pub fn component<T: 'static>(&self, name: &str) -> Option<&T> {
        let seat = self.seats.iter().find(|seat| seat.name == name)?;
        seat.component.as_ref()?.as_any().downcast_ref::<T>()
    }

    fn with_concrete<T: 'static>(&mut self, name: &str, act: impl FnOnce(&mut T, &mut Ctx<'_>)) {
        let Some(index) = self.seats.iter().position(|seat| seat.name == name) else { return };
        self.with_component(index as u32, |component, ctx| {
            if let Some(concrete) = component.as_any_mut().downcast_mut::<T>() {
                act(concrete, ctx);
            }
        });
        self.wake_watchers();
    }

    fn wake_watchers(&mut self) {
        let mut woken = std::mem::take(&mut self.woken);
        self.server.take_wakes_into(&mut woken);
        for watcher in woken.drain(..) {
            let latency = self.latency_of(watcher);
            self.queue.push(self.now + latency, Event::Deliver(watcher));
        }
        self.woken = woken;
    }

    fn own(&mut self, watcher: WatcherId, owner: WatcherOwner) {
        let at = watcher.0 as usize;
        self.owners.resize(self.owners.len().max(at + 1), None);
        if let Some(slot) = self.owners.get_mut(at) {
            *slot = Some(owner);
        }
    }

    fn owner_of(&self, watcher: WatcherId) -> Option<WatcherOwner> {
        self.owners.get(watcher.0 as usize).copied().flatten()
    }

    fn latency_of(&self, watcher: WatcherId) -> Duration {
        match self.owner_of(watcher) {
            Some(WatcherOwner::Component(index)) => {
                self.seats.get(index as usize).map_or(Duration::ZERO, |seat| seat.watch_latency)
            }
            _ => Duration::from_micros(self.config.latency.watch_us),
        }
    }

    fn deliver(&mut self, watcher: WatcherId) {
        let Some(owner) = self.owner_of(watcher) else { return };
        let latency = self.latency_of(watcher);
        let until = SimTime::from_nanos(self.now.nanos().saturating_sub(latency.as_nanos() as u64));
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        let pending = self.server.poll_watch(watcher, until, &mut batch);
        if let Some(committed) = pending {
            self.queue.push((committed + latency).max(self.now), Event::Deliver(watcher));
        }
        if let (false, WatcherOwner::Component(index)) = (batch.is_empty(), owner) {
            self.record_watch(index, &batch, latency);
            self.with_component(index, |component, ctx| component.on_watch(ctx, &batch));
        }
        if let (false, WatcherOwner::Process(id)) = (batch.is_empty(), owner) {
            self.poll_process(id);
        }
        batch.clear();
        batch.shrink_to(BATCH_KEPT);
        self.batch = batch;
    }

    fn record_watch(&mut self, index: u32, batch: &[WatchEvent], latency: Duration) {
        let (true, Some(first)) = (self.traces.on, batch.first()) else { return };
        let Some(seat) = self.seats.get(index as usize) else { return };
        let start = SimTime::from_nanos(self.now.nanos().saturating_sub(latency.as_nanos() as u64));
        self.traces.push(Trace {
            kind: TraceKind::Watch,
            from: API_SERVER,
            to: seat.name.clone(),
            start,
            end: self.now,
            resource: first.object.info().resource,
            key: apimachinery::meta::Key::of(first.object.meta()),
            subresource: SmolStr::default(),
            code: 0,
            count: u32::try_from(batch.len()).unwrap_or(u32::MAX),
        });
    }

    // ---- commands ----

    /// The cluster that a log makes, at `until`: equal to the one that wrote the log.
    pub fn replay(config: Config, log: &[Logged], until: SimTime) -> Self {
        let mut cluster = Cluster::new(config);
        for logged in log {
            cluster.run_until(logged.at);
            cluster.execute(logged.command.clone());
        }
        cluster.run_until(until);
        cluster
    }

    /// Does what a person asks, now. The command joins the log.
    pub fn execute(&mut self, command: Command) -> Option<ProcessId> {
        // Whatever else belongs to this moment comes first, so that the log needs no finer order.
        self.run_until(self.now);
        self.log.push(Logged { at: self.now, command: command.clone() });
        let started = match command {
            Command::Line { terminal, line } => Some(self.start_process(terminal, &line)),
            Command::Interrupt { terminal } => {
                self.interrupt(terminal);
                None
            }
            Command::WriteFile { name, text } => {
                self.session.files.write(&name, text);
                None
            }
            Command::RemoveFile { name } => {
                self.session.files.remove(&name);
                None
            }
            Command::Request { user, request } => {
                // Its answer, a refusal included, was for whoever sent it.
                let _ = self.perform(&user, request);
                None
            }
            other => {
                self.physical(other);
                None
            }
        };
        self.wake_watchers();
        started
    }

    /// Commands that touch machines and wires rather than the API.
    fn physical(&mut self, command: Command) {
        match command {
            Command::StopKubelet { node } => self.set_kubelet(&node, true),
            Command::StartKubelet { node } => self.set_kubelet(&node, false),
            Command::Traffic { client, target, per_second } => {
                self.with_concrete::<network::Clients>("clients", |clients, ctx| {
                    clients.remove(&client);
                    if per_second > 0 {
                        let rate_milli = u64::from(per_second) * 1000;
                        let generator =
                            network::Generator { name: client, target, rate_milli, from: None };
                        clients.add(ctx, generator);
                    }
                });
            }
            Command::Send { target } => {
                // From a node, so that cluster addresses can be asked too.
                let worker = self.config.nodes.iter().find(|node| !node.control_plane);
                let from =
                    network::Client::Node(worker.map(|node| node.name.clone()).unwrap_or_default());
                self.with_concrete::<network::Clients>("clients", |clients, ctx| {
                    clients.ask(ctx, "browser", &from, &target);
                });
            }
            _ => {}
        }
    }

    fn set_kubelet(&mut self, node: &str, stopped: bool) {
        let name = format!("kubelet/{node}");
        self.with_concrete::<kubelet::Kubelet>(&name, |kubelet, ctx| {
            kubelet.set_stopped(stopped);
            if !stopped {
                kubelet.on_timer(ctx, kubelet::WAKE);
            }
        });
    }

    /// Everything that was commanded so far: with the configuration, the whole history.
    pub fn log(&self) -> &[Logged] {
        &self.log
    }

    /// The log, taken out: for hosts that keep it elsewhere.
    pub fn take_log(&mut self) -> Vec<Logged> {
        std::mem::take(&mut self.log)
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    // ---- terminals ----

    fn start_process(&mut self, terminal: u32, line: &str) -> ProcessId {
        let id = ProcessId(self.next_process);
        self.next_process += 1;
        let process = kubectl::start(line, &self.session);
        let running =
            Running { id, terminal, process, watch: Vec::new(), watchers: Vec::new(), until: None };
        self.processes.insert(id, running);
        self.poll_process(id);
        id
    }

    fn interrupt(&mut self, terminal: u32) {
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

    fn poll_process(&mut self, id: ProcessId) {
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

    fn close(&mut self, running: Running, code: i32) {
        self.close_watches(running.watchers);
        self.ended.insert(running.id, code);
    }

    fn close_watches(&mut self, watchers: Vec<WatcherId>) {
        for watcher in watchers {
            self.server.close_watch(watcher);
            if let Some(owner) = self.owners.get_mut(watcher.0 as usize) {
                *owner = None;
            }
        }
    }

    fn with_cx(&mut self, terminal: u32, act: impl FnOnce(&mut Cx<'_>)) {
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

    // ---- looking ----

    /// What changed since the feed was read last.
    pub fn update(&self, feed: &mut Feed) -> Update {
        let mut update = Update::default();
        let known = feed
            .revision
            .and_then(|revision| self.server.changes_since(revision, &mut update.changes).ok());
        match known {
            Some(revision) => feed.revision = Some(revision),
            None => {
                update.relisted = true;
                update.changes.clear();
                self.server.for_each_object(&mut |object| {
                    update.changes.push(WatchEvent {
                        kind: client::WatchKind::Added,
                        object: object.clone(),
                        previous: None,
                    });
                });
                feed.revision = Some(self.server.revision());
            }
        }
        feed.trace = self.traces.since(feed.trace, &mut update.traces);
        update
    }

    pub fn server(&self) -> &ApiServer {
        &self.server
    }

    pub fn fabric(&self) -> &Fabric {
        &self.fabric
    }

    pub fn fabric_mut(&mut self) -> &mut Fabric {
        &mut self.fabric
    }

    /// Equal for two runs exactly when they are the same run: time, revision and every object.
    pub fn hash(&self) -> u64 {
        let mut digest = Digest::default();
        digest.number(self.now.nanos());
        digest.number(self.server.revision());
        digest.number(self.events_run);
        self.server.for_each_object(&mut |object| digest.value(&object.as_ref().to_wire()));
        digest.finish()
    }
}
