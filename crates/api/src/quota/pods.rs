//! Pods: how many, and what they ask for and may take while they run.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::time::Time;
use serde_json::Value;
use smol_str::format_smolstr;

use super::{amount, selects};
use crate::Pod;
use crate::core::container::{Container, ResourceList};
use crate::core::resource_names::{is_extended, is_huge_page};
use crate::core::resource_quota::ScopedResourceSelectorRequirement;
use crate::core::{pod_resources, qos};

/// What a container must say where a quota bounds it.
const REQUIRED: [&str; 6] =
    ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];
const OTHERS: [&str; 4] =
    ["ephemeral-storage", "limits.ephemeral-storage", "pods", "requests.ephemeral-storage"];

pub fn measures(name: &str) -> bool {
    let request = name.strip_prefix("requests.");
    REQUIRED.contains(&name)
        || OTHERS.contains(&name)
        || is_huge_page(name)
        || request.is_some_and(|of| is_huge_page(of) || of.contains('/'))
}

/// Whether a pod ends by itself; the scopes Terminating and NotTerminating ask for that.
pub fn has_deadline(pod: &Pod) -> bool {
    pod.spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0)
}

pub fn in_scope(rule: &ScopedResourceSelectorRequirement, pod: &Pod) -> bool {
    let best_effort = || qos::qos_class(&pod.spec) == "BestEffort";
    match rule.scope_name.as_str() {
        "Terminating" => has_deadline(pod),
        "NotTerminating" => !has_deadline(pod),
        "BestEffort" => best_effort(),
        "NotBestEffort" => !best_effort(),
        "PriorityClass" => {
            let class = pod.spec.priority_class_name.as_str();
            selects(rule, Some(class).filter(|class| !class.is_empty()))
        }
        "CrossNamespacePodAffinity" => looks_into_namespaces(pod),
        _ => false,
    }
}

fn looks_into_namespaces(pod: &Pod) -> bool {
    let Some(affinity) = &pod.spec.affinity else { return false };
    let both = [affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref()];
    let named = |term: &Value| {
        term["namespaces"].as_array().is_some_and(|names| !names.is_empty())
            || !term["namespaceSelector"].is_null()
    };
    both.into_iter().flatten().any(|affinity| {
        let terms = |list: &str| affinity[list].as_array().cloned().unwrap_or_default();
        let required = terms("requiredDuringSchedulingIgnoredDuringExecution");
        let preferred = terms("preferredDuringSchedulingIgnoredDuringExecution");
        required.iter().any(named) || preferred.iter().any(|term| named(&term["podAffinityTerm"]))
    })
}

/// `must specify limits.memory for: a,b; requests.cpu for: a`
pub fn missing(bounds: &ResourceList, pod: &Pod) -> Option<String> {
    if pod.spec.extra.get("resources").is_some() {
        return None;
    }
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
        for name in REQUIRED.iter().filter(|name| bounds.contains_key(**name)) {
            if !says(container, name) {
                missing.entry(name).or_default().insert(&container.name);
            }
        }
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(name, of)| format!("{name} for: {}", of.into_iter().collect::<Vec<_>>().join(",")))
        .collect();
    (!parts.is_empty()).then(|| format!("must specify {}", parts.join("; ")))
}

fn says(container: &Container, name: &str) -> bool {
    let resources = &container.resources;
    match name.strip_prefix("limits.") {
        Some(name) => resources.limits.contains_key(name),
        None => {
            let name = name.strip_prefix("requests.").unwrap_or(name);
            resources.requests.contains_key(name)
        }
    }
}

/// Whether a pod still takes resources. One that should be gone long since does not.
fn counts(pod: &Pod, now: Time) -> bool {
    if pod.status.phase.is_terminal() {
        return false;
    }
    let meta = &pod.metadata;
    match (meta.deletion_timestamp(), meta.deletion_grace_period_seconds()) {
        (Some(Time(end)), Some(grace)) => now.0 <= end.saturating_add(grace),
        _ => true,
    }
}

pub fn usage(pod: &Pod, now: Time) -> ResourceList {
    if !counts(pod, now) {
        return ResourceList::new();
    }
    let mut usage = ResourceList::from([("pods".into(), amount(1))]);
    let requests = pod_resources::requests(&pod.spec);
    for (name, asked) in &requests {
        let plain = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage");
        if plain || is_huge_page(name) {
            usage.insert(name.clone(), asked.clone());
        }
        if plain || is_huge_page(name) || is_extended(name) {
            usage.insert(format_smolstr!("requests.{name}"), asked.clone());
        }
    }
    for (name, most) in pod_resources::limits(&pod.spec) {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            usage.insert(format_smolstr!("limits.{name}"), most);
        }
    }
    usage
}
