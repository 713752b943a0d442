//! Requests and limits.
// Models validateResourceRequirements of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};

use crate::core::container::{ResourceList, ResourceRequirements};
use crate::validation::NEGATIVE;

const STANDARD: [&str; 20] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
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

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::is_qualified_name(&format!("requests.{name}")).is_empty()
}

fn overcommits(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
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

fn resource_name(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    let mut invalid = |detail: &str| errors.push(FieldError::invalid(path, name, detail));
    let wrong = names::is_qualified_name(name);
    wrong.iter().for_each(|message| invalid(message));
    let huge = is_huge_page(name);
    let quota_huge = huge || name.starts_with("requests.hugepages-");
    if !name.contains('/') {
        if wrong.is_empty() && !quota_huge && !STANDARD.contains(&name) {
            invalid("must be a standard resource type or fully qualified");
        }
        if !huge && !["cpu", "memory", "ephemeral-storage"].contains(&name) {
            invalid("must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        invalid("doesn't follow extended resource name standard");
    }
}

pub fn validate(resources: &ResourceRequirements, path: &FieldPath, errors: &mut FieldErrors) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    let mut plain = false;
    let mut huge = false;
    for (name, amount) in &resources.limits {
        let path = limits.key(name);
        resource_name(name, &path, errors);
        quantity_value(name, amount, &path, errors);
        huge |= is_huge_page(name);
        plain |= name == "cpu" || name == "memory";
    }
    for (name, amount) in &resources.requests {
        let path = requests.key(name);
        resource_name(name, &path, errors);
        quantity_value(name, amount, &path, errors);
        let mut above = |what: &str, limit: &Quantity| {
            let detail = format!("must be {what} {name} limit of {limit}");
            errors.push(FieldError::invalid(&requests, amount.to_string(), &detail));
        };
        match resources.limits.get(name) {
            Some(limit) if amount != limit && !overcommits(name) => above("equal to", limit),
            Some(limit) if amount > limit => above("less than or equal to", limit),
            None if !overcommits(name) => {
                let detail = "Limit must be set for non overcommitable resources";
                errors.push(FieldError::required(&limits, detail));
            }
            _ => {}
        }
        huge |= is_huge_page(name);
        plain |= name == "cpu" || name == "memory";
    }
    if huge && !plain {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
}

pub fn overhead(overhead: &ResourceList, path: &FieldPath, errors: &mut FieldErrors) {
    for (name, amount) in overhead {
        let path = path.child("limits").key(name);
        resource_name(name, &path, errors);
        quantity_value(name, amount, &path, errors);
    }
}
