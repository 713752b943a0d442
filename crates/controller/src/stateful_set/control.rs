//! What a StatefulSet does next: pods are made from the lowest number up, each when all before it
//! are available; pods too many go from the highest number down; then pods of an old revision go,
//! from the highest number down to the partition, one at a time.
//! Models pkg/controller/statefulset/stateful_set_control.go.

use std::sync::Arc;

use api::apps::stateful_set::StatefulSetStatus;
use api::core::pod_status::PodPhase;
use api::core::reference::ObjectReference;
use api::{Pod, StatefulSet};
use apimachinery::meta::{Key, Uid};
use apimachinery::time::Time;
use client::{ApiExt, EventRecorder};

use super::revisions::{self, Standing};
use super::{identity, status};
use crate::consistency::Consistency;
use crate::controllers::{Sync, SyncError, SyncResult};
use crate::history::Revisions;
use crate::informers::Resource;
use crate::pod_control::slow_start;
use crate::pods;

/// One look at one StatefulSet.
pub struct Control<'s, 'c, 'a> {
    pub sync: &'s mut Sync<'c, 'a>,
    pub set: &'s StatefulSet,
    recorder: &'s mut EventRecorder,
    consistency: &'s mut Consistency,
    key: Key,
    about: ObjectReference,
    now: Time,
    /// Whether order matters: each pod waits for those before it.
    monotonic: bool,
}

/// Whether the work on one pod lets the next one have its turn.
type Turn = Result<Next, SyncError>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    GoOn,
    Wait,
}

/// The pods that there should be, by number, made or not, and those too many, last number first.
struct Split {
    replicas: Vec<Arc<Pod>>,
    condemned: Vec<Arc<Pod>>,
}

impl Split {
    fn all(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.replicas.iter().chain(&self.condemned)
    }
}

impl<'s, 'c, 'a> Control<'s, 'c, 'a> {
    pub fn new(
        sync: &'s mut Sync<'c, 'a>,
        recorder: &'s mut EventRecorder,
        consistency: &'s mut Consistency,
        set: &'s StatefulSet,
    ) -> Self {
        let (key, about, now) = (Key::of(&set.metadata), ObjectReference::to(set), sync.ctx.time());
        let monotonic = set.spec.pod_management_policy != "Parallel";
        Control { sync, set, recorder, consistency, key, about, now, monotonic }
    }

    pub fn tell(&mut self, type_: &'static str, reason: &str, text: &str) {
        self.recorder.event(self.sync.ctx, &self.about, type_, reason, text);
    }

    pub fn wrote(&mut self, resource: Resource, version: u64) {
        self.consistency.wrote_at(&self.key, resource, version);
    }

    pub fn update(
        &mut self,
        pods: &[Arc<Pod>],
        revisions: Revisions,
    ) -> Result<StatefulSetStatus, SyncError> {
        let standing = match revisions::find(self.sync.ctx, self.set, &revisions) {
            Ok(standing) => standing,
            Err(error) => {
                let _ = revisions::truncate(self.sync.ctx, self.set, pods, &revisions, None);
                return Err(error);
            }
        };
        let (mut status, acted) = self.act(pods, &standing);
        status::complete_rolling_update(self.set, &mut status);
        let said = self.write_status(&status);
        let kept = revisions::truncate(self.sync.ctx, self.set, pods, &revisions, Some(&standing));
        acted.and(said).and(kept).map(|()| status)
    }

    fn write_status(&mut self, status: &StatefulSetStatus) -> SyncResult {
        if !status::is_news(self.set, status) {
            return Ok(());
        }
        let with = |set: &StatefulSet| StatefulSet { status: status.clone(), ..set.clone() };
        let updated = match self.sync.ctx.api.update_status(with(self.set)) {
            Err(error) if error.is_conflict() => {
                let Key { namespace, name } = &self.key;
                let fresh: Arc<StatefulSet> = self.sync.ctx.api.get(namespace, name)?;
                self.sync.ctx.api.update_status(with(&fresh))?
            }
            other => other?,
        };
        self.wrote(Resource::StatefulSet, updated.metadata.resource_version);
        Ok(())
    }

