//! What may change in a pod that exists.
// Models ValidatePodUpdate of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::Value;
use std::sync::Arc;

use super::{Owner, tolerations, validate_body};
use crate::core::container::Container;
use crate::core::pod::Pod;
use crate::core::pod_spec::{PodBody, PodSpec, Toleration};

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),\
    `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// The spec of a changed pod; its metadata is checked by the registry.
pub fn validate_update(new: &Pod, old: &Pod) -> FieldErrors {
    let (spec, before) = (&new.spec, &old.spec);
    if spec == before {
        return FieldErrors::new();
    }
    let path = FieldPath::new("spec");
    let mut errors = FieldErrors::new();
    if !Arc::ptr_eq(&spec.body, &before.body) {
        let owner = if spec.extra.get("ephemeralContainers").is_some() {
            Owner::Template
        } else {
            Owner::Pod
        };
        errors = validate_body(&spec.body, &path, owner);
    }
    for (name, new, old) in [
        ("containers", &spec.containers, &before.containers),
        ("initContainers", &spec.init_containers, &before.init_containers),
    ] {
        if !images(new, old, &path.child(name), &mut errors) {
            return errors;
        }
    }
    if !deadline(spec, before, path.child("activeDeadlineSeconds"), &mut errors) {
        return errors;
    }
    added_tolerations(&spec.body, &before.body, &path.child("tolerations"), &mut errors);
    deleted_gates(&spec.body, &before.body, &path.child("schedulingGates"), &mut errors);
    let munged = munge(spec, before, &path, &mut errors);
    if munged != *before {
        let detail = format!(
            "pod updates may not change fields other than {UPDATABLE}\n{}",
            super::super::pod_diff::spec_diff(before, &munged)
        );
        errors.push(FieldError::forbidden(path, &detail));
    }
    errors
}

/// False where nothing further makes sense to check.
fn images(
    new: &[Container],
    old: &[Container],
    path: &FieldPath,
    errors: &mut FieldErrors,
) -> bool {
    if new.len() != old.len() {
        let detail = "pod updates may not add or remove containers";
        errors.push(FieldError::forbidden(path, detail));
        return false;
    }
    for (i, container) in new.iter().enumerate() {
        if container.image.is_empty() {
            errors.push(FieldError::required(path.index(i).child("image"), ""));
        }
    }
    true
}

fn deadline(new: &PodBody, old: &PodBody, path: FieldPath, errors: &mut FieldErrors) -> bool {
    match (new.active_deadline_seconds, old.active_deadline_seconds) {
        (Some(seconds), _) if !(0..=i64::from(i32::MAX)).contains(&seconds) => {
            let detail = names::inclusive_range_error(0, i64::from(i32::MAX));
            errors.push(FieldError::invalid(path, seconds, &detail));
            false
        }
        (Some(seconds), Some(before)) if before < seconds => {
            let detail = "must be less than or equal to previous value";
            errors.push(FieldError::invalid(path, seconds, detail));
            false
        }
        (None, Some(_)) => {
            let detail = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid(path, Value::Null, detail));
            true
        }
        _ => true,
    }
}

fn added_tolerations(new: &PodBody, old: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    let same = |a: &Toleration, b: &Toleration| {
        Toleration { toleration_seconds: b.toleration_seconds, ..a.clone() } == *b
    };
    let kept = |old: &Toleration| new.tolerations.iter().any(|new| same(old, new));
    if !old.tolerations.iter().all(kept) {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        return errors.push(FieldError::forbidden(path, detail));
    }
    if new.tolerations != old.tolerations {
        tolerations(&new.tolerations, path, errors);
    }
}

fn deleted_gates(new: &PodBody, old: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    for (i, gate) in new.scheduling_gates.iter().enumerate() {
        if old.scheduling_gates.iter().all(|before| before["name"] != gate["name"]) {
            let name = gate["name"].as_str().unwrap_or_default();
            let detail =
                format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errors.push(FieldError::forbidden(path.index(i).child("name"), &detail));
        }
    }
}

/// The new spec with everything that may change put back to what it was.
fn munge(new: &PodSpec, old: &PodSpec, path: &FieldPath, errors: &mut FieldErrors) -> PodSpec {
    let mut munged = new.clone();
    let body = munged.body_mut();
    for (containers, before) in
        [(&mut body.containers, &old.containers), (&mut body.init_containers, &old.init_containers)]
    {
        for (container, before) in containers.iter_mut().zip(before) {
            container.image = before.image.clone();
        }
    }
    body.active_deadline_seconds = old.active_deadline_seconds;
    body.tolerations = old.tolerations.clone();
    body.scheduling_gates = old.scheduling_gates.clone();
    let grace = old.termination_grace_period_seconds;
    if grace.is_some_and(|seconds| seconds < 0) && body.termination_grace_period_seconds == Some(1)
    {
        body.termination_grace_period_seconds = grace;
    }
    if !old.scheduling_gates.is_empty() {
        let kept = old.node_selector.iter().all(|(k, v)| body.node_selector.get(k) == Some(v));
        if !kept {
            let path = path.child("nodeSelector");
            let detail = "only additions to spec.nodeSelector are allowed (no mutations or \
                          deletions)";
            let value = apimachinery::wire::Wire::to_value(&body.node_selector);
            errors.push(FieldError::invalid(path, value, detail));
        }
        body.node_selector = old.node_selector.clone();
    }
    munged
}
