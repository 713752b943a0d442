//! ResourceQuota: what a namespace may have of everything together.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::container::ResourceList;
use super::resource_names::{is_standard_for_quota, quantity_value, quota_resource};
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{IMMUTABLE, invalid_as_printed, object_meta};

wire_struct! {
    /// One rule on which objects a quota counts.
    pub struct ScopedResourceSelectorRequirement {
        pub operator: SmolStr => "operator" keep,
        pub scope_name: SmolStr => "scopeName" keep,
        pub values: Vec<SmolStr> => "values",
    }
}

wire_struct! {
    /// Rules that must all hold.
    pub struct ScopeSelector {
        pub match_expressions: Vec<ScopedResourceSelectorRequirement> => "matchExpressions",
    }
}

wire_struct! {
    /// How much of what, and which objects count.
    pub struct ResourceQuotaSpec {
        pub hard: ResourceList => "hard",
        pub scope_selector: Option<ScopeSelector> => "scopeSelector",
        pub scopes: Vec<SmolStr> => "scopes",
    }
}

wire_struct! {
    /// What was counted last.
    pub struct ResourceQuotaStatus {
        pub hard: ResourceList => "hard",
        pub used: ResourceList => "used",
    }
}

wire_struct! {
    /// What a namespace may have of everything together.
    pub struct ResourceQuota {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: ResourceQuotaSpec => "spec" keep,
        pub status: ResourceQuotaStatus => "status" keep,
    }
}

impl ResourceQuotaSpec {
    /// Scopes in both of their forms; a plain scope must exist.
    pub fn requirements(&self) -> Vec<ScopedResourceSelectorRequirement> {
        let plain = self.scopes.iter().map(|scope| ScopedResourceSelectorRequirement {
            scope_name: scope.clone(),
            operator: SmolStr::new_static("Exists"),
            ..ScopedResourceSelectorRequirement::default()
        });
        let selected = self.scope_selector.iter().flat_map(|s| s.match_expressions.clone());
        plain.chain(selected).collect()
    }
}

