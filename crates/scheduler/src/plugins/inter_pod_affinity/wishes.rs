//! The preferred terms, and the required affinity of pods that run as a wish of weight one.
//! Models pkg/scheduler/framework/plugins/interpodaffinity/scoring.go.

use super::{Domains, InterPodAffinity};
use crate::framework::{Cycle, CycleState, MAX_NODE_SCORE, PreScore, Scope, Score};
use crate::node_info::NodeInfo;
use crate::template::PodInfo;

const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

struct WishState(Domains);

impl PreScore for InterPodAffinity {
    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, _: &[&NodeInfo]) -> bool {
        let prefers = cycle.template().terms.prefers();
        if !prefers && !cycle.cache.any_affinity() {
            return false;
        }
        let mut domains = Domains::default();
        let nodes = cycle.cache.infos().filter(|info| prefers || info.pods_with_affinity > 0);
        for info in nodes {
            let relevant = |pod: &&PodInfo| prefers || pod.template.terms.any();
            for existing in info.pods.iter().filter(relevant) {
                count(cycle, existing, info, &mut domains);
            }
        }
        if domains.is_empty() {
            return false;
        }
        state.put(WishState(domains));
        true
    }
}

fn count(cycle: &Cycle<'_>, existing: &PodInfo, info: &NodeInfo, domains: &mut Domains) {
    let namespaces = &cycle.lookup.namespaces;
    let (pod, other) = (&cycle.pod.pod, &existing.pod);
    let (own, foreign) = (&pod.metadata.namespace, &other.metadata.namespace);
    let (terms, others) = (&cycle.template().terms, &existing.template.terms);
    for (wishes, sign) in [(&terms.preferred, 1), (&terms.preferred_anti, -1)] {
        for (term, weight) in wishes {
            if term.matches(own, other, namespaces) {
                domains.add(info, &term.topology_key, sign * weight);
            }
        }
    }
    for term in &others.required {
        if term.matches(foreign, pod, namespaces) {
            domains.add(info, &term.topology_key, HARD_POD_AFFINITY_WEIGHT);
        }
    }
    for (wishes, sign) in [(&others.preferred, 1), (&others.preferred_anti, -1)] {
        for (term, weight) in wishes {
            if term.matches(foreign, pod, namespaces) {
                domains.add(info, &term.topology_key, sign * weight);
            }
        }
    }
}

impl Score for InterPodAffinity {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn score(&self, _: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> i64 {
        let Some(WishState(domains)) = state.get::<WishState>() else { return 0 };
        let of_node = domains.0.iter().filter_map(|(key, values)| values.get(info.label(key)?));
        of_node.sum()
    }

    fn normalizes(&self) -> bool {
        true
    }

    /// The lowest becomes 0, the highest 100.
    fn normalize(&self, _: &CycleState, _: &[&NodeInfo], scores: &mut [i64]) {
        let min = scores.iter().copied().min().unwrap_or(0);
        let max = scores.iter().copied().max().unwrap_or(0);
        for score in scores {
            *score = if max > min {
                (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / (max - min) as f64)) as i64
            } else {
                0
            };
        }
    }
}
