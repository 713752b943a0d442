//! Failures counted by index: which indexes have failed for good, and the pod that each of the
//! others is replaced after.
//! Models pkg/controller/job/indexed_job_utils.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::batch::job::JobSpec;
use api::{Job, Pod};
use client::Ctx;
use clock::Duration;

use super::backoff::{BackoffRecord, finished_at};
use super::has_tracking_finalizer;
use super::indexes::{Indexes, index_of};
use super::policy::{has_failed, judge};

const FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-failure-count";
const IGNORED_FAILURE_COUNT: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

fn count(pod: &Pod, annotation: &str) -> i32 {
    let text = pod.metadata.annotation(annotation);
    text.and_then(|text| text.parse().ok()).filter(|count| *count >= 0).unwrap_or(0)
}

/// How often pods of its index failed before this one, ignored failures too.
fn all_failures(pod: &Pod) -> i32 {
    count(pod, FAILURE_COUNT).saturating_add(count(pod, IGNORED_FAILURE_COUNT))
}

fn index_failed(spec: &JobSpec, pod: &Pod) -> bool {
    if !has_failed(pod, spec) {
        return false;
    }
    let verdict = judge(spec.pod_failure_policy.as_ref(), pod);
    let limit = spec.backoff_limit_per_index.unwrap_or(i32::MAX);
    verdict.fails_index || (verdict.counts && count(pod, FAILURE_COUNT) >= limit)
}

pub fn failed_indexes(job: &Job, pods: &[Arc<Pod>]) -> Indexes {
    let completions = job.spec.completions.unwrap_or(0);
    let before = job.status.failed_indexes.as_deref().unwrap_or_default();
    let failed: BTreeSet<i32> = pods
        .iter()
        .filter(|pod| has_tracking_finalizer(pod) && index_failed(&job.spec, pod))
        .filter_map(|pod| index_of(pod).filter(|index| *index < completions))
        .collect();
    Indexes::parse(before, completions).with(&failed)
}

/// The last failed pod of each index that is still to be tried again: it keeps its finalizer until
/// another pod has taken its counts over.
pub fn awaiting_replacement<'p>(
    spec: &JobSpec,
    pods: impl Iterator<Item = &'p Arc<Pod>>,
    settled: &Indexes,
) -> BTreeMap<i32, Arc<Pod>> {
    let completions = spec.completions.unwrap_or(0);
    let mut last: BTreeMap<i32, Arc<Pod>> = BTreeMap::new();
    for pod in pods.filter(|pod| has_failed(pod, spec)) {
        let Some(index) = index_of(pod).filter(|index| *index < completions) else { continue };
        let later = last.get(&index).is_none_or(|known| {
            all_failures(known) <= all_failures(pod) && finished_at(pod) >= finished_at(known)
        });
        if later && !settled.has(index) {
            last.insert(index, Arc::clone(pod));
        }
    }
    last
}

/// How long an index waits before it is tried again.
pub fn remaining(ctx: &Ctx<'_>, last_failed: Option<&Arc<Pod>>) -> Duration {
    let Some(pod) = last_failed else { return Duration::ZERO };
    let failures = all_failures(pod).saturating_add(1);
    BackoffRecord { failures, last_failure: Some(finished_at(pod)) }.remaining(ctx)
}

/// Hands the counts of the pod that is replaced to its successor.
pub fn annotate(pod: &mut Pod, spec: &JobSpec, replaced: Option<&Arc<Pod>>) {
    let (mut failures, mut ignored) = (0, 0);
    if let Some(replaced) = replaced {
        let counts = judge(spec.pod_failure_policy.as_ref(), replaced).counts;
        failures = count(replaced, FAILURE_COUNT).saturating_add(i32::from(counts));
        ignored = count(replaced, IGNORED_FAILURE_COUNT).saturating_add(i32::from(!counts));
    }
    pod.metadata.set_annotation(FAILURE_COUNT, &failures.to_string());
    if ignored > 0 {
        pod.metadata.set_annotation(IGNORED_FAILURE_COUNT, &ignored.to_string());
    }
}
