//! Time: what happens next, and the way of changes to whoever watches them.

use apiserver::WatcherId;
use client::{Trace, TraceKind, WatchEvent};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use super::{COMPACTION_PERIOD, Cluster, Event, WatcherOwner};
use crate::host::API_SERVER;

/// How many events run between two looks at the budget.
const BUDGET_STRIDE: u32 = 64;
/// Room for watch events that is kept from one delivery to the next.
const BATCH_KEPT: usize = 1024;

impl Cluster {
    pub fn now(&self) -> SimTime {
        self.now
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

    pub(super) fn run_one(&mut self) {
        let Some((at, event)) = self.queue.pop() else { return };
        self.now = self.now.max(at);
        self.events_run += 1;
        match event {
            Event::Deliver(watcher) => self.deliver(watcher),
            Event::Timer { component, life, token } => self.ring(component, life, token),
            Event::Process(id) => self.poll_process(id),
            Event::Compact => {
                self.server.compact(self.now);
                self.fabric.tidy();
                self.queue.push(self.now + COMPACTION_PERIOD, Event::Compact);
            }
        }
        self.wake_watchers();
    }

    /// A timer of a program that has ended since rings for nobody.
    fn ring(&mut self, index: u32, life: u32, token: u64) {
        let Some(seat) = self.seats.get_mut(index as usize).filter(|seat| seat.life == life) else {
            return;
        };
        if seat.waits {
            seat.parked.push(token);
            return;
        }
        self.with_component(index, |component, ctx| component.on_timer(ctx, token));
    }

    pub(super) fn wake_watchers(&mut self) {
        let mut woken = std::mem::take(&mut self.woken);
        self.server.take_wakes_into(&mut woken);
        for watcher in woken.drain(..) {
            let latency = self.latency_of(watcher);
            self.queue.push(self.now + latency, Event::Deliver(watcher));
        }
        self.woken = woken;
    }

    pub(super) fn own(&mut self, watcher: WatcherId, owner: WatcherOwner) {
        let at = watcher.0 as usize;
        self.owners.resize(self.owners.len().max(at + 1), None);
        if let Some(slot) = self.owners.get_mut(at) {
            *slot = Some(owner);
        }
    }

    pub(super) fn owner_of(&self, watcher: WatcherId) -> Option<WatcherOwner> {
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

    pub(super) fn deliver(&mut self, watcher: WatcherId) {
        let Some(owner) = self.owner_of(watcher).filter(|owner| self.hears(*owner)) else { return };
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
}
