//! The eviction manager: tells what the machine runs short of, and ends pods until it does not.
//! Models pkg/kubelet/eviction/{eviction_manager,helpers}.go.

use api::core::node::Taint;
use api::core::node_selector::tolerated;
use api::core::reference::ObjectReference;
use apimachinery::meta::Uid;
use client::Ctx;
use client::fabric::Pressure;
use clock::{Duration, SimTime};
use smol_str::{SmolStr, format_smolstr};

use crate::access::usage_of;
use crate::kubelet::{Keep, Kubelet, Shared};
use crate::worker::{Stage, Worker};

pub(crate) const EVICTED: &str = "Evicted";
/// How long a condition outlives what it told of.
const TRANSITION_PERIOD: Duration = Duration::from_secs(300);
/// What a pod is given to end when a hard threshold is met.
const GRACE: Duration = Duration::from_secs(1);
const SYSTEM_CRITICAL: i32 = 2_000_000_000;
const KIBI: i64 = 1024;
const MEBI: i64 = 1024 * KIBI;

/// A condition as the node tells it: type; reason, message and event when it is bad; the same when
/// it is not.
pub(crate) struct Words {
    pub type_: &'static str,
    pub bad: (&'static str, &'static str, &'static str),
    pub good: (&'static str, &'static str, &'static str),
}

/// Models pkg/kubelet/nodestatus/setters.go.
pub(crate) const fn words(kind: Pressure) -> Words {
    match kind {
        Pressure::Memory => Words {
            type_: "MemoryPressure",
            bad: (
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available",
                "NodeHasInsufficientMemory",
            ),
            good: (
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
                "NodeHasSufficientMemory",
            ),
        },
        Pressure::Disk => Words {
            type_: "DiskPressure",
            bad: ("KubeletHasDiskPressure", "kubelet has disk pressure", "NodeHasDiskPressure"),
            good: (
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure",
                "NodeHasNoDiskPressure",
            ),
        },
        Pressure::Pid => Words {
            type_: "PIDPressure",
            bad: (
                "KubeletHasInsufficientPID",
                "kubelet has insufficient PID available",
                "NodeHasInsufficientPID",
            ),
            good: (
                "KubeletHasSufficientPID",
                "kubelet has sufficient PID available",
                "NodeHasSufficientPID",
            ),
        },
    }
}

/// What is evicted for: the resource, its hard threshold and by how much the machine is below it.
/// The kubelet has no threshold for process ids unless it is given one.
fn threshold(kind: Pressure) -> Option<(&'static str, i64, i64)> {
    match kind {
        Pressure::Memory => Some(("memory", 100 * MEBI, MEBI)),
        Pressure::Disk => Some(("ephemeral-storage", 10 * KIBI * MEBI, 4 * KIBI)),
        Pressure::Pid => None,
    }
}

/// Bytes with the largest binary unit that loses nothing.
fn quantity(bytes: i64) -> String {
    match bytes {
        0 => "0".to_owned(),
        bytes if bytes % (KIBI * MEBI) == 0 => format!("{}Gi", bytes / (KIBI * MEBI)),
        bytes if bytes % MEBI == 0 => format!("{}Mi", bytes / MEBI),
        bytes if bytes % KIBI == 0 => format!("{}Ki", bytes / KIBI),
        bytes => bytes.to_string(),
    }
}

#[derive(Debug, Default)]
struct Standing {
    last_seen: Option<SimTime>,
    /// What evictions gave back since the shortage began.
    freed: i64,
}

/// What the manager keeps from one look to the next.
#[derive(Debug, Default)]
pub(crate) struct Eviction {
    standing: [Standing; 3],
}

/// A pod as the ranking sees it.
struct Candidate {
    slot: u32,
    priority: i32,
    /// Use above the request.
    excess: i64,
    usage: i64,
}

impl Kubelet {
    /// One look at the machine's resources.
    pub(crate) fn watch_resources(&mut self, ctx: &mut Ctx<'_>) {
        let machine = ctx.fabric.machines.get(&self.shared.config.name);
        let short = machine.map(|machine| machine.pressures.clone()).unwrap_or_default();
        if short.is_empty() && self.shared.pressures.is_empty() {
            return;
        }
        let mut starved = None;
        let mut told = Vec::new();
        for (kind, standing) in Pressure::ALL.into_iter().zip(&mut self.eviction.standing) {
            if !short.contains(&kind) {
                standing.freed = 0;
            } else if threshold(kind).is_none_or(|(_, _, below)| standing.freed < below) {
                standing.last_seen = Some(ctx.now);
                starved = starved.or(threshold(kind).map(|known| (kind, known, standing.freed)));
            }
            let recent = |at: SimTime| ctx.now.since(at) < TRANSITION_PERIOD;
            standing.last_seen = standing.last_seen.filter(|at| recent(*at));
            told.extend(standing.last_seen.map(|_| kind));
        }
        self.tell_pressures(ctx, told);
        if let Some((kind, (resource, limit, below), freed)) = starved {
            let message = format!("Attempting to reclaim {resource}");
            self.node_event(ctx, "Warning", "EvictionThresholdMet", &message);
            let available = limit - below + freed;
            self.evict_one(ctx, kind, resource, (limit, available));
        }
    }

    fn tell_pressures(&mut self, ctx: &mut Ctx<'_>, told: Vec<Pressure>) {
        let before = std::mem::replace(&mut self.shared.pressures, told);
        for kind in Pressure::ALL {
            let (was, is) = (before.contains(&kind), self.shared.pressures.contains(&kind));
            if was != is {
                let words = words(kind);
                let reason = if is { words.bad.2 } else { words.good.2 };
                let message = format!("Node {} status is now: {reason}", self.shared.config.name);
                self.node_event(ctx, "Normal", reason, &message);
            }
        }
    }

    pub(crate) fn node_event(
        &mut self,
        ctx: &mut Ctx<'_>,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        let Some(node) = &self.node else { return };
        let mut about = ObjectReference::to(&**node);
        about.uid = Uid::default();
        self.shared.recorder.event(ctx, &about, type_, reason, message);
    }

    /// Ends the first pod in the order of what they use above their requests: who exceeds them
    /// first, then the lower priority, then the larger excess.
    fn evict_one(
        &mut self,
        ctx: &mut Ctx<'_>,
        kind: Pressure,
        resource: &'static str,
        (limit, available): (i64, i64),
    ) {
        let workers = self.workers();
        let mut all: Vec<Candidate> =
            workers.filter_map(|worker| worker.candidate(ctx, kind, resource)).collect();
        all.sort_by_key(|one| (one.excess <= 0, one.priority, std::cmp::Reverse(one.excess)));
        let Some(first) = all.first() else { return };
        let (slot, usage) = (first.slot, first.usage);
        let start = format!(
            "The node was low on resource: {resource}. Threshold quantity: {}, available: {}. ",
            quantity(limit),
            quantity(available)
        );
        for (one, standing) in Pressure::ALL.into_iter().zip(&mut self.eviction.standing) {
            standing.freed += if one == kind { usage.max(1) } else { 0 };
        }
        self.with_worker(ctx, slot, |worker, shared, ctx| {
            let message = worker.eviction_message(ctx, kind, resource, start);
            worker.evict(shared, ctx, &message)
        });
    }
}

impl Worker {
    /// What a container uses and was promised.
    fn amounts_of(
        &self,
        ctx: &Ctx<'_>,
        index: usize,
        kind: Pressure,
        resource: &str,
    ) -> Option<(SmolStr, i64, i64)> {
        let container = self.container(index)?;
        let sandbox = ctx.fabric.sandboxes.get(&self.uid())?;
        let process = sandbox.processes.get(index)?;
        let used = match kind {
            Pressure::Memory => usage_of(sandbox, process, ctx.now)?.memory_bytes as i64,
            _ => {
                let bytes: i64 = process.log.iter().map(|line| line.text.len() as i64).sum();
                (bytes / (4 * KIBI) + 1) * 4 * KIBI
            }
        };
        let request = container.resources.requests.get(resource).map_or(0, |one| one.value());
        Some((container.name.clone(), used, request))
    }

    fn candidate(&self, ctx: &Ctx<'_>, kind: Pressure, resource: &str) -> Option<Candidate> {
        let priority = self.pod.spec.body.priority.unwrap_or(0);
        let runs = self.stage == Stage::Active && self.works.iter().any(|work| work.is_running());
        if !runs || priority >= SYSTEM_CRITICAL {
            return None;
        }
        let mut sum = (0i64, 0i64);
        for index in 0..self.works.len() {
            if let Some((_, used, request)) = self.amounts_of(ctx, index, kind, resource) {
                sum = (sum.0 + used, sum.1 + request);
            }
        }
        Some(Candidate { slot: self.slot, priority, excess: sum.0 - sum.1, usage: sum.0 })
    }

    fn eviction_message(
        &self,
        ctx: &Ctx<'_>,
        kind: Pressure,
        resource: &str,
        mut message: String,
    ) -> String {
        for index in 0..self.works.len() {
            let amounts = self.amounts_of(ctx, index, kind, resource);
            if let Some((name, used, request)) = amounts.filter(|(_, used, asked)| used > asked) {
                message.push_str(&format!(
                    "Container {name} was using {}, request is {}, has larger consumption of \
                     {resource}. ",
                    quantity(used),
                    quantity(request)
                ));
            }
        }
        message
    }

    fn evict(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, message: &str) -> Keep {
        let pod = self.pod.clone();
        shared.event(ctx, &pod, None, "Warning", EVICTED, message);
        self.failed = Some(Box::new((SmolStr::new_static(EVICTED), message.into())));
        self.dirty = true;
        self.deadline = Some(ctx.now + GRACE);
        self.stop_all(shared, ctx);
        self.stage = Stage::Terminating;
        self.reap(shared, ctx)
    }

    /// Why a node under pressure takes no such pod. Models `managerImpl.Admit`.
    pub(crate) fn under_pressure(&self, shared: &Shared) -> Option<(SmolStr, SmolStr)> {
        let pressures = &shared.pressures;
        let body = &self.pod.spec.body;
        if pressures.is_empty() || body.priority.unwrap_or(0) >= SYSTEM_CRITICAL {
            return None;
        }
        let taint = Taint {
            key: SmolStr::new_static("node.kubernetes.io/memory-pressure"),
            effect: SmolStr::new_static("NoSchedule"),
            ..Taint::default()
        };
        let best_effort = self.pod.status.qos_class == "BestEffort";
        let passes = !best_effort || tolerated(&body.tolerations, &taint);
        if pressures.as_slice() == [Pressure::Memory] && passes {
            return None;
        }
        let names: Vec<&str> = pressures.iter().map(|kind| words(*kind).type_).collect();
        let message = format_smolstr!("The node had condition: [{}]. ", names.join(" "));
        Some((SmolStr::new_static(EVICTED), message))
    }
}
