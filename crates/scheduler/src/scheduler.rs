//! The component: hears of pods and nodes, keeps cache and queue, and works the queue off.
//! Models pkg/scheduler/{scheduler,schedule_one}.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, Why};
use api::{
    Namespace, Node, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, Service,
    StatefulSet,
};
use apimachinery::meta::{Key, Uid};
use client::{ApiExt, Component, Ctx, User, WatchEvent, WatchSpec};
use clock::SimTime;
use smol_str::SmolStr;

use crate::algorithm::{Algorithm, Decision, Detail, NO_NODES};
use crate::attempts::{Attempt, Attempts, BEST_NODES, DETAILED_NODES_MAX, Outcome};
use crate::cache::Cache;
use crate::config::{Config, DEFAULT_SCHEDULER_NAME, ProfileConfig};
use crate::events::{Recorder, Saying};
use crate::framework::{Code, Cycle, Nomination, Status};
use crate::lookup::Lookup;
use crate::nominated::Nominated;
use crate::profile::Profile;
use crate::queue::{Queue, QueueLengths, QueuedPod};
use crate::volumes::Volumes;
use crate::waiting::WaitingPod;

const NAME: SmolStr = SmolStr::new_static("kube-scheduler");

const CYCLE: u64 = 1;
const FLUSH: u64 = 2;
pub(crate) const WAIT: u64 = 3;

/// A scheduler of one name: its plugins, and the voice in which it speaks.
pub(crate) struct Framework {
    name: SmolStr,
    pub(crate) profile: Profile,
    pub(crate) recorder: Recorder,
}

impl Framework {
    fn new(config: &ProfileConfig) -> Self {
        Framework {
            name: config.scheduler_name.clone(),
            profile: Profile::new(config),
            recorder: Recorder::new(&config.scheduler_name),
        }
    }
}

/// The one that a pod names, if it is here.
pub(crate) fn framework_of<'f>(frameworks: &'f [Framework], pod: &Pod) -> Option<&'f Framework> {
    let name = scheduler_name(pod);
    frameworks.iter().find(|framework| framework.name == *name)
}

fn scheduler_name(pod: &Pod) -> &str {
    match pod.spec.scheduler_name.as_str() {
        "" => DEFAULT_SCHEDULER_NAME,
        name => name,
    }
}

/// kube-scheduler.
pub struct Scheduler {
    pub(crate) config: Config,
    pub(crate) frameworks: Vec<Framework>,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) lookup: Lookup,
    algorithm: Algorithm,
    pub(crate) nominated: Nominated,
    attempts: Attempts,
    /// Pods that have their node and wait for their volumes.
    pub(crate) waiting: BTreeMap<Uid, WaitingPod>,
    cycle_at: Option<SimTime>,
    flush_at: Option<SimTime>,
}

impl Scheduler {
    pub fn new(config: Config) -> Self {
        Scheduler {
            frameworks: config.profiles.iter().map(Framework::new).collect(),
            cache: Cache::default(),
            queue: Queue::new(&config),
            lookup: Lookup::default(),
            algorithm: Algorithm::default(),
            nominated: Nominated::default(),
            attempts: Attempts::default(),
            waiting: BTreeMap::new(),
            cycle_at: None,
            flush_at: None,
            config,
        }
    }

    pub(crate) fn framework_mut(&mut self, pod: &Pod) -> Option<&mut Framework> {
        let name = scheduler_name(pod);
        self.frameworks.iter_mut().find(|framework| framework.name == *name)
    }

    /// The last attempts to place a pod, oldest first.
    pub fn attempts(&self, namespace: &str, name: &str) -> impl Iterator<Item = &Attempt> {
        self.attempts.of(Key::new(namespace, name))
    }

