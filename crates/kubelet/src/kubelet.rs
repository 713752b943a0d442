//! One node's kubelet as a component: routes what it is told to the workers of its pods.
//! Models pkg/kubelet/{kubelet,pod_workers}.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::container::ResourceRequirements;
use api::core::pod_status::Why;
use api::core::reference::ObjectReference;
use api::{Node, Pod};
use apimachinery::meta::Uid;
use apimachinery::wire::StringMap;
use client::fabric::{FxIndexMap, Pressure};
use client::{Component, Ctx, EventRecorder, User, WatchEvent, WatchFilter, WatchKind, WatchSpec};
use clock::{Duration, SimTime};
use smol_str::{SmolStr, format_smolstr};

use crate::config::{Knobs, NodeConfig};
use crate::eviction::Eviction;
use crate::ipam::Ipam;
use crate::lost::LOST_WITH_MACHINE;
use crate::node_status::Seen;
use crate::terminate::SIGKILL;
use crate::token::{Kind, Token};
use crate::worker::{Stage, Worker};

/// The token with which the host may wake a kubelet that was started again.
pub const WAKE: u64 = (Kind::NodeStatus as u64) << 56;

/// What all workers of a node share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub config: NodeConfig,
    pub recorder: EventRecorder,
    pub ipam: Option<Ipam>,
    /// CPU (milli), memory (bytes) and number of the pods that count.
    pub used: (i64, i64, u32),
    /// Reasons of conditions, one value for all pods in the same state.
    whys: BTreeMap<(SmolStr, SmolStr), Arc<Why>>,
    resources: Vec<Arc<ResourceRequirements>>,
    pub address: SmolStr,
    /// The node's object, as last told.
    pub node: Option<Arc<Node>>,
    /// What the node is short of, as its conditions tell it.
    pub pressures: Vec<Pressure>,
    /// Off while the kubelet is down: processes end, and nobody notices.
    pub alive: bool,
}

impl Shared {
    pub fn knobs(&self) -> &Knobs {
        &self.config.knobs
    }

    pub fn why(&mut self, reason: &str, message: &str) -> Arc<Why> {
        if self.whys.len() > 512 {
            self.whys.clear();
        }
        let (reason, message) = (SmolStr::from(reason), SmolStr::from(message));
        let key = (reason.clone(), message.clone());
        Arc::clone(self.whys.entry(key).or_insert_with(|| Arc::new(Why { reason, message })))
    }

    /// One value for all containers that were given the same.
    pub fn resources(&mut self, of: &ResourceRequirements) -> Arc<ResourceRequirements> {
        if let Some(known) = self.resources.iter().find(|known| ***known == *of) {
            return Arc::clone(known);
        }
        if self.resources.len() > 64 {
            self.resources.clear();
        }
        let new = Arc::new(of.clone());
        self.resources.push(Arc::clone(&new));
        new
    }

    /// `span` and a little more, by chance.
    pub fn about(&self, ctx: &mut Ctx<'_>, span: Duration) -> Duration {
        let jitter = u64::try_from(self.knobs().jitter.as_micros()).unwrap_or(0);
        span + Duration::from_micros(ctx.rng.below(jitter))
    }

    pub fn event(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod: &Pod,
        container: Option<(&str, bool)>,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        let mut about = ObjectReference::to(pod);
        if let Some((name, init)) = container {
            let list = if init { "initContainers" } else { "containers" };
            about.field_path = format_smolstr!("spec.{list}{{{name}}}");
        }
        self.recorder.event(ctx, &about, type_, reason, message);
    }
}

#[derive(Debug, Default)]
struct Slot {
    generation: u16,
    worker: Option<Box<Worker>>,
}

/// The agent of one node.
#[derive(Debug)]
pub struct Kubelet {
    pub(crate) shared: Shared,
    pub(crate) node: Option<Arc<Node>>,
    pub(crate) lease: Option<Arc<api::Lease>>,
    /// When the node's status was last reported.
    pub(crate) reported: SimTime,
    /// What the node's status was last made of.
    pub(crate) seen: Option<Seen>,
    pub(crate) eviction: Eviction,
    /// When the regular check of the node's status last came round.
    checked: SimTime,
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_uid: FxIndexMap<Uid, u32>,
    stopped: bool,
    /// What happened while it was stopped: the pod, or that it is gone.
    missed: BTreeMap<Uid, Option<Arc<Pod>>>,
    woken: bool,
    /// Whether the API server may not know what was told of the pods.
    behind: bool,
}