    fn is_unavailable(&self, pod: &Pod) -> bool {
        let seconds = self.set.spec.min_ready_seconds;
        !pods::is_available(pod, seconds, self.now) || pod.metadata.is_deleting()
    }

    fn split(&self, pods: &[Arc<Pod>], standing: &Standing) -> Result<Split, SyncError> {
        let (set, wanted) = (self.set, identity::ordinals(self.set));
        let mut there: Vec<Option<Arc<Pod>>> = vec![None; wanted.len()];
        let mut condemned: Vec<Arc<Pod>> = Vec::new();
        for pod in pods {
            let number = identity::ordinal(pod);
            let index = usize::try_from(number.saturating_sub(wanted.start)).unwrap_or(usize::MAX);
            match there.get_mut(index) {
                Some(place) if wanted.contains(&number) => *place = Some(Arc::clone(pod)),
                _ if number >= 0 => condemned.push(Arc::clone(pod)),
                _ => {}
            }
        }
        condemned.sort_by_key(|pod| std::cmp::Reverse(identity::ordinal(pod)));
        let current = standing.current_template(set)?;
        let make = |number: i32| {
            let (template, revision) = match number < self.old_below() {
                true => (&current, &standing.current),
                false => (&set.spec.template, &standing.update),
            };
            Arc::new(identity::new_pod(set, template, &revision.metadata.name, number))
        };
        let pairs = there.into_iter().zip(wanted);
        let replicas = pairs.map(|(pod, number)| pod.unwrap_or_else(|| make(number))).collect();
        Ok(Split { replicas, condemned })
    }

    /// Pods of a lower number than this are made from the current revision.
    fn old_below(&self) -> i32 {
        let strategy = &self.set.spec.update_strategy;
        let count = match (&strategy.rolling_update, strategy.type_.as_str()) {
            (Some(rolling), _) => rolling.partition.unwrap_or(0),
            (None, "RollingUpdate") => self.set.status.current_replicas,
            (None, _) => return i32::MIN,
        };
        self.set.start_ordinal().saturating_add(count)
    }