    /// The last attempts of all pods, oldest first.
    pub fn all_attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter()
    }

    pub fn queue_lengths(&self) -> QueueLengths {
        self.queue.lengths()
    }

    /// Keeps every verdict and score from now on, on large clusters too.
    pub fn set_explain(&mut self, explain: bool) {
        self.config.explain = explain;
    }

    /// Asks to be called when there is something to do.
    fn arm(&mut self, ctx: &mut Ctx<'_>) {
        if self.queue.has_next() && self.cycle_at.is_none() {
            let at = ctx.now + self.config.batch_delay;
            self.cycle_at = Some(at);
            ctx.timers.at(at, CYCLE);
        }
        if let Some(at) = self.queue.next_flush(ctx.now)
            && self.flush_at.is_none_or(|armed| at < armed)
        {
            self.flush_at = Some(at);
            ctx.timers.at(at, FLUSH);
        }
    }

    fn work(&mut self, ctx: &mut Ctx<'_>) {
        self.cache.refresh();
        for _ in 0..self.config.batch_pods {
            let Some(pod) = self.queue.pop() else { break };
            self.schedule(ctx, pod);
        }
    }

    fn schedule(&mut self, ctx: &mut Ctx<'_>, pod: QueuedPod) {
        let meta = &pod.info.pod.metadata;
        if meta.is_deleting() {
            let note = format!("skip schedule deleting pod: {}/{}", meta.namespace, meta.name);
            self.say_failed(ctx, &pod.info.pod, &note);
            return;
        }
        if self.cache.is_assumed(meta.uid) {
            return;
        }
        let small = self.cache.order().len() <= DETAILED_NODES_MAX || self.config.explain;
        let detail = Detail { nodes: small, best: if small { usize::MAX } else { BEST_NODES } };
        let (cache, lookup, nominated) = (&self.cache, &self.lookup, &self.nominated);
        let cycle = Cycle { pod: &pod.info, cache, lookup, nominated };
        let Some(framework) = framework_of(&self.frameworks, &pod.info.pod) else { return };
        let profile = &framework.profile;
        let decision = self.algorithm.decide(profile, &self.config, &cycle, ctx.rng, detail);
        match decision.node {
            Some(node) => self.place(ctx, pod, node, decision),
            None => self.refuse(ctx, pod, decision),
        }
    }

    /// Assumes the pod on the node, and binds it once everything it needs there is done.
    fn place(&mut self, ctx: &mut Ctx<'_>, pod: QueuedPod, node: u32, decision: Decision) {
        let Some(info) = self.cache.node(node) else { return };
        let name = info.name.clone();
        let (cache, lookup, nominated) = (&self.cache, &self.lookup, &self.nominated);
        let cycle = Cycle { pod: &pod.info, cache, lookup, nominated };
        let Some(framework) = framework_of(&self.frameworks, &pod.info.pod) else { return };
        let reserved = info.node.as_ref().map(|node| framework.profile.reserve(&cycle, node));
        self.cache.assume(pod.info.clone(), node);
        self.nominated.remove(pod.info.uid());
        match reserved.unwrap_or(Ok(Vec::new())) {
            Ok(all) if all.is_empty() => self.finish(ctx, pod, name, decision),
            Ok(all) => self.wait_for(ctx, pod, name, decision, all),
            Err(status) => self.reject(ctx, pod, decision, status),
        }
    }

    pub(crate) fn finish(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod: QueuedPod,
        name: SmolStr,
        decision: Decision,
    ) {
        let Some(framework) = self.framework_mut(&pod.info.pod) else { return };
        match framework.profile.bind(ctx.api, &pod.info, &name) {
            Ok(()) => {
                let meta = &pod.info.pod.metadata;
                let note =
                    format!("Successfully assigned {}/{} to {name}", meta.namespace, meta.name);
                let saying =
                    Saying { type_: "Normal", reason: "Scheduled", action: "Binding", note: &note };
                framework.recorder.say(ctx, &pod.info.pod, &saying);
                self.keep(ctx.now, &pod, decision, Outcome::Bound { node: name }, None);
            }
            Err(status) => {
                let message = format!("binding rejected: {}", status.message());
                self.reject(ctx, pod, decision, Status::new(status.code, message));
            }
        }
    }

    /// The pod loses the node that was assumed for it.
    pub(crate) fn reject(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod: QueuedPod,
        decision: Decision,
        status: Status,
    ) {
        self.cache.remove_pod(pod.info.uid());
        self.fail(ctx, pod, decision, status);
    }

    fn refuse(&mut self, ctx: &mut Ctx<'_>, mut pod: QueuedPod, mut decision: Decision) {
        pod.refused_by = decision.refused_by;
        let message = std::mem::take(&mut decision.message);
        let status = Status::new(Code::Unschedulable, message);
        self.fail(ctx, pod, decision, status);
    }

    /// Puts the pod back and tells why. Models `handleSchedulingFailure`.
    fn fail(&mut self, ctx: &mut Ctx<'_>, pod: QueuedPod, mut decision: Decision, status: Status) {
        let message = status.message();
        let nomination = decision.nomination.take().map(Arc::new);
        let clears = decision.clears_nomination || status.code == Code::Error;
        let nominates = match &nomination {
            Some(nomination) => Some(nomination.node.clone()),
            None => (clears || message == NO_NODES).then(SmolStr::default),
        };
        let outcome = if status.code == Code::Error || message == NO_NODES {
            Outcome::Error { message: message.clone() }
        } else {
            Outcome::Unschedulable { message: message.clone() }
        };
        self.keep(ctx.now, &pod, decision, outcome, nomination.clone());
        let info = pod.info.clone();
        match &nominates {
            Some(node) if node.is_empty() => self.nominated.remove(info.uid()),
            Some(node) => self.nominated.set(info.clone(), node),
            None => {}
        }
        self.queue.add_unschedulable(ctx.now, pod);
        self.say_failed(ctx, &info.pod, &message);
        let reason = if status.code == Code::Error { "SchedulerError" } else { "Unschedulable" };
        set_unscheduled(ctx, &info.pod, reason, &message, nominates.as_ref());
        if let Some(nomination) = nomination {
            self.preempt(ctx, &info, &nomination);
        }
    }

    fn say_failed(&mut self, ctx: &mut Ctx<'_>, pod: &Pod, note: &str) {
        let saying =
            Saying { type_: "Warning", reason: "FailedScheduling", action: "Scheduling", note };
        if let Some(framework) = self.framework_mut(pod) {
            framework.recorder.say(ctx, pod, &saying);
        }
    }

    fn keep(
        &mut self,
        at: SimTime,
        pod: &QueuedPod,
        decision: Decision,
        outcome: Outcome,
        nomination: Option<Arc<Nomination>>,
    ) {
        let meta = &pod.info.pod.metadata;
        self.attempts.push(Attempt {
            at,
            pod: Key::of(meta),
            uid: meta.uid,
            number: pod.attempts,
            nodes: decision.nodes,
            evaluated: decision.evaluated + decision.feasible,
            feasible: decision.feasible,
            outcome,
            pre_filter: decision.pre_filter,
            refusals: decision.refusals,
            refused_nodes: decision.refused_nodes,
            plugins: decision.plugins,
            scores: decision.scores,
            tied: decision.tied,
            tie: decision.tie,
            nomination,
        });
    }
}

