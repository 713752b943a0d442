//! What the scheduler knows of claims, volumes and classes. What it has just decided counts before
//! the API server's word of it comes back.
//! Models pkg/scheduler/framework/plugins/volumebinding/assume_cache.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{
    CSIDriver, CSINode, CSIStorageCapacity, Kind, PersistentVolume, PersistentVolumeClaim, Pod,
    StorageClass, VolumeAttachment,
};
use apimachinery::meta::Key;
use client::{Delta, Store, WatchEvent, WatchKind, WatchSpec};
use smol_str::SmolStr;

/// A decision about a volume or a claim, as it is to be written.
#[derive(Clone, Debug)]
pub enum Assumed {
    Volume(Arc<PersistentVolume>),
    Claim(Arc<PersistentVolumeClaim>),
}

/// A kind with the states that are assumed of its objects.
#[derive(Debug, Default)]
pub struct Assuming<K> {
    known: Store<K>,
    assumed: BTreeMap<Key, Arc<K>>,
}

impl<K: Kind> Assuming<K> {
    pub fn get(&self, key: &Key) -> Option<&Arc<K>> {
        self.assumed.get(key).or_else(|| self.known.get(key))
    }

    /// As the API server has it.
    pub fn confirmed(&self, key: &Key) -> Option<&Arc<K>> {
        self.known.get(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<K>> {
        self.known.iter().map(|known| self.assumed.get(&Key::of(known.meta())).unwrap_or(known))
    }

    fn apply(&mut self, delta: &Delta<K>) {
        self.known.apply(delta);
        let meta = delta.new.meta();
        let key = Key::of(meta);
        let older = self.assumed.get(&key).is_some_and(|assumed| {
            delta.is_deleted() || assumed.meta().resource_version < meta.resource_version
        });
        if older {
            self.assumed.remove(&key);
        }
    }

    fn assume(&mut self, object: &Arc<K>) {
        self.assumed.insert(Key::of(object.meta()), Arc::clone(object));
    }

    fn restore(&mut self, object: &Arc<K>) {
        self.assumed.remove(&Key::of(object.meta()));
    }
}

#[derive(Debug, Default)]
pub struct Volumes {
    pub volumes: Assuming<PersistentVolume>,
    pub claims: Assuming<PersistentVolumeClaim>,
    pub classes: Store<StorageClass>,
    pub csi_drivers: Store<CSIDriver>,
    pub csi_nodes: Store<CSINode>,
    pub capacities: Store<CSIStorageCapacity>,
    attachments: Store<VolumeAttachment>,
    attachments_by_node: BTreeMap<SmolStr, BTreeMap<Key, Arc<VolumeAttachment>>>,
}

/// A change that may help a pod that waits because of its volumes.
#[derive(Clone, Debug)]
pub enum StorageChange {
    Claim(Delta<PersistentVolumeClaim>),
    Volume(Delta<PersistentVolume>),
    Class(Delta<StorageClass>),
    Driver(Delta<CSIDriver>),
    Node(Delta<CSINode>),
    Capacity(Delta<CSIStorageCapacity>),
    Attachment(Delta<VolumeAttachment>),
}

impl Volumes {
    pub fn watches() -> Vec<WatchSpec> {
        vec![
            WatchSpec::all::<PersistentVolumeClaim>(),
            WatchSpec::all::<PersistentVolume>(),
            WatchSpec::all::<StorageClass>(),
            WatchSpec::all::<CSIDriver>(),
            WatchSpec::all::<CSINode>(),
            WatchSpec::all::<CSIStorageCapacity>(),
            WatchSpec::all::<VolumeAttachment>(),
        ]
    }

    /// Takes a change in; `None` if it is of another kind.
    pub fn apply(&mut self, event: &WatchEvent) -> Option<StorageChange> {
        if let Some(delta) = Delta::of(event) {
            self.claims.apply(&delta);
            return Some(StorageChange::Claim(delta));
        }
        if let Some(delta) = Delta::of(event) {
            self.volumes.apply(&delta);
            return Some(StorageChange::Volume(delta));
        }
        if let Some(delta) = Delta::of(event) {
            self.classes.apply(&delta);
            return Some(StorageChange::Class(delta));
        }
        if let Some(delta) = Delta::of(event) {
            self.csi_drivers.apply(&delta);
            return Some(StorageChange::Driver(delta));
        }
        if let Some(delta) = Delta::of(event) {
            self.csi_nodes.apply(&delta);
            return Some(StorageChange::Node(delta));
        }
        if let Some(delta) = Delta::of(event) {
            self.capacities.apply(&delta);
            return Some(StorageChange::Capacity(delta));
        }
        let delta = Delta::of(event)?;
        self.apply_attachment(&delta);
        Some(StorageChange::Attachment(delta))
    }

    fn apply_attachment(&mut self, delta: &Delta<VolumeAttachment>) {
        self.attachments.apply(delta);
        let node = delta.new.spec.node_name.clone();
        let of_node = self.attachments_by_node.entry(node.clone()).or_default();
        let key = Key::of(&delta.new.metadata);
        if delta.kind == WatchKind::Deleted {
            of_node.remove(&key);
        } else {
            of_node.insert(key, Arc::clone(&delta.new));
        }
        if of_node.is_empty() {
            self.attachments_by_node.remove(&node);
        }
    }

    pub fn attachments_on(&self, node: &str) -> impl Iterator<Item = &Arc<VolumeAttachment>> {
        self.attachments_by_node.get(node).into_iter().flat_map(BTreeMap::values)
    }

    pub fn volume(&self, name: &str) -> Option<&Arc<PersistentVolume>> {
        self.volumes.get(&Key::new("", name))
    }

    pub fn claim(&self, namespace: &str, name: &str) -> Option<&Arc<PersistentVolumeClaim>> {
        self.claims.get(&Key::new(namespace, name))
    }

    pub fn class_of(&self, claim: &PersistentVolumeClaim) -> Option<&Arc<StorageClass>> {
        self.classes.named("", claim.class())
    }

    pub fn assume(&mut self, all: &[Assumed]) {
        for one in all {
            match one {
                Assumed::Volume(volume) => self.volumes.assume(volume),
                Assumed::Claim(claim) => self.claims.assume(claim),
            }
        }
    }

    pub fn restore(&mut self, all: &[Assumed]) {
        for one in all {
            match one {
                Assumed::Volume(volume) => self.volumes.restore(volume),
                Assumed::Claim(claim) => self.claims.restore(claim),
            }
        }
    }
}

/// Whether the pod has a volume of its own on this claim.
pub fn uses_claim(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    pod.metadata.namespace == claim.metadata.namespace
        && pod.claims().any(|name| name == claim.metadata.name)
}

/// Why a claim of the name of an ephemeral volume is not the pod's.
/// Models ephemeral.VolumeIsForPod of component-helpers/storage/ephemeral.
pub fn not_for_pod(pod: &Pod, claim: &PersistentVolumeClaim) -> Option<String> {
    let owner = claim.metadata.controller();
    let (claim, pod) = (&claim.metadata, &pod.metadata);
    if owner.is_some_and(|owner| owner.uid == pod.uid) {
        return None;
    }
    Some(format!(
        "PVC {}/{} was not created for pod {}/{} (pod is not owner)",
        claim.namespace, claim.name, pod.namespace, pod.name
    ))
}
