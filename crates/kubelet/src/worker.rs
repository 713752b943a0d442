//! A pod's worker: what the kubelet knows of one pod. Times that are due lie in the state, so that
//! a kubelet that was down finds its place again.

use std::net::Ipv4Addr;
use std::sync::Arc;

use api::Pod;
use api::core::container::Container;
use api::core::pod_status::ContainerStateTerminated;
use apimachinery::meta::Uid;
use apimachinery::time::Time;
use clock::SimTime;
use smol_str::SmolStr;

use crate::backoff::Backoff;
use crate::probe::Probes;
use crate::token::{Kind, Token};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The sandbox is being made.
    Sandbox { due: SimTime },
    /// Containers are started, run, end and are restarted.
    Active,
    /// Everything was told to stop.
    Terminating,
    /// The last process has ended; the sandbox goes.
    Teardown { due: SimTime },
    /// Nothing runs and nothing will.
    Finished,
}

#[derive(Debug)]
pub(crate) enum State {
    /// Its turn has not come.
    Waiting,
    Pulling {
        due: SimTime,
        asked: SimTime,
        began: SimTime,
    },
    /// The image cannot be had; `backoff_at` is when the next look finds it in back-off.
    NoImage {
        reason: &'static str,
        message: SmolStr,
        backoff_at: SimTime,
        retry_at: SimTime,
    },
    Starting {
        due: SimTime,
    },
    Running {
        since: Time,
    },
    Exited {
        end: Box<ContainerStateTerminated>,
        at: SimTime,
        restart_at: Option<SimTime>,
    },
    CrashLoop {
        end: Box<ContainerStateTerminated>,
        until: SimTime,
        at: SimTime,
    },
}

/// One container's part.
#[derive(Debug)]
pub(crate) struct Work {
    pub state: State,
    pub last: Option<Box<ContainerStateTerminated>>,
    pub restarts: u32,
    /// What its container id is made of; zero before the first start.
    pub seed: u64,
    pub image_id: SmolStr,
    pub ready: bool,
    pub started: bool,
    /// A stop was asked for; the process dies then with that code.
    pub kill: Option<(SimTime, i32)>,
    /// When its program acts again.
    pub step_due: Option<SimTime>,
    pub backoff: Backoff,
    pub pull_backoff: Backoff,
    pub probes: Option<Box<Probes>>,
}

impl Work {
    fn new() -> Self {
        Work {
            state: State::Waiting,
            last: None,
            restarts: 0,
            seed: 0,
            image_id: SmolStr::default(),
            ready: false,
            started: false,
            kill: None,
            step_due: None,
            backoff: Backoff::default(),
            pull_backoff: Backoff::default(),
            probes: None,
        }
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Its image is being pulled or its process made.
    pub fn is_coming_up(&self) -> bool {
        matches!(self.state, State::Pulling { .. } | State::Starting { .. })
    }

    /// The exit code, once it has ended and until it runs again.
    pub fn ended(&self) -> Option<i32> {
        match &self.state {
            State::Exited { end, .. } | State::CrashLoop { end, .. } => Some(end.exit_code),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Worker {
    /// As the API server last told.
    pub pod: Arc<Pod>,
    pub slot: u32,
    pub generation: u16,
    pub stage: Stage,
    /// Unspecified until the sandbox is there.
    pub address: Ipv4Addr,
    pub start_time: Time,
    /// Init containers first.
    pub works: Vec<Work>,
    /// Why the pod was failed as a whole: reason and message.
    pub failed: Option<Box<(SmolStr, SmolStr)>>,
    /// CPU (milli) and memory (bytes) that count against the node.
    pub requests: (i64, i64),
    pub admitted: bool,
    /// When the grace period ends.
    pub deadline: Option<SimTime>,
    /// The status differs from what the API server knows.
    pub dirty: bool,
}

impl Worker {
    pub fn new(pod: Arc<Pod>, slot: u32, generation: u16, due: SimTime, start: Time) -> Self {
        let count = pod.spec.init_containers.len() + pod.spec.containers.len();
        Worker {
            pod,
            slot,
            generation,
            stage: Stage::Sandbox { due },
            address: Ipv4Addr::UNSPECIFIED,
            start_time: start,
            works: (0..count).map(|_| Work::new()).collect(),
            failed: None,
            requests: (0, 0),
            admitted: false,
            deadline: None,
            dirty: true,
        }
    }

    pub fn uid(&self) -> Uid {
        self.pod.metadata.uid
    }

    pub fn init_count(&self) -> usize {
        self.pod.spec.init_containers.len()
    }

    /// The spec of a container by its place in `works`.
    pub fn container(&self, index: usize) -> Option<&Container> {
        let spec = &self.pod.spec;
        spec.init_containers
            .get(index)
            .or_else(|| spec.containers.get(index.checked_sub(spec.init_containers.len())?))
    }

    pub fn is_sidecar(&self, index: usize) -> bool {
        index < self.init_count()
            && self.container(index).is_some_and(|c| c.restart_policy.as_deref() == Some("Always"))
    }

    pub fn token(&self, kind: Kind, container: usize) -> u64 {
        Token { kind, container: container as u8, generation: self.generation, slot: self.slot }
            .pack()
    }

    pub fn is_ending(&self) -> bool {
        !matches!(self.stage, Stage::Sandbox { .. } | Stage::Active)
    }
}
