//! RollingUpdate: new pods come as the surge allows, old ones go as availability allows.
//! Models pkg/controller/deployment/rolling.go.
//!
//! 10 replicas, surge 3, unavailable 2: the new ReplicaSet starts at 3, the old one goes to 8, the
//! new one to 5; from there on each pod that becomes available lets the next step happen.

use std::sync::Arc;

use api::{Deployment, ReplicaSet};

use super::DeploymentController;
use super::fenceposts::{max_unavailable, new_replica_set_replicas, replicas};
use super::reckoning::removable;
use super::replica_sets::{ReplicaSets, by_creation, size};
use super::status::is_complete;
use crate::controllers::{Sync, SyncError, SyncResult};

impl DeploymentController {
    pub(super) fn rollout_rolling(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
    ) -> SyncResult {
        let sets = self.all_replica_sets(sync, d, list, true)?;
        if self.reconcile_new(sync, d, &sets)? {
            return self.sync_rollout_status(sync, d, &sets);
        }
        if self.reconcile_old(sync, d, &sets) {
            return self.sync_rollout_status(sync, d, &sets);
        }
        if is_complete(d, &d.status) {
            self.cleanup(sync, d, &sets.old)?;
        }
        self.sync_rollout_status(sync, d, &sets)
    }

    fn reconcile_new(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        sets: &ReplicaSets,
    ) -> Result<bool, SyncError> {
        let Some(new) = &sets.new else { return Ok(false) };
        if size(new) == replicas(d) {
            return Ok(false);
        }
        let wanted = if size(new) > replicas(d) {
            replicas(d)
        } else {
            new_replica_set_replicas(d, sets.wanted(), size(new))
                .map_err(|error| SyncError::other(error.to_string()))?
        };
        Ok(self.scale_replica_set(sync, d, new, wanted, false)?.is_some())
    }

    /// Whether old ReplicaSets were scaled down. Upstream drops errors here, for the deployment
    /// will be synced again by what the other writes change.
    fn reconcile_old(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        sets: &ReplicaSets,
    ) -> bool {
        let mut old: Vec<_> = sets.old.iter().filter(|rs| size(rs) > 0).cloned().collect();
        let Some(new) = &sets.new else { return false };
        if old.is_empty() {
            return false;
        }
        let most = removable(d, sets);
        if most <= 0 {
            return false;
        }
        old.sort_by(by_creation);
        let Ok(cleaned) = self.cleanup_unhealthy(sync, d, &mut old, most) else { return false };
        let Ok(scaled) = self.scale_down_old(sync, d, &old, new) else { return false };
        cleaned + scaled > 0
    }

    /// Unhealthy old pods go first: they do not add to availability.
    fn cleanup_unhealthy(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        old: &mut [Arc<ReplicaSet>],
        most: i32,
    ) -> Result<i32, SyncError> {
        let mut total = 0;
        for rs in old {
            if total >= most {
                break;
            }
            let unhealthy = size(rs) - rs.status.available_replicas;
            if size(rs) == 0 || unhealthy == 0 {
                continue;
            }
            let count = unhealthy.min(most - total);
            if count < 0 {
                return Err(SyncError::other("invalid request to scale down"));
            }
            let wanted = size(rs) - count;
            if let Some(updated) = self.scale_replica_set(sync, d, rs, wanted, false)? {
                *rs = updated;
            }
            total += count;
        }
        Ok(total)
    }

    fn scale_down_old(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        old: &[Arc<ReplicaSet>],
        new: &Arc<ReplicaSet>,
    ) -> Result<i32, SyncError> {
        let available: i32 =
            old.iter().chain(Some(new)).map(|rs| rs.status.available_replicas).sum();
        let spare = available - (replicas(d) - max_unavailable(d));
        let mut total = 0;
        for rs in old.iter().filter(|rs| size(rs) > 0) {
            if total >= spare {
                break;
            }
            let count = size(rs).min(spare - total);
            self.scale_replica_set(sync, d, rs, size(rs) - count, false)?;
            total += count;
        }
        Ok(total)
    }
}
