//! Pods that wait: for their turn, for their back-off to end, or for a change that may help them.
//! Models pkg/scheduler/backend/queue.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::meta::Uid;
use clock::{Duration, SimTime};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::config::Config;
use crate::template::PodInfo;

/// Plugins as bits, by their place in the profile.
pub type PluginSet = u32;

/// Back-off ends are rounded down to this, so that pods of one window go by priority.
const WINDOW_NANOS: u64 = 1_000_000_000;
/// How often pods that waited too long among the unschedulable are looked for.
const FLUSH_NANOS: u64 = 30_000_000_000;
/// An empty queue keeps room for so many pods.
const ROOM_KEPT: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Active,
    Backoff,
    ErrorBackoff,
    Unschedulable,
    /// A plugin keeps it from waiting at all.
    Gated,
}

/// A pod in the queue, or on its way through a cycle.
#[derive(Clone, Debug)]
pub struct QueuedPod {
    pub info: PodInfo,
    rank: i64,
    timestamp: SimTime,
    /// Breaks ties of time.
    seq: u64,
    pub attempts: u32,
    unschedulable_count: u32,
    consecutive_errors: u32,
    /// Which plugins refused it last.
    pub refused_by: PluginSet,
    backoff_until: SimTime,
    place: Place,
}

type ActiveKey = (i64, SimTime, u64, Uid);

impl QueuedPod {
    fn active_key(&self) -> ActiveKey {
        (self.rank, self.timestamp, self.seq, self.info.uid())
    }

    fn backoff_key(&self) -> (SimTime, ActiveKey) {
        (self.backoff_until, self.active_key())
    }
}

/// Lengths of the parts of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLengths {
    pub active: u32,
    pub backoff: u32,
    /// Includes gated pods.
    pub unschedulable: u32,
}

#[derive(Debug, Default)]
pub struct Queue {
    pods: IndexMap<Uid, QueuedPod, FxBuildHasher>,
    active: BTreeSet<ActiveKey>,
    backoff: BTreeSet<(SimTime, ActiveKey)>,
    error_backoff: BTreeSet<(SimTime, ActiveKey)>,
    /// By the plugins that refused, so that an event asks only those whom it may help.
    unschedulable: BTreeMap<PluginSet, BTreeSet<ActiveKey>>,
    waiting_since: BTreeSet<(SimTime, Uid)>,
    gated: u32,
    seq: u64,
    initial_backoff: Duration,
    max_backoff: Duration,
    unschedulable_max: Duration,
}

fn window(at: SimTime) -> SimTime {
    SimTime(at.nanos() / WINDOW_NANOS * WINDOW_NANOS)
}

impl Queue {
    pub fn new(config: &Config) -> Self {
        Queue {
            initial_backoff: config.pod_initial_backoff,
            max_backoff: config.pod_max_backoff,
            unschedulable_max: config.unschedulable_max,
            ..Queue::default()
        }
    }

    pub fn lengths(&self) -> QueueLengths {
        let unschedulable: usize = self.unschedulable.values().map(BTreeSet::len).sum();
        QueueLengths {
            active: self.active.len() as u32,
            backoff: (self.backoff.len() + self.error_backoff.len()) as u32,
            unschedulable: unschedulable as u32 + self.gated,
        }
    }

    pub fn get(&self, uid: Uid) -> Option<&QueuedPod> {
        self.pods.get(&uid)
    }

    pub fn is_gated(&self, uid: Uid) -> bool {
        self.pods.get(&uid).is_some_and(|pod| pod.place == Place::Gated)
    }

    /// A new pod; `gate` if a plugin keeps it from waiting.
    pub fn add(&mut self, now: SimTime, info: PodInfo, rank: i64, gate: bool) {
        let uid = info.uid();
        self.remove(uid);
        self.seq += 1;
        let pod = QueuedPod {
            info,
            rank,
            timestamp: now,
            seq: self.seq,
            attempts: 0,
            unschedulable_count: 0,
            consecutive_errors: 0,
            refused_by: 0,
            backoff_until: SimTime::ZERO,
            place: Place::Active,
        };
        self.put(pod, if gate { Place::Gated } else { Place::Active });
    }

    fn put(&mut self, mut pod: QueuedPod, place: Place) {
        pod.place = place;
        match place {
            Place::Active => {
                self.active.insert(pod.active_key());
            }
            Place::Backoff => {
                self.backoff.insert(pod.backoff_key());
            }
            Place::ErrorBackoff => {
                self.error_backoff.insert(pod.backoff_key());
            }
            Place::Unschedulable => {
                self.unschedulable.entry(pod.refused_by).or_default().insert(pod.active_key());
                self.waiting_since.insert((pod.timestamp, pod.info.uid()));
            }
            Place::Gated => self.gated += 1,
        }
        self.pods.insert(pod.info.uid(), pod);
    }

