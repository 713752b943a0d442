//! Two pods cannot take the same port of a node.
//! Models pkg/scheduler/framework/plugins/nodeports/node_ports.go.

use api::Pod;

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Cycle, CycleState, Filter, Plugin, PreFilter, PreFiltered, Status, Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::{HostPort, PodInfo, host_ports};

pub struct NodePorts;

fn conflict(wanted: &[HostPort], used: &[HostPort]) -> bool {
    wanted.iter().any(|port| used.iter().any(|other| port.conflicts(other)))
}

fn frees_ports(deleted: &Pod, wanted: &[HostPort]) -> bool {
    conflict(wanted, &host_ports(&deleted.spec.body))
}

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::POD_DELETE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        match event {
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::AssignedPodDelete(deleted) => frees_ports(deleted, &pod.template.ports),
            _ => false,
        }
    }
}

impl PreFilter for NodePorts {
    fn pre_filter(&self, cycle: &Cycle<'_>, _: &mut CycleState) -> PreFiltered {
        if cycle.template().ports.is_empty() { PreFiltered::Skip } else { PreFiltered::All }
    }
}

impl Filter for NodePorts {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        if conflict(&cycle.template().ports, &info.used_ports) {
            let reason = "node(s) didn't have free ports for the requested pod ports";
            return Err(Status::unschedulable(reason));
        }
        Ok(())
    }
}
