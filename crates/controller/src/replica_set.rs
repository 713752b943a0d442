//! The ReplicaSet controller: keeps a number of equal pods. It serves ReplicationControllers too.
//! Models pkg/controller/replicaset/replica_set.go.

mod claim;
mod manage;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::{Kind, Pod, ReplicaSet};
use apimachinery::labels::to_selector;
use apimachinery::meta::{Key, OwnerReference, Uid};
use apimachinery::wire::Shared;
use client::{Delta, EventRecorder};
use clock::Duration;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::expectations::Expectations;
use crate::informers::{Change, Informers, Resource};
use crate::pod_store::same_labels;
use crate::pods;
use crate::replication_controller::Served;

pub struct ReplicaSetController {
    served: Served,
    recorder: EventRecorder,
    expectations: Expectations,
    /// The owner references that the pods of each ReplicaSet share.
    owner_references: BTreeMap<Key, (Uid, Shared<Vec<OwnerReference>>)>,
}

/// Its name, which events bear.
fn name(served: Served) -> &'static str {
    match served {
        Served::ReplicaSet => "replicaset-controller",
        Served::ReplicationController => "replication-controller",
    }
}

impl ReplicaSetController {
    pub fn new(served: Served) -> Self {
        ReplicaSetController {
            served,
            recorder: EventRecorder::new(name(served), ""),
            expectations: Expectations::default(),
            owner_references: BTreeMap::new(),
        }
    }
}

impl ReplicaSetController {
    /// The owner that a pod's controller reference names, if it is that very one.
    fn resolve(
        &self,
        informers: &Informers,
        namespace: &str,
        controller: &OwnerReference,
    ) -> Option<Arc<ReplicaSet>> {
        if controller.kind != self.served.kind() {
            return None;
        }
        let key = Key::new(namespace, controller.name.clone());
        let found = self.served.get(informers, &key)?;
        (found.metadata.uid == controller.uid).then_some(found)
    }

    /// Wakes the owners that might adopt a pod without a controller.
    fn enqueue_matching(&self, notice: &mut Notice<'_>, pod: &Pod) {
        if pod.metadata.labels.is_empty() {
            return;
        }
        for rs in self.served.namespace(notice.informers, &pod.metadata.namespace) {
            let Ok(selector) = to_selector(rs.spec.selector.as_ref()) else { continue };
            if !selector.is_everything() && selector.matches(&pod.metadata.labels) {
                notice.queue.add(Key::of(&rs.metadata));
            }
        }
    }

    fn on_pod(&mut self, notice: &mut Notice<'_>, delta: &Delta<Pod>) {
        let (pod, old) = (&*delta.new, delta.old.as_deref());
        if delta.is_deleted() || pod.metadata.is_deleting() {
            self.on_pod_deleted(notice, pod);
            return;
        }
        let controller = pod.metadata.controller();
        let old_controller = old.and_then(|old| old.metadata.controller());
        let moved = old_controller.map(|c| c.uid) != controller.map(|c| c.uid);
        let former = old_controller.filter(|_| moved);
        let former =
            former.and_then(|c| self.resolve(notice.informers, &pod.metadata.namespace, c));
        if let Some(rs) = former {
            notice.queue.add(Key::of(&rs.metadata));
        }
        let Some(controller) = controller else {
            let relabelled =
                old.is_none_or(|old| !same_labels(&old.metadata.labels, &pod.metadata.labels));
            if relabelled || moved {
                self.enqueue_matching(notice, pod);
            }
            return;
        };
        let Some(rs) = self.resolve(notice.informers, &pod.metadata.namespace, controller) else {
            return;
        };
        let key = Key::of(&rs.metadata);
        let Some(old) = old else {
            self.expectations.creation_observed(&key);
            notice.queue.add(key);
            return;
        };
        if !moved && !matters(old, pod) {
            return;
        }
        if rs.spec.min_ready_seconds > 0 && !old.status.is_ready() && pod.status.is_ready() {
            let delay = Duration::from_secs(u64::try_from(rs.spec.min_ready_seconds).unwrap_or(0));
            notice.queue.add_at(notice.now + delay, key.clone());
        }
        notice.queue.add(key);
    }

