//! What one sync of a job knows: its pods, what they add to the counts, and how the job ends if it
//! does. Models syncJobCtx in pkg/controller/job/job_controller.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::batch::job::JobCondition;
use api::core::pod_status::{ConditionStatus, PodPhase};
use api::{Job, Pod};
use apimachinery::meta::Uid;
use apimachinery::time::Time;
use smol_str::SmolStr;

use super::backoff::BackoffRecord;
use super::has_tracking_finalizer;
use super::indexes::{Indexes, index_of};
use super::policy::{has_failed, judge};
use crate::pods::{is_active, is_terminating};

pub struct State {
    /// The job with the status as it will be written.
    pub job: Job,
    /// The status as it was.
    pub before: Job,
    pub pods: Vec<Arc<Pod>>,
    pub active: Vec<Arc<Pod>>,
    pub ready: i32,
    pub terminating: i32,
    /// Counted and newly ended pods together.
    pub succeeded: i32,
    pub failed: i32,
    /// Pods that the status lists as ended and not yet counted.
    pub uncounted_succeeded: BTreeSet<Uid>,
    pub uncounted_failed: BTreeSet<Uid>,
    /// Pods whose finalizer was already taken off.
    pub removals: BTreeSet<Uid>,
    pub backoff: BackoffRecord,
    pub former_indexes: Indexes,
    pub succeeded_indexes: Indexes,
    /// Where failures are counted by index.
    pub failed_indexes: Option<Indexes>,
    pub awaiting_replacement: BTreeMap<i32, Arc<Pod>>,
    /// How the job ends, or has begun to.
    pub ending: Option<JobCondition>,
    pub now: Time,
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub fn condition(type_: &'static str, reason: &str, message: &str, now: Time) -> JobCondition {
    JobCondition {
        type_: SmolStr::new_static(type_),
        status: ConditionStatus::True,
        last_probe_time: Some(now),
        last_transition_time: Some(now),
        reason: reason.into(),
        message: message.into(),
        ..JobCondition::default()
    }
}

impl State {
    pub fn new(
        job: &Job,
        pods: Vec<Arc<Pod>>,
        removals: BTreeSet<Uid>,
        backoff: BackoffRecord,
        now: Time,
    ) -> Self {
        let before = job.clone();
        let mut job = job.clone();
        let uncounted = job.status.uncounted_terminated_pods.get_or_insert_default().clone();
        if job.status.start_time.is_none() && !job.spec.is_suspended() {
            job.status.start_time = Some(now);
        }
        let active: Vec<_> = pods.iter().filter(|pod| is_active(pod)).cloned().collect();
        let ready = number(active.iter().filter(|pod| pod.status.is_ready()).count());
        let terminating = number(pods.iter().filter(|pod| is_terminating(pod)).count());
        let mut state = State {
            job,
            before,
            active,
            ready,
            terminating,
            pods,
            succeeded: 0,
            failed: 0,
            uncounted_succeeded: uncounted.succeeded.iter().copied().collect(),
            uncounted_failed: uncounted.failed.iter().copied().collect(),
            removals,
            backoff,
            former_indexes: Indexes::default(),
            succeeded_indexes: Indexes::default(),
            failed_indexes: None,
            awaiting_replacement: BTreeMap::new(),
            ending: None,
            now,
        };
        state.count();
        state
    }

    fn count(&mut self) {
        let succeeded = self.valid(&self.uncounted_succeeded);
        let succeeded: Vec<_> =
            succeeded.filter(|pod| pod.status.phase == PodPhase::Succeeded).cloned().collect();
        let spec = &self.job.spec;
        let failed = self.valid(&self.uncounted_failed);
        let failed: Vec<_> = failed.filter(|pod| has_failed(pod, spec)).cloned().collect();
        let policy = spec.pod_failure_policy.as_ref();
        let counted = failed.iter().filter(|pod| judge(policy, pod).counts).count();
        let (status, listed) = (&self.job.status, |set: &BTreeSet<Uid>| number(set.len()));
        self.succeeded =
            status.succeeded + number(succeeded.len()) + listed(&self.uncounted_succeeded);
        self.failed = status.failed + number(counted) + listed(&self.uncounted_failed);
        self.backoff = self.backoff.after(&succeeded, &failed);
    }

    /// Whether a pod still carries the finalizer, as far as is known.
    pub fn is_tracked(&self, pod: &Pod) -> bool {
        has_tracking_finalizer(pod) && !self.removals.contains(&pod.metadata.uid)
    }

    /// Whether the job asks for a pod of this index.
    pub fn is_in_range(&self, pod: &Pod) -> bool {
        let completions = self.job.spec.completions.unwrap_or(0);
        !self.job.spec.is_indexed() || index_of(pod).is_some_and(|index| index < completions)
    }

    /// Tracked pods of the job's indexes that are not listed.
    pub fn valid<'s>(&'s self, listed: &'s BTreeSet<Uid>) -> impl Iterator<Item = &'s Arc<Pod>> {
        self.pods.iter().filter(|pod| {
            self.is_tracked(pod) && !listed.contains(&pod.metadata.uid) && self.is_in_range(pod)
        })
    }

    pub fn per_index(&self) -> bool {
        self.job.spec.backoff_limit_per_index.is_some()
    }

    pub fn active_count(&self) -> i32 {
        number(self.active.len())
    }

    pub fn fail(&mut self, reason: &str, message: &str) {
        self.ending = Some(condition("FailureTarget", reason, message, self.now));
    }

    /// Sets `Suspended` if it says something else; a condition that is false is not begun with.
    pub fn set_suspended(&mut self, suspended: bool) -> bool {
        let (reason, message) = match suspended {
            true => ("JobSuspended", "Job suspended"),
            false => ("JobResumed", "Job resumed"),
        };
        let mut wanted = condition("Suspended", reason, message, self.now);
        wanted.status = ConditionStatus::of(suspended);
        let list = &mut self.job.status.conditions;
        match list.iter_mut().find(|condition| condition.type_ == "Suspended") {
            Some(known) if known.status == wanted.status && known.reason == wanted.reason => false,
            Some(known) => {
                *known = wanted;
                true
            }
            None if !suspended => false,
            None => {
                list.push(wanted);
                true
            }
        }
    }
}
