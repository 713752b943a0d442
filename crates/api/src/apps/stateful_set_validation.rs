//! What is wrong with a StatefulSet.
// Models ValidateStatefulSetSpec and its kin in pkg/apis/apps/validation/validation.go.

use std::sync::Arc;

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::to_selector;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use serde_json::{Value, json};

use super::stateful_set::{
    RollingUpdateStatefulSetStrategy, StatefulSetSpec, StatefulSetStatus, StatefulSetUpdateStrategy,
};
use super::validation::{
    amount, at_most_all, counts_within, not_decremented, positive_int_or_percent, required_selector,
};
use crate::core::persistent_volume_claim;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_validation::validate_template;
use crate::core::volume::Volume;
use crate::validation::{self as shared, check, non_negative};

/// What an update does not check again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lenient {
    pub service_name: bool,
    pub template: bool,
    pub claims: bool,
}

pub fn spec(spec: &StatefulSetSpec, lenient: Lenient) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    management(&spec.pod_management_policy, path.child("podManagementPolicy"), &mut errors);
    strategy(&spec.update_strategy, &path.child("updateStrategy"), &mut errors);
    retention(spec, &path.child("persistentVolumeClaimRetentionPolicy"), &mut errors);
    if !lenient.claims {
        for (i, claim) in spec.volume_claim_templates.iter().enumerate() {
            let path = path.child("volumeClaimTemplates").index(i).child("spec");
            errors.extend(persistent_volume_claim::validate_spec(&claim.spec, &path));
        }
    }
    let replicas = i64::from(spec.replicas.unwrap_or(0));
    non_negative(replicas, path.child("replicas"), &mut errors);
    let ready = i64::from(spec.min_ready_seconds);
    non_negative(ready, path.child("minReadySeconds"), &mut errors);
    if let Some(ordinals) = &spec.ordinals {
        non_negative(i64::from(ordinals.start), path.child("ordinals.start"), &mut errors);
    }
    if !lenient.service_name && !spec.service_name.is_empty() {
        let path = path.child("serviceName");
        check(names::is_dns1123_label, &spec.service_name, &path, &mut errors);
    }
    required_selector(spec.selector.as_ref(), "statefulset", &path, &mut errors);
    template(spec, lenient, &path, &mut errors);
    super::validation::always_running(
        &spec.template,
        &path.child("template").child("spec"),
        "StatefulSet",
        &mut errors,
    );
    errors
}

fn management(policy: &str, path: FieldPath, errors: &mut FieldErrors) {
    match policy {
        "" => errors.push(FieldError::required(path, "")),
        "OrderedReady" | "Parallel" => {}
        other => {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            errors.push(FieldError::invalid(path, other, detail));
        }
    }
}

/// The value of an error as Go prints a type without JSON names.
fn printed(mut error: FieldError, value: String) -> FieldError {
    error.value = value;
    error
}

fn rolling_text(rolling: Option<&RollingUpdateStatefulSetStrategy>) -> String {
    let Some(rolling) = rolling else { return "null".to_owned() };
    let unavailable = rolling.max_unavailable.to_value();
    let partition = rolling.partition.unwrap_or(0);
    format!("{{\"Partition\":{partition},\"MaxUnavailable\":{unavailable}}}")
}

fn strategy(strategy: &StatefulSetUpdateStrategy, path: &FieldPath, errors: &mut FieldErrors) {
    let at = path.child("rollingUpdate");
    match (strategy.type_.as_str(), &strategy.rolling_update) {
        ("", _) => errors.push(FieldError::required(path, "")),
        ("OnDelete", None) | ("RollingUpdate", None) => {}
        ("OnDelete", rolling) => {
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            let error = FieldError::invalid(at, Value::Null, detail);
            errors.push(printed(error, rolling_text(rolling.as_ref())));
        }
        ("RollingUpdate", Some(rolling)) => {
            let partition = i64::from(rolling.partition.unwrap_or(0));
            non_negative(partition, at.child("partition"), errors);
            if let Some(unavailable) = &rolling.max_unavailable {
                max_unavailable(unavailable, &at.child("maxUnavailable"), errors);
            }
        }
        (other, rolling) => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            let rolling = rolling_text(rolling.as_ref());
            let value = format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", json!(other));
            errors.push(printed(FieldError::invalid(path, Value::Null, detail), value));
        }
    }
}