    fn on_pod_deleted(&mut self, notice: &mut Notice<'_>, pod: &Pod) {
        let Some(controller) = pod.metadata.controller() else { return };
        let Some(rs) = self.resolve(notice.informers, &pod.metadata.namespace, controller) else {
            return;
        };
        let key = Key::of(&rs.metadata);
        self.expectations.deletion_observed(&key, pod.metadata.uid);
        notice.queue.add(key);
    }

    fn on_owner<K: Kind>(&mut self, notice: &mut Notice<'_>, delta: &Delta<K>) {
        let meta = Kind::meta(&*delta.new);
        let key = Key::of(meta);
        let old = delta.old.as_ref().map(|old| Kind::meta(&**old));
        let replaced = old.is_some_and(|old| old.uid != meta.uid);
        if delta.is_deleted() || replaced {
            self.expectations.forget(&key);
            self.owner_references.remove(&key);
        }
        notice.queue.add(key);
    }

    fn owner_references(&mut self, key: &Key, rs: &ReplicaSet) -> Shared<Vec<OwnerReference>> {
        let uid = rs.metadata.uid;
        match self.owner_references.get(key) {
            Some((known, shared)) if *known == uid => shared.clone(),
            _ => {
                let shared = Shared::new(vec![self.served.controller_reference(rs)]);
                self.owner_references.insert(key.clone(), (uid, shared.clone()));
                shared
            }
        }
    }
}

/// Whether a pod's change can change what its ReplicaSet does or says.
fn matters(old: &Pod, new: &Pod) -> bool {
    old.status.phase.is_terminal() != new.status.phase.is_terminal()
        || pods::ready_since(old) != pods::ready_since(new)
        || old.metadata.is_deleting() != new.metadata.is_deleting()
        || !same_labels(&old.metadata.labels, &new.metadata.labels)
}

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        name(self.served)
    }

    fn resources(&self) -> &'static [Resource] {
        match self.served {
            Served::ReplicaSet => &[Resource::Pod, Resource::ReplicaSet],
            Served::ReplicationController => &[Resource::Pod, Resource::ReplicationController],
        }
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Pod(delta) => self.on_pod(notice, delta),
            Change::ReplicaSet(delta) => self.on_owner(notice, delta),
            Change::ReplicationController(delta) => self.on_owner(notice, delta),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(rs) = self.served.get(sync.informers, key) else {
            self.expectations.forget(key);
            self.owner_references.remove(key);
            return Ok(());
        };
        let satisfied = self.expectations.satisfied(key, sync.ctx.now);
        let Ok(selector) = to_selector(rs.spec.selector.as_ref()) else { return Ok(()) };
        let claimed = match self.served {
            Served::ReplicaSet => claim::claim(sync, &*rs, &selector)?,
            Served::ReplicationController => {
                let Some(rc) = sync.informers.replication_controllers.get(key) else {
                    return Ok(());
                };
                claim::claim(sync, &**rc, &selector)?
            }
        };
        let managed = if satisfied && !rs.metadata.is_deleting() {
            let about = ObjectReference {
                api_version: self.served.api_version(),
                kind: self.served.kind(),
                ..ObjectReference::to(&*rs)
            };
            self.manage_replicas(sync, key, &rs, &about, &claimed)
        } else {
            Ok(())
        };
        let now = sync.ctx.time();
        let mut status = status::calculate(&rs, &claimed, managed.as_ref().err(), now);
        if self.served == Served::ReplicationController {
            status.terminating_replicas = None;
        }
        let updated = status::update(sync.ctx, self.served, &rs, status)?;
        managed?;
        let status = &updated.status;
        if updated.spec.min_ready_seconds > 0 && status.ready_replicas != status.available_replicas
        {
            let fallback = i64::from(updated.spec.min_ready_seconds);
            let next = claimed.next_available_in(updated.spec.min_ready_seconds, now);
            let seconds = u64::try_from(next.unwrap_or(fallback)).unwrap_or(0);
            sync.requeue_in(key, Duration::from_secs(seconds));
        }
        Ok(())
    }
}
