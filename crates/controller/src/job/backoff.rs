//! How long a job waits before it replaces failed pods: 10 s, doubling, at most ten minutes.
//! Models pkg/controller/job/backoff_utils.go.

use std::sync::Arc;

use api::Pod;
use api::core::pod_status::{ConditionStatus, ContainerState, ContainerStatus, PodConditionType};
use apimachinery::time::Time;
use client::Ctx;
use clock::Duration;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Failures of a job since one of its pods last succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackoffRecord {
    pub failures: i32,
    pub last_failure: Option<Time>,
}

impl BackoffRecord {
    /// The record after these pods have ended.
    pub fn after(mut self, succeeded: &[Arc<Pod>], failed: &[Arc<Pod>]) -> Self {
        let last_failure = failed.iter().map(|pod| finished_at(pod)).max();
        let Some(success) = succeeded.iter().map(|pod| finished_at(pod)).max() else {
            let count = i32::try_from(failed.len()).unwrap_or(i32::MAX);
            self.failures = self.failures.saturating_add(count);
            self.last_failure = last_failure.or(self.last_failure);
            return self;
        };
        let later = failed.iter().filter(|pod| finished_at(pod) > success).count();
        let last_failure = last_failure.filter(|_| later > 0);
        BackoffRecord { failures: i32::try_from(later).unwrap_or(i32::MAX), last_failure }
    }

    /// How long to wait still.
    pub fn remaining(&self, ctx: &Ctx<'_>) -> Duration {
        let Some(last) = self.last_failure.filter(|_| self.failures > 0) else {
            return Duration::ZERO;
        };
        let doublings = u32::try_from(self.failures - 1).unwrap_or(0).min(16);
        let wait = (FIRST * (1 << doublings)).min(LONGEST);
        wait.saturating_sub(ctx.now.since(ctx.sim_time(last)))
    }
}

/// When a pod ended; what comes nearest to it if that is not known.
pub fn finished_at(pod: &Pod) -> Time {
    let status = &pod.status;
    let is_sidecar = |container: &&ContainerStatus| {
        let spec = pod.spec.init_containers.iter().find(|c| c.name == container.name);
        spec.is_some_and(|spec| spec.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = status.init_container_statuses.iter().filter(is_sidecar);
    let mut containers = status.container_statuses.iter().chain(sidecars);
    let ended = containers.try_fold(None, |latest: Option<Time>, container| {
        let ContainerState::Terminated(state) = &container.state else { return Err(()) };
        let at = state.finished_at.ok_or(())?;
        Ok(Some(latest.map_or(at, |latest| latest.max(at))))
    });
    let unready = || {
        let ready = status.condition(&PodConditionType::Ready)?;
        ready.last_transition_time.filter(|_| ready.status == ConditionStatus::False)
    };
    let deleted = || {
        let grace = pod.metadata.deletion_grace_period_seconds().unwrap_or(0);
        Some(Time(pod.metadata.deletion_timestamp()?.0.saturating_sub(grace)))
    };
    let known = ended.ok().flatten().or_else(unready).or_else(deleted);
    known.or(pod.metadata.creation_timestamp).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::core::pod_status::ContainerStateTerminated;

    fn ended(at: i64) -> Arc<Pod> {
        let mut pod = Pod::default();
        pod.status.container_statuses.push(ContainerStatus {
            state: ContainerState::Terminated(Box::new(ContainerStateTerminated {
                finished_at: Some(Time(at)),
                ..ContainerStateTerminated::default()
            })),
            ..ContainerStatus::default()
        });
        Arc::new(pod)
    }

    #[test]
    fn a_success_forgives_what_failed_before() {
        let record =
            |failures, last: i64| BackoffRecord { failures, last_failure: Some(Time(last)) };
        let none = BackoffRecord::default();
        for (before, succeeded, failed, after) in [
            (none, vec![], vec![], none),
            (none, vec![], vec![5, 7], record(2, 7)),
            (record(2, 7), vec![], vec![], record(2, 7)),
            (record(2, 7), vec![], vec![9], record(3, 9)),
            (record(2, 7), vec![8], vec![], none),
            (record(2, 7), vec![8], vec![8, 9, 10], record(2, 10)),
            (record(2, 7), vec![12], vec![9, 10], none),
        ] {
            let pods = |times: Vec<i64>| times.into_iter().map(ended).collect::<Vec<_>>();
            assert_eq!(before.after(&pods(succeeded), &pods(failed)), after);
        }
    }
}
