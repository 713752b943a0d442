//! Creating what is missing, in batches that grow while all goes well, and deleting what is too
//! much, the least valuable first.
//! Models manageReplicas, slowStartBatch and getPodsToDelete in replica_set.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::{Pod, ReplicaSet};
use apimachinery::meta::Key;
use clock::Duration;
use smol_str::SmolStr;

use super::ReplicaSetController;
use super::claim::Claimed;
use crate::controllers::{Sync, SyncError, SyncResult};
use crate::informers::Informers;
use crate::pod_control::{create_pod, delete_pod, pod_from_template, slow_start};
use crate::pods;

/// At most so many pods are created or deleted at once.
const BURST_REPLICAS: usize = 500;
/// Virtual time that one creation or deletion takes.
const WRITE_COST: Duration = Duration::from_micros(50);

impl ReplicaSetController {
    pub(super) fn manage_replicas(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        rs: &ReplicaSet,
        about: &ObjectReference,
        claimed: &Claimed<'_>,
    ) -> SyncResult {
        let wanted = rs.spec.replicas.unwrap_or(0);
        let diff = i64::from(claimed.active_count()) - i64::from(wanted);
        let count = usize::try_from(diff.unsigned_abs()).unwrap_or(usize::MAX).min(BURST_REPLICAS);
        sync.cost += WRITE_COST * u32::try_from(count).unwrap_or(0);
        match diff {
            ..0 => self.create_pods(sync, key, rs, about, count),
            0 => Ok(()),
            1.. => {
                let doomed = pods_to_delete(sync, rs, claimed, count);
                self.delete_pods(sync, key, about, &doomed)
            }
        }
    }

    fn create_pods(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        rs: &ReplicaSet,
        about: &ObjectReference,
        count: usize,
    ) -> SyncResult {
        self.expectations.expect_creations(key, count, sync.ctx.now);
        let owners = self.owner_references(key, rs);
        let prototype = pod_from_template(&rs.spec.template, &rs.metadata, &owners);
        let (created, result) = slow_start(count, |_| {
            match create_pod(sync.ctx, &mut self.recorder, about, prototype.clone()) {
                Err(error) if error.is_namespace_terminating() => Ok(()),
                other => other.map(|_| ()),
            }
        });
        self.expectations.creations_observed(key, count - created);
        result
    }

    fn delete_pods(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        about: &ObjectReference,
        doomed: &[Arc<Pod>],
    ) -> SyncResult {
        let uids: BTreeSet<_> = doomed.iter().map(|pod| pod.metadata.uid).collect();
        self.expectations.expect_deletions(key, uids, sync.ctx.now);
        let mut first_error = Ok(());
        for pod in doomed {
            let meta = &pod.metadata;
            let recorder = &mut self.recorder;
            let result = delete_pod(sync.ctx, recorder, about, &meta.namespace, &meta.name);
            let Err(error) = result else { continue };
            self.expectations.deletion_observed(key, meta.uid);
            let gone = matches!(&error, SyncError::Api(status) if status.is_not_found());
            if !gone && first_error.is_ok() {
                first_error = Err(error);
            }
        }
        first_error
    }
}

fn pods_to_delete(
    sync: &Sync<'_, '_>,
    rs: &ReplicaSet,
    claimed: &Claimed<'_>,
    count: usize,
) -> Vec<Arc<Pod>> {
    let mut active: Vec<Arc<Pod>> = claimed.active().cloned().collect();
    if count < active.len() {
        let on_node = related_pods_by_node(sync.informers, rs);
        let rank = |pod: &Pod| on_node.get(&pod.spec.node_name).copied().unwrap_or(0);
        pods::sort_for_deletion(&mut active, rank, sync.ctx.micro_time());
        active.truncate(count);
    }
    active
}

/// Active pods on each node of all ReplicaSets that have the same owner as this one; nothing if it
/// has none.
fn related_pods_by_node(informers: &Informers, rs: &ReplicaSet) -> BTreeMap<SmolStr, i32> {
    let mut on_node = BTreeMap::new();
    let Some(owner) = rs.metadata.controller() else { return on_node };
    let related = informers.replica_sets.owned_by(owner.uid);
    let groups = related.filter_map(|rs| informers.pods.of_controller(rs.metadata.uid));
    for pod in groups.flat_map(|group| group.pods.values()).filter(|pod| pods::is_active(pod)) {
        *on_node.entry(pod.spec.node_name.clone()).or_insert(0) += 1;
    }
    on_node
}
