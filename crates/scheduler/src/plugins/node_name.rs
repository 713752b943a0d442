//! A pod that names its node fits no other.
//! Models pkg/scheduler/framework/plugins/nodename/node_name.go.

use crate::framework::kind;
use crate::framework::{ClusterEvent, Cycle, CycleState, Filter, Plugin, Status, Verdict};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;

pub struct NodeName;

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD
    }
    fn hint(&self, _: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        matches!(event, ClusterEvent::NodeAdd(_))
    }
}

impl Filter for NodeName {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let wanted = &cycle.pod.pod.spec.node_name;
        if wanted.is_empty() || *wanted == info.name {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) didn't match the requested node name"))
    }
}
