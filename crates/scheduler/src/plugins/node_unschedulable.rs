//! Refuses cordoned nodes, unless the pod tolerates their taint.
//! Models pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go.

use api::core::node::Taint;
use api::core::pod_spec::Toleration;
use smol_str::SmolStr;

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Cycle, CycleState, Filter, NodeChange, Plugin, PodChange, Status, Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use api::core::node_selector::tolerated;

pub struct NodeUnschedulable;

fn tolerates_cordon(tolerations: &[Toleration]) -> bool {
    let taint = Taint {
        key: SmolStr::new_static("node.kubernetes.io/unschedulable"),
        effect: SmolStr::new_static("NoSchedule"),
        ..Taint::default()
    };
    tolerated(tolerations, &taint)
}

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::NODE_TAINT | kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        match event {
            ClusterEvent::NodeAdd(node) => !node.spec.unschedulable,
            ClusterEvent::NodeUpdate { old, new, change: NodeChange::Taint } => {
                old.spec.unschedulable && !new.spec.unschedulable
            }
            ClusterEvent::PodUpdate { new, change: PodChange::Toleration, .. } => {
                new.metadata.uid == pod.uid() && tolerates_cordon(&new.spec.tolerations)
            }
            _ => false,
        }
    }
}

impl Filter for NodeUnschedulable {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let cordoned = info.node.as_ref().is_some_and(|node| node.spec.unschedulable);
        if cordoned && !tolerates_cordon(&cycle.template().body.tolerations) {
            return Err(Status::unresolvable("node(s) were unschedulable"));
        }
        Ok(())
    }
}
