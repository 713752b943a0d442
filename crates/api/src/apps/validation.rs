//! What workloads have in common to check, and the rules of deployments and replica sets.
// Models pkg/apis/apps/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::{LabelSelector, to_selector};
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;

use super::deployment::{DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use super::replica_set::ReplicaSetSpec;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_validation::validate_template;
use crate::validation::{NEGATIVE, immutable, label_selector, non_negative};

pub fn deployment_spec(spec: &DeploymentSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    let replicas = i64::from(spec.replicas.unwrap_or(0));
    non_negative(replicas, path.child("replicas"), &mut errors);
    selector_and_template(spec.selector.as_ref(), &spec.template, &path, &mut errors);
    strategy(&spec.strategy, &path.child("strategy"), &mut errors);
    let ready = spec.min_ready_seconds;
    non_negative(i64::from(ready), path.child("minReadySeconds"), &mut errors);
    if let Some(limit) = spec.revision_history_limit {
        non_negative(i64::from(limit), path.child("revisionHistoryLimit"), &mut errors);
    }
    if let Some(seconds) = spec.progress_deadline_seconds {
        let path = path.child("progressDeadlineSeconds");
        non_negative(i64::from(seconds), path.clone(), &mut errors);
        if seconds <= ready {
            let detail = "must be greater than minReadySeconds";
            errors.push(FieldError::invalid(path, seconds, detail));
        }
    }
    errors
}

pub fn replica_set_spec(spec: &ReplicaSetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    let replicas = i64::from(spec.replicas.unwrap_or(0));
    non_negative(replicas, path.child("replicas"), &mut errors);
    let ready = i64::from(spec.min_ready_seconds);
    non_negative(ready, path.child("minReadySeconds"), &mut errors);
    selector_and_template(spec.selector.as_ref(), &spec.template, &path, &mut errors);
    errors
}

/// Counts of a status: none negative, none above the number of pods. The first stands for that
/// number; `ready` and `available` are named because one bounds the other.
pub fn status_counts(
    observed: i64,
    replicas: i32,
    counts: &[(&str, i32)],
    ready: i32,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("status");
    non_negative(observed, path.child("observedGeneration"), &mut errors);
    non_negative(i64::from(replicas), path.child("replicas"), &mut errors);
    for (name, count) in counts {
        non_negative(i64::from(*count), path.child(name), &mut errors);
    }
    counts_within(replicas, counts, ("readyReplicas", ready), &mut errors);
    errors
}

/// None of the counts above the number of pods, and `availableReplicas` not above the ready ones.
pub fn counts_within(
    replicas: i32,
    counts: &[(&str, i32)],
    ready: (&str, i32),
    errors: &mut FieldErrors,
) {
    let path = FieldPath::new("status");
    for (name, count) in counts.iter().filter(|(_, count)| *count > replicas) {
        let detail = "cannot be greater than status.replicas";
        errors.push(FieldError::invalid(path.child(name), *count, detail));
    }
    for (name, count) in counts.iter().filter(|(name, _)| *name == "availableReplicas") {
        if *count > ready.1 {
            let detail = format!("cannot be greater than {}", ready.0);
            errors.push(FieldError::invalid(path.child(name), *count, &detail));
        }
    }
}

/// How often names collided is only ever counted up.
pub fn not_decremented(new: Option<i32>, old: Option<i32>, errors: &mut FieldErrors) {
    if old.is_some_and(|old| new.is_none_or(|new| new < old)) {
        let path = FieldPath::new("status").child("collisionCount");
        errors.push(FieldError::invalid(path, new.unwrap_or(0), "cannot be decremented"));
    }
}

/// The selector of a workload stays what it was.
pub fn same_selector(
    new: &Option<LabelSelector>,
    old: &Option<LabelSelector>,
    errors: &mut FieldErrors,
) {
    immutable(new, old, FieldPath::new("spec").child("selector"), errors);
}

/// A selector that is there and says something. `kind` is whose, in lower case.
pub fn required_selector(
    selector: Option<&LabelSelector>,
    kind: &str,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let at = path.child("selector");
    let Some(selector) = selector else {
        errors.push(FieldError::required(&at, ""));
        return;
    };
    label_selector(selector, &at, errors);
    if selector.match_labels.is_empty() && selector.match_expressions.is_empty() {
        let detail = format!("empty selector is invalid for {kind}");
        errors.push(FieldError::invalid(&at, selector.to_value(), &detail));
    }
}

fn selector_and_template(
    selector: Option<&LabelSelector>,
    template: &PodTemplateSpec,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    // Upstream says so for replica sets too.
    required_selector(selector, "deployment", path, errors);
    let at = path.child("selector");
    match to_selector(selector) {
        Err(_) => {
            let value = selector.map(Wire::to_value).unwrap_or_default();
            errors.push(FieldError::invalid(at, value, "invalid label selector"));
        }
        Ok(compiled) => {
            let path = path.child("template");
            if !compiled.is_everything() && !compiled.matches(&template.metadata.labels) {
                let detail = "`selector` does not match template `labels`";
                let value = template.metadata.labels.to_value();
                let path = path.child("metadata").child("labels");
                errors.push(FieldError::invalid(path, value, detail));
            }
            errors.extend(validate_template(template, &path));
            always_running(template, &path.child("spec"), "ReplicaSet", errors);
        }
    }
}

/// Pods that a controller keeps running have no end of their own.
pub fn always_running(
    template: &PodTemplateSpec,
    path: &FieldPath,
    kind: &str,
    errors: &mut FieldErrors,
) {
    let policy = template.spec.restart_policy.as_str();
    if policy != "Always" {
        let path = path.child("restartPolicy");
        errors.push(FieldError::not_supported(path, policy, &["Always"]));
    }
    if template.spec.active_deadline_seconds.is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(path.child("activeDeadlineSeconds"), &detail));
    }
}