fn max_unavailable(value: &IntOrString, path: &FieldPath, errors: &mut FieldErrors) {
    positive_int_or_percent(value, path, errors);
    if amount(value) == 0 {
        errors.push(FieldError::invalid(path, value.to_value(), "cannot be 0"));
    }
    at_most_all(value, path, errors);
}

fn retention(spec: &StatefulSetSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(policy) = &spec.pvc_retention_policy else { return };
    let policies = [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)];
    for (name, policy) in policies {
        if policy != "Retain" && policy != "Delete" {
            let supported = ["Retain", "Delete"];
            errors.push(FieldError::not_supported(path.child(name), policy, &supported));
        }
    }
}

/// The template with what the controller gives each pod: name, subdomain and the claims' volumes.
fn completed(spec: &StatefulSetSpec) -> PodTemplateSpec {
    let mut template = spec.template.clone();
    let body = Arc::make_mut(&mut template.spec.body);
    (body.hostname, body.subdomain) = Default::default();
    let of_claims = spec.volume_claim_templates.iter().map(|claim| Volume {
        name: claim.metadata.name.clone(),
        persistent_volume_claim: Some(Box::new(json!({"claimName": claim.metadata.name.as_str()}))),
        ..Volume::default()
    });
    let mut volumes: Vec<Volume> = of_claims.collect();
    let claims = volumes.len();
    for volume in std::mem::take(&mut body.volumes) {
        let (of_claims, _) = volumes.split_at(claims);
        if of_claims.iter().all(|claim| claim.name != volume.name) {
            volumes.push(volume);
        }
    }
    body.volumes = volumes;
    template
}

fn template(spec: &StatefulSetSpec, lenient: Lenient, path: &FieldPath, errors: &mut FieldErrors) {
    let Ok(selector) = to_selector(spec.selector.as_ref()) else {
        let value = spec.selector.as_ref().map(Wire::to_value).unwrap_or_default();
        errors.push(FieldError::invalid(path.child("selector"), value, ""));
        return;
    };
    let path = path.child("template");
    let meta = &spec.template.metadata;
    if !selector.is_everything() && !selector.matches(&meta.labels) {
        let detail = "`selector` does not match template `labels`";
        let path = path.child("metadata").child("labels");
        errors.push(FieldError::invalid(path, meta.labels.to_value(), detail));
    }
    if !lenient.template {
        errors.extend(validate_template(&completed(spec), &path));
    }
    shared::labels(&meta.labels, &path.child("labels"), errors);
    shared::annotations(&meta.annotations, &path.child("annotations"), errors);
}

const FROZEN: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                      'template', 'updateStrategy', 'revisionHistoryLimit', \
                      'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

/// Names and claims stay as they are, so they are not looked at again.
pub fn spec_update(new: &StatefulSetSpec, old: &StatefulSetSpec) -> FieldErrors {
    let mut lenient = Lenient { service_name: true, claims: true, template: false };
    lenient.template = !spec(old, lenient).is_empty();
    let mut errors = spec(new, lenient);
    let changed = StatefulSetSpec {
        replicas: old.replicas,
        template: old.template.clone(),
        update_strategy: old.update_strategy.clone(),
        min_ready_seconds: old.min_ready_seconds,
        ordinals: old.ordinals.clone(),
        revision_history_limit: old.revision_history_limit,
        pvc_retention_policy: old.pvc_retention_policy.clone(),
        ..new.clone()
    };
    if changed != *old {
        errors.push(FieldError::forbidden(FieldPath::new("spec"), FROZEN));
    }
    errors
}

pub fn status_update(new: &StatefulSetStatus, old: &StatefulSetStatus) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("status");
    let counts = [
        ("readyReplicas", new.ready_replicas),
        ("currentReplicas", new.current_replicas),
        ("updatedReplicas", new.updated_replicas),
        ("availableReplicas", new.available_replicas),
    ];
    non_negative(i64::from(new.replicas), path.child("replicas"), &mut errors);
    for (name, count) in counts {
        non_negative(i64::from(count), path.child(name), &mut errors);
    }
    non_negative(new.observed_generation, path.child("observedGeneration"), &mut errors);
    let collisions = i64::from(new.collision_count.unwrap_or(0));
    non_negative(collisions, path.child("collisionCount"), &mut errors);
    let ready = ("status.readyReplicas", new.ready_replicas);
    counts_within(new.replicas, &counts, ready, &mut errors);
    not_decremented(new.collision_count, old.collision_count, &mut errors);
    errors
}
