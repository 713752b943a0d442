//! The component: it keeps the shared cache, hands changes to the controllers and lets their
//! workers run in virtual time.

use std::collections::BTreeSet;

use apimachinery::meta::Key;
use client::{Component, Ctx, User, WatchEvent, WatchSpec, WorkQueue};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::controllers::{self, Controller, Notice, Sync};
use crate::informers::{Change, Informers, Resource};

/// From a key's entry into the queue to its sync.
const LATENCY: Duration = Duration::from_millis(1);
/// What a sync takes a worker at least.
const SYNC_COST: Duration = Duration::from_millis(1);

/// Command-line flags, as far as they are modelled.
#[derive(Clone, Debug)]
pub struct Config {
    /// `--node-monitor-grace-period`
    pub node_monitor_grace_period: Duration,
    /// `--node-monitor-period`
    pub node_monitor_period: Duration,
    /// `--terminated-pod-gc-threshold`
    pub terminated_pod_gc_threshold: u32,
    /// Whether something gives addresses to services of type LoadBalancer.
    pub load_balancer: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            node_monitor_grace_period: Duration::from_secs(50),
            node_monitor_period: Duration::from_secs(5),
            terminated_pod_gc_threshold: 12_500,
            load_balancer: false,
        }
    }
}

/// A controller with its queue and its workers.
struct Runner {
    controller: Box<dyn Controller>,
    queue: WorkQueue<Key>,
    /// When each worker is free again.
    workers: Vec<SimTime>,
    /// The moments for which wake-up calls stand; the earliest asks for the next if need be.
    alarms: BTreeSet<SimTime>,
}

impl Runner {
    /// Asks to be woken when a worker can take the next key.
    fn schedule(&mut self, ctx: &mut Ctx<'_>, token: u64) {
        let Some(due) = self.queue.next_at(ctx.now) else { return };
        let free = self.workers.iter().min().copied().unwrap_or(ctx.now);
        let at = due.max(free).max(ctx.now + LATENCY);
        if self.alarms.first().is_none_or(|first| at < *first) {
            self.alarms.insert(at);
            ctx.timers.at(at, token);
        }
    }

    /// Lets every free worker take one key.
    fn run(&mut self, ctx: &mut Ctx<'_>, informers: &Informers) {
        let now = ctx.now;
        for worker in self.workers.iter_mut().filter(|free| **free <= now) {
            let Some(key) = self.queue.pop(now) else { break };
            let mut sync = Sync { ctx, informers, queue: &mut self.queue, cost: SYNC_COST };
            let result = self.controller.sync(&mut sync, &key);
            *worker = now + sync.cost;
            match result {
                Ok(()) => self.queue.forget(&key),
                Err(error) if error.is_namespace_terminating() => self.queue.forget(&key),
                Err(_) if self.queue.failures(&key) < self.controller.max_retries() => {
                    self.queue.add_rate_limited(now, key);
                }
                Err(_) => self.queue.forget(&key),
            }
        }
    }
}

/// kube-controller-manager.
pub struct ControllerManager {
    informers: Informers,
    runners: Vec<Runner>,
    /// Which runners hear of a resource, by `Resource as usize`.
    listeners: Vec<Vec<usize>>,
}

impl ControllerManager {
    pub fn new(config: Config) -> Self {
        let runners: Vec<Runner> = controllers::all(&config)
            .into_iter()
            .map(|controller| Runner {
                workers: vec![SimTime::ZERO; controller.workers()],
                controller,
                queue: WorkQueue::default(),
                alarms: BTreeSet::new(),
            })
            .collect();
        let mut listeners = vec![Vec::new(); Resource::ALL.len()];
        for (index, runner) in runners.iter().enumerate() {
            for resource in runner.controller.resources() {
                if let Some(list) = listeners.get_mut(*resource as usize) {
                    list.push(index);
                }
            }
        }
        ControllerManager { informers: Informers::default(), runners, listeners }
    }

    /// Names of the controllers that run, in order.
    pub fn controllers(&self) -> Vec<&'static str> {
        self.runners.iter().map(|runner| runner.controller.name()).collect()
    }

    /// How many keys wait in each controller's queue.
    pub fn queue_lengths(&self) -> Vec<(&'static str, usize)> {
        self.runners.iter().map(|r| (r.controller.name(), r.queue.len())).collect()
    }

    fn schedule_all(&mut self, ctx: &mut Ctx<'_>) {
        for (token, runner) in (0..).zip(&mut self.runners) {
            runner.schedule(ctx, token);
        }
    }
}

impl Component for ControllerManager {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("kube-controller-manager")
    }

    fn user(&self) -> User {
        User::new("system:kube-controller-manager", &["system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        Informers::watches()
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        for runner in &mut self.runners {
            let (informers, queue) = (&self.informers, &mut runner.queue);
            let mut sync = Sync { ctx, informers, queue, cost: Duration::ZERO };
            runner.controller.start(&mut sync);
        }
        self.schedule_all(ctx);
    }

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        let mut heard = None;
        for change in events.iter().filter_map(Change::of) {
            self.informers.apply(&change);
            let resource = change.resource() as usize;
            heard = Some(resource);
            for index in self.listeners.get(resource).into_iter().flatten() {
                let Some(runner) = self.runners.get_mut(*index) else { continue };
                let (informers, queue) = (&self.informers, &mut runner.queue);
                let mut notice = Notice { now: ctx.now, informers, queue };
                runner.controller.on_event(&mut notice, &change);
            }
        }
        let listeners = heard.and_then(|resource| self.listeners.get(resource));
        for index in listeners.into_iter().flatten() {
            if let Some(runner) = self.runners.get_mut(*index) {
                runner.schedule(ctx, *index as u64);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, token: u64) {
        let index = usize::try_from(token).unwrap_or(usize::MAX);
        let Some(runner) = self.runners.get_mut(index) else { return };
        runner.alarms.remove(&ctx.now);
        runner.run(ctx, &self.informers);
        runner.schedule(ctx, token);
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