fn strategy(strategy: &DeploymentStrategy, path: &FieldPath, errors: &mut FieldErrors) {
    let at = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("Recreate", None) => {}
        ("Recreate", Some(_)) => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            errors.push(FieldError::forbidden(at, detail));
        }
        ("RollingUpdate", None) => {
            let detail = "this should be defaulted and never be nil";
            errors.push(FieldError::required(at, detail));
        }
        ("RollingUpdate", Some(rolling)) => rolling_update(rolling, &at, errors),
        _ => {
            let mut error = FieldError::not_supported(path, "", &["Recreate", "RollingUpdate"]);
            error.value = strategy.to_value().to_string();
            errors.push(error);
        }
    }
}

/// A number of pods or a percentage.
pub fn positive_int_or_percent(value: &IntOrString, path: &FieldPath, errors: &mut FieldErrors) {
    match value {
        IntOrString::Int(number @ ..=-1) => {
            errors.push(FieldError::invalid(path, *number, NEGATIVE));
        }
        IntOrString::Int(_) => {}
        IntOrString::String(text) => {
            for message in names::is_valid_percent(text) {
                errors.push(FieldError::invalid(path, text.as_str(), &message));
            }
        }
    }
}

fn percent(value: &IntOrString) -> Option<i64> {
    match value {
        IntOrString::Int(_) => None,
        IntOrString::String(text) if !names::is_valid_percent(text).is_empty() => None,
        IntOrString::String(text) => text.strip_suffix('%')?.parse().ok(),
    }
}

/// The number, or the percentage without its sign.
pub fn amount(value: &IntOrString) -> i64 {
    percent(value).unwrap_or_else(|| value.int_value())
}

/// A percentage of 100 at most.
pub fn at_most_all(value: &IntOrString, path: &FieldPath, errors: &mut FieldErrors) {
    if percent(value).is_some_and(|percent| percent > 100) {
        let detail = "must not be greater than 100%";
        errors.push(FieldError::invalid(path, value.to_value(), detail));
    }
}

fn rolling_update(rolling: &RollingUpdateDeployment, path: &FieldPath, errors: &mut FieldErrors) {
    let zero = IntOrString::default();
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
    let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
    let at = path.child("maxUnavailable");
    positive_int_or_percent(unavailable, &at, errors);
    positive_int_or_percent(surge, &path.child("maxSurge"), errors);
    if amount(unavailable) == 0 && amount(surge) == 0 {
        let detail = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(&at, unavailable.to_value(), detail));
    }
    at_most_all(unavailable, &at, errors);
}
