//! What may change in a job that exists: how much of it runs, and its template while it is
//! suspended.
// Models ValidateJobUpdate of pkg/apis/batch/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;

use super::job::{CONTROLLER_UID_LABEL, JOB_NAME_LABEL, Job, JobSpec};
use super::job_validation;
use crate::core::container::Container;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_diff;
use crate::core::pod_spec::{PodBody, PodSpec};
use crate::validation::{IMMUTABLE, immutable};

pub fn job_update(new: &Job, old: &Job) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if new.spec == old.spec {
        return errors;
    }
    let labels = &old.spec.template.metadata.labels;
    let prefixed = labels.contains_key(JOB_NAME_LABEL) && labels.contains_key(CONTROLLER_UID_LABEL);
    job_validation::job(new, prefixed, &mut errors);
    let path = FieldPath::new("spec");
    let (spec, before) = (&new.spec, &old.spec);
    completions(spec, before, path.child("completions"), &mut errors);
    immutable(&spec.selector, &before.selector, path.child("selector"), &mut errors);
    template(new, old, &path, &mut errors);
    let errors_of = &mut errors;
    immutable(
        &spec.completion_mode,
        &before.completion_mode,
        path.child("completionMode"),
        errors_of,
    );
    let at = path.child("podFailurePolicy");
    immutable(&spec.pod_failure_policy, &before.pod_failure_policy, at, errors_of);
    let at = path.child("backoffLimitPerIndex");
    immutable(&spec.backoff_limit_per_index, &before.backoff_limit_per_index, at, errors_of);
    immutable(&spec.managed_by, &before.managed_by, path.child("managedBy"), errors_of);
    immutable(&spec.success_policy, &before.success_policy, path.child("successPolicy"), errors_of);
    errors
}

fn completions(new: &JobSpec, old: &JobSpec, path: FieldPath, errors: &mut FieldErrors) {
    if !new.is_indexed() {
        return immutable(&new.completions, &old.completions, path, errors);
    }
    if let Some(wanted) = new.completions
        && new.completions != old.completions
        && new.completions != new.parallelism
    {
        let detail = "can only be modified in tandem with spec.parallelism";
        errors.push(FieldError::invalid(path, wanted, detail));
    }
}

fn template(new: &Job, old: &Job, path: &FieldPath, errors: &mut FieldErrors) {
    let status = &old.status;
    let at_rest = status.start_time.is_none() || status.is_true("Suspended");
    let suspended = old.spec.is_suspended();
    let mutable = suspended && at_rest && status.active == 0;
    let template = &new.spec.template;
    let mut before = old.spec.template.clone();
    if mutable {
        with_scheduling_of(&mut before, template);
        before.spec = with_resources_of(&before.spec, &template.spec);
        if template.spec != before.spec {
            let path = path.child("template.spec");
            errors.push(unlike(path, pod_diff::internal_json(&template.spec)));
        }
    } else if *template != before {
        errors.push(unlike(path.child("template"), internal_template(template)));
    }
}

fn unlike(path: FieldPath, value: String) -> FieldError {
    let mut error = FieldError::invalid(path, "", IMMUTABLE);
    error.value = value;
    error
}

/// Go's JSON of the internal type: its metadata is embedded.
fn internal_template(template: &PodTemplateSpec) -> String {
    let metadata = template.metadata.to_value();
    let fields = ["name", "generateName", "namespace", "labels", "annotations", "finalizers"];
    let mut text = String::from("{");
    for name in fields {
        if let Some(value) = metadata.get(name) {
            text.push_str(&format!("\"{name}\":{value},"));
        }
    }
    text + "\"Spec\":" + &pod_diff::internal_json(&template.spec) + "}"
}

/// What decides where pods go may change before they exist.
fn with_scheduling_of(before: &mut PodTemplateSpec, new: &PodTemplateSpec) {
    before.metadata.labels = new.metadata.labels.clone();
    before.metadata.annotations = new.metadata.annotations.clone();
    let wanted: &PodBody = &new.spec;
    let body = before.spec.body_mut();
    body.node_selector = wanted.node_selector.clone();
    body.tolerations = wanted.tolerations.clone();
    body.scheduling_gates = wanted.scheduling_gates.clone();
    let node_affinity = wanted.affinity.as_ref().and_then(|a| a.node_affinity.clone());
    match (&wanted.affinity, &mut body.affinity) {
        (None, None) => {}
        (_, Some(affinity)) => {
            affinity.node_affinity = node_affinity;
            if wanted.affinity.is_none() && Wire::is_empty(&**affinity) {
                body.affinity = None;
            }
        }
        (Some(_), none) => none.get_or_insert_default().node_affinity = node_affinity,
    }
}

fn with_resources_of(before: &PodSpec, new: &PodSpec) -> PodSpec {
    let mut spec = before.clone();
    let take = |into: &mut Vec<Container>, from: &[Container]| {
        if into.len() == from.len() {
            for (into, from) in into.iter_mut().zip(from).filter(|(a, b)| a.name == b.name) {
                into.resources = from.resources.clone();
            }
        }
    };
    let body = spec.body_mut();
    take(&mut body.containers, &new.containers);
    take(&mut body.init_containers, &new.init_containers);
    spec
}
