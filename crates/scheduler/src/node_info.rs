//! One node with the pods on it and the sums that filters and scores need.
//! Models pkg/scheduler/framework/types.go `NodeInfo`.

use std::sync::Arc;

use api::Node;
use apimachinery::meta::Uid;
use smol_str::SmolStr;

use crate::resources::Resource;
use crate::template::{HostPort, PodInfo};

/// A node, or the pods of a node that is not known (yet, or any more).
#[derive(Clone, Debug, Default)]
pub struct NodeInfo {
    /// Its place in the cache.
    pub id: u32,
    pub name: SmolStr,
    pub node: Option<Arc<Node>>,
    pub allocatable: Resource,
    pub requested: Resource,
    pub nonzero_milli_cpu: i64,
    pub nonzero_memory: i64,
    pub pods: Vec<PodInfo>,
    pub used_ports: Vec<HostPort>,
    /// How many pods have affinity or anti-affinity, and how many require anti-affinity.
    pub pods_with_affinity: u32,
    pub pods_with_required_anti_affinity: u32,
    /// Moves with every change that a filter or score could see.
    pub generation: u64,
}

impl NodeInfo {
    pub fn label(&self, key: &str) -> Option<&SmolStr> {
        self.node.as_ref().and_then(|node| node.metadata.labels.get(key))
    }

    pub fn set_node(&mut self, node: &Arc<Node>) {
        self.allocatable = Resource::of(&node.status.allocatable);
        self.node = Some(Arc::clone(node));
    }

    pub fn add_pod(&mut self, pod: PodInfo) {
        let template = &pod.template;
        self.requested.add(&template.requests.asked);
        self.nonzero_milli_cpu += template.requests.nonzero_milli_cpu;
        self.nonzero_memory += template.requests.nonzero_memory;
        self.used_ports.extend(template.ports.iter().cloned());
        self.pods_with_affinity += u32::from(template.terms.any());
        self.pods_with_required_anti_affinity += u32::from(template.terms.requires_anti());
        self.pods.push(pod);
    }

    pub fn remove_pod(&mut self, uid: Uid) -> Option<PodInfo> {
        let at = self.pods.iter().position(|pod| pod.uid() == uid)?;
        let pod = self.pods.swap_remove(at);
        let template = &pod.template;
        self.requested.sub(&template.requests.asked);
        self.nonzero_milli_cpu -= template.requests.nonzero_milli_cpu;
        self.nonzero_memory -= template.requests.nonzero_memory;
        for port in &template.ports {
            if let Some(at) = self.used_ports.iter().position(|used| used == port) {
                self.used_ports.swap_remove(at);
            }
        }
        self.pods_with_affinity -= u32::from(template.terms.any());
        self.pods_with_required_anti_affinity -= u32::from(template.terms.requires_anti());
        Some(pod)
    }
}
