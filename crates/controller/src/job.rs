//! The Job controller: runs pods until so many have succeeded, and counts each ended pod exactly
//! once by a finalizer that it takes off when the pod stands in the job's status.
//! Models pkg/controller/job/job_controller.go.

mod backoff;
mod claim;
mod decide;
mod indexes;
mod manage;
mod orphans;
mod per_index;
mod pods;
mod policy;
mod state;
mod track;

use std::collections::{BTreeMap, BTreeSet};

use api::core::reference::ObjectReference;
use api::{Job, Pod};
use apimachinery::labels::to_selector;
use apimachinery::meta::{Key, OwnerReference, Uid};
use client::{Delta, EventRecorder};
use clock::Duration;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::expectations::Expectations;
use crate::informers::{Change, Informers, Resource};
use crate::pod_store::same_labels;
use backoff::BackoffRecord;

pub const TRACKING_FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const JOB_CONTROLLER_NAME: &str = "kubernetes.io/job-controller";
/// Changes of pods are gathered for so long.
const BATCH_PERIOD: Duration = Duration::from_secs(1);
/// A failed sync is tried again after this, doubled each time.
const API_BACKOFF: Duration = Duration::from_secs(1);
const API_BACKOFF_MAX: Duration = Duration::from_secs(60);

pub fn has_tracking_finalizer(pod: &Pod) -> bool {
    pod.metadata.finalizers().iter().any(|name| name == TRACKING_FINALIZER)
}

pub struct JobController {
    recorder: EventRecorder,
    expectations: Expectations,
    /// Pods whose finalizer was taken off and that were not yet seen without it.
    removals: BTreeMap<Key, BTreeSet<Uid>>,
    backoff: BTreeMap<Key, BackoffRecord>,
    /// Jobs that were finished and not yet seen so.
    finished: BTreeSet<Uid>,
    failures: BTreeMap<Key, u32>,
}

impl Default for JobController {
    fn default() -> Self {
        JobController {
            recorder: EventRecorder::new("job-controller", ""),
            expectations: Expectations::default(),
            removals: BTreeMap::new(),
            backoff: BTreeMap::new(),
            finished: BTreeSet::new(),
            failures: BTreeMap::new(),
        }
    }
}

/// The job that a controller reference names, if it is that very one.
fn resolve<'c>(
    informers: &'c Informers,
    namespace: &str,
    owner: &OwnerReference,
) -> Option<&'c std::sync::Arc<Job>> {
    let found = informers.jobs.named(namespace, &owner.name).filter(|_| owner.kind == "Job")?;
    (found.metadata.uid == owner.uid).then_some(found)
}

/// Whether another controller than this one looks after the job.
fn is_managed_elsewhere(job: &Job) -> bool {
    job.spec.managed_by.as_deref().is_some_and(|manager| manager != JOB_CONTROLLER_NAME)
}

fn batched(notice: &mut Notice<'_>, job: &Job) {
    notice.queue.add_at(notice.now + BATCH_PERIOD, Key::of(&job.metadata));
}

impl JobController {
    fn removal_observed(&mut self, key: &Key, pod: Uid) {
        if let Some(expected) = self.removals.get_mut(key) {
            expected.remove(&pod);
            if expected.is_empty() {
                self.removals.remove(key);
            }
        }
    }

    fn on_pod(&mut self, notice: &mut Notice<'_>, delta: &Delta<Pod>) {
        let (pod, old) = (&*delta.new, delta.old.as_deref());
        if delta.is_deleted() || pod.metadata.is_deleting() {
            return self.on_pod_deleted(notice, pod, delta.is_deleted());
        }
        let namespace = pod.metadata.namespace.as_str();
        let (controller, tracked) = (pod.metadata.controller(), has_tracking_finalizer(pod));
        let before = old.and_then(|old| old.metadata.controller());
        let moved = old.is_some() && before.map(|c| c.uid) != controller.map(|c| c.uid);
        let former = before.filter(|_| moved);
        if let Some(job) = former.and_then(|c| resolve(notice.informers, namespace, c)) {
            if !tracked {
                self.removal_observed(&Key::of(&job.metadata), pod.metadata.uid);
            }
            batched(notice, job);
        }
        if let Some(controller) = controller {
            let Some(job) = resolve(notice.informers, namespace, controller) else { return };
            let key = Key::of(&job.metadata);
            if old.is_none() {
                self.expectations.creation_observed(&key);
            } else if !tracked {
                self.removal_observed(&key, pod.metadata.uid);
            }
            return batched(notice, job);
        }
        if tracked {
            notice.queue.add(orphans::key(pod));
        }
        if moved || old.is_none_or(|old| !same_labels(&old.metadata.labels, &pod.metadata.labels)) {
            enqueue_matching(notice, pod);
        }
    }

