//! What one look at a DaemonSet sees: its nodes with their fitness, and its pods by node.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{DaemonSet, Node, Pod};
use apimachinery::time::Time;
use smol_str::SmolStr;

use super::placement::{Fit, Placement, target_node};
use crate::informers::Informers;
use crate::pods;

pub struct View<'s> {
    pub ds: &'s DaemonSet,
    /// What pods of the newest template carry.
    pub hash: &'s str,
    pub generation: Option<i64>,
    /// All nodes by name.
    pub nodes: Vec<(&'s Arc<Node>, Fit)>,
    /// Pods by the node that they are on or meant for.
    pub on_node: BTreeMap<SmolStr, Vec<Arc<Pod>>>,
    pub now: Time,
}

/// Pods to delete, and nodes on which to make one.
#[derive(Debug, Default)]
pub struct Plan {
    pub delete: Vec<Arc<Pod>>,
    pub create: Vec<SmolStr>,
}

impl<'s> View<'s> {
    pub fn new(
        informers: &'s Informers,
        ds: &'s DaemonSet,
        hash: &'s str,
        pods: &[Arc<Pod>],
        now: Time,
    ) -> Self {
        let placement = Placement::of(ds);
        let nodes = informers.nodes.iter().map(|node| (node, placement.fit(node))).collect();
        let mut on_node: BTreeMap<SmolStr, Vec<Arc<Pod>>> = BTreeMap::new();
        // A pod that has ended and is being deleted is nobody's concern any more.
        let gone = |pod: &Pod| pod.status.phase.is_terminal() && pod.metadata.is_deleting();
        for pod in pods.iter().filter(|pod| !gone(pod)) {
            if let Some(node) = target_node(pod) {
                on_node.entry(node.clone()).or_default().push(Arc::clone(pod));
            }
        }
        View { ds, hash, generation: ds.template_generation(), nodes, on_node, now }
    }

    pub fn fit(&self, node: &str) -> Option<Fit> {
        let by_name = |(one, _): &(&Arc<Node>, Fit)| one.metadata.name.as_str().cmp(node);
        let found = self.nodes.binary_search_by(by_name).ok()?;
        self.nodes.get(found).map(|(_, fit)| *fit)
    }

    pub fn is_available(&self, pod: &Pod) -> bool {
        pods::is_available(pod, self.ds.spec.min_ready_seconds, self.now)
    }
}
