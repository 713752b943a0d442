//! Variables of the environment and where they come from.
// Models ValidateEnv and ValidateEnvFrom of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::Value;

use crate::core::container::{Container, EnvVar};
use crate::validation::check;

const SOURCES: [&str; 5] =
    ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

pub fn validate(container: &Container, path: &FieldPath, errors: &mut FieldErrors) {
    for (i, variable) in container.env.iter().enumerate() {
        let path = path.child("env").index(i);
        if variable.name.is_empty() {
            errors.push(FieldError::required(path.child("name"), ""));
        } else {
            check(names::is_relaxed_env_var_name, &variable.name, &path.child("name"), errors);
        }
        if let Some(source) = &variable.value_from {
            value_from(variable, source, &path.child("valueFrom"), errors);
        }
    }
    for (i, source) in container.env_from.iter().enumerate() {
        env_from(source, &path.child("envFrom").index(i), errors);
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn value_from(variable: &EnvVar, source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let given: Vec<&str> = SOURCES.into_iter().filter(|name| !source[*name].is_null()).collect();
    for name in &given {
        let (source, path) = (&source[*name], path.child(name));
        match *name {
            "fieldRef" => field_ref(source, &path, errors),
            "resourceFieldRef" if text(source, "resource").is_empty() => {
                errors.push(FieldError::required(path.child("resource"), ""));
            }
            "configMapKeyRef" | "secretKeyRef" => key_ref(source, &path, errors),
            _ => {}
        }
    }
    let detail = if given.is_empty() {
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` \
         or `fileKeyRef`"
    } else if !variable.value.is_empty() {
        "may not be specified when `value` is not empty"
    } else if given.len() > 1 {
        "may not have more than one field specified at a time"
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, "", detail));
}

fn field_ref(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let field = text(source, "fieldPath");
    for name in ["apiVersion", "fieldPath"] {
        if text(source, name).is_empty() {
            return errors.push(FieldError::required(path.child(name), ""));
        }
    }
    if let Some((base, rest)) = field.split_once("['")
        && let Some(key) = rest.strip_suffix("']")
    {
        match base {
            "metadata.annotations" => {
                let key = key.to_lowercase();
                check(names::is_qualified_name, &key, path, errors);
            }
            "metadata.labels" => check(names::is_qualified_name, key, path, errors),
            other => errors.push(FieldError::invalid(path, other, "does not support subscript")),
        }
        return;
    }
    let path = path.child("fieldPath");
    if ["metadata.labels", "metadata.annotations"].contains(&field) {
        errors.push(FieldError::not_supported(path, field, &FIELDS));
    } else if !FIELDS.contains(&field) {
        let detail = format!("error converting fieldPath: field label not supported: {field}");
        errors.push(FieldError::invalid(path, field, &detail));
    }
}

fn key_ref(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    check(names::is_dns1123_subdomain, text(source, "name"), &path.child("name"), errors);
    let key = text(source, "key");
    if key.is_empty() {
        errors.push(FieldError::required(path.child("key"), ""));
    } else {
        check(names::is_config_map_key, key, &path.child("key"), errors);
    }
}

fn env_from(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let prefix = text(source, "prefix");
    if !prefix.is_empty() {
        check(names::is_relaxed_env_var_name, prefix, &path.child("prefix"), errors);
    }
    let given: Vec<&str> =
        ["configMapRef", "secretRef"].into_iter().filter(|name| !source[*name].is_null()).collect();
    for name in &given {
        let reference = text(&source[*name], "name");
        let path = path.child(name).child("name");
        if reference.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            check(names::is_dns1123_subdomain, reference, &path, errors);
        }
    }
    let detail = match given.len() {
        0 => "must specify one of: `configMapRef` or `secretRef`",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errors.push(FieldError::invalid(path, "", detail));
}
