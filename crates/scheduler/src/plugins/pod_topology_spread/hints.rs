//! Which changes may help a pod that hard constraints refused.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/plugin.go.

use api::{Node, Pod};

use super::hard_constraints;
use crate::framework::{ClusterEvent, NodeChange, PodChange};
use crate::spread::Constraint;
use crate::template::PodInfo;

pub fn hint(pod: &PodInfo, event: &ClusterEvent<'_>) -> bool {
    let constraints = hard_constraints(pod);
    let involved = |other: &Pod| other.metadata.namespace == pod.pod.metadata.namespace;
    let matches = |other: &Pod| {
        constraints.iter().any(|constraint| constraint.selector.matches(&other.metadata.labels))
    };
    match event {
        ClusterEvent::NodeAdd(node) | ClusterEvent::NodeDelete(node) => {
            has_keys(&constraints, node)
        }
        ClusterEvent::NodeUpdate { old, new, change: NodeChange::Label | NodeChange::Taint } => {
            node_changed(&constraints, old, new)
        }
        ClusterEvent::AssignedPodAdd(other) => involved(other) && matches(other),
        ClusterEvent::AssignedPodDelete(other) => involved(other) && matches(other),
        ClusterEvent::AssignedPodUpdate { old, new, change: PodChange::Label } => {
            involved(new) && matching_changed(&constraints, old, new)
        }
        ClusterEvent::PodUpdate { old, new, change: PodChange::Label } => {
            matching_changed(&constraints, old, new)
        }
        ClusterEvent::PodUpdate { change: PodChange::Toleration, .. } => {
            constraints.iter().any(|constraint| constraint.honor_taints)
        }
        _ => false,
    }
}

fn has_keys(constraints: &[Constraint], node: &Node) -> bool {
    constraints.iter().all(|c| node.metadata.labels.contains_key(&c.topology_key))
}

fn node_changed(constraints: &[Constraint], old: &Node, new: &Node) -> bool {
    let (before, after) = (has_keys(constraints, old), has_keys(constraints, new));
    let moved = |c: &Constraint| {
        old.metadata.labels.get(&c.topology_key) != new.metadata.labels.get(&c.topology_key)
    };
    before != after
        || (after && (constraints.iter().any(moved) || old.spec.taints != new.spec.taints))
}

fn matching_changed(constraints: &[Constraint], old: &Pod, new: &Pod) -> bool {
    constraints.iter().any(|constraint| {
        constraint.selector.matches(&old.metadata.labels)
            != constraint.selector.matches(&new.metadata.labels)
    })
}
