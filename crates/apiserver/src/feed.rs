//! The server seen as a whole: every object, every change, the state at a revision, compaction.

use std::collections::VecDeque;

use api::Obj;
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use client::{WatchEvent, WatchKind};
use clock::SimTime;
use etcd::Compacted;

use crate::server::ApiServer;

/// When which event was written, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EventTimes(VecDeque<(SimTime, Key, u64)>);

impl EventTimes {
    pub fn note(&mut self, at: SimTime, key: &Key, revision: u64) {
        self.0.push_back((at, key.clone(), revision));
    }

    fn take_until(&mut self, until: SimTime) -> Vec<(Key, u64)> {
        let old = self.0.partition_point(|(at, _, _)| *at <= until);
        let taken = self.0.drain(..old).map(|(_, key, revision)| (key, revision)).collect();
        if self.0.capacity() / 4 > self.0.len() {
            self.0.shrink_to(self.0.len() * 2);
        }
        taken
    }
}

impl ApiServer {
    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.store.revision()
    }

    pub fn object_count(&self) -> usize {
        self.resources.iter().map(|resource| self.store.len(resource.table)).sum()
    }

    /// One object as it is stored.
    pub fn object(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<&Obj> {
        self.stored(self.resources.get(resource)?, &Key::new(namespace, name))
    }

    /// The objects of one resource in a namespace, in key order.
    pub fn for_each_in(&self, resource: &GroupResource, namespace: &str, f: &mut dyn FnMut(&Obj)) {
        let Some(resource) = self.resources.get(resource) else { return };
        for (_, object) in self.in_namespace(resource, namespace) {
            f(object);
        }
    }

    /// Every object: resource by resource, in key order.
    pub fn for_each_object(&self, f: &mut dyn FnMut(&Obj)) {
        for resource in self.resources.iter() {
            for (_, item) in self.store.range(resource.table, ..) {
                f(&item.value);
            }
        }
    }

    /// Appends every change after `revision`, of all resources in revision order, and gives the
    /// revision reached.
    pub fn changes_since(
        &self,
        revision: u64,
        out: &mut Vec<WatchEvent>,
    ) -> Result<u64, Compacted> {
        for change in self.store.changes_since(revision)? {
            let previous = change.previous.as_ref().map(|item| item.value.clone());
            let (kind, object) = match (&change.value, &previous) {
                (Some(object), None) => (WatchKind::Added, object),
                (Some(object), Some(_)) => (WatchKind::Modified, object),
                (None, Some(last)) => (WatchKind::Deleted, last),
                (None, None) => continue,
            };
            out.push(WatchEvent { kind, object: object.clone(), previous });
        }
        Ok(self.store.revision())
    }

    /// Every object as it was at a revision: resource by resource, in key order.
    pub fn snapshot_at(&self, revision: u64) -> Result<Vec<Obj>, Compacted> {
        let mut objects = Vec::new();
        for resource in self.resources.iter() {
            let items = self.store.range_at(resource.table, revision)?;
            objects.extend(items.into_values().map(|item| item.value));
        }
        Ok(objects)
    }

    /// The last revision at or before a moment.
    pub fn revision_at(&self, time: SimTime) -> u64 {
        self.store.revision_at(time.nanos())
    }

    /// Called every five minutes of virtual time: forgets what was history at the last call
    /// already, and events that are past their time.
    pub fn compact(&mut self, now: SimTime) {
        self.expire_events(now);
        self.store.compact(self.kept_from);
        self.kept_from = self.store.revision();
    }

    fn expire_events(&mut self, now: SimTime) {
        let ttl = SimTime::from_secs(u64::from(self.config.event_ttl_seconds));
        let Some(until) = now.nanos().checked_sub(ttl.nanos()) else { return };
        let events = GroupResource::fixed("", "events");
        let Some(resource) = self.resources.get(&events).cloned() else { return };
        let written = self.event_times.take_until(SimTime::from_nanos(until));
        for (key, revision) in written {
            let current = self.store.get(resource.table, &key);
            let Some(old) = current.filter(|item| item.mod_revision == revision) else { continue };
            let old = old.value.clone();
            self.remove(now, &resource, &key, &old);
        }
    }
}
