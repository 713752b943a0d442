//! Pod sandboxes: a network namespace with its processes, logs and files.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

use api::core::pod_spec::PodBody;
use apimachinery::meta::Key;
use apimachinery::time::Time;
use clock::SimTime;
use smol_str::SmolStr;

use super::program::Program;

/// Where a pod lives and what it was asked to be.
#[derive(Clone, Debug)]
pub struct Place {
    pub pod: Key,
    pub node: SmolStr,
    pub address: Ipv4Addr,
    pub host_network: bool,
    pub body: Arc<PodBody>,
}

impl Place {
    /// The pod's own name for itself.
    pub fn hostname(&self) -> &str {
        if self.host_network {
            &self.node
        } else if self.body.hostname.is_empty() {
            self.pod.name.get(..63).unwrap_or(&self.pod.name)
        } else {
            &self.body.hostname
        }
    }

    /// The spec of a process: init containers come first.
    pub fn container(&self, index: usize) -> Option<&api::core::container::Container> {
        let init = self.body.init_containers.len();
        self.body
            .init_containers
            .get(index)
            .or_else(|| self.body.containers.get(index.checked_sub(init)?))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at: SimTime,
    pub text: String,
}

/// Files by path, relative to where they are mounted.
pub type Files = BTreeMap<String, String>;

/// Data by `configmap/NAME` and `secret/NAME`.
pub type Settings = BTreeMap<SmolStr, BTreeMap<SmolStr, String>>;

/// Where the files of a volume lie that are not the pod's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// A folder of the pod's machine.
    Host(SmolStr),
    /// A disk of the cluster, by its identity.
    Disk(SmolStr),
}

/// A volume that outlives its pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    pub backing: Backing,
    pub read_only: bool,
}

#[derive(Debug)]
pub struct Sandbox {
    pub place: Place,
    /// One a container, init containers first, in the spec's order.
    pub processes: Vec<Process>,
    /// By volume name. Live as long as the pod.
    pub volumes: Option<Box<BTreeMap<SmolStr, Files>>>,
    /// The volumes among them that outlive the pod: their files lie elsewhere.
    pub shared: Option<Box<BTreeMap<SmolStr, Shared>>>,
    /// What the environment of its containers was taken from.
    pub settings: Option<Box<Settings>>,
}

/// One run of a container.
#[derive(Debug, Default)]
pub struct Process {
    pub container: SmolStr,
    /// `None` until the container was first started.
    pub program: Option<Arc<dyn Program>>,
    pub restart: u32,
    pub started: SimTime,
    /// From when its ports answer; `SimTime::MAX`: never.
    pub listening: SimTime,
    pub ended: Option<SimTime>,
    pub served: u64,
    /// CPU time of loops that do not wait, in nanoseconds.
    pub spun_nanos: u64,
    /// Since when it does nothing but compute, if it does.
    pub spinning_since: Option<SimTime>,
    /// Lines written beside the boot log; the newest `LOG_KEPT`.
    pub log: VecDeque<LogLine>,
    pub memory: Option<Box<Memory>>,
    /// The run before this one, for `logs --previous`.
    pub previous: Option<Box<Process>>,
}

/// What a program remembers while it runs.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Where a script stands and what its last command returned.
    pub pc: u32,
    pub last_code: i32,
    /// A store of its own: shell variables, redis keys.
    pub values: BTreeMap<SmolStr, SmolStr>,
    /// Files outside of volumes.
    pub files: Files,
}

pub const LOG_KEPT: usize = 500;
const LINE_BYTES_MAX: usize = 16 * 1024;

impl Process {
    pub fn is_running(&self) -> bool {
        self.program.is_some() && self.ended.is_none()
    }

    /// CPU time that the program spent without having been asked anything.
    pub fn spun(&self, now: SimTime) -> u64 {
        let since = self.spinning_since.map_or(0, |since| now.since(since).as_nanos() as u64);
        self.spun_nanos.saturating_add(since)
    }

    pub fn listens(&self, port: u16, now: SimTime) -> bool {
        self.is_running()
            && self.listening <= now
            && self.program.as_ref().is_some_and(|p| p.ports().iter().any(|p| p.number() == port))
    }

    pub fn write(&mut self, at: SimTime, mut text: String) {
        if text.len() > LINE_BYTES_MAX {
            let end = (0..=LINE_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(end.unwrap_or(0));
        }
        if self.log.len() >= LOG_KEPT {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at, text });
    }

    pub fn memory_mut(&mut self) -> &mut Memory {
        self.memory.get_or_insert_default()
    }

    /// Begins the next run; the one before stays readable.
    pub fn restart(&mut self, program: Arc<dyn Program>, now: SimTime) {
        let container = self.container.clone();
        let mut old = std::mem::take(self);
        old.previous = None;
        self.container = container;
        self.restart = if old.program.is_some() { old.restart + 1 } else { 0 };
        self.program = Some(program);
        self.started = now;
        self.listening = SimTime::MAX;
        if old.program.is_some() {
            self.previous = Some(Box::new(old));
        }
    }
}

/// Boot log and written lines until `now`, in order.
pub fn lines(place: &Place, process: &Process, now: SimTime, epoch: i64) -> Vec<LogLine> {
    let Some(program) = &process.program else { return Vec::new() };
    let started = Time(epoch.saturating_add((process.started.nanos() / 1_000_000_000) as i64));
    let until = process.ended.unwrap_or(now).min(now);
    let mut lines: Vec<LogLine> = program
        .boot_log(place, process, started)
        .into_iter()
        .map(|(after, text)| LogLine { at: process.started + after, text })
        .chain(process.log.iter().cloned())
        .filter(|line| line.at <= until)
        .collect();
    lines.sort_by_key(|line| line.at);
    lines
}
