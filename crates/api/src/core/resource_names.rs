//! Names of resources (`cpu`, `requests.memory`, `example.com/gpu`) and what each may be used for.
// Models pkg/apis/core/helper/helpers.go and validateResourceName of core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};

use crate::validation::NEGATIVE;

const COMPUTE: [&str; 9] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

pub fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_quota_huge_page(name: &str) -> bool {
    is_huge_page(name) || name.starts_with("requests.hugepages-")
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// A resource of somebody else, such as a device.
pub fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::is_qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether limits of a resource may lie above its requests.
pub fn overcommits(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

fn is_standard(name: &str) -> bool {
    is_standard_for_quota(name) || name == "storage"
}

pub fn is_standard_for_quota(name: &str) -> bool {
    COMPUTE.contains(&name)
        || COUNTED.contains(&name)
        || name == "requests.storage"
        || is_quota_huge_page(name)
}

/// Whether a name is one that somebody may use; the text says where it may not.
pub fn resource(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    let wrong = names::is_qualified_name(name);
    for message in &wrong {
        errors.push(FieldError::invalid(path, name, message));
    }
    if wrong.is_empty() && !name.contains('/') && !is_standard(name) {
        let detail = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, name, detail));
    }
}

/// The same for requests and limits of containers.
pub fn container_resource(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    resource(name, path, errors);
    if !name.contains('/') {
        if !is_huge_page(name) && !["cpu", "memory", "ephemeral-storage"].contains(&name) {
            let detail = "must be a standard resource for containers";
            errors.push(FieldError::invalid(path, name, detail));
        }
    } else if !is_native(name) && !is_extended(name) {
        let detail = "doesn't follow extended resource name standard";
        errors.push(FieldError::invalid(path, name, detail));
    }
}

/// The same for what a quota bounds.
pub fn quota_resource(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    resource(name, path, errors);
    if !name.contains('/') && !is_standard_for_quota(name) {
        errors.push(FieldError::invalid(path, name, "must be a standard resource for quota"));
    }
}

/// An amount: not negative, and whole for what is counted.
pub fn quantity_value(name: &str, amount: &Quantity, path: &FieldPath, errors: &mut FieldErrors) {
    if amount.signum() < 0 {
        errors.push(FieldError::invalid(path, amount.to_string(), NEGATIVE));
    }
    let counted = COUNTED.contains(&name) || is_extended(name);
    if counted && amount.milli_value() % 1000 != 0 {
        errors.push(FieldError::invalid(path, amount.to_string(), "must be an integer"));
    }
}
