//! One cluster: the API server, the components around it and the queue of what happens next.

mod commands;
mod faults;
mod outside;
mod seats;
mod terminals;
mod time;

use std::collections::BTreeMap;

use apiserver::{ApiServer, CallCx, WatcherId};
use client::{Component, Fabric, Timers, User, WatchEvent};
use clock::{Duration, EventQueue, Rng, SimTime};
use kubectl::Session;
use smol_str::SmolStr;

use crate::command::Logged;
use crate::config::Config;
use crate::digest::Digest;
use crate::faults::Faults;
use crate::feed::{Feed, TraceLog, Update};
use crate::identities;
use crate::nodes::NoNodes;
use crate::process::{Chunk, ProcessId, Running};

/// Upstream's API server compacts etcd every five minutes.
const COMPACTION_PERIOD: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug)]
enum Event {
    Deliver(WatcherId),
    Timer { component: u32, life: u32, token: u64 },
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
    /// Which process of the program this is; timers of those before ring for nobody.
    life: u32,
    /// Whether it waits for the API server; what is due meanwhile is parked.
    waits: bool,
    parked: Vec<u64>,
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
    faults: Faults,
    api_lost_at: SimTime,
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
            faults: Faults::default(),
            api_lost_at: SimTime::ZERO,
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

    pub fn config(&self) -> &Config {
        &self.config
    }

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
