//! What a controller wrote and its cache may not show yet: until it does, a sync would decide upon
//! the past, so the key waits.
//! Models pkg/controller/util/consistency/consistency.go.

use std::collections::BTreeMap;

use apimachinery::meta::Key;

use crate::controllers::{SyncError, SyncResult};
use crate::informers::{Change, Resource};

#[derive(Debug, Default)]
pub struct Consistency {
    /// The newest revision that the cache of each kind shows.
    seen: BTreeMap<Resource, u64>,
    /// The newest revision that was written for each key, by kind.
    wrote: BTreeMap<Key, BTreeMap<Resource, u64>>,
}

impl Consistency {
    pub fn observe(&mut self, change: &Change) {
        let version = change.object().meta().resource_version;
        let seen = self.seen.entry(change.resource()).or_insert(0);
        *seen = version.max(*seen);
    }

    pub fn wrote_at(&mut self, key: &Key, resource: Resource, version: u64) {
        let wrote = self.wrote.entry(key.clone()).or_default().entry(resource).or_insert(0);
        *wrote = version.max(*wrote);
    }

    pub fn forget(&mut self, key: &Key) {
        self.wrote.remove(key);
    }

    /// An error while the caches are behind what was written for the key.
    pub fn ensure_ready(&mut self, key: &Key) -> SyncResult {
        let Some(wrote) = self.wrote.get(key) else { return Ok(()) };
        let seen = |resource: &Resource| self.seen.get(resource).copied().unwrap_or(0);
        if wrote.iter().any(|(resource, version)| seen(resource) < *version) {
            return Err(SyncError::other("the cache has not caught up with what was written"));
        }
        self.wrote.remove(key);
        Ok(())
    }
}
