//! A queue of keys with back-off: a key that fails comes back later, later each time.
//! Models client-go/util/workqueue.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use clock::{Duration, SimTime};

/// Keys waiting for work. A key is in the queue at most once, and waits for at most one moment.
#[derive(Clone, Debug)]
pub struct WorkQueue<K> {
    ready: VecDeque<K>,
    queued: BTreeSet<K>,
    later: BTreeSet<(SimTime, K)>,
    waiting: BTreeMap<K, SimTime>,
    failures: BTreeMap<K, u32>,
}

impl<K: Clone + Ord> Default for WorkQueue<K> {
    fn default() -> Self {
        WorkQueue {
            ready: VecDeque::new(),
            queued: BTreeSet::new(),
            later: BTreeSet::new(),
            waiting: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }
}

impl<K: Clone + Ord> WorkQueue<K> {
    pub fn add(&mut self, key: K) {
        if !self.queued.contains(&key) {
            self.queued.insert(key.clone());
            self.ready.push_back(key);
        }
    }

    /// Adds the key at that moment; of two moments for one key the earlier counts.
    pub fn add_at(&mut self, at: SimTime, key: K) {
        match self.waiting.get(&key) {
            Some(known) if *known <= at => return,
            Some(known) => {
                let known = *known;
                self.later.remove(&(known, key.clone()));
            }
            None => {}
        }
        self.waiting.insert(key.clone(), at);
        self.later.insert((at, key));
    }

    /// Puts a failed key back after 5 ms, doubling up to 1000 s.
    pub fn add_rate_limited(&mut self, now: SimTime, key: K) {
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay_ms = (5u64 << (*failures).min(18)).min(1_000_000);
        *failures = failures.saturating_add(1);
        self.add_at(now + Duration::from_millis(delay_ms), key);
    }

    /// Forgets the failures of a key that succeeded.
    pub fn forget(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// How often the key failed since it was last forgotten.
    pub fn failures(&self, key: &K) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }

    /// The next key that is due, if any.
    pub fn pop(&mut self, now: SimTime) -> Option<K> {
        while self.later.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, key)) = self.later.pop_first() {
                self.waiting.remove(&key);
                self.add(key);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_for_its_earliest_moment_only() {
        let mut queue = WorkQueue::default();
        queue.add_at(SimTime::from_secs(5), 'a');
        queue.add_at(SimTime::from_secs(3), 'a');
        queue.add_at(SimTime::from_secs(9), 'a');
        assert_eq!(queue.next_at(SimTime::ZERO), Some(SimTime::from_secs(3)));
        assert_eq!(queue.pop(SimTime::from_secs(2)), None);
        assert_eq!(queue.pop(SimTime::from_secs(3)), Some('a'));
        assert!(queue.is_empty());
    }

    #[test]
    fn failures_double_the_wait() {
        let mut queue = WorkQueue::default();
        let waits: Vec<u64> = (0..4)
            .map(|_| {
                queue.add_rate_limited(SimTime::ZERO, 'a');
                let at = queue.next_at(SimTime::ZERO).map_or(0, SimTime::millis);
                queue.pop(SimTime::MAX);
                at
            })
            .collect();
        assert_eq!(waits, [5, 10, 20, 40]);
        assert_eq!(queue.failures(&'a'), 4);
        queue.forget(&'a');
        assert_eq!(queue.failures(&'a'), 0);
    }
}
