//! The status of a StatefulSet.
//! Models computeReplicaStatus, inconsistentStatus and completeRollingUpdate.

use std::sync::Arc;

use api::apps::stateful_set::StatefulSetStatus;
use api::core::pod_status::PodPhase;
use api::{Pod, StatefulSet};
use apimachinery::time::Time;

use super::identity::revision;
use crate::pods;

pub fn is_created(pod: &Pod) -> bool {
    pod.status.phase != PodPhase::Unset
}

pub fn is_running_and_ready(pod: &Pod) -> bool {
    pod.status.phase == PodPhase::Running && pod.status.is_ready()
}

/// Counts the pods. `status` names the revisions.
pub fn count<'p>(
    status: &mut StatefulSetStatus,
    pods: impl Iterator<Item = &'p Arc<Pod>>,
    min_ready_seconds: i32,
    now: Time,
) {
    let [mut all, mut ready, mut available, mut current, mut updated] = [0; 5];
    for pod in pods.filter(|pod| is_created(pod)) {
        all += 1;
        if is_running_and_ready(pod) {
            ready += 1;
            available += i32::from(pods::is_available(pod, min_ready_seconds, now));
        }
        if !pod.metadata.is_deleting() {
            current += i32::from(revision(pod) == status.current_revision);
            updated += i32::from(revision(pod) == status.update_revision);
        }
    }
    status.replicas = all;
    status.ready_replicas = ready;
    status.available_replicas = available;
    status.current_replicas = current;
    status.updated_replicas = updated;
}

/// When all pods are of the new revision it becomes the current one.
pub fn complete_rolling_update(set: &StatefulSet, status: &mut StatefulSetStatus) {
    let wanted = set.spec.replicas.unwrap_or(0);
    let counts = [status.updated_replicas, status.ready_replicas, status.replicas];
    if set.spec.update_strategy.type_ == "RollingUpdate" && counts == [wanted; 3] {
        status.current_replicas = status.updated_replicas;
        status.current_revision = status.update_revision.clone();
    }
}

/// Whether the status says something that the set's does not.
pub fn is_news(set: &StatefulSet, status: &StatefulSetStatus) -> bool {
    let said = |status: &StatefulSetStatus| {
        let counts = [
            status.replicas,
            status.current_replicas,
            status.ready_replicas,
            status.updated_replicas,
            status.available_replicas,
        ];
        (counts, status.current_revision.clone(), status.update_revision.clone())
    };
    status.observed_generation > set.status.observed_generation || said(status) != said(&set.status)
}
