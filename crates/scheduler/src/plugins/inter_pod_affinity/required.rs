//! The required terms: of the pod against those that run, and of those against the pod.
//! Models pkg/scheduler/framework/plugins/interpodaffinity/filtering.go.

use super::{Domains, InterPodAffinity};
use crate::framework::{Cycle, CycleState, Filter, PreFilter, PreFiltered, Scope, Status, Verdict};
use crate::node_info::NodeInfo;
use crate::pod_terms::matches_all;

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
                count_existing(cycle, info, &mut counted.existing_anti);
            }
            if has_terms {
                count_incoming(cycle, info, &mut counted);
            }
        }
        if !has_terms && counted.existing_anti.is_empty() {
            return PreFiltered::Skip;
        }
        state.put(counted);
        PreFiltered::All
    }
}

fn count_existing(cycle: &Cycle<'_>, info: &NodeInfo, domains: &mut Domains) {
    let (pod, namespaces) = (&cycle.pod.pod, &cycle.lookup.namespaces);
    for existing in info.pods.iter().filter(|p| p.template.terms.requires_anti()) {
        let namespace = &existing.pod.metadata.namespace;
        for term in &existing.template.terms.required_anti {
            if term.matches(namespace, pod, namespaces) {
                domains.add(info, &term.topology_key, 1);
            }
        }
    }
}

fn count_incoming(cycle: &Cycle<'_>, info: &NodeInfo, counted: &mut RequiredState) {
    let (terms, namespaces) = (&cycle.template().terms, &cycle.lookup.namespaces);
    let own = &cycle.pod.pod.metadata.namespace;
    for existing in &info.pods {
        if matches_all(&terms.required, own, &existing.pod, namespaces) {
            for term in &terms.required {
                counted.affinity.add(info, &term.topology_key, 1);
            }
        }
        for term in &terms.required_anti {
            if term.matches(own, &existing.pod, namespaces) {
                counted.anti.add(info, &term.topology_key, 1);
            }
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
