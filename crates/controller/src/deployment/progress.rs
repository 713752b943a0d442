//! Whether a rollout gets on, and when to call it stuck.
//! Models pkg/controller/deployment/progress.go.

use api::Deployment;
use api::apps::deployment::{DeploymentCondition, DeploymentStatus};
use api::core::pod_status::ConditionStatus;
use apimachinery::meta::Key;
use apimachinery::time::MicroTime;
use client::ApiExt;
use clock::Duration;

use super::DeploymentController;
use super::conditions::{self, PROGRESSING, REPLICA_FAILURE, condition};
use super::replica_sets::ReplicaSets;
use super::status::{calculate, is_complete};
use crate::controllers::{Sync, SyncResult};

pub fn has_progress_deadline(d: &Deployment) -> bool {
    d.spec.progress_deadline_seconds.is_some_and(|seconds| seconds != i32::MAX)
}

/// Whether new pods came or became ready or available, or old ones went.
fn is_progressing(d: &Deployment, new: &DeploymentStatus) -> bool {
    let old = &d.status;
    let old_pods = |status: &DeploymentStatus| status.replicas - status.updated_replicas;
    new.updated_replicas > old.updated_replicas
        || old_pods(new) < old_pods(old)
        || new.ready_replicas > old.ready_replicas
        || new.available_replicas > old.available_replicas
}

/// When the condition's last progress is too old, in microseconds of Unix time.
fn deadline(d: &Deployment, condition: &DeploymentCondition) -> Option<MicroTime> {
    let seconds = d.spec.progress_deadline_seconds?;
    let from = MicroTime::from(condition.last_update_time?);
    Some(MicroTime(from.0.saturating_add(i64::from(seconds) * 1_000_000)))
}

fn has_timed_out(d: &Deployment, status: &DeploymentStatus, now: MicroTime) -> bool {
    let Some(condition) = conditions::get(status, PROGRESSING) else { return false };
    match condition.reason.as_str() {
        conditions::NEW_REPLICA_SET_AVAILABLE => false,
        conditions::TIMED_OUT => true,
        _ => deadline(d, condition).is_some_and(|deadline| deadline < now),
    }
}

/// The new `Progressing` condition, if progress is to be estimated at all.
fn estimate(
    sync: &Sync<'_, '_>,
    d: &Deployment,
    sets: &ReplicaSets,
    status: &mut DeploymentStatus,
) {
    let current = conditions::get(&d.status, PROGRESSING);
    let reason = current.map(|c| c.reason.as_str());
    let settled = status.replicas == status.updated_replicas
        && reason == Some(conditions::NEW_REPLICA_SET_AVAILABLE);
    if settled {
        return;
    }
    let subject = match &sets.new {
        Some(rs) => format!("ReplicaSet {:?}", rs.metadata.name),
        None => format!("Deployment {:?}", d.metadata.name),
    };
    let now = sync.ctx.time();
    let make = |holds, reason, words: &str| {
        condition(PROGRESSING, holds, reason, format!("{subject} {words}"), now)
    };
    if is_complete(d, status) {
        let reason = conditions::NEW_REPLICA_SET_AVAILABLE;
        let done = make(ConditionStatus::True, reason, "has successfully progressed.");
        conditions::set(status, done);
    } else if is_progressing(d, status) {
        let reason = conditions::REPLICA_SET_UPDATED;
        let mut moving = make(ConditionStatus::True, reason, "is progressing.");
        if let Some(current) = current {
            if current.status == ConditionStatus::True {
                moving.last_transition_time = current.last_transition_time;
            }
            conditions::remove(status, PROGRESSING);
        }
        conditions::set(status, moving);
    } else if has_timed_out(d, status, sync.ctx.micro_time()) {
        let reason = conditions::TIMED_OUT;
        let stuck = make(ConditionStatus::False, reason, "has timed out progressing.");
        conditions::set(status, stuck);
    }
}

/// The failure of the new ReplicaSet, or else of an old one.
fn replica_failure(sets: &ReplicaSets) -> Option<DeploymentCondition> {
    let failures = sets.new.iter().chain(&sets.old).flat_map(|rs| &rs.status.conditions);
    let mut failures = failures.filter(|condition| condition.type_ == REPLICA_FAILURE);
    failures.next().map(conditions::from_replica_set)
}

impl DeploymentController {
    pub(super) fn sync_rollout_status(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        sets: &ReplicaSets,
    ) -> SyncResult {
        let mut status = calculate(d, sets, sync.ctx.time());
        if has_progress_deadline(d) {
            estimate(sync, d, sets, &mut status);
        } else {
            conditions::remove(&mut status, PROGRESSING);
        }
        match replica_failure(sets) {
            Some(failure) => conditions::set(&mut status, failure),
            None => conditions::remove(&mut status, REPLICA_FAILURE),
        }
        if d.status == status {
            requeue_stuck(sync, d);
            return Ok(());
        }
        d.status = status;
        sync.ctx.api.update_status(d.clone())?;
        Ok(())
    }
}

/// Comes back when the deadline of a rollout that does not move has passed.
fn requeue_stuck(sync: &mut Sync<'_, '_>, d: &Deployment) {
    let Some(current) = conditions::get(&d.status, PROGRESSING) else { return };
    if is_complete(d, &d.status) || current.reason == conditions::TIMED_OUT {
        return;
    }
    let Some(deadline) = deadline(d, current).filter(|_| has_progress_deadline(d)) else { return };
    let key = Key::of(&d.metadata);
    let micros = deadline.0.saturating_sub(sync.ctx.micro_time().0);
    if micros < 1_000_000 {
        sync.queue.add_rate_limited(sync.ctx.now, key);
        return;
    }
    let delay = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    sync.requeue_in(&key, delay + Duration::from_secs(1));
}