/// Writes the condition that says why a pod waits, and the node that it is nominated to (nothing
/// takes that back).
fn set_unscheduled(
    ctx: &mut Ctx<'_>,
    pod: &Pod,
    reason: &'static str,
    message: &str,
    nominates: Option<&SmolStr>,
) {
    let why = Arc::new(Why { reason: SmolStr::new_static(reason), message: message.into() });
    let since = ctx.time();
    let changed = |pod: &Pod| {
        let mut condition =
            PodCondition::new(PodConditionType::PodScheduled, ConditionStatus::False, since);
        condition.why = Some(Arc::clone(&why));
        condition.observed_generation = pod.metadata.generation;
        let mut new = pod.clone();
        let mut changed = new.status.set_condition(condition);
        if let Some(node) = nominates.filter(|node| **node != new.status.nominated_node_name) {
            new.status.nominated_node_name = node.clone();
            changed = true;
        }
        changed.then_some(new)
    };
    let Some(new) = changed(pod) else { return };
    let Err(status) = ctx.api.update_status(new) else { return };
    if !status.is_conflict() {
        return;
    }
    let Ok(fresh) = ctx.api.get::<Pod>(&pod.metadata.namespace, &pod.metadata.name) else { return };
    if fresh.metadata.uid == pod.metadata.uid
        && let Some(new) = changed(&fresh)
    {
        let _ = ctx.api.update_status(new);
    }
}

impl Component for Scheduler {
    fn name(&self) -> SmolStr {
        NAME
    }

    fn user(&self) -> User {
        User::new("system:kube-scheduler", &["system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        let mut watches = vec![
            WatchSpec::all::<Node>(),
            WatchSpec::all::<Pod>(),
            WatchSpec::all::<Namespace>(),
            WatchSpec::all::<Service>(),
            WatchSpec::all::<PodDisruptionBudget>(),
            WatchSpec::all::<ReplicaSet>(),
            WatchSpec::all::<ReplicationController>(),
            WatchSpec::all::<StatefulSet>(),
        ];
        watches.extend(Volumes::watches());
        watches
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.arm(ctx);
    }

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        for event in events {
            self.hear(ctx.now, event);
        }
        self.arm(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, token: u64) {
        match token {
            CYCLE if self.cycle_at.is_some_and(|at| at <= ctx.now) => {
                self.cycle_at = None;
                self.work(ctx);
            }
            FLUSH if self.flush_at.is_some_and(|at| at <= ctx.now) => {
                self.flush_at = None;
                self.queue.flush(ctx.now);
            }
            WAIT => self.look_after_waiting(ctx),
            _ => {}
        }
        self.arm(ctx);
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
