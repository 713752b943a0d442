//! Sees to it that the right number of pods runs.
//! Models manageJob in pkg/controller/job/job_controller.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Pod;
use api::core::reference::ObjectReference;
use apimachinery::meta::Key;
use clock::Duration;

use super::indexes::{Indexes, index_of, indexes_of};
use super::policy::only_replaces_failed;
use super::state::State;
use super::{BATCH_PERIOD, JobController, per_index, pods};
use crate::controllers::{Sync, SyncResult};
use crate::pod_control::{create_pod, slow_start};
use crate::pods::{is_terminating, sort_for_deletion};

/// At most so many pods are created or deleted at once.
const PODS_PER_SYNC: usize = 500;

impl JobController {
    /// How many pods are active after that, and the first error.
    pub(super) fn manage(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        about: &ObjectReference,
        state: &mut State,
    ) -> (i32, SyncResult) {
        let active = state.active_count();
        let wanted = wanted(state, active);
        let suspended = state.job.spec.is_suspended();
        let surplus = usize::try_from(if suspended { active } else { active - wanted });
        let mut doomed = for_removal(sync, state, surplus.unwrap_or(0));
        if !suspended {
            doomed.truncate(PODS_PER_SYNC);
        }
        if !doomed.is_empty() || suspended {
            let uids = doomed.iter().map(|pod| pod.metadata.uid).collect();
            self.expectations.expect_deletions(key, uids, sync.ctx.now);
            let (deleted, result) = self.delete_surplus(sync, about, state, &doomed);
            return (active - deleted, result);
        }
        let replaced_later = only_replaces_failed(&state.job.spec);
        let terminating = if replaced_later { state.terminating } else { 0 };
        match usize::try_from(wanted - terminating - active) {
            Ok(missing @ 1..) => self.create(sync, key, about, state, missing),
            _ => (active, Ok(())),
        }
    }

    fn create(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        about: &ObjectReference,
        state: &State,
        missing: usize,
    ) -> (i32, SyncResult) {
        let mut count = missing.min(PODS_PER_SYNC);
        let mut wait = Duration::ZERO;
        if !state.per_index() {
            wait = state.backoff.remaining(sync.ctx);
        }
        let mut indexes = Vec::new();
        if wait.is_zero() && state.job.spec.is_indexed() {
            (indexes, wait) = pending_indexes(sync, state, count);
            count = indexes.len();
        }
        if !wait.is_zero() {
            sync.requeue_in(key, wait.max(BATCH_PERIOD));
            return (0, Ok(()));
        }
        self.expectations.expect_creations(key, count, sync.ctx.now);
        let prototype = pods::prototype(&state.job);
        let (created, result) = slow_start(count, |nth| {
            let pod = match indexes.get(nth) {
                Some(index) => pods::of_index(&prototype, state, *index),
                None => prototype.clone(),
            };
            match create_pod(sync.ctx, &mut self.recorder, about, pod) {
                Err(error) if error.is_namespace_terminating() => Ok(()),
                other => other.map(|_| ()),
            }
        });
        self.expectations.creations_observed(key, count - created);
        (state.active_count() + i32::try_from(created).unwrap_or(0), result)
    }
}

fn wanted(state: &State, active: i32) -> i32 {
    let spec = &state.job.spec;
    let parallelism = spec.parallelism.unwrap_or(0);
    match spec.completions {
        // A work queue: once one pod has succeeded no others are begun.
        None if state.succeeded > 0 => active,
        None => parallelism,
        Some(completions) => (completions - state.succeeded).min(parallelism).max(0),
    }
}

/// The indexes to make pods for now, and how long to wait if there are none to make yet.
fn pending_indexes(sync: &Sync<'_, '_>, state: &State, count: usize) -> (Vec<i32>, Duration) {
    let spec = &state.job.spec;
    let mut taken = state.succeeded_indexes.with(&indexes_of(&state.active));
    if only_replaces_failed(spec) {
        let terminating = state.pods.iter().filter(|pod| is_terminating(pod));
        taken = taken.with(&indexes_of(terminating));
    }
    taken = taken.merged(state.failed_indexes.as_ref().unwrap_or(&Indexes::default()));
    let missing = taken.first_missing(count, spec.completions.unwrap_or(0));
    if !state.per_index() {
        return (missing, Duration::ZERO);
    }
    let waits: Vec<(i32, Duration)> = missing
        .into_iter()
        .map(|i| (i, per_index::remaining(sync.ctx, state.awaiting_replacement.get(&i))))
        .collect();
    let due: Vec<i32> = waits.iter().filter(|(_, wait)| wait.is_zero()).map(|(i, _)| *i).collect();
    let wait = match due.is_empty() {
        true => waits.iter().map(|(_, wait)| *wait).min().unwrap_or_default(),
        false => Duration::ZERO,
    };
    (due, wait)
}

/// At least so many active pods: those whose index is taken or asked for no more, then the least
/// valuable.
fn for_removal(sync: &Sync<'_, '_>, state: &State, at_least: usize) -> Vec<Arc<Pod>> {
    let now = sync.ctx.micro_time();
    let (mut doomed, mut left) = (Vec::new(), state.active.clone());
    if state.job.spec.is_indexed() {
        left.clear();
        let mut by_index: BTreeMap<i32, Vec<Arc<Pod>>> = BTreeMap::new();
        let completions = state.job.spec.completions.unwrap_or(0);
        for pod in &state.active {
            match index_of(pod).filter(|index| *index < completions) {
                Some(index) => by_index.entry(index).or_default().push(Arc::clone(pod)),
                None => doomed.push(Arc::clone(pod)),
            }
        }
        for mut same in by_index.into_values() {
            sort_for_deletion(&mut same, |_| 0, now);
            left.extend(same.pop());
            doomed.append(&mut same);
        }
    }
    if doomed.len() < at_least {
        sort_for_deletion(&mut left, |_| 0, now);
        left.truncate(at_least - doomed.len());
        doomed.append(&mut left);
    }
    doomed
}
