//! One rule of a role: which verbs on which resources, or on which paths.
// Models pkg/apis/rbac/v1/evaluation_helpers.go.

use apimachinery::field_path::FieldPath;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use smol_str::SmolStr;

pub const ALL: &str = "*";

wire_struct! {
    /// Verbs on resources, or on paths that are no resources.
    pub struct PolicyRule {
        pub api_groups: Vec<SmolStr> => "apiGroups",
        pub non_resource_urls: Vec<SmolStr> => "nonResourceURLs",
        pub resource_names: Vec<SmolStr> => "resourceNames",
        pub resources: Vec<SmolStr> => "resources",
        pub verbs: Vec<SmolStr> => "verbs" keep,
    }
}

fn has(list: &[SmolStr], wanted: &str) -> bool {
    list.iter().any(|one| one == ALL || one == wanted)
}

impl PolicyRule {
    pub fn verb_matches(&self, verb: &str) -> bool {
        has(&self.verbs, verb)
    }

    pub fn group_matches(&self, group: &str) -> bool {
        has(&self.api_groups, group)
    }

    /// `pods` is in `pods` and `*`; `pods/log` in `pods/log`, `*/log` and `*`.
    pub fn resource_matches(&self, resource: &str, subresource: &str) -> bool {
        self.resources.iter().any(|one| match one.split_once('/') {
            _ if one == ALL => true,
            None => subresource.is_empty() && one == resource,
            Some((start, sub)) => {
                !subresource.is_empty() && sub == subresource && (start == ALL || start == resource)
            }
        })
    }

    pub fn name_matches(&self, name: &str) -> bool {
        self.resource_names.is_empty() || self.resource_names.iter().any(|one| one == name)
    }

    /// `/healthz/*` covers every path that begins with `/healthz/`.
    pub fn path_matches(&self, path: &str) -> bool {
        self.non_resource_urls.iter().any(|one| {
            let start = one.trim_end_matches('*');
            one == path || (start.len() < one.len() && path.starts_with(start))
        })
    }

    // Models ValidatePolicyRule of pkg/apis/rbac/validation/validation.go.
    pub(super) fn validate(&self, namespaced: bool, path: &FieldPath, errors: &mut FieldErrors) {
        if self.verbs.is_empty() {
            let detail = "verbs must contain at least one value";
            errors.push(FieldError::required(path.child("verbs"), detail));
        }
        if !self.non_resource_urls.is_empty() {
            let urls = path.child("nonResourceURLs");
            let value = || self.non_resource_urls.to_value();
            if namespaced {
                let detail = "namespaced rules cannot apply to non-resource URLs";
                errors.push(FieldError::invalid(&urls, value(), detail));
            }
            let others = [&self.api_groups, &self.resources, &self.resource_names];
            if others.iter().any(|list| !list.is_empty()) {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                errors.push(FieldError::invalid(&urls, value(), detail));
            }
            return;
        }
        if self.api_groups.is_empty() {
            let detail = "resource rules must supply at least one api group";
            errors.push(FieldError::required(path.child("apiGroups"), detail));
        }
        if self.resources.is_empty() {
            let detail = "resource rules must supply at least one resource";
            errors.push(FieldError::required(path.child("resources"), detail));
        }
    }
}
