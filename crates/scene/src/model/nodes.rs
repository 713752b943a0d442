//! Nodes in the natural order of their names, with what their pods ask for.

use std::cmp::Ordering;
use std::sync::Arc;

use api::Node;
use api::core::pod_status::ConditionStatus;
use smol_str::SmolStr;

use super::{Model, PodId};
use crate::account::Fact;

/// A node as the picture knows it.
#[derive(Debug, Default)]
pub struct NodeState {
    pub name: SmolStr,
    /// `None` while only its pods are known.
    pub node: Option<Arc<Node>>,
    pub control_plane: bool,
    pub ready: ConditionStatus,
    pub cordoned: bool,
    pub cpu_allocatable: u64,
    pub memory_allocatable: u64,
    pub cpu_requested: u64,
    pub memory_requested: u64,
    pub cpu_used: u64,
    pub memory_used: u64,
    /// In the order of their slots, those that fade away included.
    pub(crate) pods: Vec<PodId>,
}

impl NodeState {
    /// Whether there is something to draw: a deleted node stays known by name only.
    pub(crate) fn is_shown(&self) -> bool {
        self.node.is_some() || !self.pods.is_empty()
    }

    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }
}

/// `node-2` before `node-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let split = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (name.get(..stem).unwrap_or("").to_owned(), name.get(stem..).unwrap_or("").to_owned())
    };
    let ((a_stem, a_number), (b_stem, b_number)) = (split(a), split(b));
    (a_stem, a_number.len(), a_number).cmp(&(b_stem, b_number.len(), b_number))
}

impl Model {
    pub(super) fn put_node(&mut self, node: Arc<Node>) {
        let index = self.node_place(&node.metadata.name.clone());
        let Some(state) = self.nodes.get_mut(index) else { return };
        let amount = |name: &str, scale: i32| {
            let value = node.status.allocatable.get(name).map_or(0, |a| a.scaled_value(scale));
            u64::try_from(value).unwrap_or(0)
        };
        let ready = node.status.condition("Ready").map_or(ConditionStatus::Unknown, |c| c.status);
        let control_plane = node.metadata.label("node-role.kubernetes.io/control-plane").is_some();
        let cpu = amount("cpu", -3);
        let memory = amount("memory", 0);
        let cordoned = node.spec.unschedulable;
        let new = state.node.is_none();
        let shape_changed = new || state.control_plane != control_plane;
        let turned = state.ready != ready && !(new && ready == ConditionStatus::Unknown);
        let drawn = (state.ready, state.cordoned, state.cpu_allocatable, state.memory_allocatable);
        let changed = drawn != (ready, cordoned, cpu, memory);
        state.node = Some(node);
        state.control_plane = control_plane;
        state.ready = ready;
        state.cordoned = cordoned;
        state.cpu_allocatable = cpu;
        state.memory_allocatable = memory;
        let name = state.name.clone();
        if turned && !self.quiet {
            self.facts.push(Fact::Node { name, ready: ready == ConditionStatus::True });
        }
        self.shape += u64::from(shape_changed);
        self.state += u64::from(changed || shape_changed);
    }

    pub(super) fn remove_node(&mut self, name: &SmolStr) {
        let Some(index) = self.node_index.get(name).copied() else { return };
        let Some(state) = self.nodes.get_mut(index) else { return };
        state.node = None;
        self.facts.push(Fact::NodeGone(name.clone()));
        self.shape += 1;
        self.state += 1;
    }

    /// Where the node is in `nodes`; makes its place if it is new.
    pub(super) fn node_place(&mut self, name: &SmolStr) -> usize {
        if let Some(index) = self.node_index.get(name) {
            return *index;
        }
        let index = self.nodes.len();
        let before = |other: &u32| {
            let other = self.nodes.get(*other as usize).map_or("", |node| node.name.as_str());
            natural(other, name) == Ordering::Less
        };
        let rank = self.node_order.partition_point(before);
        self.node_order.insert(rank, u32::try_from(index).unwrap_or(u32::MAX));
        self.nodes.push(NodeState { name: name.clone(), ..NodeState::default() });
        self.node_index.insert(name.clone(), index);
        self.shape += 1;
        index
    }

    /// Adds a pod's requests to its node, or takes them away.
    pub(super) fn reserve(&mut self, node: &SmolStr, cpu: u64, memory: u64, add: bool) {
        if node.is_empty() {
            return;
        }
        let index = self.node_place(node);
        let Some(node) = self.nodes.get_mut(index) else { return };
        if add {
            node.cpu_requested = node.cpu_requested.saturating_add(cpu);
            node.memory_requested = node.memory_requested.saturating_add(memory);
        } else {
            node.cpu_requested = node.cpu_requested.saturating_sub(cpu);
            node.memory_requested = node.memory_requested.saturating_sub(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count() {
        let mut names = ["node-10", "node-2", "a", "node-1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "node-1", "node-2", "node-10"]);
    }
}
