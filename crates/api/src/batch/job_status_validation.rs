//! What a job's status may not say.
// Models ValidateJobUpdateStatus of pkg/apis/batch/validation/validation.go and which of its rules
// pkg/registry/batch/job/strategy.go lets count for a change.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::meta::Uid;
use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use apimachinery::wire::Wire;

use super::indexes;
use super::job::{Job, JobStatus};
use crate::validation::{IMMUTABLE, non_negative};

/// What changed between two statuses: old rules' violations are only held against a change.
struct Changed<'a> {
    new: &'a JobStatus,
    old: &'a JobStatus,
}

impl Changed<'_> {
    fn condition(&self, type_: &str) -> bool {
        self.new.is_true(type_) != self.old.is_true(type_)
    }

    fn finished(&self) -> bool {
        self.new.finished().is_some() != self.old.finished().is_some()
    }

    fn start(&self) -> bool {
        self.new.start_time != self.old.start_time
    }

    fn completion(&self) -> bool {
        self.new.completion_time != self.old.completion_time
    }

    fn completed_indexes(&self) -> bool {
        self.new.completed_indexes != self.old.completed_indexes
    }

    fn failed_indexes(&self) -> bool {
        self.new.failed_indexes != self.old.failed_indexes
    }
}

fn path(name: &str) -> FieldPath {
    FieldPath::new("status").child(name)
}

fn conditions(detail: &str) -> FieldError {
    FieldError::bare(FieldErrorKind::Invalid, path("conditions"), detail)
}

pub fn status_update(job: &Job, before: &Job) -> FieldErrors {
    let (new, old) = (&job.status, &before.status);
    let mut errors = FieldErrors::new();
    let changed = Changed { new, old };
    counts(new, &mut errors);
    ending(new, &changed, &mut errors);
    finished(job, &changed, &mut errors);
    index_lists(job, &changed, &mut errors);
    criteria(job, &mut errors);
    transitions(job, before, &changed, &mut errors);
    errors
}

fn counts(status: &JobStatus, errors: &mut FieldErrors) {
    for (name, count) in [
        ("active", Some(status.active)),
        ("succeeded", Some(status.succeeded)),
        ("failed", Some(status.failed)),
        ("ready", status.ready),
        ("terminating", status.terminating),
    ] {
        non_negative(i64::from(count.unwrap_or(0)), path(name), errors);
    }
    let Some(uncounted) = &status.uncounted_terminated_pods else { return };
    let mut seen: BTreeSet<Uid> = BTreeSet::new();
    for (name, uids) in [("succeeded", &uncounted.succeeded), ("failed", &uncounted.failed)] {
        for (i, uid) in uids.iter().enumerate() {
            let path = path("uncountedTerminatedPods").child(name).index(i);
            if uid.is_unset() {
                errors.push(FieldError::invalid(path, "", "must not be empty"));
            } else if !seen.insert(*uid) {
                errors.push(FieldError::duplicate(path, uid.to_string()));
            }
        }
    }
}

fn ending(status: &JobStatus, changed: &Changed<'_>, errors: &mut FieldErrors) {
    let (complete, failed) = (status.is_true("Complete"), status.is_true("Failed"));
    let (ends, fails) = (changed.condition("Complete"), changed.condition("Failed"));
    let target = status.is_true("FailureTarget");
    if (ends || fails) && complete && failed {
        errors.push(conditions("cannot set Complete=True and Failed=true conditions"));
    }
    if (ends || changed.condition("FailureTarget")) && complete && target {
        errors.push(conditions("cannot set Complete=True and FailureTarget=true conditions"));
    }
    let time = status.completion_time;
    if (ends || changed.completion()) && time.is_some() != complete {
        let path = path("completionTime");
        errors.push(if complete {
            FieldError::required(path, "completionTime is required for Complete jobs")
        } else {
            let detail = "cannot set completionTime when there is no Complete=True condition";
            FieldError::invalid(path, time.to_value(), detail)
        });
    }
    if (changed.start() || changed.completion())
        && let (Some(start), Some(end)) = (status.start_time, time)
        && end < start
    {
        let detail = "must be equal to or after `startTime`";
        errors.push(FieldError::invalid(path("completionTime"), end.to_value(), detail));
    }
    if (fails || changed.failed_indexes()) && failed && !target {
        let detail = "cannot set Failed=True condition without the FailureTarget=true condition";
        errors.push(conditions(detail));
    }
    if (ends || changed.condition("SuccessCriteriaMet"))
        && complete
        && !status.is_true("SuccessCriteriaMet")
    {
        let detail = "cannot set Complete=True condition without the SuccessCriteriaMet=true \
                      condition";
        errors.push(conditions(detail));
    }
}

fn finished(job: &Job, changed: &Changed<'_>, errors: &mut FieldErrors) {
    let (status, old) = (changed.new, changed.old);
    let finished = status.finished().is_some();
    let anew = |other: bool| finished && (changed.finished() || other);
    if anew(status.active != old.active) && status.active > 0 {
        let detail = "active>0 is invalid for finished job";
        errors.push(FieldError::invalid(path("active"), status.active, detail));
    }
    let nothing_to_do = job.spec.is_suspended() && job.spec.completions == Some(0);
    if anew(changed.start()) && !nothing_to_do && status.start_time.is_none() {
        let detail = "startTime is required for finished job";
        errors.push(FieldError::required(path("startTime"), detail));
    }
    let uncounted = &status.uncounted_terminated_pods;
    if let Some(pods) = uncounted
        && anew(*uncounted != old.uncounted_terminated_pods)
        && !(pods.failed.is_empty() && pods.succeeded.is_empty())
    {
        let (path, detail) = (path("uncountedTerminatedPods"), "must be empty for finished job");
        errors.push(FieldError::invalid(path, pods.to_value(), detail));
    }
}

