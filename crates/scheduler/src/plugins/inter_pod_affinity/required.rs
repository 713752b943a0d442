//! The required terms: of the pod against those that run, and of those against the pod.
//! Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go.

use super::{Domains, InterPodAffinity};
use crate::framework::{Cycle, CycleState, Filter, PreFilter, PreFiltered, Scope, Status, Verdict};
use crate::node_info::NodeInfo;
use crate::pod_terms::matches_all;
use crate::template::PodInfo;

#[derive(Default)]
struct RequiredState {
    /// Pods that run and do not want this one near.
    existing_anti: Domains,
    /// Pods that run and match all terms of the pod's affinity.
    affinity: Domains,
    /// Pods that run and match a term of the pod's anti-affinity.
    anti: Domains,
}

impl PreFilter for InterPodAffinity {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        let terms = &cycle.template().terms;
        let has_terms = !terms.required.is_empty() || !terms.required_anti.is_empty();
        if !has_terms && !cycle.cache.any_required_anti_affinity() {
            return PreFiltered::Skip;
        }
        let mut counted = RequiredState::default();
        for info in cycle.cache.infos() {
            if info.pods_with_required_anti_affinity > 0 {
                let anti = info.pods.iter().filter(|p| p.template.terms.requires_anti());
                anti.for_each(|existing| count_existing(cycle, info, existing, 1, &mut counted));
            }
            if has_terms {
                let pods = info.pods.iter();
                pods.for_each(|existing| count_incoming(cycle, info, existing, 1, &mut counted));
            }
        }
        if !has_terms && counted.existing_anti.is_empty() {
            return PreFiltered::Skip;
        }
        state.put(counted);
        PreFiltered::All
    }

    fn change(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        pod: &PodInfo,
        info: &NodeInfo,
        by: i64,
    ) {
        if let Some(counted) = state.get_mut::<RequiredState>() {
            count_existing(cycle, info, pod, by, counted);
            count_incoming(cycle, info, pod, by, counted);
        }
    }
}

/// Counts what an existing pod has against the incoming one.
fn count_existing(
    cycle: &Cycle<'_>,
    info: &NodeInfo,
    existing: &PodInfo,
    by: i64,
    counted: &mut RequiredState,
) {
    let (pod, namespaces) = (&cycle.pod.pod, &cycle.lookup.namespaces);
    let namespace = &existing.pod.metadata.namespace;
    for term in &existing.template.terms.required_anti {
        if term.matches(namespace, pod, namespaces) {
            counted.existing_anti.change(info, &term.topology_key, by);
        }
    }
}

/// Counts what the incoming pod wants with, or has against, an existing one.
fn count_incoming(
    cycle: &Cycle<'_>,
    info: &NodeInfo,
    existing: &PodInfo,
    by: i64,
    counted: &mut RequiredState,
) {
    let (terms, namespaces) = (&cycle.template().terms, &cycle.lookup.namespaces);
    let own = &cycle.pod.pod.metadata.namespace;
    if matches_all(&terms.required, own, &existing.pod, namespaces) {
        for term in &terms.required {
            counted.affinity.change(info, &term.topology_key, by);
        }
    }
    for term in &terms.required_anti {
        if term.matches(own, &existing.pod, namespaces) {
            counted.anti.change(info, &term.topology_key, by);
        }
    }
}

impl Filter for InterPodAffinity {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> Verdict {
        let Some(counted) = state.get::<RequiredState>() else { return Ok(()) };
        if !affinity_holds(cycle, counted, info) {
            return Err(Status::unresolvable("node(s) didn't match pod affinity rules"));
        }
        let terms = &cycle.template().terms;
        let hated =
            |key: &str| info.label(key).is_some_and(|value| counted.anti.get(key, value) > 0);
        if terms.required_anti.iter().any(|term| hated(&term.topology_key)) {
            return Err(Status::unschedulable("node(s) didn't match pod anti-affinity rules"));
        }
        let unwanted = counted
            .existing_anti
            .0
            .iter()
            .any(|(key, values)| info.label(key).is_some_and(|v| values.contains_key(v)));
        if unwanted {
            let reason = "node(s) didn't satisfy existing pods anti-affinity rules";
            return Err(Status::unschedulable(reason));
        }
        Ok(())
    }
}

/// The first pod of a group that wants to be near itself may go anywhere with the labels.
fn affinity_holds(cycle: &Cycle<'_>, counted: &RequiredState, info: &NodeInfo) -> bool {
    let terms = &cycle.template().terms.required;
    let mut found = true;
    for term in terms {
        let Some(value) = info.label(&term.topology_key) else { return false };
        found &= counted.affinity.get(&term.topology_key, value) > 0;
    }
    let pod = &cycle.pod.pod;
    found
        || (counted.affinity.is_empty()
            && matches_all(terms, &pod.metadata.namespace, pod, &cycle.lookup.namespaces))
}
