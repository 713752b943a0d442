//! What kinds of change an update is, for queueing hints.
//! Models pkg/scheduler/framework/events.go.

use api::core::pod_status::ConditionStatus;
use api::{Node, Pod};

use crate::framework::{NodeChange, PodChange};
use crate::resources::PodRequests;

pub fn of_node(old: &Node, new: &Node) -> Vec<NodeChange> {
    let mut changes = Vec::new();
    if old.spec.unschedulable != new.spec.unschedulable {
        changes.push(NodeChange::Taint);
    }
    if old.status.allocatable != new.status.allocatable {
        changes.push(NodeChange::Allocatable);
    }
    if *old.metadata.labels != *new.metadata.labels {
        changes.push(NodeChange::Label);
    }
    if old.spec.taints != new.spec.taints && old.spec.unschedulable == new.spec.unschedulable {
        changes.push(NodeChange::Taint);
    }
    if conditions(old).ne(conditions(new)) {
        changes.push(NodeChange::Condition);
    }
    if *old.metadata.annotations != *new.metadata.annotations {
        changes.push(NodeChange::Annotation);
    }
    changes
}

fn conditions(node: &Node) -> impl Iterator<Item = (&str, ConditionStatus)> {
    node.status.conditions.iter().map(|c| (c.type_.as_str(), c.status))
}

pub fn of_pod(old: &Pod, new: &Pod) -> Vec<PodChange> {
    let mut changes = Vec::new();
    if *old.metadata.labels != *new.metadata.labels {
        changes.push(PodChange::Label);
    }
    if !std::sync::Arc::ptr_eq(&old.spec.body, &new.spec.body) {
        if scaled_down(old, new) {
            changes.push(PodChange::ScaleDown);
        }
        if !old.spec.scheduling_gates.is_empty() && new.spec.scheduling_gates.is_empty() {
            changes.push(PodChange::GatesEliminated);
        }
        if old.spec.tolerations.len() != new.spec.tolerations.len() {
            changes.push(PodChange::Toleration);
        }
    }
    if changes.is_empty() {
        changes.push(PodChange::Other);
    }
    changes
}

fn scaled_down(old: &Pod, new: &Pod) -> bool {
    let (old, new) = (PodRequests::of(&old.spec.body).asked, PodRequests::of(&new.spec.body).asked);
    old.milli_cpu > new.milli_cpu
        || old.memory > new.memory
        || old.ephemeral_storage > new.ephemeral_storage
        || old.scalars.iter().any(|(name, amount)| *amount > new.scalar(name))
}
