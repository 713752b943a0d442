//! What is wrong with a HorizontalPodAutoscaler.
// Models pkg/apis/autoscaling/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;

use super::horizontal_pod_autoscaler::{
    CrossVersionObjectReference, HpaScalingRules, HpaSpec, HpaStatus, MetricIdentifier,
    MetricSource, MetricSpec, MetricTarget,
};
use crate::validation::{check, non_negative};

const PERIOD_SECONDS_MAX: i32 = 1800;
const STABILIZATION_SECONDS_MAX: i32 = 3600;
const SOURCES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/// What the version of a referenced kind may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Named,
    MayBeEmpty,
    Anything,
}

pub fn spec(spec: &HpaSpec, old: Option<&HpaSpec>, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    let lowest = i32::from(old.and_then(|old| old.min_replicas) != Some(0));
    sizes(spec, lowest, &path, errors);
    let (target, former) = (&spec.scale_target_ref, old.map(|old| &old.scale_target_ref));
    let same = |former: &CrossVersionObjectReference| {
        former.api_version == target.api_version && former.kind == target.kind
    };
    let group = match target.kind.as_str() {
        _ if former.is_some_and(same) => Group::Anything,
        "ReplicationController" => Group::MayBeEmpty,
        _ => Group::Named,
    };
    reference(target, group, &path.child("scaleTargetRef"), errors);
    let objects = old.into_iter().flat_map(|old| &old.metrics).filter_map(|m| m.object.as_ref());
    let mut described = objects.filter_map(|object| object.described_object.as_ref());
    let invalid = |old: &CrossVersionObjectReference| {
        version_error(&old.api_version, Group::MayBeEmpty).is_some()
    };
    let group = if described.any(invalid) { Group::Anything } else { Group::MayBeEmpty };
    let at = path.child("metrics");
    for (i, metric) in spec.metrics.iter().enumerate() {
        self::metric(metric, group, &at.index(i), errors);
    }
    let from_zero = |metric: &MetricSpec| matches!(metric.type_.as_str(), "Object" | "External");
    if spec.min_replicas == Some(0) && !spec.metrics.iter().any(from_zero) {
        let detail = "must specify at least one Object or External metric to support scaling to \
                      zero replicas";
        errors.push(FieldError::forbidden(at, detail));
    }
    if let Some(behavior) = &spec.behavior {
        let path = path.child("behavior");
        rules(behavior.scale_up.as_ref(), &path.child("scaleUp"), errors);
        rules(behavior.scale_down.as_ref(), &path.child("scaleDown"), errors);
    }
}

fn sizes(spec: &HpaSpec, lowest: i32, path: &FieldPath, errors: &mut FieldErrors) {
    let (min, max) = (spec.min_replicas, spec.max_replicas);
    if let Some(min) = min.filter(|min| *min < lowest) {
        let detail = format!("must be greater than or equal to {lowest}");
        errors.push(FieldError::invalid(path.child("minReplicas"), min, &detail));
    }
    let path = path.child("maxReplicas");
    if max == 0 {
        errors.push(FieldError::required(&path, "must be set and greater than 0"));
    } else if max < 0 {
        errors.push(FieldError::invalid(&path, max, "must be greater than or equal to 1"));
    }
    if min.is_some_and(|min| max < min) {
        let detail = "must be greater than or equal to `minReplicas`";
        errors.push(FieldError::invalid(path, max, detail));
    }
}

pub fn status(status: &HpaStatus) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("status");
    for (name, count) in
        [("currentReplicas", status.current_replicas), ("desiredReplicas", status.desired_replicas)]
    {
        non_negative(i64::from(count), path.child(name), &mut errors);
    }
    errors
}

fn reference(
    to: &CrossVersionObjectReference,
    group: Group,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    for (name, text) in [("kind", &to.kind), ("name", &to.name)] {
        let path = path.child(name);
        if text.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            check(names::is_path_segment_name, text, &path, errors);
        }
    }
    if let Some(why) = version_error(&to.api_version, group) {
        let path = path.child("apiVersion");
        errors.push(FieldError::invalid(path, to.api_version.as_str(), &why));
    }
}