fn index_lists(job: &Job, changed: &Changed<'_>, errors: &mut FieldErrors) {
    let status = changed.new;
    let completed = status.completed_indexes.as_str();
    let (completed_path, failed_path) = (path("completedIndexes"), path("failedIndexes"));
    let completions = job.spec.completions;
    let mut check = |name: &str, text: &str| {
        let Some(completions) = completions else { return };
        if let Err(why) = indexes::validate(text, completions) {
            let detail = format!("error parsing {name}: {why}");
            errors.push(FieldError::invalid(path(name), text, &detail));
        }
    };
    if changed.completed_indexes() {
        check("completedIndexes", completed);
    }
    let failed = status.failed_indexes.as_deref();
    let per_index = job.spec.backoff_limit_per_index.is_some();
    if let Some(failed) = failed.filter(|_| per_index && changed.failed_indexes()) {
        check("failedIndexes", failed);
    }
    if changed.completed_indexes() && !completed.is_empty() && !job.spec.is_indexed() {
        let detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
        errors.push(FieldError::invalid(completed_path, completed, detail));
    }
    if let Some(failed) = failed.filter(|_| !per_index && changed.failed_indexes()) {
        let detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        errors.push(FieldError::invalid(&failed_path, failed, detail));
    }
    if changed.completed_indexes() || changed.failed_indexes() {
        let pair = failed.zip(completions);
        let overlap = pair.and_then(|(failed, count)| indexes::overlap(completed, failed, count));
        if let (Some(failed), Some(at)) = (failed, overlap) {
            let detail = format!("failedIndexes and completedIndexes overlap at index: {at}");
            errors.push(FieldError::invalid(failed_path, failed, &detail));
        }
    }
    let (active, ready) = (status.active, status.ready.unwrap_or(0));
    let terminating = status.terminating.unwrap_or(0);
    let moved = changed.finished() || status.terminating != changed.old.terminating;
    if moved && terminating > 0 && status.finished().is_some() {
        let detail = "terminating>0 is invalid for finished job";
        errors.push(FieldError::invalid(path("terminating"), terminating, detail));
    }
    let moved = status.ready != changed.old.ready || active != changed.old.active;
    if moved && ready > active {
        let detail = "cannot set more ready pods than active";
        errors.push(FieldError::invalid(path("ready"), ready, detail));
    }
}

fn criteria(job: &Job, errors: &mut FieldErrors) {
    let status = &job.status;
    if !status.is_true("SuccessCriteriaMet") {
        if job.spec.success_policy.is_some() && status.is_true("Complete") {
            let detail = "cannot set Complete=True for Job with SuccessPolicy unless \
                          SuccessCriteriaMet=True";
            errors.push(conditions(detail));
        }
        return;
    }
    for (type_, name) in [("Failed", "Failed"), ("FailureTarget", "FailureTarget")] {
        if status.is_true(type_) {
            let detail = format!("cannot set SuccessCriteriaMet=True and {name}=true conditions");
            errors.push(conditions(&detail));
        }
    }
}

fn transitions(job: &Job, before: &Job, changed: &Changed<'_>, errors: &mut FieldErrors) {
    let (new, old) = (changed.new, changed.old);
    for type_ in ["Failed", "Complete", "FailureTarget"] {
        if old.is_true(type_) && !new.is_true(type_) {
            errors.push(conditions(&format!("cannot disable the terminal {type_}=True condition")));
        }
    }
    if new.failed < old.failed {
        let detail = "cannot decrease the failed counter";
        errors.push(FieldError::invalid(path("failed"), new.failed, detail));
    }
    let elastic = job.spec.is_indexed() && job.spec.completions == job.spec.parallelism;
    if !elastic && new.succeeded < old.succeeded {
        let detail = "cannot decrease the succeeded counter";
        errors.push(FieldError::invalid(path("succeeded"), new.succeeded, detail));
    }
    if changed.completion() && new.completion_time.is_some() && old.completion_time.is_some() {
        let value = new.completion_time.to_value();
        errors.push(FieldError::invalid(path("completionTime"), value, IMMUTABLE));
    }
    let resumed = old.is_true("Suspended")
        && new.condition("Suspended").is_some_and(|c| c.status.as_str() == "False");
    if changed.start() && !resumed && old.start_time.is_some() && !job.spec.is_suspended() {
        let detail = "field is immutable for unsuspended job once set";
        errors.push(FieldError::invalid(path("startTime"), new.start_time.to_value(), detail));
    }
    let met = |job: &Job| job.status.is_true("SuccessCriteriaMet");
    if met(before) && !met(job) {
        errors.push(conditions("cannot disable the SuccessCriteriaMet=True condition"));
    }
    if old.is_true("Complete") && !met(before) && met(job) {
        let detail = "cannot set SuccessCriteriaMet=True for Job already has Complete=true \
                      conditions";
        errors.push(conditions(detail));
    }
}