impl Kubelet {
    pub fn new(config: NodeConfig) -> Self {
        Kubelet {
            shared: Shared {
                recorder: EventRecorder::new("kubelet", &config.name),
                ipam: None,
                used: (0, 0, 0),
                whys: BTreeMap::new(),
                resources: Vec::new(),
                address: format_smolstr!("{}", config.address),
                node: None,
                pressures: Vec::new(),
                alive: true,
                config,
            },
            node: None,
            lease: None,
            reported: SimTime::ZERO,
            seen: None,
            eviction: Eviction::default(),
            checked: SimTime::ZERO,
            slots: Vec::new(),
            free: Vec::new(),
            by_uid: FxIndexMap::default(),
            stopped: false,
            missed: BTreeMap::new(),
            woken: false,
            behind: false,
        }
    }

    pub fn node_name(&self) -> &str {
        &self.shared.config.name
    }

    /// Kills the kubelet's process, or starts it again. Containers live on meanwhile. After a
    /// start the host calls `on_timer(ctx, WAKE)`; without it the kubelet wakes within 10 s.
    pub fn set_stopped(&mut self, stopped: bool) {
        self.woken = self.stopped && !stopped;
        self.stopped = stopped;
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The way to the API server was cut and is whole again: what could not be told is told with
    /// the next round.
    pub fn fall_behind(&mut self) {
        self.behind = true;
    }

    /// How many pods it takes care of.
    pub fn pod_count(&self) -> usize {
        self.by_uid.len()
    }

    /// Whether its machine has power and a wire, and it runs.
    fn alive(&self, ctx: &Ctx<'_>) -> bool {
        !self.stopped && ctx.fabric.reachable(&self.shared.config.name)
    }

    fn set_cidr(&mut self, cidr: &str) {
        let Some(new) = Ipam::new(cidr) else { return };
        if !self.shared.ipam.as_ref().is_some_and(|old| old.same_range(&new)) {
            self.shared.ipam = Some(new);
        }
    }

    pub(crate) fn learn_node(&mut self, node: Arc<Node>) {
        let cidr = node.spec.pod_cidr.clone();
        let cidr = if cidr.is_empty() { self.shared.config.pod_cidr.clone() } else { cidr };
        self.set_cidr(&cidr);
        self.shared.node = Some(Arc::clone(&node));
        self.node = Some(node);
    }

    fn on_pod(&mut self, ctx: &mut Ctx<'_>, pod: Option<Arc<Pod>>, uid: Uid) {
        match (pod, self.by_uid.get(&uid).copied()) {
            (Some(pod), Some(slot)) => {
                self.with_worker(ctx, slot, |worker, shared, ctx| worker.told(shared, ctx, pod));
            }
            (Some(pod), None) => self.admit_pod(ctx, pod),
            (None, Some(slot)) => {
                self.with_worker(ctx, slot, |worker, shared, ctx| worker.vanish(shared, ctx));
            }
            (None, None) => {}
        }
    }

    fn admit_pod(&mut self, ctx: &mut Ctx<'_>, pod: Arc<Pod>) {
        let uid = pod.metadata.uid;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(Slot::default());
                (self.slots.len() - 1) as u32
            }
        };
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        entry.generation = entry.generation.wrapping_add(1);
        let generation = entry.generation;
        let due = ctx.now + self.shared.about(ctx, self.shared.knobs().sandbox);
        let start = pod.status.start_time.unwrap_or(ctx.time());
        let mut worker = Box::new(Worker::new(pod, slot, generation, due, start));
        worker.admit(&mut self.shared, ctx);
        self.by_uid.insert(uid, slot);
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.worker = Some(worker);
        }
        self.with_worker(ctx, slot, |_, _, _| Keep::Yes);
    }

    /// Runs `act` on a worker and then writes its status if it changed.
    pub(crate) fn with_worker(
        &mut self,
        ctx: &mut Ctx<'_>,
        slot: u32,
        act: impl FnOnce(&mut Worker, &mut Shared, &mut Ctx<'_>) -> Keep,
    ) {
        let taken = self.slots.get_mut(slot as usize).and_then(|slot| slot.worker.take());
        let Some(mut worker) = taken else { return };
        self.shared.alive = self.alive(ctx);
        let mut keep = act(&mut worker, &mut self.shared, ctx);
        if keep == Keep::Yes && self.shared.alive {
            keep = worker.flush(&mut self.shared, ctx);
        }
        match (keep, self.slots.get_mut(slot as usize)) {
            (Keep::Yes, Some(entry)) => entry.worker = Some(worker),
            _ => {
                self.by_uid.swap_remove(&worker.uid());
                self.free.push(slot);
            }
        }
    }

    /// The machine lost its power and is up again: every process is gone. The host calls this
    /// after `set_stopped(false)`.
    pub fn reboot(&mut self, ctx: &mut Ctx<'_>) {
        let slots: Vec<u32> = self.by_uid.values().copied().collect();
        for slot in slots {
            self.with_worker(ctx, slot, |worker, shared, ctx| {
                worker.sandbox_lost(shared, ctx, LOST_WITH_MACHINE)
            });
        }
        let name = self.shared.config.name.clone();
        let message = format!("Node {name} has been rebooted, boot id: {name}");
        self.node_event(ctx, "Warning", "Rebooted", &message);
    }

    pub(crate) fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.slots.iter().filter_map(|slot| slot.worker.as_deref())
    }

    /// A container's process gets a SIGKILL from somebody else; an empty name is the first one.
    pub fn kill_container(&mut self, ctx: &mut Ctx<'_>, uid: Uid, name: &str) {
        let Some(slot) = self.by_uid.get(&uid).copied() else { return };
        self.with_worker(ctx, slot, |worker, shared, ctx| worker.shot(shared, ctx, name));
    }

    /// A pod's sandbox dies, and everything in it.
    pub fn kill_sandbox(&mut self, ctx: &mut Ctx<'_>, uid: Uid) {
        let Some(slot) = self.by_uid.get(&uid).copied() else { return };
        self.with_worker(ctx, slot, |worker, shared, ctx| {
            worker.sandbox_lost(shared, ctx, SIGKILL)
        });
    }

    /// Tells everything once more to an API server that may have heard nothing.
    fn tell_again(&mut self, ctx: &mut Ctx<'_>) {
        self.behind = false;
        let slots: Vec<u32> = self.by_uid.values().copied().collect();
        for slot in slots {
            self.with_worker(ctx, slot, |worker, _, _| {
                worker.dirty = true;
                Keep::Yes
            });
        }
    }

    /// After a restart: what was missed, then every pod.
    fn catch_up(&mut self, ctx: &mut Ctx<'_>) {
        self.woken = false;
        for (uid, pod) in std::mem::take(&mut self.missed) {
            self.on_pod(ctx, pod, uid);
        }
        let slots: Vec<u32> = self.by_uid.values().copied().collect();
        for slot in slots {
            self.with_worker(ctx, slot, |worker, shared, ctx| {
                worker.dirty = true;
                worker.rearm_probes(shared, ctx);
                worker.sync(shared, ctx)
            });
        }
    }
}

