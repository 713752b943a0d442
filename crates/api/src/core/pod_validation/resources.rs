//! Requests and limits.
// Models validateResourceRequirements of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};

use crate::core::container::{ResourceList, ResourceRequirements};
use crate::core::resource_names::{container_resource, is_huge_page, overcommits, quantity_value};

pub fn validate(resources: &ResourceRequirements, path: &FieldPath, errors: &mut FieldErrors) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    let mut plain = false;
    let mut huge = false;
    for (name, amount) in &resources.limits {
        let path = limits.key(name);
        container_resource(name, &path, errors);
        quantity_value(name, amount, &path, errors);
        huge |= is_huge_page(name);
        plain |= name == "cpu" || name == "memory";
    }
    for (name, amount) in &resources.requests {
        let path = requests.key(name);
        container_resource(name, &path, errors);
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
        container_resource(name, &path, errors);
        quantity_value(name, amount, &path, errors);
    }
}
