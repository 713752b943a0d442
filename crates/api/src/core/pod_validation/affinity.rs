//! Affinity to nodes and to other pods.
// Models validateAffinity of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::labels::LabelSelector;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use serde_json::Value;

use crate::core::pod_spec::{Affinity, NodeSelectorRequirement, NodeSelectorTerm};
use crate::validation::{check, label_selector};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub fn validate(affinity: &Affinity, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(required) = &node.required {
            let path = path.child(REQUIRED).child("nodeSelectorTerms");
            if required.node_selector_terms.is_empty() {
                let detail = "must have at least one node selector term";
                errors.push(FieldError::required(&path, detail));
            }
            for (i, term) in required.node_selector_terms.iter().enumerate() {
                node_term(term, true, &path.index(i), errors);
            }
        }
        for (i, term) in node.preferred.iter().enumerate() {
            let path = path.child(PREFERRED).index(i);
            weight(i64::from(term.weight), &path, errors);
            node_term(&term.preference, false, &path.child("preference"), errors);
        }
    }
    if let Some(pods) = &affinity.pod_affinity {
        pod_affinity(pods, &path.child("podAffinity"), errors);
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        pod_affinity(pods, &path.child("podAntiAffinity"), errors);
    }
}

fn weight(weight: i64, path: &FieldPath, errors: &mut FieldErrors) {
    if !(1..=100).contains(&weight) {
        let detail = "must be in the range 1-100";
        errors.push(FieldError::invalid(path.child("weight"), weight, detail));
    }
}

pub fn node_term(
    term: &NodeSelectorTerm,
    check_values: bool,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    for (i, rule) in term.match_expressions.iter().enumerate() {
        node_expression(rule, check_values, &path.child("matchExpressions").index(i), errors);
    }
    for (i, rule) in term.match_fields.iter().enumerate() {
        node_field(rule, &path.child("matchFields").index(i), errors);
    }
}

fn node_expression(
    rule: &NodeSelectorRequirement,
    check_values: bool,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let values = path.child("values");
    match (rule.operator.as_str(), rule.values.len()) {
        ("In" | "NotIn", 0) => {
            let detail = "must be specified when `operator` is 'In' or 'NotIn'";
            errors.push(FieldError::required(&values, detail));
        }
        ("Exists" | "DoesNotExist", 1..) => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errors.push(FieldError::forbidden(&values, detail));
        }
        ("Gt" | "Lt", 0 | 2..) => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errors.push(FieldError::required(&values, detail));
        }
        ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => {}
        (other, _) => {
            let detail = "not a valid selector operator";
            errors.push(FieldError::invalid(path.child("operator"), other, detail));
        }
    }
    check(names::is_qualified_name, &rule.key, &path.child("key"), errors);
    for (i, value) in rule.values.iter().enumerate().filter(|_| check_values) {
        check(names::is_valid_label_value, value, &values.index(i), errors);
    }
}

fn node_field(rule: &NodeSelectorRequirement, path: &FieldPath, errors: &mut FieldErrors) {
    match rule.operator.as_str() {
        "In" | "NotIn" if rule.values.len() == 1 => {}
        "In" | "NotIn" => {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field \
                          selector";
            errors.push(FieldError::required(path.child("values"), detail));
        }
        other => {
            let detail = "not a valid selector operator";
            errors.push(FieldError::invalid(path.child("operator"), other, detail));
        }
    }
    if rule.key != "metadata.name" {
        let detail = "not a valid field selector key";
        return errors.push(FieldError::invalid(path.child("key"), rule.key.as_str(), detail));
    }
    for (i, value) in rule.values.iter().enumerate() {
        check(names::is_dns1123_subdomain, value, &path.child("values").index(i), errors);
    }
}

fn pod_affinity(affinity: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    for (i, term) in affinity[REQUIRED].as_array().into_iter().flatten().enumerate() {
        pod_term(term, &path.child(REQUIRED).index(i), errors);
    }
    for (i, term) in affinity[PREFERRED].as_array().into_iter().flatten().enumerate() {
        let path = path.child(PREFERRED).index(i);
        weight(term["weight"].as_i64().unwrap_or(0), &path, errors);
        pod_term(&term["podAffinityTerm"], &path.child("podAffinityTerm"), errors);
    }
}

fn pod_term(term: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    for name in ["labelSelector", "namespaceSelector"] {
        if let Ok(selector) = LabelSelector::from_value(term[name].clone()) {
            label_selector(&selector, &path.child(name), errors);
        }
    }
    for namespace in term["namespaces"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        check(names::is_dns1123_label, namespace, &path.child("namespace"), errors);
    }
    let key = term["topologyKey"].as_str().unwrap_or_default();
    let path = path.child("topologyKey");
    if key.is_empty() {
        errors.push(FieldError::required(&path, "can not be empty"));
    }
    check(names::is_qualified_name, key, &path, errors);
}
