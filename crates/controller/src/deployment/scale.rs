//! Sizing ReplicaSets: one at a time, or several in proportion when a deployment is scaled in the
//! middle of a rollout. Models scale and scaleReplicaSet in sync.go.

use std::cmp::Reverse;
use std::sync::Arc;

use api::{Deployment, ReplicaSet};
use client::ApiExt;

use super::DeploymentController;
use super::fenceposts::{is_rolling_update, max_surge, replicas};
use super::replica_sets::{ReplicaSets, by_creation, size};
use super::revision::{
    DESIRED_REPLICAS, MAX_REPLICAS, annotated_number, replicas_annotations_need_update,
    set_replicas_annotations,
};
use crate::controllers::{Sync, SyncError, SyncResult};

/// The only active ReplicaSet, or the latest if none is; nothing if several are.
fn active_or_latest(sets: &mut ReplicaSets) -> Option<Arc<ReplicaSet>> {
    sets.old.sort_by(|a, b| by_creation(b, a));
    let mut active = sets.active();
    match (active.next(), active.next()) {
        (None, _) => sets.new.as_ref().or(sets.old.first()).cloned(),
        (Some(only), None) => Some(Arc::clone(only)),
        _ => None,
    }
}

/// Whether deployment and ReplicaSet agree that it holds all wanted pods, all of them available.
fn is_saturated(d: &Deployment, rs: Option<&Arc<ReplicaSet>>) -> bool {
    rs.is_some_and(|rs| {
        let desired = rs.metadata.annotation(DESIRED_REPLICAS);
        size(rs) == replicas(d)
            && desired.and_then(|text| text.parse().ok()) == Some(replicas(d))
            && rs.status.available_replicas == replicas(d)
    })
}

/// How many pods a ReplicaSet gains or loses when the deployment goes from the maximum it was made
/// for to its present one.
fn fraction(rs: &ReplicaSet, d: &Deployment) -> i32 {
    if replicas(d) == 0 {
        return -size(rs);
    }
    let most = i64::from(replicas(d)) + i64::from(max_surge(d));
    let before = annotated_number(rs, MAX_REPLICAS).filter(|before| *before != 0);
    let before = i64::from(before.unwrap_or(d.status.replicas));
    if before <= 0 {
        return 0;
    }
    // Rounds half away from zero.
    let product = i64::from(size(rs)) * most;
    let rounded = (2 * product + before).div_euclid(2 * before);
    i32::try_from(rounded).unwrap_or(i32::MAX).saturating_sub(size(rs))
}

/// The change of one ReplicaSet out of `to_add`, of which `added` are given away already.
pub(super) fn proportion(rs: &ReplicaSet, d: &Deployment, to_add: i32, added: i32) -> i32 {
    if size(rs) == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let allowed = to_add - added;
    if to_add > 0 { fraction(rs, d).min(allowed) } else { fraction(rs, d).max(allowed) }
}

/// The sizes of all active ReplicaSets of a deployment that was scaled amid a rollout.
fn proportional_sizes(d: &Deployment, sets: &ReplicaSets) -> Vec<(Arc<ReplicaSet>, i32)> {
    let mut active: Vec<_> = sets.active().cloned().collect();
    let total: i32 = active.iter().map(|rs| size(rs)).sum();
    let allowed = if replicas(d) > 0 { replicas(d).saturating_add(max_surge(d)) } else { 0 };
    let to_add = allowed.saturating_sub(total);
    // The larger first; of equal ones the newer grows first and the older shrinks first.
    if to_add > 0 {
        active.sort_by(|a, b| Reverse(size(a)).cmp(&Reverse(size(b))).then(by_creation(b, a)));
    } else if to_add < 0 {
        active.sort_by(|a, b| Reverse(size(a)).cmp(&Reverse(size(b))).then(by_creation(a, b)));
    }
    let mut added = 0;
    let mut sizes: Vec<(Arc<ReplicaSet>, i32)> = Vec::with_capacity(active.len());
    for rs in active {
        let change = proportion(&rs, d, to_add, added);
        added += change;
        let wanted = size(&rs) + change;
        sizes.push((rs, wanted));
    }
    if let Some((_, largest)) = sizes.first_mut() {
        *largest = (*largest + (to_add - added)).max(0);
    }
    sizes
}

impl DeploymentController {
    pub(super) fn scale(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        sets: &mut ReplicaSets,
    ) -> SyncResult {
        if let Some(only) = active_or_latest(sets) {
            if size(&only) != replicas(d) {
                self.scale_replica_set(sync, d, &only, replicas(d), false)?;
            }
            return Ok(());
        }
        if is_saturated(d, sets.new.as_ref()) {
            for old in sets.old.iter().filter(|rs| size(rs) > 0) {
                self.scale_replica_set(sync, d, old, 0, false)?;
            }
            return Ok(());
        }
        if is_rolling_update(d) {
            for (rs, wanted) in proportional_sizes(d, sets) {
                self.scale_replica_set(sync, d, &rs, wanted, true)?;
            }
        }
        Ok(())
    }

    /// Sets the size and the annotations that tell what it was made for. Gives the ReplicaSet as
    /// it is now, if its size changed. `force` looks at the annotations even if the size stays.
    pub(super) fn scale_replica_set(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        rs: &Arc<ReplicaSet>,
        wanted: i32,
        force: bool,
    ) -> Result<Option<Arc<ReplicaSet>>, SyncError> {
        let before = size(rs);
        if !force && before == wanted {
            return Ok(None);
        }
        if before == wanted && !replicas_annotations_need_update(rs, d) {
            return Ok(None);
        }
        let mut copy = (**rs).clone();
        copy.spec.replicas = Some(wanted);
        set_replicas_annotations(&mut copy, d);
        let updated = sync.ctx.api.update(copy)?;
        if before == wanted {
            return Ok(None);
        }
        let direction = if before < wanted { "up" } else { "down" };
        let name = &updated.metadata.name;
        let message = format!("Scaled {direction} replica set {name} from {before} to {wanted}");
        self.tell(sync, d, "ScalingReplicaSet", &message);
        Ok(Some(updated))
    }
}
