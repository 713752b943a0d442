//! The pods that belong to a ReplicaSet, after adoption and release. Where all pods of the group
//! carry matching labels, which is nearly always, the group's totals say all.

use std::sync::Arc;

use api::{Kind, Pod};
use apimachinery::labels::Selector;
use apimachinery::time::Time;

use crate::controller_ref::Claim;
use crate::controllers::{Sync, SyncError};
use crate::pod_store::{Group, GroupKey};
use crate::pods;

/// Pods of one ReplicaSet.
pub enum Claimed<'c> {
    /// Exactly the pods of the group.
    Group(&'c Group),
    /// The active ones, and how many are terminating.
    List { active: Vec<Arc<Pod>>, terminating: i32 },
}

impl Claimed<'_> {
    pub fn active_count(&self) -> i32 {
        match self {
            Claimed::Group(group) => group.totals.active,
            Claimed::List { active, .. } => i32::try_from(active.len()).unwrap_or(i32::MAX),
        }
    }

    pub fn active(&self) -> impl Iterator<Item = &Arc<Pod>> {
        let (group, list) = match self {
            Claimed::Group(group) => (Some(group), None),
            Claimed::List { active, .. } => (None, Some(active)),
        };
        let grouped = group.into_iter().flat_map(|group| group.pods.values());
        grouped.filter(|pod| pods::is_active(pod)).chain(list.into_iter().flatten())
    }

    pub fn terminating(&self) -> i32 {
        match self {
            Claimed::Group(group) => group.totals.terminating,
            Claimed::List { terminating, .. } => *terminating,
        }
    }

    /// In how many seconds the next ready pod becomes available.
    pub fn next_available_in(&self, min_ready_seconds: i32, now: Time) -> Option<i64> {
        let waits = self.active().filter_map(|p| pods::available_in(p, min_ready_seconds, now));
        waits.filter(|seconds| *seconds > 0).min()
    }
}

pub fn claim<'c, O: Kind>(
    sync: &mut Sync<'c, '_>,
    owner: &O,
    selector: &Selector,
) -> Result<Claimed<'c>, SyncError> {
    let (store, meta) = (&sync.informers.pods, owner.meta());
    let own = store.of_controller(meta.uid);
    let orphans = store.group(&GroupKey::Orphans(meta.namespace.clone()));
    let adoptable: Vec<&Arc<Pod>> = orphans
        .into_iter()
        .flat_map(|group| group.pods.values())
        .filter(|pod| pods::is_active(pod) && selector.matches(&pod.metadata.labels))
        .collect();
    let uniform = own.is_none_or(|group| {
        group.totals.odd == 0 && group.varieties.iter().all(|v| selector.matches(&v.labels))
    });
    if let (Some(group), true, true) = (own, uniform, adoptable.is_empty()) {
        return Ok(Claimed::Group(group));
    }
    let mut claim = Claim::new(owner, selector);
    let (mut active, mut failed) = (Vec::new(), None);
    let own_active = own.into_iter().flat_map(|g| g.pods.values()).filter(|p| pods::is_active(p));
    for pod in own_active.chain(adoptable) {
        match claim.claim(sync.ctx, &**pod) {
            Ok(true) => active.push(Arc::clone(pod)),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let terminating = own
        .into_iter()
        .flat_map(|group| group.pods.values())
        .filter(|pod| pods::is_terminating(pod) && selector.matches(&pod.metadata.labels))
        .count();
    let terminating = i32::try_from(terminating).unwrap_or(i32::MAX);
    Ok(Claimed::List { active, terminating })
}
