//! The status of a deployment. Models calculateStatus and syncDeploymentStatus in sync.go.

use api::Deployment;
use api::apps::deployment::DeploymentStatus;
use api::core::pod_status::ConditionStatus;
use apimachinery::time::Time;
use client::ApiExt;

use super::DeploymentController;
use super::conditions::{self, AVAILABLE};
use super::fenceposts::{max_unavailable, replicas};
use super::replica_sets::ReplicaSets;
use crate::controllers::{Sync, SyncResult};

pub fn calculate(d: &Deployment, sets: &ReplicaSets, now: Time) -> DeploymentStatus {
    let available = sets.available();
    let mut status = DeploymentStatus {
        observed_generation: d.metadata.generation,
        replicas: sets.actual(),
        updated_replicas: sets.new.as_ref().map_or(0, |rs| rs.status.replicas),
        ready_replicas: sets.ready(),
        available_replicas: available,
        unavailable_replicas: (sets.wanted() - available).max(0),
        terminating_replicas: sets.terminating(),
        collision_count: d.status.collision_count,
        conditions: d.status.conditions.clone(),
        ..DeploymentStatus::default()
    };
    let (holds, reason, message) = if available >= replicas(d) - max_unavailable(d) {
        (ConditionStatus::True, "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        let message = "Deployment does not have minimum availability.";
        (ConditionStatus::False, "MinimumReplicasUnavailable", message)
    };
    conditions::set(&mut status, conditions::condition(AVAILABLE, holds, reason, message, now));
    status
}

/// Whether all wanted pods are new and available and no others are left.
pub fn is_complete(d: &Deployment, status: &DeploymentStatus) -> bool {
    status.updated_replicas == replicas(d)
        && status.replicas == replicas(d)
        && status.available_replicas == replicas(d)
        && status.observed_generation >= d.metadata.generation
}

impl DeploymentController {
    pub(super) fn sync_deployment_status(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        sets: &ReplicaSets,
    ) -> SyncResult {
        let status = calculate(d, sets, sync.ctx.time());
        if d.status != status {
            d.status = status;
            sync.ctx.api.update_status(d.clone())?;
        }
        Ok(())
    }
}
