//! What the scheduler knows of nodes and assigned pods, kept up to date change by change. Pods it
//! has just placed are assumed here before the API server confirms them.
//! Models pkg/scheduler/backend/cache/{cache,node_tree}.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Node, Pod};
use apimachinery::meta::{Key, Uid};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::{SmolStr, format_smolstr};

use crate::node_info::NodeInfo;
use crate::template::{PodInfo, Templates};
use crate::topology::Topology;

type FxIndexMap<K, V> = IndexMap<K, V, FxBuildHasher>;

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";

/// The place of a node in the cache; stays the same while the node or a pod of it exists.
pub type NodeId = u32;

#[derive(Clone, Copy, Debug)]
struct PodState {
    node: NodeId,
    assumed: bool,
}

/// An image on nodes: its size and on how many of them it is.
#[derive(Clone, Copy, Debug, Default)]
struct ImageState {
    size: i64,
    nodes: u32,
    changed: u64,
}

#[derive(Debug, Default)]
pub struct Cache {
    nodes: Vec<NodeInfo>,
    free: Vec<NodeId>,
    by_name: FxIndexMap<SmolStr, NodeId>,
    pods: FxIndexMap<Uid, PodState>,
    zones: Vec<(SmolStr, Vec<NodeId>)>,
    order: Vec<NodeId>,
    order_stale: bool,
    images: FxIndexMap<SmolStr, ImageState>,
    generation: u64,
    generations: Vec<u64>,
    image_epoch: u64,
    /// The epoch at which a node came or went.
    nodes_changed: u64,
    /// How many assigned pods have each priority.
    priorities: BTreeMap<i32, u32>,
    affinity_pods: u32,
    anti_affinity_pods: u32,
    labels_epoch: u64,
    /// How many assigned pods use a claim.
    claims: FxIndexMap<Key, u32>,
    pub templates: Templates,
    pub topology: Topology,
}

impl Cache {
    pub fn node(&self, id: NodeId) -> Option<&NodeInfo> {
        self.nodes.get(id as usize)
    }

    pub fn named(&self, name: &str) -> Option<NodeId> {
        self.by_name
            .get(name)
            .copied()
            .filter(|id| self.node(*id).is_some_and(|n| n.node.is_some()))
    }

    /// Known nodes, one of each zone in turn. Call `refresh` before.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// Known nodes in that order.
    pub fn infos(&self) -> impl Iterator<Item = &NodeInfo> {
        self.order.iter().filter_map(|id| self.node(*id))
    }

    /// How many places for nodes there are: all ids are below.
    pub fn places(&self) -> usize {
        self.nodes.len()
    }

    /// Moves when a node comes or goes or gets other labels.
    pub fn labels_epoch(&self) -> u64 {
        self.labels_epoch
    }

    /// The generation of each place.
    pub fn generations(&self) -> &[u64] {
        &self.generations
    }

    /// Moves when one of these images comes to or leaves a node, or when a node comes or goes.
    pub fn image_stamp(&self, images: &[SmolStr]) -> u64 {
        let changed = |name: &SmolStr| self.images.get(name).map_or(0, |state| state.changed);
        images.iter().map(changed).max().unwrap_or(0).max(self.nodes_changed)
    }

    /// Whether any assigned pod has affinity or anti-affinity to other pods.
    pub fn any_affinity(&self) -> bool {
        self.affinity_pods > 0
    }

    pub fn any_required_anti_affinity(&self) -> bool {
        self.anti_affinity_pods > 0
    }

    /// Whether any assigned pod matters less than this.
    pub fn any_pod_below(&self, priority: i32) -> bool {
        self.priorities.range(..priority).next().is_some()
    }

    fn count_priority(&mut self, priority: i32, add: bool) {
        let count = self.priorities.entry(priority).or_insert(0);
        *count = if add { count.saturating_add(1) } else { count.saturating_sub(1) };
        if *count == 0 {
            self.priorities.remove(&priority);
        }
    }

    pub fn is_assumed(&self, uid: Uid) -> bool {
        self.pods.get(&uid).is_some_and(|state| state.assumed)
    }

    pub fn assigned_pods(&self) -> usize {
        self.pods.len()
    }