    fn on_pod_deleted(&mut self, notice: &mut Notice<'_>, pod: &Pod, gone: bool) {
        let tracked = has_tracking_finalizer(pod);
        let controller = pod.metadata.controller();
        let job = controller.and_then(|c| resolve(notice.informers, &pod.metadata.namespace, c));
        let Some(job) = job.filter(|job| job.status.finished().is_none()) else {
            if tracked && !gone && controller.is_none_or(|controller| controller.kind == "Job") {
                notice.queue.add(orphans::key(pod));
            }
            return;
        };
        let key = Key::of(&job.metadata);
        self.expectations.deletion_observed(&key, pod.metadata.uid);
        if gone || !tracked {
            self.removal_observed(&key, pod.metadata.uid);
        }
        batched(notice, job);
    }

    fn on_job(&mut self, notice: &mut Notice<'_>, delta: &Delta<Job>) {
        let (job, old) = (&*delta.new, delta.old.as_deref());
        let key = Key::of(&job.metadata);
        if delta.is_deleted() {
            self.finished.remove(&job.metadata.uid);
            self.backoff.remove(&key);
            orphans::enqueue_pods_of(notice, job);
            return notice.queue.add(key);
        }
        let Some(old) = old else { return notice.queue.add(key) };
        if job.status.finished().is_some() {
            self.finished.remove(&job.metadata.uid);
            self.backoff.remove(&key);
            return orphans::enqueue_pods_of(notice, job);
        }
        if old.metadata.generation == job.metadata.generation {
            batched(notice, job);
        } else {
            notice.queue.add(key);
        }
    }
}

/// Wakes the jobs that might adopt a pod without a controller.
fn enqueue_matching(notice: &mut Notice<'_>, pod: &Pod) {
    if pod.metadata.labels.is_empty() {
        return;
    }
    let at = notice.now + BATCH_PERIOD;
    for job in notice.informers.jobs.namespace(&pod.metadata.namespace) {
        let Ok(selector) = to_selector(job.spec.selector.as_ref()) else { continue };
        if !selector.is_everything() && selector.matches(&pod.metadata.labels) {
            notice.queue.add_at(at, Key::of(&job.metadata));
        }
    }
}

impl Controller for JobController {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Job, Resource::Pod]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Pod(delta) => self.on_pod(notice, delta),
            Change::Job(delta) => self.on_job(notice, delta),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let result = match orphans::pod_name(key) {
            Some(pod) => orphans::sync(sync, &key.namespace, pod),
            None => self.sync_job(sync, key),
        };
        if result.is_ok() {
            self.failures.remove(key);
            return Ok(());
        }
        let failures = self.failures.entry(key.clone()).or_insert(0);
        let delay = (API_BACKOFF * (1 << (*failures).min(6))).min(API_BACKOFF_MAX);
        *failures = failures.saturating_add(1);
        sync.requeue_in(key, delay);
        Ok(())
    }
}

impl JobController {
    fn sync_job(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(job) = sync.informers.jobs.get(key) else {
            self.expectations.forget(key);
            self.removals.remove(key);
            self.backoff.remove(key);
            return Ok(());
        };
        if is_managed_elsewhere(job)
            || job.status.finished().is_some()
            || self.finished.contains(&job.metadata.uid)
        {
            return Ok(());
        }
        let about = ObjectReference::to(&**job);
        let satisfied = self.expectations.satisfied(key, sync.ctx.now);
        let pods = claim::claim(sync, job)?;
        let removals = self.removals.get(key).cloned().unwrap_or_default();
        let record = self.backoff.get(key).copied().unwrap_or_default();
        let mut state = state::State::new(job, pods, removals, record, sync.ctx.time());
        self.decide(sync, key, &about, &mut state);
        let managed = self.act(sync, key, &about, &mut state, satisfied);
        self.track(sync, key, &about, state)?;
        managed
    }
}
