//! Which changes may help a pod that affinity or anti-affinity refused.
//! Models pkg/scheduler/framework/plugins/interpodaffinity/plugin.go.

use api::{Node, Pod};

use crate::framework::{ClusterEvent, NodeChange, PodChange};
use crate::pod_terms::{NamespaceLabels, PodTerm, PodTerms, matches_all};
use crate::template::PodInfo;

pub fn hint(pod: &PodInfo, event: &ClusterEvent<'_>, namespaces: &NamespaceLabels) -> bool {
    let terms = &pod.template.terms;
    let own = &pod.pod.metadata.namespace;
    let all = |terms: &[PodTerm], other: &Pod| matches_all(terms, own, other, namespaces);
    match event {
        ClusterEvent::NodeAdd(node) => {
            !terms.required_anti.is_empty()
                || terms.required.iter().any(|t| node.metadata.labels.contains_key(&t.topology_key))
        }
        ClusterEvent::NodeUpdate { old, new, change: NodeChange::Label } => {
            node_moved(terms, old, new)
        }
        ClusterEvent::PodUpdate { change: PodChange::Label, .. } => true,
        ClusterEvent::AssignedPodAdd(other) => all(&terms.required, other),
        ClusterEvent::AssignedPodUpdate { old, new, change: PodChange::Label } => {
            (!all(&terms.required, old) && all(&terms.required, new))
                || (all(&terms.required_anti, old) && !all(&terms.required_anti, new))
        }
        ClusterEvent::AssignedPodDelete(other) => {
            let theirs = PodTerms::of(&other.spec.body).required_anti;
            all(&terms.required_anti, other)
                || matches_all(&theirs, &other.metadata.namespace, &pod.pod, namespaces)
        }
        _ => false,
    }
}

fn node_moved(terms: &PodTerms, old: &Node, new: &Node) -> bool {
    let values = |term: &PodTerm| {
        let key = &term.topology_key;
        (old.metadata.labels.get(key).cloned(), new.metadata.labels.get(key).cloned())
    };
    let joined = |term| {
        let (old, new) = values(term);
        new.is_some() && old != new
    };
    let left = |term| {
        let (old, new) = values(term);
        old.is_some() && old != new
    };
    terms.required.iter().any(joined) || terms.required_anti.iter().any(left)
}