    /// Brings the order of nodes up to date.
    pub fn refresh(&mut self) {
        if !self.order_stale {
            return;
        }
        self.order_stale = false;
        self.order.clear();
        let longest = self.zones.iter().map(|(_, nodes)| nodes.len()).max().unwrap_or(0);
        for round in 0..longest {
            self.order.extend(self.zones.iter().filter_map(|(_, nodes)| nodes.get(round)));
        }
    }

    fn touch(&mut self, id: NodeId) {
        self.generation += 1;
        let generation = self.generation;
        if let Some(info) = self.nodes.get_mut(id as usize) {
            info.generation = generation;
        }
        if let Some(known) = self.generations.get_mut(id as usize) {
            *known = generation;
        }
    }

    /// The place of that name, made if there is none.
    fn place(&mut self, name: &SmolStr) -> NodeId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let info = NodeInfo { name: name.clone(), ..NodeInfo::default() };
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.nodes.push(NodeInfo::default());
                self.generations.push(0);
                (self.nodes.len() - 1) as NodeId
            }
        };
        if let Some(place) = self.nodes.get_mut(id as usize) {
            *place = NodeInfo { id, ..info };
        }
        self.by_name.insert(name.clone(), id);
        self.touch(id);
        id
    }

    /// Frees the place of a node that is gone with all its pods.
    fn tidy(&mut self, id: NodeId) {
        let Some(info) = self.nodes.get(id as usize) else { return };
        if info.node.is_none() && info.pods.is_empty() {
            self.by_name.swap_remove(&info.name);
            self.free.push(id);
        }
    }

    pub fn set_node(&mut self, node: &Arc<Node>) {
        let id = self.place(&node.metadata.name);
        let Some(info) = self.nodes.get_mut(id as usize) else { return };
        let old = info.node.clone();
        info.set_node(node);
        let same_images = old.as_ref().is_some_and(|old| old.status.images == node.status.images);
        if !same_images {
            if let Some(old) = &old {
                self.count_images(old, false);
            }
            self.count_images(node, true);
        }
        let same_labels = old.as_ref().is_some_and(|old| {
            let (old, new) = (&old.metadata.labels, &node.metadata.labels);
            old.same(new) || old == new
        });
        self.labels_epoch += u64::from(!same_labels);
        let zone = zone_of(node);
        if old.as_ref().is_none_or(|old| zone_of(old) != zone) {
            if old.is_some() {
                self.leave_zone(id);
            }
            match self.zones.iter_mut().find(|(name, _)| *name == zone) {
                Some((_, nodes)) => nodes.push(id),
                None => self.zones.push((zone, vec![id])),
            }
            self.order_stale = true;
            self.image_epoch += 1;
            self.nodes_changed = self.image_epoch;
        }
        if old.is_none_or(|old| schedules_otherwise(&old, node)) || !same_images {
            self.touch(id);
        }
    }

    pub fn remove_node(&mut self, node: &Node) {
        let Some(id) = self.by_name.get(&node.metadata.name).copied() else { return };
        let known = self.nodes.get_mut(id as usize).and_then(|info| info.node.take());
        if let Some(known) = known {
            self.count_images(&known, false);
        }
        self.leave_zone(id);
        self.labels_epoch += 1;
        self.order_stale = true;
        self.image_epoch += 1;
        self.nodes_changed = self.image_epoch;
        self.touch(id);
        self.tidy(id);
    }

    fn leave_zone(&mut self, id: NodeId) {
        for (_, nodes) in &mut self.zones {
            nodes.retain(|other| *other != id);
        }
        self.zones.retain(|(_, nodes)| !nodes.is_empty());
    }

    fn count_images(&mut self, node: &Node, add: bool) {
        for image in &node.status.images {
            for name in &image.names {
                let state = self.images.entry(name.clone()).or_default();
                if add {
                    if state.nodes == 0 {
                        state.size = image.size_bytes;
                    }
                    state.nodes += 1;
                } else {
                    state.nodes = state.nodes.saturating_sub(1);
                }
                self.image_epoch += 1;
                state.changed = self.image_epoch;
            }
        }
    }

    /// Size of an image and on how many nodes it is.
    pub fn image(&self, name: &str) -> Option<(i64, u32)> {
        self.images.get(name).filter(|state| state.nodes > 0).map(|state| (state.size, state.nodes))
    }

    /// Places a pod before the API server has confirmed it.
    pub fn assume(&mut self, pod: PodInfo, node: NodeId) {
        self.insert(pod, node, true);
    }

    /// Whether an assigned pod uses the claim.
    pub fn is_claim_used(&self, claim: &Key) -> bool {
        self.claims.contains_key(claim)
    }

    fn count_claims(&mut self, pod: &Pod, add: bool) {
        for name in pod.claims() {
            let key = Key::new(pod.metadata.namespace.clone(), name);
            let count = self.claims.entry(key.clone()).or_insert(0);
            *count = if add { count.saturating_add(1) } else { count.saturating_sub(1) };
            if *count == 0 {
                self.claims.swap_remove(&key);
            }
        }
    }

    fn insert(&mut self, pod: PodInfo, node: NodeId, assumed: bool) {
        let uid = pod.uid();
        if self.pods.contains_key(&uid) {
            self.remove_pod(uid);
        }
        self.count_claims(&pod.pod, true);
        self.count_priority(pod.template.priority(), true);
        self.affinity_pods += u32::from(pod.template.terms.any());
        self.anti_affinity_pods += u32::from(pod.template.terms.requires_anti());
        self.pods.insert(uid, PodState { node, assumed });
        if let Some(info) = self.nodes.get_mut(node as usize) {
            info.add_pod(pod);
        }
        self.touch(node);
    }

    /// A pod that is assigned as the API server tells it: new, confirmed or changed.
    pub fn set_pod(&mut self, pod: &Arc<Pod>) {
        let uid = pod.metadata.uid;
        let known = self.pods.get(&uid).copied();
        if let Some(state) = known {
            let info = self.nodes.get_mut(state.node as usize);
            let entry = info
                .filter(|info| info.name == pod.spec.node_name)
                .and_then(|info| info.pods.iter_mut().find(|entry| entry.uid() == uid))
                .filter(|entry| Arc::ptr_eq(&entry.template.body, &pod.spec.body));
            if let Some(entry) = entry {
                let same_labels = entry.pod.metadata.labels.same(&pod.metadata.labels)
                    && entry.pod.metadata.is_deleting() == pod.metadata.is_deleting();
                entry.pod = Arc::clone(pod);
                self.pods.insert(uid, PodState { assumed: false, ..state });
                if !same_labels {
                    self.touch(state.node);
                }
                return;
            }
        }
        let info = self.templates.info(pod);
        let node = self.place(&pod.spec.node_name);
        self.insert(info, node, false);
    }

    pub fn remove_pod(&mut self, uid: Uid) -> Option<PodInfo> {
        let state = self.pods.swap_remove(&uid)?;
        let pod = self.nodes.get_mut(state.node as usize)?.remove_pod(uid)?;
        self.count_claims(&pod.pod, false);
        self.count_priority(pod.template.priority(), false);
        self.affinity_pods -= u32::from(pod.template.terms.any());
        self.anti_affinity_pods -= u32::from(pod.template.terms.requires_anti());
        self.touch(state.node);
        self.tidy(state.node);
        Some(pod)
    }
}

/// Region and zone. Models component-helpers/node/topology/helpers.go.
fn zone_of(node: &Node) -> SmolStr {
    let label = |name: &str| node.metadata.labels.get(name).map_or("", SmolStr::as_str);
    match (label(REGION), label(ZONE)) {
        ("", "") => SmolStr::default(),
        (region, zone) => format_smolstr!("{region}:\0:{zone}"),
    }
}

/// Whether anything changed that a filter or a score looks at.
fn schedules_otherwise(old: &Node, new: &Node) -> bool {
    old.status.allocatable != new.status.allocatable
        || (!old.metadata.labels.same(&new.metadata.labels)
            && old.metadata.labels != new.metadata.labels)
        || old.spec.taints != new.spec.taints
        || old.spec.unschedulable != new.spec.unschedulable
}
