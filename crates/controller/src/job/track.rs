//! Counting each ended pod once: it is listed in the status, then its finalizer is taken off, then
//! it moves from the list into the totals.
//! Models trackJobStatusAndRemoveFinalizers in pkg/controller/job/job_controller.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::batch::job::JobStatus;
use api::core::pod_status::PodPhase;
use api::core::reference::ObjectReference;
use api::{Job, Pod};
use apimachinery::meta::{Key, Uid};
use client::ApiExt;
use clock::Duration;

use super::indexes::index_of;
use super::policy::{has_failed, judge};
use super::state::{State, condition};
use super::{JobController, pods};
use crate::controllers::{Sync, SyncError, SyncResult};

/// Taking finalizers off takes a while.
const BETWEEN_WRITES: Duration = Duration::from_millis(25);
/// A status lists at most so many pods.
const UNCOUNTED_MAX: usize = 500;

impl JobController {
    pub(super) fn track(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        about: &ObjectReference,
        mut state: State,
    ) -> SyncResult {
        let tracked = |pod: &&Arc<Pod>| state.is_tracked(pod);
        let mut tracked: BTreeSet<Uid> =
            state.pods.iter().filter(tracked).map(|pod| pod.metadata.uid).collect();
        let mut flush = needs_update(&state) | count_untracked(&mut state.job.status, &tracked);
        let (released, full, listed) = list_ended(&mut state);
        flush |= listed | write_indexes(&mut state) | begin_ending(&mut state);
        let flushed = flush;
        if flush {
            state.job = write(sync, &state.job, "adding uncounted pods to status")?;
            self.backoff.insert(key.clone(), state.backoff);
            flush = false;
        }
        let removed = self.release(sync, key, &released, &mut tracked);
        flush |= count_untracked(&mut state.job.status, &tracked);
        if let Err(error) = removed {
            if flush {
                write(sync, &state.job, "removing uncounted pods from status")?;
            }
            return Err(error);
        }
        let finished = !full && finish(&mut state);
        if flushed && (flush || finished) {
            // Others see the first write before the second one.
            sync.requeue_in(key, BETWEEN_WRITES);
            return Ok(());
        }
        if flush || finished {
            write(sync, &state.job, "removing uncounted pods from status")?;
        }
        if finished {
            self.tell_finished(sync, about, &state);
            self.finished.insert(state.job.metadata.uid);
        }
        Ok(())
    }

    /// Takes the finalizers off.
    fn release(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        released: &[Arc<Pod>],
        tracked: &mut BTreeSet<Uid>,
    ) -> SyncResult {
        let mut result = Ok(());
        for pod in released {
            let uid = pod.metadata.uid;
            self.removals.entry(key.clone()).or_default().insert(uid);
            match pods::untrack(sync, pod) {
                Ok(()) => {
                    tracked.remove(&uid);
                }
                Err(error) => {
                    self.removal_observed(key, uid);
                    if matches!(&error, SyncError::Api(status) if status.is_not_found()) {
                        tracked.remove(&uid);
                    } else {
                        result = result.and(Err(error));
                    }
                }
            }
        }
        result
    }

    fn tell_finished(&mut self, sync: &mut Sync<'_, '_>, about: &ObjectReference, state: &State) {
        let Some(ending) = &state.ending else { return };
        if ending.type_ != "Complete" {
            let (reason, message) = (ending.reason.clone(), ending.message.clone());
            return self.recorder.event(sync.ctx, about, "Warning", &reason, &message);
        }
        let job = &state.job;
        if job.spec.completions.is_some_and(|completions| job.status.succeeded > completions) {
            let message = "Too many succeeded pods running after completion count reached";
            self.recorder.event(sync.ctx, about, "Warning", "TooManySucceededPods", message);
        }
        self.recorder.event(sync.ctx, about, "Normal", "Completed", "Job completed");
    }
}

fn needs_update(state: &State) -> bool {
    let (new, old) = (&state.job.status, &state.before.status);
    new.active != old.active
        || new.ready != old.ready
        || new.terminating != old.terminating
        || new.condition("Suspended") != old.condition("Suspended")
}

fn write(sync: &mut Sync<'_, '_>, job: &Job, what: &str) -> Result<Job, SyncError> {
    let written = sync.ctx.api.update_status(job.clone());
    let tell = |status| SyncError::other(format!("tracking status: {what}: {status}"));
    Ok((*written.map_err(tell)?).clone())
}

/// Moves pods that have lost their finalizer from the list into the totals.
fn count_untracked(status: &mut JobStatus, tracked: &BTreeSet<Uid>) -> bool {
    let uncounted = status.uncounted_terminated_pods.get_or_insert_default();
    let count = |list: &mut Vec<Uid>, total: &mut i32| {
        let before = list.len();
        list.retain(|uid| tracked.contains(uid));
        let counted = before - list.len();
        *total = total.saturating_add(i32::try_from(counted).unwrap_or(0));
        counted > 0
    };
    let succeeded = count(&mut uncounted.succeeded, &mut status.succeeded);
    count(&mut uncounted.failed, &mut status.failed) | succeeded
}

