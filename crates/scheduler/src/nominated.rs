//! Pods that others made room for: they have no node yet, but the room on one is theirs.
//! Models pkg/scheduler/backend/queue/nominator.go and the filters with nominated pods of
//! pkg/scheduler/framework/runtime/framework.go.

use apimachinery::meta::Uid;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::framework::{Cycle, CycleState, Status};
use crate::node_info::NodeInfo;
use crate::profile::{Filters, PluginIndex, Profile};
use crate::template::PodInfo;

#[derive(Debug, Default)]
pub struct Nominated {
    by_node: IndexMap<SmolStr, Vec<PodInfo>, FxBuildHasher>,
    nodes: IndexMap<Uid, SmolStr, FxBuildHasher>,
}

impl Nominated {
    pub fn set(&mut self, pod: PodInfo, node: &SmolStr) {
        self.remove(pod.uid());
        self.nodes.insert(pod.uid(), node.clone());
        self.by_node.entry(node.clone()).or_default().push(pod);
    }

    pub fn remove(&mut self, uid: Uid) {
        let Some(node) = self.nodes.swap_remove(&uid) else { return };
        let Some(pods) = self.by_node.get_mut(&node) else { return };
        pods.retain(|pod| pod.uid() != uid);
        if pods.is_empty() {
            self.by_node.swap_remove(&node);
        }
    }

    pub fn node_of(&self, uid: Uid) -> Option<&SmolStr> {
        self.nodes.get(&uid)
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn on(&self, node: &str) -> &[PodInfo] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// Those that a pod must leave their room: others on the node that matter as much or more.
    fn before(&self, cycle: &Cycle<'_>, node: &str) -> Vec<PodInfo> {
        let (uid, priority) = (cycle.pod.uid(), cycle.template().priority());
        let pods = self.on(node).iter();
        pods.filter(|p| p.uid() != uid && p.template.priority() >= priority).cloned().collect()
    }
}

/// The first refusal of a node: once with the pods that are nominated to it, since these may come,
/// and once without them, since they may not.
pub fn refusal(
    profile: &Profile,
    cycle: &Cycle<'_>,
    state: &mut CycleState,
    filters: &Filters<'_>,
    info: &NodeInfo,
) -> Option<(PluginIndex, Status)> {
    let nominated = cycle.nominated.before(cycle, &info.name);
    if !nominated.is_empty() {
        let mut fuller = info.clone();
        for pod in &nominated {
            fuller.add_pod(pod.clone());
            profile.add_pod(cycle, state, pod, &fuller);
        }
        let said = filters.first_refusal(cycle, state, &fuller);
        for pod in nominated.iter().rev() {
            fuller.remove_pod(pod.uid());
            profile.remove_pod(cycle, state, pod, &fuller);
        }
        if said.is_some() {
            return said;
        }
    }
    filters.first_refusal(cycle, state, info)
}
