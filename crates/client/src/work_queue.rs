//! A queue of keys with back-off: a key that fails comes back later, later each time.
//! Models client-go/util/workqueue.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use clock::{Duration, SimTime};

/// Keys waiting for work. A key is in the queue at most once.
#[derive(Clone, Debug)]
pub struct WorkQueue<K> {
    ready: VecDeque<K>,
    queued: BTreeSet<K>,
    later: BTreeSet<(SimTime, K)>,
    failures: BTreeMap<K, u32>,
}

impl<K: Clone + Ord> Default for WorkQueue<K> {
    fn default() -> Self {
        WorkQueue {
            ready: VecDeque::new(),
            queued: BTreeSet::new(),
            later: BTreeSet::new(),
            failures: BTreeMap::new(),
        }
    }
}

impl<K: Clone + Ord> WorkQueue<K> {
    pub fn add(&mut self, key: K) {
        if self.queued.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    pub fn add_at(&mut self, at: SimTime, key: K) {
        self.later.insert((at, key));
    }

    /// Puts a failed key back after 5 ms, doubling up to 1000 s.
    pub fn add_rate_limited(&mut self, now: SimTime, key: K) {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay_ms = (5u64 << (*failures).min(18)).min(1_000_000);
        *failures += 1;
        self.add_at(now + Duration::from_millis(delay_ms), key);
    }

    /// Forgets the failures of a key that succeeded.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// The next key that is due, if any.
    pub fn pop(&mut self, now: SimTime) -> Option<K> {
        while let Some((at, key)) = self.later.first() {
            if *at > now {
                break;
            }
            let key = key.clone();
            self.later.pop_first();
            self.add(key);
        }
        let key = self.ready.pop_front()?;
        self.queued.remove(&key);
        Some(key)
    }

    /// When the next key is due: now, if one is ready.
    pub fn next_at(&self, now: SimTime) -> Option<SimTime> {
        if self.ready.is_empty() { self.later.first().map(|(at, _)| *at) } else { Some(now) }
    }

    pub fn len(&self) -> usize {
        self.ready.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.later.is_empty()
    }
}