impl Kind for ResourceQuota {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "ResourceQuota", "resourcequotas", true, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/registry/core/resourcequota/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = ResourceQuotaStatus::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    // Models ValidateResourceQuota of pkg/apis/core/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        spec(&self.spec, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        spec(&self.spec, &mut errors);
        let set = |quota: &Self| quota.spec.scopes.iter().cloned().collect::<BTreeSet<_>>();
        if set(self) != set(old) {
            let path = FieldPath::new("spec").child("scopes");
            errors.push(FieldError::invalid(path, self.spec.scopes.to_value(), IMMUTABLE));
        }
        errors
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("status");
        amounts(&self.status.hard, &path.child("hard"), &mut errors);
        amounts(&self.status.used, &path.child("used"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Request"),
                Column::text("Limit"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let (mut requests, mut limits) = (Vec::new(), Vec::new());
        for (name, hard) in &self.status.hard {
            let used = self.status.used.get(name).cloned().unwrap_or_default();
            let list = if name.starts_with("limits.") { &mut limits } else { &mut requests };
            list.push(format!("{name}: {used}/{hard}"));
        }
        vec![
            self.metadata.name.as_str().into(),
            requests.join(", ").into(),
            limits.join(", ").into(),
            age(&self.metadata, now).into(),
        ]
    }
}

fn amounts(list: &ResourceList, path: &FieldPath, errors: &mut FieldErrors) {
    for (name, amount) in list {
        let path = path.key(name);
        quota_resource(name, &path, errors);
        quantity_value(name, amount, &path, errors);
    }
}

fn spec(spec: &ResourceQuotaSpec, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    amounts(&spec.hard, &path.child("hard"), errors);
    if !spec.scopes.is_empty() {
        let path = path.child("scopes");
        let value = spec.scopes.to_value();
        for scope in &spec.scopes {
            scope_name(scope, spec, &path, &path, &value, errors);
        }
        conflicts(spec.scopes.iter(), spec, &path, errors);
    }
    let Some(selector) = &spec.scope_selector else { return };
    let path = path.child("scopeSelector").child("matchExpressions");
    for requirement in &selector.match_expressions {
        let shown = requirement.scope_name.as_str().into();
        let at = path.child("scopeName");
        scope_name(&requirement.scope_name, spec, &at, &path, &shown, errors);
        operator(requirement, &path, errors);
    }
    let names = selector.match_expressions.iter().map(|requirement| &requirement.scope_name);
    conflicts(names, spec, &path, errors);
}

const POD_SCOPES: [&str; 5] =
    ["BestEffort", "CrossNamespacePodAffinity", "NotBestEffort", "NotTerminating", "Terminating"];

/// Whether a scope makes sense for a resource of which it selects.
fn fits(scope: &str, resource: &str) -> bool {
    let compute =
        ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
    match scope {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => {
            matches!(resource, "persistentvolumeclaims" | "requests.storage")
        }
        "PriorityClass" => resource == "pods" || compute.contains(&resource),
        scope if POD_SCOPES.contains(&scope) => resource == "pods" || compute.contains(&resource),
        _ => true,
    }
}

fn scope_name(
    scope: &str,
    spec: &ResourceQuotaSpec,
    at: &FieldPath,
    path: &FieldPath,
    shown: &Value,
    errors: &mut FieldErrors,
) {
    if !POD_SCOPES.contains(&scope) && !["PriorityClass", "VolumeAttributesClass"].contains(&scope)
    {
        errors.push(FieldError::invalid(at, shown.clone(), "unsupported scope"));
    }
    let value = || match &spec.scope_selector {
        Some(selector) if at != path => go_selector(selector),
        _ => spec.scopes.to_value().to_string(),
    };
    for name in spec.hard.keys() {
        if is_standard_for_quota(name) && !fits(scope, name) {
            let detail = "unsupported scope applied to resource";
            errors.push(invalid_as_printed(path, value(), detail));
        }
    }
}

/// The selector as the internal type prints it.
fn go_selector(selector: &ScopeSelector) -> String {
    let rules = selector.match_expressions.iter().map(|rule| {
        let (scope, operator) = (rule.scope_name.to_value(), rule.operator.to_value());
        let values = if rule.values.is_empty() { Value::Null } else { rule.values.to_value() };
        format!("{{\"ScopeName\":{scope},\"Operator\":{operator},\"Values\":{values}}}")
    });
    format!("{{\"MatchExpressions\":[{}]}}", rules.collect::<Vec<_>>().join(","))
}

fn operator(
    requirement: &ScopedResourceSelectorRequirement,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let (at, values) = (path.child("operator"), path.child("values"));
    let operator = requirement.operator.as_str();
    if POD_SCOPES.contains(&requirement.scope_name.as_str()) && operator != "Exists" {
        let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                      ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                      ResourceQuotaScopeNotBestEffort or \
                      ResourceQuotaScopeCrossNamespacePodAffinity";
        errors.push(FieldError::invalid(&at, operator, detail));
    }
    match operator {
        "In" | "NotIn" if requirement.values.is_empty() => {
            let detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope \
                          selector";
            errors.push(FieldError::required(values, detail));
        }
        "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
            let detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope \
                          selector";
            errors.push(FieldError::invalid(values, requirement.values.to_value(), detail));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        _ => {
            errors.push(FieldError::invalid(at, operator, "not a valid selector operator"));
        }
    }
}

fn conflicts<'a>(
    scopes: impl Iterator<Item = &'a SmolStr>,
    spec: &ResourceQuotaSpec,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let scopes: BTreeSet<&str> = scopes.map(SmolStr::as_str).collect();
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| scopes.contains(scope)) {
            let value = match spec.scopes.is_empty() {
                true => Value::Null,
                false => spec.scopes.to_value(),
            };
            errors.push(FieldError::invalid(path, value, "conflicting scopes"));
        }
    }
}