fn version_error(version: &str, group: Group) -> Option<String> {
    match (group, version.matches('/').count()) {
        (Group::Anything, _) => None,
        (_, 2..) => Some(format!("unexpected GroupVersion string: {}", version)),
        (Group::Named, 0) => Some("apiVersion must specify API group".to_owned()),
        (Group::Named, _) if version.starts_with('/') => {
            Some("apiVersion must specify API group".to_owned())
        }
        _ => None,
    }
}

fn metric(metric: &MetricSpec, group: Group, path: &FieldPath, errors: &mut FieldErrors) {
    let type_ = metric.type_.as_str();
    if type_.is_empty() {
        errors.push(FieldError::required(path.child("type"), "must specify a metric source type"));
    }
    if !SOURCES.contains(&type_) {
        errors.push(FieldError::not_supported(path.child("type"), type_, &SOURCES));
    }
    let sources = [
        ("object", "Object", &metric.object),
        ("external", "External", &metric.external),
        ("pods", "Pods", &metric.pods),
        ("resource", "Resource", &metric.resource),
        ("containerResource", "ContainerResource", &metric.container_resource),
    ];
    let present = || sources.iter().filter(|(_, _, source)| source.is_some());
    if let Some((name, _, Some(source))) = present().next() {
        let path = path.child(name);
        match *name {
            "object" => object_source(source, group, &path, errors),
            "external" => external_source(source, &path, errors),
            "pods" => pods_source(source, &path, errors),
            "resource" => resource_source(source, &path, errors),
            _ => container_source(source, &path, errors),
        }
    }
    let expected = sources.iter().find(|(_, known, _)| *known == type_);
    match expected {
        Some((name, _, None)) => {
            let detail = "must populate information for the given metric source";
            errors.push(FieldError::required(path.child(name), detail));
        }
        None => errors.push(FieldError::not_supported(path.child("type"), type_, &SOURCES)),
        Some(_) => {}
    }
    if present().count() != 1 {
        for (name, _, _) in present().filter(|(_, known, _)| *known != type_) {
            let detail = "must populate the given metric source only";
            errors.push(FieldError::forbidden(path.child(name), detail));
        }
    }
}

fn object_source(source: &MetricSource, group: Group, path: &FieldPath, errors: &mut FieldErrors) {
    let nothing = CrossVersionObjectReference::default();
    let described = source.described_object.as_ref().unwrap_or(&nothing);
    reference(described, group, &path.child("describedObject"), errors);
    identifier(source.metric.as_ref(), &path.child("metric"), errors);
    let at = path.child("target");
    target(&source.target, &at, errors);
    if source.target.value.is_none() && source.target.average_value.is_none() {
        let detail = "must set either a target value or averageValue";
        errors.push(FieldError::required(at.child("averageValue"), detail));
    }
}

fn external_source(source: &MetricSource, path: &FieldPath, errors: &mut FieldErrors) {
    identifier(source.metric.as_ref(), &path.child("metric"), errors);
    let at = path.child("target");
    target(&source.target, &at, errors);
    match (&source.target.value, &source.target.average_value) {
        (None, None) => {
            let detail = "must set either a target value for metric or a per-pod target";
            errors.push(FieldError::required(at.child("averageValue"), detail));
        }
        (Some(_), Some(_)) => {
            let detail = "may not set both a target value for metric and a per-pod target";
            errors.push(FieldError::forbidden(at.child("value"), detail));
        }
        _ => {}
    }
}

fn pods_source(source: &MetricSource, path: &FieldPath, errors: &mut FieldErrors) {
    identifier(source.metric.as_ref(), &path.child("metric"), errors);
    let at = path.child("target");
    target(&source.target, &at, errors);
    if source.target.average_value.is_none() {
        let detail = "must specify a positive target averageValue";
        errors.push(FieldError::required(at.child("averageValue"), detail));
    }
}

fn resource_source(source: &MetricSource, path: &FieldPath, errors: &mut FieldErrors) {
    if source.name.is_empty() {
        errors.push(FieldError::required(path.child("name"), "must specify a resource name"));
    }
    usage_target(&source.target, &path.child("target"), errors);
}

