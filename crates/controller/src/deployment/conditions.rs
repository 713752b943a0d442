//! Conditions of a deployment. Models the helpers in deployment_util.go.

use api::apps::deployment::{DeploymentCondition, DeploymentStatus};
use api::apps::replica_set::ReplicaSetCondition;
use api::core::pod_status::ConditionStatus;
use apimachinery::time::Time;
use smol_str::SmolStr;

pub const PROGRESSING: &str = "Progressing";
pub const AVAILABLE: &str = "Available";
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

pub const REPLICA_SET_UPDATED: &str = "ReplicaSetUpdated";
pub const REPLICA_SET_CREATE_ERROR: &str = "ReplicaSetCreateError";
pub const NEW_REPLICA_SET_CREATED: &str = "NewReplicaSetCreated";
pub const FOUND_NEW_REPLICA_SET: &str = "FoundNewReplicaSet";
pub const NEW_REPLICA_SET_AVAILABLE: &str = "NewReplicaSetAvailable";
pub const TIMED_OUT: &str = "ProgressDeadlineExceeded";
pub const PAUSED: &str = "DeploymentPaused";
pub const RESUMED: &str = "DeploymentResumed";

pub fn condition(
    type_: &'static str,
    status: ConditionStatus,
    reason: &'static str,
    message: impl Into<SmolStr>,
    now: Time,
) -> DeploymentCondition {
    DeploymentCondition {
        type_: SmolStr::new_static(type_),
        status,
        reason: SmolStr::new_static(reason),
        message: message.into(),
        last_update_time: Some(now),
        last_transition_time: Some(now),
        ..DeploymentCondition::default()
    }
}

pub fn get<'s>(status: &'s DeploymentStatus, type_: &str) -> Option<&'s DeploymentCondition> {
    status.conditions.iter().find(|condition| condition.type_ == type_)
}

/// Adds or replaces it, unless status and reason stay as they are.
pub fn set(status: &mut DeploymentStatus, mut condition: DeploymentCondition) {
    let current = get(status, &condition.type_);
    if let Some(current) = current.filter(|current| current.status == condition.status) {
        if current.reason == condition.reason {
            return;
        }
        condition.last_transition_time = current.last_transition_time;
    }
    remove(status, &condition.type_);
    status.conditions.push(condition);
}

pub fn remove(status: &mut DeploymentStatus, type_: &str) {
    status.conditions.retain(|condition| condition.type_ != type_);
}

pub fn from_replica_set(condition: &ReplicaSetCondition) -> DeploymentCondition {
    DeploymentCondition {
        type_: condition.type_.clone(),
        status: condition.status,
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        last_update_time: condition.last_transition_time,
        last_transition_time: condition.last_transition_time,
        ..DeploymentCondition::default()
    }
}
