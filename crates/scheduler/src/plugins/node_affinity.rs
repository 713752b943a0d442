//! Node selectors and affinity to nodes, required and preferred.
//! Models pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go.

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Cycle, CycleState, Filter, NodeChange, Plugin, PreFilter, PreFiltered, PreScore,
    Score, Status, Verdict, default_normalize,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use api::core::node_selector::preference;

pub struct NodeAffinity;

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::NODE_LABEL
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        let Some(wanted) = &pod.template.required_nodes else { return true };
        match event {
            ClusterEvent::NodeAdd(node) => wanted.matches(node),
            ClusterEvent::NodeUpdate { old, new, change: NodeChange::Label } => {
                wanted.matches(new) && !wanted.matches(old)
            }
            _ => false,
        }
    }
}

impl PreFilter for NodeAffinity {
    fn pre_filter(&self, cycle: &Cycle<'_>, _: &mut CycleState) -> PreFiltered {
        let Some(wanted) = &cycle.template().required_nodes else { return PreFiltered::Skip };
        match &wanted.names {
            None => PreFiltered::All,
            Some(names) if names.is_empty() => {
                PreFiltered::Refused(Status::unresolvable("pod affinity terms conflict"))
            }
            Some(names) => PreFiltered::Nodes(names.clone()),
        }
    }
}

impl Filter for NodeAffinity {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let (Some(wanted), Some(node)) = (&cycle.template().required_nodes, &info.node) else {
            return Ok(());
        };
        if wanted.matches(node) {
            return Ok(());
        }
        Err(Status::unresolvable("node(s) didn't match Pod's node affinity/selector"))
    }
}

impl PreScore for NodeAffinity {
    fn pre_score(&self, cycle: &Cycle<'_>, _: &mut CycleState, _: &[&NodeInfo]) -> bool {
        let affinity = cycle.template().body.affinity.as_ref();
        affinity.and_then(|a| a.node_affinity.as_ref()).is_some_and(|a| !a.preferred.is_empty())
    }
}

impl Score for NodeAffinity {
    fn score(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> i64 {
        info.node.as_ref().map_or(0, |node| preference(&cycle.template().preferred_nodes, node))
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, _: &CycleState, _: &[&NodeInfo], scores: &mut [i64]) {
        default_normalize(false, scores);
    }
}