fn container_source(source: &MetricSource, path: &FieldPath, errors: &mut FieldErrors) {
    let (name, container) = (path.child("name"), path.child("container"));
    if source.name.is_empty() {
        errors.push(FieldError::required(name, "must specify a resource name"));
    } else if !source.name.contains('/')
        && !matches!(source.name.as_str(), "cpu" | "memory" | "ephemeral-storage")
        && !source.name.starts_with("hugepages-")
    {
        let detail = "must be a standard resource for containers";
        errors.push(FieldError::invalid(name, source.name.as_str(), detail));
    }
    if source.container.is_empty() {
        errors.push(FieldError::required(container, "must specify a container"));
    } else {
        check(names::is_dns1123_label, &source.container, &container, errors);
    }
    usage_target(&source.target, &path.child("target"), errors);
}

fn usage_target(target: &MetricTarget, path: &FieldPath, errors: &mut FieldErrors) {
    self::target(target, path, errors);
    match (&target.average_utilization, &target.average_value) {
        (None, None) => {
            let detail = "must set either a target raw value or a target utilization";
            errors.push(FieldError::required(path.child("averageUtilization"), detail));
        }
        (Some(_), Some(_)) => {
            let detail = "may not set both a target raw value and a target utilization";
            errors.push(FieldError::forbidden(path.child("averageValue"), detail));
        }
        _ => {}
    }
}

fn target(target: &MetricTarget, path: &FieldPath, errors: &mut FieldErrors) {
    let type_ = target.type_.as_str();
    if type_.is_empty() {
        errors.push(FieldError::required(path.child("type"), "must specify a metric target type"));
    }
    if !["Utilization", "Value", "AverageValue"].contains(&type_) {
        let detail = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(path.child("type"), type_, detail));
    }
    for (name, value) in [("value", &target.value), ("averageValue", &target.average_value)] {
        if let Some(value) = value.as_ref().filter(|value| value.signum() <= 0) {
            errors.push(FieldError::invalid(
                path.child(name),
                value.to_value(),
                "must be positive",
            ));
        }
    }
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        let detail = "must be greater than 0";
        errors.push(FieldError::invalid(path.child("averageUtilization"), percent, detail));
    }
}

fn identifier(metric: Option<&MetricIdentifier>, path: &FieldPath, errors: &mut FieldErrors) {
    let path = path.child("name");
    match metric.map(|metric| metric.name.as_str()).filter(|name| !name.is_empty()) {
        None => errors.push(FieldError::required(path, "must specify a metric name")),
        Some(name) => check(names::is_path_segment_name, name, &path, errors),
    }
}

fn rules(rules: Option<&HpaScalingRules>, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(rules) = rules else { return };
    let at = path.child("stabilizationWindowSeconds");
    match rules.stabilization_window_seconds {
        Some(seconds @ ..0) => {
            let detail = "must be greater than or equal to zero";
            errors.push(FieldError::invalid(at, seconds, detail));
        }
        Some(seconds) if seconds > STABILIZATION_SECONDS_MAX => {
            let detail = format!("must be less than or equal to {STABILIZATION_SECONDS_MAX}");
            errors.push(FieldError::invalid(at, seconds, &detail));
        }
        _ => {}
    }
    let choices = ["Disabled", "Max", "Min"];
    if let Some(choice) = rules.select_policy.as_deref().filter(|one| !choices.contains(one)) {
        errors.push(FieldError::not_supported(path.child("selectPolicy"), choice, &choices));
    }
    policies(rules, &path.child("policies"), errors);
    let negative = |tolerance: &&Quantity| tolerance.signum() < 0;
    if let Some(tolerance) = rules.tolerance.as_ref().filter(negative) {
        let detail = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(path.child("tolerance"), tolerance.to_value(), detail));
    }
}

fn policies(rules: &HpaScalingRules, path: &FieldPath, errors: &mut FieldErrors) {
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        errors.push(FieldError::required(path, "must specify at least one Policy"));
    }
    for (i, policy) in policies.iter().enumerate() {
        let path = path.index(i);
        let types = ["Percent", "Pods"];
        if !types.contains(&policy.type_.as_str()) {
            errors.push(FieldError::not_supported(path.child("type"), &policy.type_, &types));
        }
        let seconds = policy.period_seconds;
        for (name, value) in [("value", policy.value), ("periodSeconds", seconds)] {
            if value <= 0 {
                let detail = "must be greater than zero";
                errors.push(FieldError::invalid(path.child(name), value, detail));
            }
        }
        if seconds > PERIOD_SECONDS_MAX {
            let detail = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
            errors.push(FieldError::invalid(path.child("periodSeconds"), seconds, &detail));
        }
    }
}