/// Whether a worker stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Yes,
    No,
}

impl Component for Kubelet {
    fn name(&self) -> SmolStr {
        format_smolstr!("kubelet/{}", self.shared.config.name)
    }

    fn user(&self) -> User {
        let name = format_smolstr!("system:node:{}", self.shared.config.name);
        User::new(name, &["system:nodes", "system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        let node = &self.shared.config.name;
        let mut nodes = WatchSpec::all::<Node>();
        nodes.filter = WatchFilter::Name { namespace: SmolStr::default(), name: node.clone() };
        vec![nodes, WatchSpec::on_node::<Pod>(node)]
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        if ctx.fabric.registry.is_empty() {
            crate::images::install(ctx.fabric);
        }
        let (name, address) = (self.shared.config.name.clone(), self.shared.config.address);
        ctx.fabric.add_machine(&name, address);
        self.register(ctx);
        self.renew_lease(ctx);
        let knobs = self.shared.knobs().clone();
        let offset = Duration::from_millis(ctx.rng.below(1000));
        ctx.wake_in(knobs.lease + offset, Token::node(Kind::Lease));
        ctx.wake_in(knobs.node_status_check + offset, Token::node(Kind::NodeStatus));
    }

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        for event in events {
            let gone = event.kind == WatchKind::Deleted;
            if let Some(node) = event.object::<Node>() {
                if gone {
                    self.node = None;
                } else {
                    self.learn_node(node);
                }
                continue;
            }
            let Some(pod) = event.object::<Pod>() else { continue };
            let uid = pod.metadata.uid;
            let pod = (!gone).then_some(pod);
            if self.alive(ctx) {
                self.on_pod(ctx, pod, uid);
            } else {
                self.missed.insert(uid, pod);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, token: u64) {
        let Some(token) = Token::unpack(token) else { return };
        let alive = self.alive(ctx);
        if alive && (self.woken || !self.missed.is_empty()) {
            self.catch_up(ctx);
        }
        match token.kind {
            Kind::Lease => {
                if alive {
                    self.renew_lease(ctx);
                }
                ctx.wake_in(self.shared.knobs().lease, Token::node(Kind::Lease));
            }
            Kind::NodeStatus => {
                if alive && self.behind {
                    self.tell_again(ctx);
                }
                if alive {
                    self.watch_resources(ctx);
                    self.sync_node_status(ctx);
                } else {
                    self.woken = true;
                }
                if self.node_timer_due(ctx.now) {
                    let every = self.shared.knobs().node_status_check;
                    ctx.wake_in(every, Token::node(Kind::NodeStatus));
                }
            }
            _ => self.pod_timer(ctx, token, alive),
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

impl Kubelet {
    fn pod_timer(&mut self, ctx: &mut Ctx<'_>, token: Token, alive: bool) {
        let current = self.slots.get(token.slot as usize).map(|slot| slot.generation);
        if current != Some(token.generation) {
            return;
        }
        let index = usize::from(token.container);
        // Without power nothing goes on.
        if !ctx.fabric.machines.get(&self.shared.config.name).is_some_and(|machine| machine.up) {
            return;
        }
        self.with_worker(ctx, token.slot, |worker, shared, ctx| match token.kind {
            // Processes go on without a kubelet.
            Kind::Step => worker.step(shared, ctx, index),
            Kind::Killed => worker.killed(shared, ctx, index),
            _ if !alive => Keep::Yes,
            Kind::StartupProbe | Kind::ReadinessProbe | Kind::LivenessProbe => {
                worker.probe(shared, ctx, index, token.kind)
            }
            _ => worker.sync(shared, ctx),
        });
    }

    /// The wake-up call may come beside the regular one, which must not double.
    fn node_timer_due(&mut self, now: SimTime) -> bool {
        let every = self.shared.knobs().node_status_check;
        let due = now.since(self.checked) >= every || self.checked == SimTime::ZERO;
        if due {
            self.checked = now;
        }
        due
    }

    pub(crate) fn labels_of(config: &NodeConfig) -> StringMap {
        let fixed = [
            ("beta.kubernetes.io/arch", "amd64"),
            ("beta.kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", config.name.as_str()),
            ("kubernetes.io/os", "linux"),
            ("topology.kubernetes.io/zone", config.zone.as_str()),
        ];
        fixed
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (SmolStr::from(*key), SmolStr::from(*value)))
            .chain(config.labels.iter().cloned())
            .collect()
    }
}

impl Worker {
    /// The API server told of the pod.
    pub(crate) fn told(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, pod: Arc<Pod>) -> Keep {
        if pod.metadata.resource_version > self.pod.metadata.resource_version {
            // The emulated kubelets of the recordings told of an end when it had come.
            let quiet = pod.metadata.is_deleting() && shared.knobs().as_recorded;
            self.dirty |= (pod.metadata.generation != self.pod.metadata.generation && !quiet)
                || pod.status.conditions.len() < self.pod.status.conditions.len();
            let old = std::mem::replace(&mut self.pod, pod);
            let same = Arc::ptr_eq(&old.spec.body, &self.pod.spec.body);
            if !same && !self.is_ending() && !self.pod.metadata.is_deleting() {
                self.change_images(shared, ctx, &old);
                return self.sync(shared, ctx);
            }
        }
        let deleting = self.pod.metadata.is_deleting();
        match self.stage {
            _ if !deleting => Keep::Yes,
            Stage::Finished => {
                self.dirty = true;
                Keep::Yes
            }
            _ => self.terminate(shared, ctx),
        }
    }
}
