//! Topology spread constraints, which the pod keeps in their JSON form.
// Models validateTopologySpreadConstraints of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::labels::LabelSelector;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use serde_json::Value;

use crate::validation::label_selector;

pub fn validate(constraints: &[Value], path: &FieldPath, errors: &mut FieldErrors) {
    for (i, constraint) in constraints.iter().enumerate() {
        let path = path.index(i);
        let text = |name: &str| constraint[name].as_str().unwrap_or_default();
        positive(&constraint["maxSkew"], path.child("maxSkew"), errors);
        let key = text("topologyKey");
        if key.is_empty() {
            errors.push(FieldError::required(path.child("topologyKey"), "can not be empty"));
        }
        let action = text("whenUnsatisfiable");
        let actions = ["DoNotSchedule", "ScheduleAnyway"];
        if !actions.contains(&action) {
            let path = path.child("whenUnsatisfiable");
            errors.push(FieldError::not_supported(path, action, &actions));
        }
        let repeated = |later: &&Value| {
            later["topologyKey"].as_str().unwrap_or_default() == key
                && later["whenUnsatisfiable"].as_str().unwrap_or_default() == action
        };
        if constraints.iter().skip(i + 1).any(|later| repeated(&later)) {
            let path = path.child("{topologyKey, whenUnsatisfiable}");
            errors.push(FieldError::duplicate(path, format!("{{{key}, {action}}}")));
        }
        min_domains(&constraint["minDomains"], action, &path.child("minDomains"), errors);
        for name in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            let supported = ["Honor", "Ignore"];
            if let Some(policy) = constraint[name].as_str()
                && !supported.contains(&policy)
            {
                errors.push(FieldError::not_supported(path.child(name), policy, &supported));
            }
        }
        if let Ok(selector) = LabelSelector::from_value(constraint["labelSelector"].clone()) {
            label_selector(&selector, &path.child("labelSelector"), errors);
        }
    }
}

fn positive(value: &Value, path: FieldPath, errors: &mut FieldErrors) {
    let number = value.as_i64().unwrap_or(0);
    if number <= 0 {
        errors.push(FieldError::invalid(path, number, "must be greater than zero"));
    }
}

fn min_domains(value: &Value, action: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if value.is_null() {
        return;
    }
    positive(value, path.clone(), errors);
    if action != "DoNotSchedule" {
        let detail =
            format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        errors.push(FieldError::invalid(path, value.clone(), &detail));
    }
}
