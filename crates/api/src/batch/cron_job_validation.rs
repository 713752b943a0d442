//! What is wrong with a cron job.
// Models ValidateCronJobCreate of pkg/apis/batch/validation/validation.go.

use apimachinery::cron::Schedule;
use apimachinery::field_path::FieldPath;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time_zone::TimeZone;
use apimachinery::wire::Wire;

use super::cron_job::CronJobSpec;
use super::job_validation;
use crate::validation::{non_negative, one_of};

/// A job's name is the cron job's and a number of eleven characters.
const NAME_MAX: usize = 52;

pub fn name(name: &str, errors: &mut FieldErrors) {
    if name.len() > NAME_MAX {
        let detail = "must be no more than 52 characters";
        errors.push(FieldError::invalid("metadata.name", name, detail));
    }
}

pub fn spec(spec: &CronJobSpec, old: Option<&CronJobSpec>, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    schedule(spec, old, &path.child("schedule"), errors);
    let deadline = spec.starting_deadline_seconds.unwrap_or(0);
    non_negative(deadline, path.child("startingDeadlineSeconds"), errors);
    if old.is_none_or(|old| old.time_zone != spec.time_zone) {
        time_zone(spec.time_zone.as_deref(), &path.child("timeZone"), errors);
    }
    let policies = ["Allow", "Forbid", "Replace"];
    one_of(&spec.concurrency_policy, &policies, path.child("concurrencyPolicy"), errors);
    let (job, at) = (&spec.job_template.spec, path.child("jobTemplate").child("spec"));
    job_validation::spec(job, &at, errors);
    if let Some(selector) = &job.selector {
        let detail = "`selector` will be auto-generated";
        errors.push(FieldError::invalid(at.child("selector"), selector.to_value(), detail));
    }
    if job.manual_selector == Some(true) {
        let mut error =
            FieldError::not_supported(at.child("manualSelector"), "", &["nil", "false"]);
        error.value = "true".to_owned();
        errors.push(error);
    }
    for (name, limit) in [
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
    ] {
        non_negative(i64::from(limit.unwrap_or(0)), path.child(name), errors);
    }
}

fn schedule(
    spec: &CronJobSpec,
    old: Option<&CronJobSpec>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let text = spec.schedule.as_str();
    if text.is_empty() {
        return errors.push(FieldError::required(path, ""));
    }
    if let Err(why) = Schedule::parse(text) {
        errors.push(FieldError::invalid(path, text, &why));
    }
    let allowed = old.is_some_and(|old| old.schedule.contains("TZ"));
    let detail = match (text.contains("TZ"), allowed, &spec.time_zone) {
        (true, true, Some(_)) => "cannot use both timeZone field and TZ or CRON_TZ in schedule",
        (true, false, _) => "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
        _ => return,
    };
    errors.push(FieldError::invalid(path, text, detail));
}

fn time_zone(zone: Option<&str>, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(zone) = zone else { return };
    if zone.is_empty() {
        let detail = "timeZone must be nil or non-empty string";
        return errors.push(FieldError::invalid(path, zone, detail));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    let sound = |part: &str| {
        (1..=14).contains(&part.len())
            && part.chars().all(allowed)
            && !part.starts_with('-')
            && part != "."
            && part != ".."
    };
    if !zone.split('/').all(sound) {
        return errors.push(FieldError::invalid(path, zone, &format!("unknown time zone {zone}")));
    }
    if zone.eq_ignore_ascii_case("Local") {
        let detail = "timeZone must be an explicit time zone as defined in \
                      https://www.iana.org/time-zones";
        errors.push(FieldError::invalid(path, zone, detail));
    }
    if let Err(why) = TimeZone::load(zone) {
        errors.push(FieldError::invalid(path, zone, &why));
    }
}
