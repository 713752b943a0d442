//! Refuses nodes with taints that the pod does not tolerate, and prefers those with fewer wishes
//! to be left alone.
//! Models pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go.

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Cycle, CycleState, Filter, NodeChange, Plugin, PodChange, Score, Status, Verdict,
    default_normalize,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use api::core::node_selector::{tolerates, untolerated};

const PREFER_NO_SCHEDULE: &str = "PreferNoSchedule";

pub struct TaintToleration;

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::NODE_TAINT | kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        let tolerations = &pod.template.body.tolerations;
        match event {
            ClusterEvent::NodeAdd(node) => !untolerated(&node.spec.taints, tolerations),
            ClusterEvent::NodeUpdate { old, new, change: NodeChange::Taint } => {
                untolerated(&old.spec.taints, tolerations)
                    && !untolerated(&new.spec.taints, tolerations)
            }
            ClusterEvent::PodUpdate { new, change: PodChange::Toleration, .. } => {
                new.metadata.uid == pod.uid()
            }
            _ => false,
        }
    }
}

impl Filter for TaintToleration {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let Some(node) = &info.node else { return Ok(()) };
        if untolerated(&node.spec.taints, &cycle.template().body.tolerations) {
            return Err(Status::unresolvable("node(s) had untolerated taint(s)"));
        }
        Ok(())
    }
}

impl Score for TaintToleration {
    fn score(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> i64 {
        let Some(node) = &info.node else { return 0 };
        let tolerations = &cycle.template().body.tolerations;
        let taints = node.spec.taints.iter().filter(|taint| taint.effect == PREFER_NO_SCHEDULE);
        taints.filter(|taint| !tolerations.iter().any(|t| tolerates(t, taint))).count() as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, _: &CycleState, _: &[&NodeInfo], scores: &mut [i64]) {
        default_normalize(true, scores);
    }
}