    fn count<'p>(&self, status: &mut StatefulSetStatus, pods: impl Iterator<Item = &'p Arc<Pod>>) {
        status::count(status, pods, self.set.spec.min_ready_seconds, self.now);
    }

    /// Does what can be done now. The status counts even if something failed.
    fn act(&mut self, pods: &[Arc<Pod>], standing: &Standing) -> (StatefulSetStatus, SyncResult) {
        let mut status = StatefulSetStatus {
            observed_generation: self.set.metadata.generation,
            current_revision: standing.current.metadata.name.clone(),
            update_revision: standing.update.metadata.name.clone(),
            collision_count: Some(standing.collisions),
            ..StatefulSetStatus::default()
        };
        self.count(&mut status, pods.iter());
        if self.set.metadata.is_deleting() {
            return (status, Ok(()));
        }
        let split = match self.split(pods, standing) {
            Ok(split) => split,
            Err(error) => return (status, Err(error)),
        };
        let turn = self.scale(&split);
        self.count(&mut status, split.all());
        let result = match turn {
            Ok(Next::Wait) => Ok(()),
            Ok(Next::GoOn) if self.set.spec.update_strategy.type_ == "OnDelete" => Ok(()),
            Ok(Next::GoOn) => self.roll(&split.replicas, &mut status),
            Err(error) => Err(error),
        };
        (status, result)
    }

    fn scale(&mut self, split: &Split) -> Turn {
        let mut in_order = split.replicas.iter().chain(split.condemned.iter().rev());
        let first_unavailable = in_order.find(|pod| self.is_unavailable(pod));
        let first = first_unavailable.map(|pod| (pod.metadata.uid, pod.metadata.name.clone()));
        let is_first = |pod: &Pod| {
            first.as_ref().is_some_and(|(uid, name): &(Uid, _)| {
                *uid == pod.metadata.uid && *name == pod.metadata.name
            })
        };
        if self.for_all(&split.replicas, Self::process_replica)? == Next::Wait
            || self.for_all(&split.condemned, Self::mend_claims)? == Next::Wait
        {
            return Ok(Next::Wait);
        }
        self.for_all(&split.condemned, |control, pod| control.process_condemned(pod, is_first(pod)))
    }

    /// Where order matters the first that waits is the last; else all have their turn.
    fn for_all(
        &mut self,
        pods: &[Arc<Pod>],
        mut work: impl FnMut(&mut Self, &Arc<Pod>) -> Turn,
    ) -> Turn {
        if self.monotonic {
            for pod in pods {
                if work(self, pod)? == Next::Wait {
                    return Ok(Next::Wait);
                }
            }
            return Ok(Next::GoOn);
        }
        let (_, result) = slow_start(pods.len(), |index| match pods.get(index) {
            Some(pod) => work(self, pod).map(|_| ()),
            None => Ok(()),
        });
        result.map(|()| Next::GoOn)
    }

    fn process_replica(&mut self, pod: &Arc<Pod>) -> Turn {
        if pod.status.phase.is_terminal() {
            if !pod.metadata.is_deleting() {
                self.delete_pod(pod)?;
            }
            return Ok(Next::Wait);
        }
        if !status::is_created(pod) {
            if self.has_stale_claim(pod) {
                return Ok(Next::Wait);
            }
            self.create_pod(pod)?;
            if self.monotonic {
                return Ok(Next::Wait);
            }
        }
        if pod.status.phase == PodPhase::Pending {
            self.create_claims(pod)?;
            self.update_claims(pod)?;
        }
        let ready = status::is_running_and_ready(pod) && !self.is_unavailable(pod);
        if self.monotonic && !ready {
            return Ok(Next::Wait);
        }
        let set = self.set;
        if !identity::identity_matches(set, pod)
            || !identity::storage_matches(set, pod)
            || !self.claims_match(pod)
        {
            self.update_pod(pod)?;
        }
        Ok(Next::GoOn)
    }

    fn mend_claims(&mut self, pod: &Arc<Pod>) -> Turn {
        if !self.claims_match(pod) {
            self.update_claims(pod)?;
        }
        Ok(Next::GoOn)
    }

    fn process_condemned(&mut self, pod: &Pod, is_first_unavailable: bool) -> Turn {
        if pod.metadata.is_deleting() {
            return Ok(if self.monotonic { Next::Wait } else { Next::GoOn });
        }
        let seconds = self.set.spec.min_ready_seconds;
        let fit = status::is_running_and_ready(pod) && pods::is_available(pod, seconds, self.now);
        if self.monotonic && !fit && !is_first_unavailable {
            return Ok(Next::Wait);
        }
        self.delete_pod(pod)?;
        Ok(Next::Wait)
    }

    /// Deletes the pod of the highest number that is of another revision, if all above it are
    /// available.
    fn roll(&mut self, replicas: &[Arc<Pod>], status: &mut StatefulSetStatus) -> SyncResult {
        let rolling = self.set.spec.update_strategy.rolling_update.as_ref();
        let partition = rolling.and_then(|rolling| rolling.partition).unwrap_or(0);
        let from = usize::try_from(partition).unwrap_or(0);
        for pod in replicas.iter().skip(from).rev() {
            if identity::revision(pod) != status.update_revision && !pod.metadata.is_deleting() {
                self.delete_pod(pod)?;
                status.current_replicas -= 1;
                return Ok(());
            }
            if self.is_unavailable(pod) {
                return Ok(());
            }
        }
        Ok(())
    }
}
