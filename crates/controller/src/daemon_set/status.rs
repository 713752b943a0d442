//! The status of a DaemonSet: on how many nodes its pod should be, and on how many it is.
//! Models updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go.

use std::sync::Arc;

use api::DaemonSet;
use api::apps::daemon_set::DaemonSetStatus;
use client::{ApiExt, Ctx};

use super::placement::{is_updated, sort};
use super::view::View;
use crate::controllers::SyncError;

/// The generation stays what it was where the DaemonSet was not acted upon.
pub fn calculate(view: &View<'_>, acted: bool) -> DaemonSetStatus {
    let [mut wanted, mut current, mut misplaced, mut ready, mut updated, mut available] = [0; 6];
    for (node, fit) in &view.nodes {
        let pods = view.on_node.get(&node.metadata.name);
        if !fit.run {
            misplaced += i32::from(pods.is_some());
            continue;
        }
        wanted += 1;
        let Some(mut pods) = pods.cloned() else { continue };
        current += 1;
        sort(&mut pods);
        let Some(pod) = pods.first() else { continue };
        ready += i32::from(pod.status.is_ready());
        available += i32::from(view.is_available(pod));
        updated += i32::from(is_updated(pod, view.hash, view.generation));
    }
    let mut status = view.ds.status.clone();
    if acted {
        status.observed_generation = view.ds.metadata.generation;
    }
    status.desired_number_scheduled = wanted;
    status.current_number_scheduled = current;
    status.number_misscheduled = misplaced;
    status.number_ready = ready;
    status.updated_number_scheduled = updated;
    status.number_available = available;
    status.number_unavailable = wanted.saturating_sub(available);
    status
}

/// Writes the status if it says anything new; once more upon the latest version if that fails.
pub fn update(
    ctx: &mut Ctx<'_>,
    ds: &DaemonSet,
    status: &DaemonSetStatus,
) -> Result<Option<Arc<DaemonSet>>, SyncError> {
    let unseen = ds.status.observed_generation < ds.metadata.generation;
    if !unseen && ds.status == *status {
        return Ok(None);
    }
    let first = ctx.api.update_status(DaemonSet { status: status.clone(), ..ds.clone() });
    if let Ok(updated) = first {
        return Ok(Some(updated));
    }
    let fresh: Arc<DaemonSet> = ctx.api.get(&ds.metadata.namespace, &ds.metadata.name)?;
    let mut copy = (*fresh).clone();
    let collisions = copy.status.collision_count;
    copy.status = DaemonSetStatus { collision_count: collisions, ..status.clone() };
    let updated = ctx.api.update_status(copy).map_err(|status| {
        SyncError::other(format!("error storing status for daemon set: {status}"))
    })?;
    Ok(Some(updated))
}
