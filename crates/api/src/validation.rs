//! Checks that several kinds share: metadata, labels, selectors, numbers, ports.
// Models apimachinery/pkg/api/validation and pkg/apis/meta/v1/validation.

use std::collections::BTreeMap;

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use apimachinery::wire::Wire;
use serde_json::Value;
use smol_str::SmolStr;

pub const NEGATIVE: &str = "must be greater than or equal to 0";
pub const IMMUTABLE: &str = "field is immutable";
/// What all annotations of an object, or all data of a ConfigMap or Secret, may weigh.
pub const ANNOTATIONS_MAX_BYTES: usize = 256 * 1024;
pub const DATA_MAX_BYTES: usize = 1024 * 1024;

/// A rule for a text: what is wrong with it, nothing if it is fine.
pub type NameRule = fn(&str) -> Vec<String>;

/// One error for each thing that a rule finds wrong with a text.
pub fn check(rule: NameRule, text: &str, path: &FieldPath, errors: &mut FieldErrors) {
    for message in rule(text) {
        errors.push(FieldError::invalid(path, text, &message));
    }
}

pub fn non_negative(value: i64, path: FieldPath, errors: &mut FieldErrors) {
    if value < 0 {
        errors.push(FieldError::invalid(path, value, NEGATIVE));
    }
}

pub fn one_of(value: &str, supported: &[&str], path: FieldPath, errors: &mut FieldErrors) {
    if value.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if !supported.contains(&value) {
        errors.push(FieldError::not_supported(path, value, supported));
    }
}

pub fn immutable<T: Wire + PartialEq>(new: &T, old: &T, path: FieldPath, errors: &mut FieldErrors) {
    if new != old {
        errors.push(FieldError::invalid(path, new.to_value(), IMMUTABLE));
    }
}

/// An error about a value that is printed otherwise than its JSON form, as internal types are.
pub fn invalid_as_printed(
    path: impl std::fmt::Display,
    printed: String,
    detail: &str,
) -> FieldError {
    FieldError { value: printed, ..FieldError::invalid(path, Value::Null, detail) }
}

pub fn too_long(path: impl std::fmt::Display, max_bytes: usize) -> FieldError {
    let detail = format!("may not be more than {max_bytes} bytes");
    FieldError::bare(FieldErrorKind::TooLong, path, &detail)
}

/// A port by number or by name.
pub fn port(port: &IntOrString, path: FieldPath, errors: &mut FieldErrors) {
    match port {
        IntOrString::Int(number) => {
            for message in names::is_valid_port_num(i64::from(*number)) {
                errors.push(FieldError::invalid(&path, *number, &message));
            }
        }
        IntOrString::String(name) => check(names::is_valid_port_name, name, &path, errors),
    }
}

pub fn labels(labels: &BTreeMap<SmolStr, SmolStr>, path: &FieldPath, errors: &mut FieldErrors) {
    for (key, value) in labels {
        check(names::is_qualified_name, key, path, errors);
        check(names::is_valid_label_value, value, path, errors);
    }
}

pub fn annotations(
    annotations: &BTreeMap<SmolStr, SmolStr>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    for key in annotations.keys() {
        for message in names::is_qualified_name(&key.to_lowercase()) {
            errors.push(FieldError::invalid(path, key.as_str(), &message));
        }
    }
    let bytes: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > ANNOTATIONS_MAX_BYTES {
        errors.push(too_long(path, ANNOTATIONS_MAX_BYTES));
    }
}

pub fn label_selector(selector: &LabelSelector, path: &FieldPath, errors: &mut FieldErrors) {
    labels(&selector.match_labels, &path.child("matchLabels"), errors);
    for (i, expression) in selector.match_expressions.iter().enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values = path.child("values");
        match expression.operator.as_str() {
            "In" | "NotIn" if expression.values.is_empty() => {
                let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                errors.push(FieldError::required(&values, detail));
            }
            "Exists" | "DoesNotExist" if !expression.values.is_empty() => {
                let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(FieldError::forbidden(&values, detail));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let detail = "not a valid selector operator";
                errors.push(FieldError::invalid(path.child("operator"), other, detail));
            }
        }
        check(names::is_qualified_name, &expression.key, &path.child("key"), errors);
        for (i, value) in expression.values.iter().enumerate() {
            check(names::is_valid_label_value, value, &values.index(i), errors);
        }
    }
}

fn owner(owner: &OwnerReference, path: &FieldPath, errors: &mut FieldErrors) {
    let version = owner.api_version.rsplit('/').next().unwrap_or_default();
    if version.is_empty() {
        let value = owner.api_version.as_str();
        let detail = "version must not be empty";
        errors.push(FieldError::invalid(path.child("apiVersion"), value, detail));
    }
    for (name, empty) in [
        ("kind", owner.kind.is_empty()),
        ("name", owner.name.is_empty()),
        ("uid", owner.uid.is_unset()),
    ] {
        if empty {
            errors.push(FieldError::invalid(path.child(name), "", "must not be empty"));
        }
    }
    if owner.api_version == "v1" && owner.kind == "Event" {
        let detail = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid(path, owner.to_value(), detail));
    }
}

fn owners(owners: &[OwnerReference], path: &FieldPath, errors: &mut FieldErrors) {
    let mut controller: Option<String> = None;
    for reference in owners {
        owner(reference, path, errors);
        if reference.controller != Some(true) {
            continue;
        }
        let name = format!("{}/{}", reference.kind, reference.name);
        match &controller {
            None => controller = Some(name),
            Some(first) => {
                let detail = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in \
                     references for {first} and {name}"
                );
                let all: Value = owners.iter().map(Wire::to_value).collect();
                errors.push(FieldError::invalid(path, all, &detail));
            }
        }
    }
}

/// The metadata of a new object.
pub fn object_meta(meta: &ObjectMeta, namespaced: bool, rule: NameRule, errors: &mut FieldErrors) {
    let path = FieldPath::new("metadata");
    if !meta.generate_name.is_empty() {
        for message in rule(&names::mask_trailing_dash(&meta.generate_name)) {
            let value = meta.generate_name.as_str();
            errors.push(FieldError::invalid(path.child("generateName"), value, &message));
        }
    }
    if meta.name.is_empty() {
        let detail = "name or generateName is required";
        errors.push(FieldError::required(path.child("name"), detail));
    } else {
        check(rule, &meta.name, &path.child("name"), errors);
    }
    if namespaced {
        let path = path.child("namespace");
        if meta.namespace.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            check(names::is_dns1123_label, &meta.namespace, &path, errors);
        }
    } else if !meta.namespace.is_empty() {
        let detail = "not allowed on this type";
        errors.push(FieldError::forbidden(path.child("namespace"), detail));
    }
    non_negative(meta.generation, path.child("generation"), errors);
    labels(&meta.labels, &path.child("labels"), errors);
    annotations(&meta.annotations, &path.child("annotations"), errors);
    owners(&meta.owner_references, &path.child("ownerReferences"), errors);
    for finalizer in meta.finalizers() {
        check(names::is_qualified_name, finalizer, &path.child("finalizers"), errors);
    }
}
