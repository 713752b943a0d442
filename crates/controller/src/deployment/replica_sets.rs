//! The new ReplicaSet and the old ones, and what they amount to together.
//! Models FindNewReplicaSet, FindOldReplicaSets and the counters in deployment_util.go.

use std::cmp::Ordering;
use std::sync::Arc;

use api::core::pod::PodTemplateSpec;
use api::{Deployment, ReplicaSet};

pub const HASH_LABEL: &str = "pod-template-hash";

/// `new` is the one whose template is the deployment's.
#[derive(Clone, Debug)]
pub struct ReplicaSets {
    pub new: Option<Arc<ReplicaSet>>,
    pub old: Vec<Arc<ReplicaSet>>,
}

pub fn size(rs: &ReplicaSet) -> i32 {
    rs.spec.replicas.unwrap_or(0)
}

impl ReplicaSets {
    /// The old ones, then the new one.
    pub fn all(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> + Clone {
        self.old.iter().chain(&self.new)
    }

    /// Those that have or should have pods.
    pub fn active(&self) -> impl Iterator<Item = &Arc<ReplicaSet>> {
        self.all().filter(|rs| size(rs) > 0)
    }

    /// Sum of the wanted sizes.
    pub fn wanted(&self) -> i32 {
        self.all().map(|rs| size(rs)).sum()
    }

    pub fn available(&self) -> i32 {
        self.all().map(|rs| rs.status.available_replicas).sum()
    }

    pub fn ready(&self) -> i32 {
        self.all().map(|rs| rs.status.ready_replicas).sum()
    }

    /// Sum of the sizes that the ReplicaSets report.
    pub fn actual(&self) -> i32 {
        self.all().map(|rs| rs.status.replicas).sum()
    }

    /// `None` if one that was synced does not report it.
    pub fn terminating(&self) -> Option<i32> {
        let count = |rs: &Arc<ReplicaSet>| match rs.status.terminating_replicas {
            None if rs.status.observed_generation == 0 => Some(0),
            reported => reported,
        };
        self.all().map(count).sum()
    }
}

/// Whether both make the same pods: the hash label does not count.
pub fn equal_ignore_hash(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let same_body = Arc::ptr_eq(&a.spec.body, &b.spec.body) || a.spec.body == b.spec.body;
    if !same_body || a.spec.node_name != b.spec.node_name || a.extra != b.extra {
        return false;
    }
    let without_hash = |template: &PodTemplateSpec| {
        let mut meta = template.metadata.clone();
        if meta.labels.contains_key(HASH_LABEL) {
            let kept = meta.labels.iter().filter(|(key, _)| *key != HASH_LABEL);
            meta.labels = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        }
        meta
    };
    without_hash(a) == without_hash(b)
}

/// Older first, then by name.
pub fn by_creation(a: &Arc<ReplicaSet>, b: &Arc<ReplicaSet>) -> Ordering {
    let (a, b) = (&a.metadata, &b.metadata);
    a.creation_timestamp.cmp(&b.creation_timestamp).then_with(|| a.name.cmp(&b.name))
}

/// Sorts out the new ReplicaSet: of several with the right template, the oldest.
pub fn split(d: &Deployment, mut list: Vec<Arc<ReplicaSet>>) -> ReplicaSets {
    list.sort_by(by_creation);
    let found = list.iter().position(|rs| equal_ignore_hash(&rs.spec.template, &d.spec.template));
    let new = found.map(|index| list.remove(index));
    ReplicaSets { new, old: list }
}
