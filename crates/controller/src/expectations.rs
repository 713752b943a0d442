//! What a controller has done and not yet seen: until it has, its cache is known to be stale and
//! it creates and deletes nothing more.
//! Models UIDTrackingControllerExpectations in pkg/controller/controller_utils.go.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::meta::{Key, Uid};
use clock::{Duration, SimTime};

const TIMEOUT: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
struct Expected {
    creations: i64,
    deletions: BTreeSet<Uid>,
    since: SimTime,
}

/// Pods that each owner waits to see created or deleted.
#[derive(Clone, Debug, Default)]
pub struct Expectations(BTreeMap<Key, Expected>);

impl Expectations {
    pub fn expect_creations(&mut self, owner: &Key, count: usize, now: SimTime) {
        self.expect(owner, count, BTreeSet::new(), now);
    }

    pub fn expect_deletions(&mut self, owner: &Key, pods: BTreeSet<Uid>, now: SimTime) {
        self.expect(owner, 0, pods, now);
    }

    /// Both at once.
    pub fn expect(
        &mut self,
        owner: &Key,
        creations: usize,
        deletions: BTreeSet<Uid>,
        now: SimTime,
    ) {
        let creations = i64::try_from(creations).unwrap_or(i64::MAX);
        self.0.insert(owner.clone(), Expected { creations, deletions, since: now });
    }

    pub fn creation_observed(&mut self, owner: &Key) {
        self.creations_observed(owner, 1);
    }

    pub fn creations_observed(&mut self, owner: &Key, count: usize) {
        if let Some(expected) = self.0.get_mut(owner) {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            expected.creations = expected.creations.saturating_sub(count);
        }
    }

    pub fn deletion_observed(&mut self, owner: &Key, pod: Uid) {
        if let Some(expected) = self.0.get_mut(owner) {
            expected.deletions.remove(&pod);
        }
    }

    pub fn forget(&mut self, owner: &Key) {
        self.0.remove(owner);
    }

    /// Whether nothing more is waited for, or it was waited for too long.
    pub fn satisfied(&self, owner: &Key, now: SimTime) -> bool {
        self.0.get(owner).is_none_or(|expected| {
            (expected.creations <= 0 && expected.deletions.is_empty())
                || now.since(expected.since) > TIMEOUT
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_each_pod_once_or_five_minutes() {
        let (mut expectations, rs) = (Expectations::default(), Key::new("default", "web"));
        assert!(expectations.satisfied(&rs, SimTime::ZERO));
        expectations.expect_creations(&rs, 2, SimTime::ZERO);
        expectations.creation_observed(&rs);
        assert!(!expectations.satisfied(&rs, SimTime::ZERO));
        expectations.creation_observed(&rs);
        assert!(expectations.satisfied(&rs, SimTime::ZERO));
        expectations.expect_deletions(&rs, BTreeSet::from([Uid(1), Uid(2)]), SimTime::ZERO);
        expectations.deletion_observed(&rs, Uid(1));
        expectations.deletion_observed(&rs, Uid(1));
        assert!(!expectations.satisfied(&rs, SimTime::from_secs(300)));
        assert!(expectations.satisfied(&rs, SimTime::from_secs(301)));
    }
}
