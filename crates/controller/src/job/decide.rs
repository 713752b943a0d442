//! Whether and how a job ends, and what is done about its pods.
//! Models syncJob in pkg/controller/job/job_controller.go.

use std::collections::BTreeSet;

use api::batch::job::JobCondition;
use api::core::pod_status::{ConditionStatus, PodPhase};
use api::core::reference::ObjectReference;
use api::{Job, Pod};
use apimachinery::meta::Key;
use clock::Duration;

use super::indexes::{Indexes, index_of, indexes_of};
use super::policy::{has_failed, judge, success};
use super::state::{State, condition};
use super::{JobController, has_tracking_finalizer, per_index};
use crate::controllers::{Sync, SyncResult};

const BACKOFF_EXCEEDED: &str = "Job has reached the specified backoff limit";
const DEADLINE_EXCEEDED: &str = "Job was active longer than specified deadline";
const TOO_MANY_FAILED_INDEXES: &str =
    "Job has exceeded the specified maximal number of failed indexes";

fn begun(job: &Job, type_: &str) -> Option<JobCondition> {
    job.status.condition(type_).filter(|c| c.status == ConditionStatus::True).cloned()
}

impl JobController {
    /// Finds out how the job ends, if it does.
    pub(super) fn decide(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        _about: &ObjectReference,
        state: &mut State,
    ) {
        state.ending = begun(&state.job, "SuccessCriteriaMet");
        if state.ending.is_none() {
            let failing = begun(&state.job, "FailureTarget");
            let now = state.now;
            let failed =
                |target: &JobCondition| condition("Failed", &target.reason, &target.message, now);
            state.ending = failing.as_ref().map(failed).or_else(|| {
                let message = failed_by_policy(state)?;
                Some(condition("FailureTarget", "PodFailurePolicy", &message, now))
            });
        }
        if state.ending.is_none() {
            limits(sync, key, state);
        }
        if state.job.spec.is_indexed() {
            indexed(state);
        }
    }

    /// Deletes the pods of a job that ends, or sees to it that the right number runs.
    pub(super) fn act(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        about: &ObjectReference,
        state: &mut State,
        satisfied: bool,
    ) -> SyncResult {
        let running = state.active_count();
        let mut result = Ok(());
        let mut active = running;
        if state.ending.is_some() {
            let (deleted, error) = self.delete_active(sync, about, state);
            if deleted != running || !satisfied {
                state.ending = None;
            }
            active -= deleted;
            result = error;
        } else {
            let managed = satisfied && !state.job.metadata.is_deleting();
            if managed {
                (active, result) = self.manage(sync, key, about, state);
            }
            if is_complete(state, active) {
                let message = "Reached expected number of succeeded pods";
                let met = condition("SuccessCriteriaMet", "CompletionsReached", message, state.now);
                state.ending = Some(met);
            } else if managed {
                self.tell_suspension(sync, about, state);
            }
        }
        let status = &mut state.job.status;
        status.active = active;
        status.ready = Some(state.ready);
        status.terminating = Some(state.terminating);
        result
    }

    fn tell_suspension(
        &mut self,
        sync: &mut Sync<'_, '_>,
        about: &ObjectReference,
        state: &mut State,
    ) {
        let suspended = state.job.spec.is_suspended();
        if !state.set_suspended(suspended) {
            return;
        }
        let (reason, message) = match suspended {
            true => ("Suspended", "Job suspended"),
            false => ("Resumed", "Job resumed"),
        };
        self.recorder.event(sync.ctx, about, "Normal", reason, message);
        state.job.status.start_time = (!suspended).then_some(state.now);
    }
}

fn is_complete(state: &State, active: i32) -> bool {
    let enough = match state.job.spec.completions {
        None => state.succeeded > 0,
        Some(completions) => state.succeeded >= completions,
    };
    enough && active == 0
}

fn failed_by_policy(state: &State) -> Option<String> {
    let spec = &state.job.spec;
    let policy = spec.pod_failure_policy.as_ref()?;
    let failed = state.pods.iter().filter(|pod| has_failed(pod, spec));
    failed.filter_map(|pod| judge(Some(policy), pod).fails_job).next()
}

fn limits(sync: &mut Sync<'_, '_>, key: &Key, state: &mut State) {
    let spec = &state.job.spec;
    let limit = spec.backoff_limit.unwrap_or(i32::MAX);
    if state.failed > limit || restarted_too_often(state, limit) {
        return state.fail("BackoffLimitExceeded", BACKOFF_EXCEEDED);
    }
    let started = state.job.status.start_time.filter(|_| !spec.is_suspended());
    let Some((seconds, started)) = spec.active_deadline_seconds.zip(started) else { return };
    let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let passed = sync.ctx.now.since(sync.ctx.sim_time(started));
    if passed >= seconds {
        return state.fail("DeadlineExceeded", DEADLINE_EXCEEDED);
    }
    sync.requeue_in(key, seconds.saturating_sub(passed));
}

/// Where the kubelet restarts containers, restarts count as failures.
fn restarted_too_often(state: &State, limit: i32) -> bool {
    if state.job.spec.template.spec.restart_policy != "OnFailure" {
        return false;
    }
    let alive = |pod: &&std::sync::Arc<Pod>| {
        matches!(pod.status.phase, PodPhase::Running | PodPhase::Pending)
    };
    let statuses = state.pods.iter().filter(alive).flat_map(|pod| {
        pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses)
    });
    let restarts = statuses.fold(0i32, |sum, status| sum.saturating_add(status.restart_count));
    if limit == 0 { restarts > 0 } else { restarts >= limit }
}

fn indexed(state: &mut State) {
    let completions = state.job.spec.completions.unwrap_or(0);
    state.former_indexes = Indexes::parse(&state.job.status.completed_indexes, completions);
    let succeeded = |pod: &&std::sync::Arc<Pod>| {
        pod.status.phase == PodPhase::Succeeded && has_tracking_finalizer(pod)
    };
    let newly: BTreeSet<i32> = state
        .pods
        .iter()
        .filter(succeeded)
        .filter_map(|pod| index_of(pod).filter(|index| *index < completions))
        .collect();
    state.succeeded_indexes = state.former_indexes.with(&newly);
    state.succeeded = state.succeeded_indexes.total();
    if state.per_index() {
        failed_indexes(state, completions);
    }
    if state.ending.is_some() {
        return;
    }
    let policy = state.job.spec.success_policy.as_ref();
    if let Some(message) = success(policy, completions, &state.succeeded_indexes) {
        let met = condition("SuccessCriteriaMet", "SuccessPolicy", &message, state.now);
        state.ending = Some(met);
    }
}

fn failed_indexes(state: &mut State, completions: i32) {
    let failed = per_index::failed_indexes(&state.job, &state.pods);
    let (total, done) = (failed.total(), state.succeeded_indexes.total());
    if state.ending.is_none() {
        if state.job.spec.max_failed_indexes.is_some_and(|max| total > max) {
            state.fail("MaxFailedIndexesExceeded", TOO_MANY_FAILED_INDEXES);
        } else if total > 0 && total.saturating_add(done) >= completions {
            state.fail("FailedIndexes", "Job has failed indexes");
        }
    }
    let active = indexes_of(&state.active);
    let settled = state.succeeded_indexes.merged(&failed).with(&active);
    let nobody = BTreeSet::new();
    let pods = state.valid(&nobody);
    let awaiting = per_index::awaiting_replacement(&state.job.spec, pods, &settled);
    state.awaiting_replacement = awaiting;
    state.failed_indexes = Some(failed);
}