    /// Takes a pod out, wherever it is.
    pub fn remove(&mut self, uid: Uid) -> Option<QueuedPod> {
        let pod = self.pods.swap_remove(&uid)?;
        match pod.place {
            Place::Active => {
                self.active.remove(&pod.active_key());
            }
            Place::Backoff => {
                self.backoff.remove(&pod.backoff_key());
            }
            Place::ErrorBackoff => {
                self.error_backoff.remove(&pod.backoff_key());
            }
            Place::Unschedulable => {
                if let Some(set) = self.unschedulable.get_mut(&pod.refused_by) {
                    set.remove(&pod.active_key());
                    if set.is_empty() {
                        self.unschedulable.remove(&pod.refused_by);
                    }
                }
                self.waiting_since.remove(&(pod.timestamp, uid));
            }
            Place::Gated => self.gated -= 1,
        }
        Some(pod)
    }

    /// The next pod to try. An idle scheduler does not wait for back-offs to end.
    pub fn pop(&mut self) -> Option<QueuedPod> {
        let uid = match (self.active.first(), self.backoff.first()) {
            (Some((.., uid)), _) | (None, Some((_, (.., uid)))) => *uid,
            (None, None) => return None,
        };
        let mut pod = self.remove(uid)?;
        pod.attempts += 1;
        // After a burst the room goes back.
        if self.pods.is_empty() && self.pods.capacity() > ROOM_KEPT {
            self.pods = IndexMap::default();
        }
        Some(pod)
    }

    pub fn has_next(&self) -> bool {
        !self.active.is_empty() || !self.backoff.is_empty()
    }

    /// Puts a pod back that plugins refused, or that failed for another reason if none did.
    pub fn add_unschedulable(&mut self, now: SimTime, mut pod: QueuedPod) {
        if pod.refused_by == 0 {
            pod.consecutive_errors += 1;
        } else {
            pod.unschedulable_count += 1;
            pod.consecutive_errors = 0;
        }
        pod.timestamp = now;
        let count = match (pod.consecutive_errors, pod.unschedulable_count) {
            (0, count) => count,
            (errors, _) => errors,
        };
        pod.backoff_until = window(now + self.backoff_duration(count));
        if pod.refused_by == 0 {
            self.put(pod, Place::ErrorBackoff);
        } else {
            self.put(pod, Place::Unschedulable);
        }
    }

    fn backoff_duration(&self, count: u32) -> Duration {
        let doubled = self.initial_backoff.checked_mul(1 << count.saturating_sub(1).min(30));
        doubled.map_or(self.max_backoff, |span| span.min(self.max_backoff))
    }

    /// The new version of a waiting pod. Says whether it waits here at all.
    pub fn update(&mut self, pod: &PodInfo, rank: i64) -> bool {
        let Some(mut known) = self.remove(pod.uid()) else { return false };
        let place = known.place;
        known.info = pod.clone();
        known.rank = rank;
        self.put(known, place);
        true
    }

    /// Whether the pod waits for a change.
    pub fn is_unschedulable(&self, uid: Uid) -> bool {
        self.pods.get(&uid).is_some_and(|pod| pod.place == Place::Unschedulable)
    }

    /// A change may help the pod: it goes to the active queue once its back-off is over.
    pub fn requeue(&mut self, now: SimTime, uid: Uid) {
        let Some(pod) = self.remove(uid) else { return };
        let backing_off = pod.place != Place::Gated && is_backing_off(&pod, now);
        self.put(pod, if backing_off { Place::Backoff } else { Place::Active });
    }

    pub fn any_refused_by(&self, plugins: PluginSet) -> bool {
        self.unschedulable.keys().any(|refused| refused & plugins != 0)
    }

    /// Waiting pods that one of these plugins refused, in the order of the queue.
    pub fn refused_by(&self, plugins: PluginSet) -> Vec<Uid> {
        let sets = self.unschedulable.iter().filter(|(refused, _)| *refused & plugins != 0);
        sets.flat_map(|(_, pods)| pods.iter().map(|(.., uid)| *uid)).collect()
    }

    /// Moves pods whose back-off is over, and those that waited too long for a change.
    pub fn flush(&mut self, now: SimTime) {
        loop {
            let firsts = [self.backoff.first(), self.error_backoff.first()];
            let first = firsts.into_iter().flatten().find(|(until, _)| *until < window(now));
            let Some((_, (.., uid))) = first.copied() else { break };
            if let Some(pod) = self.remove(uid) {
                self.put(pod, Place::Active);
            }
        }
        while let Some((since, uid)) = self.waiting_since.first().copied() {
            if since + self.unschedulable_max >= now {
                break;
            }
            self.requeue(now, uid);
        }
    }

    /// When `flush` will have something to do.
    pub fn next_flush(&self, now: SimTime) -> Option<SimTime> {
        let backoff = self.backoff.first().map(|(until, _)| *until);
        let error = self.error_backoff.first().map(|(until, _)| *until);
        let backoff = backoff.into_iter().chain(error).min();
        let next_window = |until: SimTime| SimTime(window(until).nanos() + WINDOW_NANOS);
        let stale = self.waiting_since.first().map(|(since, _)| {
            let due = (*since + self.unschedulable_max).nanos();
            SimTime((due / FLUSH_NANOS + 1) * FLUSH_NANOS)
        });
        let soonest = backoff.map(next_window).into_iter().chain(stale).min()?;
        Some(soonest.max(now))
    }
}

fn is_backing_off(pod: &QueuedPod, now: SimTime) -> bool {
    let tried = pod.unschedulable_count > 0 || pod.consecutive_errors > 0;
    tried && pod.backoff_until >= window(now)
}
