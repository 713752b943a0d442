//! Spreads pods over domains: hard constraints refuse nodes, soft ones and the system's defaults
//! prefer those where few matching pods are.
//! Models pkg/scheduler/framework/plugins/podtopologyspread.

mod hard;
mod hints;
mod soft;

use crate::framework::kind;
use crate::framework::{ClusterEvent, Filter, Plugin, PreFilter, PreScore, Score};
use crate::lookup::Lookup;
use crate::spread::Constraint;
use crate::template::PodInfo;

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

pub struct PodTopologySpread;

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
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
        kind::NODE_ADD
            | kind::NODE_DELETE
            | kind::NODE_LABEL
            | kind::NODE_TAINT
            | kind::POD_ADD
            | kind::POD_UPDATE
            | kind::POD_DELETE
            | kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        hints::hint(pod, event)
    }
}

/// The constraints of a pod that refuse nodes. The system's defaults are only wishes.
fn hard_constraints(pod: &PodInfo) -> Vec<Constraint> {
    let labels = &pod.pod.metadata.labels;
    pod.template.spread.iter().filter(|c| c.hard).map(|c| c.for_pod(labels)).collect()
}

/// The wishes of a pod or, where it has no constraints at all, those of the system.
fn soft_constraints(pod: &PodInfo, lookup: &Lookup) -> Vec<Constraint> {
    let labels = &pod.pod.metadata.labels;
    if !pod.template.spread.is_empty() {
        return pod.template.spread.iter().filter(|c| !c.hard).map(|c| c.for_pod(labels)).collect();
    }
    let selector = lookup.default_selector(&pod.pod);
    if selector.is_everything() {
        return Vec::new();
    }
    vec![
        Constraint::default_wish(HOSTNAME, 3, selector.clone()),
        Constraint::default_wish(ZONE, 5, selector),
    ]
}
