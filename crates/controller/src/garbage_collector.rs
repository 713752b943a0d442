//! The garbage collector: what has lost all of its owners goes too, in the background, or before
//! the owner (foreground), or stays behind (orphan).
//! Models pkg/controller/garbagecollector/garbagecollector.go.

mod collect;
mod graph;

use std::collections::{BTreeMap, BTreeSet};

use api::{KindInfo, Object};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::{Key, ObjectMeta, OwnerReference, Uid};

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Owners known to be gone: so many are remembered.
const ABSENT_MAX: usize = 500;

/// What an object that waits in the queue is.
#[derive(Clone, Debug)]
struct Item {
    resource: GroupResource,
    key: Key,
    uid: Uid,
}

pub struct GarbageCollector {
    /// By group and kind.
    kinds: BTreeMap<(String, String), KindInfo>,
    /// What the queue's keys stand for.
    items: BTreeMap<Key, Item>,
    absent: BTreeSet<Uid>,
}

impl Default for GarbageCollector {
    fn default() -> Self {
        let kinds = api::kinds::kinds().into_iter().map(|entry| {
            let gvk = &entry.info.gvk;
            ((gvk.group.to_string(), gvk.kind.to_string()), entry.info)
        });
        GarbageCollector { kinds: kinds.collect(), items: BTreeMap::new(), absent: BTreeSet::new() }
    }
}

fn has_finalizer(meta: &ObjectMeta, name: &str) -> bool {
    meta.finalizers().iter().any(|finalizer| finalizer == name)
}

/// Whether the object waits for its dependents to go first.
fn waits_for_dependents(meta: &ObjectMeta) -> bool {
    meta.is_deleting() && has_finalizer(meta, FOREGROUND)
}

fn orphans_dependents(meta: &ObjectMeta) -> bool {
    meta.is_deleting() && has_finalizer(meta, ORPHAN)
}

impl GarbageCollector {
    fn enqueue(&mut self, notice: &mut Notice<'_>, object: &dyn Object) {
        let item = item_of(object);
        let key = queue_key(&item);
        self.items.insert(key.clone(), item);
        notice.queue.add(key);
    }

    fn enqueue_dependents(&mut self, notice: &mut Notice<'_>, owner: Uid) {
        for object in graph::dependents(notice.informers, owner) {
            self.enqueue(notice, &*object);
        }
    }

    fn remember_absent(&mut self, uid: Uid) {
        if self.absent.len() >= ABSENT_MAX {
            self.absent.clear();
        }
        self.absent.insert(uid);
    }

    fn kind_of(&self, owner: &OwnerReference) -> Option<&KindInfo> {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        self.kinds.get(&(group.to_owned(), owner.kind.to_string()))
    }

    fn on_deleted(&mut self, notice: &mut Notice<'_>, object: &dyn Object) {
        let meta = object.meta();
        if graph::has_dependents(notice.informers, meta.uid) {
            self.remember_absent(meta.uid);
            self.enqueue_dependents(notice, meta.uid);
        }
        // An owner may have waited for just this one.
        for owner in meta.owner_references.iter() {
            let found = graph::find_owner(notice.informers, &meta.namespace, owner);
            if let Some(owner) = found.filter(|owner| waits_for_dependents(owner.meta())) {
                self.enqueue(notice, &*owner);
            }
        }
    }
}

fn item_of(object: &dyn Object) -> Item {
    let resource = object.info().resource;
    Item { resource, key: Key::of(object.meta()), uid: object.meta().uid }
}

/// Namespace and name alone do not tell a pod from a service.
fn queue_key(item: &Item) -> Key {
    Key::new(item.key.namespace.clone(), format!("{}/{}", item.resource, item.key.name))
}

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[
            Resource::ConfigMap,
            Resource::ControllerRevision,
            Resource::CronJob,
            Resource::DaemonSet,
            Resource::Deployment,
            Resource::EndpointSlice,
            Resource::Endpoints,
            Resource::HorizontalPodAutoscaler,
            Resource::Job,
            Resource::Lease,
            Resource::Node,
            Resource::PersistentVolumeClaim,
            Resource::Pod,
            Resource::ReplicaSet,
            Resource::ReplicationController,
            Resource::Service,
            Resource::ServiceAccount,
            Resource::StatefulSet,
        ]
    }

    fn workers(&self) -> usize {
        20
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let object = change.object();
        let meta = object.meta();
        if change.is_deleted() {
            self.on_deleted(notice, object);
            return;
        }
        if waits_for_dependents(meta) || orphans_dependents(meta) {
            self.enqueue(notice, object);
            return;
        }
        if meta.is_deleting() || !change.owners_changed() {
            return;
        }
        let missing = |owner: &OwnerReference| {
            graph::find_owner(notice.informers, &meta.namespace, owner).is_none()
        };
        if meta.owner_references.iter().any(missing) {
            self.enqueue(notice, object);
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(item) = self.items.get(key).cloned() else { return Ok(()) };
        self.attempt(sync, &item)?;
        self.items.remove(key);
        Ok(())
    }
}
