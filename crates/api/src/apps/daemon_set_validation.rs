//! What is wrong with a DaemonSet.
// Models ValidateDaemonSetSpec and its kin in pkg/apis/apps/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::to_selector;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use serde_json::json;

use super::daemon_set::{
    DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy, RollingUpdateDaemonSet,
};
use super::validation::{
    always_running, amount, at_most_all, not_decremented, positive_int_or_percent,
};
use crate::core::pod_validation::validate_template;
use crate::validation::{label_selector, non_negative};

pub fn spec(spec: &DaemonSetSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    let at = path.child("selector");
    if let Some(selector) = &spec.selector {
        label_selector(selector, &at, &mut errors);
    }
    let labels = &spec.template.metadata.labels;
    if to_selector(spec.selector.as_ref()).is_ok_and(|selector| !selector.matches(labels)) {
        let detail = "`selector` does not match template `labels`";
        let path = path.child("template").child("metadata").child("labels");
        errors.push(FieldError::invalid(path, labels.to_value(), detail));
    }
    let selector = spec.selector.as_ref();
    let empty = selector.filter(|s| s.match_labels.is_empty() && s.match_expressions.is_empty());
    if let Some(selector) = empty {
        let detail = "empty selector is invalid for daemonset";
        errors.push(FieldError::invalid(at, selector.to_value(), detail));
    }
    let at = path.child("template");
    errors.extend(validate_template(&spec.template, &at));
    always_running(&spec.template, &at.child("spec"), "DaemonSet", &mut errors);
    let ready = i64::from(spec.min_ready_seconds);
    non_negative(ready, path.child("minReadySeconds"), &mut errors);
    strategy(&spec.update_strategy, &path.child("updateStrategy"), &mut errors);
    let limit = i64::from(spec.revision_history_limit.unwrap_or(0));
    non_negative(limit, path.child("revisionHistoryLimit"), &mut errors);
    errors
}

fn strategy(strategy: &DaemonSetUpdateStrategy, path: &FieldPath, errors: &mut FieldErrors) {
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", None) => {
            errors.push(FieldError::required(path.child("rollingUpdate"), ""));
        }
        ("RollingUpdate", Some(rolling)) => {
            rolling_update(rolling, &path.child("rollingUpdate"), errors);
        }
        (other, rolling) => {
            let mut error = FieldError::not_supported(path, "", &["RollingUpdate", "OnDelete"]);
            // As Go prints a type without JSON names.
            let rolling = rolling.as_ref().map_or("null".to_owned(), |rolling| {
                let of = |value: &Option<IntOrString>| value.clone().unwrap_or_default().to_value();
                let (unavailable, surge) = (of(&rolling.max_unavailable), of(&rolling.max_surge));
                format!("{{\"MaxUnavailable\":{unavailable},\"MaxSurge\":{surge}}}")
            });
            error.value = format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", json!(other));
            errors.push(error);
        }
    }
}

fn rolling_update(rolling: &RollingUpdateDaemonSet, path: &FieldPath, errors: &mut FieldErrors) {
    let zero = IntOrString::default();
    let unavailable = rolling.max_unavailable.as_ref().unwrap_or(&zero);
    let surge = rolling.max_surge.as_ref().unwrap_or(&zero);
    let (at_unavailable, at_surge) = (path.child("maxUnavailable"), path.child("maxSurge"));
    positive_int_or_percent(unavailable, &at_unavailable, errors);
    positive_int_or_percent(surge, &at_surge, errors);
    at_most_all(unavailable, &at_unavailable, errors);
    at_most_all(surge, &at_surge, errors);
    match (amount(unavailable) != 0, amount(surge) != 0) {
        (true, true) => {
            let detail = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(at_surge, surge.to_value(), detail));
        }
        (false, false) => {
            let detail = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(at_unavailable, detail));
        }
        _ => {}
    }
}

pub fn status_update(new: &DaemonSetStatus, old: &DaemonSetStatus) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("status");
    let counts = [
        ("currentNumberScheduled", i64::from(new.current_number_scheduled)),
        ("numberMisscheduled", i64::from(new.number_misscheduled)),
        ("desiredNumberScheduled", i64::from(new.desired_number_scheduled)),
        ("numberReady", i64::from(new.number_ready)),
        ("observedGeneration", new.observed_generation),
        ("updatedNumberScheduled", i64::from(new.updated_number_scheduled)),
        ("numberAvailable", i64::from(new.number_available)),
        ("numberUnavailable", i64::from(new.number_unavailable)),
        ("collisionCount", i64::from(new.collision_count.unwrap_or(0))),
    ];
    for (name, count) in counts {
        non_negative(count, path.child(name), &mut errors);
    }
    not_decremented(new.collision_count, old.collision_count, &mut errors);
    errors
}
