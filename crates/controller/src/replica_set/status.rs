//! The status of a ReplicaSet. Models pkg/controller/replicaset/replica_set_utils.go.

use std::sync::Arc;

use api::ReplicaSet;
use api::apps::replica_set::{ReplicaSetCondition, ReplicaSetStatus};
use api::core::pod_status::ConditionStatus;
use apimachinery::labels::Labels;
use apimachinery::meta::Key;
use apimachinery::time::Time;
use client::Ctx;
use smol_str::SmolStr;

use super::claim::Claimed;
use crate::controllers::SyncError;
use crate::pods;
use crate::replication_controller::Served;

const REPLICA_FAILURE: SmolStr = SmolStr::new_static("ReplicaFailure");

struct Counts {
    fully_labeled: i32,
    ready: i32,
    available: i32,
}

fn carries(labels: &Labels, template: &Labels) -> bool {
    template.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn count(rs: &ReplicaSet, claimed: &Claimed<'_>, now: Time) -> Counts {
    let template = &rs.spec.template.metadata.labels;
    let seconds = rs.spec.min_ready_seconds;
    if let (Claimed::Group(group), true) = (claimed, seconds <= 0) {
        let full = group.varieties.iter().filter(|variety| carries(&variety.labels, template));
        let full = full.map(|variety| variety.active).sum();
        let ready = group.totals.ready;
        return Counts { fully_labeled: full, ready, available: ready };
    }
    let mut counts = Counts { fully_labeled: 0, ready: 0, available: 0 };
    for pod in claimed.active() {
        counts.fully_labeled += i32::from(carries(&pod.metadata.labels, template));
        counts.ready += i32::from(pod.status.is_ready());
        counts.available += i32::from(pods::is_available(pod, seconds, now));
    }
    counts
}

pub fn calculate(
    rs: &ReplicaSet,
    claimed: &Claimed<'_>,
    error: Option<&SyncError>,
    now: Time,
) -> ReplicaSetStatus {
    let counts = count(rs, claimed, now);
    let mut status = rs.status.clone();
    let has_failed = status.conditions.iter().any(|c| c.type_ == REPLICA_FAILURE);
    match error {
        Some(error) if !has_failed => {
            let missing = claimed.active_count() < rs.spec.replicas.unwrap_or(0);
            status.conditions.push(ReplicaSetCondition {
                type_: REPLICA_FAILURE,
                status: ConditionStatus::True,
                reason: SmolStr::new_static(if missing { "FailedCreate" } else { "FailedDelete" }),
                message: error.to_string().into(),
                last_transition_time: Some(now),
                ..ReplicaSetCondition::default()
            });
        }
        None if has_failed => status.conditions.retain(|c| c.type_ != REPLICA_FAILURE),
        _ => {}
    }
    status.replicas = claimed.active_count();
    status.fully_labeled_replicas = counts.fully_labeled;
    status.ready_replicas = counts.ready;
    status.available_replicas = counts.available;
    status.terminating_replicas = Some(claimed.terminating());
    status
}

/// Writes the status if it says anything new; once more upon the latest version if that fails.
pub fn update(
    ctx: &mut Ctx<'_>,
    served: Served,
    rs: &Arc<ReplicaSet>,
    mut status: ReplicaSetStatus,
) -> Result<Arc<ReplicaSet>, SyncError> {
    let observed = rs.metadata.generation == rs.status.observed_generation;
    if observed && rs.status == status {
        return Ok(Arc::clone(rs));
    }
    status.observed_generation = rs.metadata.generation;
    let first = served.update_status(ctx, ReplicaSet { status: status.clone(), ..(**rs).clone() });
    if let Ok(updated) = first {
        return Ok(updated);
    }
    let fresh = served.fetch(ctx, &Key::of(&rs.metadata))?;
    served.update_status(ctx, ReplicaSet { status, ..(*fresh).clone() })
}