/// Lists newly ended pods: those that may be let go, whether there are more, and whether the
/// status changed.
fn list_ended(state: &mut State) -> (Vec<Arc<Pod>>, bool, bool) {
    let (mut released, mut full, mut changed) = (Vec::new(), false, false);
    let mut indexes = BTreeSet::new();
    let mut uncounted = state.job.status.uncounted_terminated_pods.take().unwrap_or_default();
    let mut pods = state.pods.clone();
    if state.job.spec.is_indexed() {
        pods.sort_by_key(|pod| index_of(pod));
    }
    for pod in pods {
        let uid = pod.metadata.uid;
        let failed = has_failed(&pod, &state.job.spec);
        if !state.is_tracked(&pod) || !may_release(state, &pod, failed) {
            continue;
        }
        let listed_failed = state.uncounted_failed.contains(&uid);
        if pod.status.phase == PodPhase::Succeeded && !listed_failed {
            match index_of(&pod).filter(|_| state.job.spec.is_indexed()) {
                Some(index) if state.is_in_range(&pod) && !state.former_indexes.has(index) => {
                    changed |= indexes.insert(index);
                }
                None if !state.job.spec.is_indexed()
                    && !state.uncounted_succeeded.contains(&uid) =>
                {
                    changed = true;
                    uncounted.succeeded.push(uid);
                }
                _ => {}
            }
        } else if (failed || is_failing(state)) && !listed_failed && state.is_in_range(&pod) {
            let policy = state.job.spec.pod_failure_policy.as_ref();
            if judge(policy, &pod).counts {
                changed = true;
                uncounted.failed.push(uid);
            }
        }
        released.push(pod);
        if indexes.len() + uncounted.succeeded.len() + uncounted.failed.len() >= UNCOUNTED_MAX {
            full = true;
            break;
        }
    }
    state.job.status.uncounted_terminated_pods = Some(uncounted);
    state.succeeded_indexes = state.succeeded_indexes.with(&indexes);
    (released, full, changed)
}

fn is_failing(state: &State) -> bool {
    state.ending.as_ref().is_some_and(|ending| ending.type_ != "SuccessCriteriaMet")
}

fn may_release(state: &State, pod: &Pod, failed: bool) -> bool {
    if state.job.metadata.is_deleting()
        || state.ending.is_some()
        || pod.status.phase == PodPhase::Succeeded
    {
        return true;
    }
    let awaited = index_of(pod).and_then(|index| state.awaiting_replacement.get(&index));
    failed && awaited.is_none_or(|awaited| awaited.metadata.uid != pod.metadata.uid)
}

fn write_indexes(state: &mut State) -> bool {
    if !state.job.spec.is_indexed() {
        return false;
    }
    let status = &mut state.job.status;
    let completed = state.succeeded_indexes.to_string();
    let failed = state.failed_indexes.as_ref().map(|indexes| indexes.to_string().into());
    let changed = status.completed_indexes != completed || status.failed_indexes != failed;
    status.succeeded = state.succeeded_indexes.total();
    status.completed_indexes = completed.into();
    status.failed_indexes = failed;
    changed
}

/// Writes down how the job will end before it does.
fn begin_ending(state: &mut State) -> bool {
    let Some(ending) = state.ending.take() else { return false };
    let last = match ending.type_.as_str() {
        "FailureTarget" => "Failed",
        "SuccessCriteriaMet" => "Complete",
        _ => {
            state.ending = Some(ending);
            return false;
        }
    };
    state.ending = Some(condition(last, &ending.reason, &ending.message, state.now));
    let begun = ending.type_ == "SuccessCriteriaMet" && state.job.status.is_true(&ending.type_);
    if !begun {
        state.job.status.conditions.push(ending);
    }
    !begun
}

/// Writes down that the job has ended, once nothing is left to count and no pod terminates.
fn finish(state: &mut State) -> bool {
    let Some(ending) = &state.ending else { return false };
    let status = &mut state.job.status;
    let uncounted = status.uncounted_terminated_pods.get_or_insert_default();
    let left = uncounted.succeeded.len() + uncounted.failed.len();
    if left > 0 || state.terminating > 0 {
        return false;
    }
    match status.conditions.iter_mut().find(|known| known.type_ == ending.type_) {
        Some(known) => *known = ending.clone(),
        None => status.conditions.push(ending.clone()),
    }
    if ending.type_ == "Complete" {
        status.completion_time = ending.last_transition_time;
    }
    true
}
