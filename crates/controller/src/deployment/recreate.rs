//! Recreate: the new pods come when the last of the old ones is gone.
//! Models pkg/controller/deployment/recreate.go.

use std::sync::Arc;

use api::{Deployment, ReplicaSet};

use super::DeploymentController;
use super::fenceposts::replicas;
use super::replica_sets::{ReplicaSets, size};
use super::status::is_complete;
use crate::controllers::{Sync, SyncResult};
use crate::informers::Informers;

/// Whether old pods run, or an old ReplicaSet thinks that it has some.
fn old_pods_running(informers: &Informers, sets: &ReplicaSets, list: &[Arc<ReplicaSet>]) -> bool {
    if sets.old.iter().any(|rs| rs.status.replicas > 0) {
        return true;
    }
    let new = sets.new.as_ref().map(|rs| rs.metadata.uid);
    let old = list.iter().map(|rs| rs.metadata.uid).filter(|uid| Some(*uid) != new);
    let mut groups = old.filter_map(|uid| informers.pods.of_controller(uid));
    groups.any(|group| group.totals.unfinished > 0)
}

impl DeploymentController {
    pub(super) fn rollout_recreate(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
    ) -> SyncResult {
        let mut sets = self.all_replica_sets(sync, d, list.clone(), false)?;
        let mut scaled_down = false;
        for rs in sets.old.iter().filter(|rs| size(rs) > 0) {
            scaled_down |= self.scale_replica_set(sync, d, rs, 0, false)?.is_some();
        }
        if scaled_down || old_pods_running(sync.informers, &sets, &list) {
            return self.sync_rollout_status(sync, d, &sets);
        }
        if sets.new.is_none() {
            sets = self.all_replica_sets(sync, d, list, true)?;
        }
        if let Some(new) = &sets.new {
            self.scale_replica_set(sync, d, new, replicas(d), false)?;
        }
        if is_complete(d, &d.status) {
            self.cleanup(sync, d, &sets.old)?;
        }
        self.sync_rollout_status(sync, d, &sets)
    }
}
