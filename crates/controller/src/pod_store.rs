//! The cache of pods, made for 150,000 of them: grouped by controller with running totals, so that
//! a pod's change costs the same however many pods there are.
//! Models AddPodControllerIndexer in pkg/controller/controller_utils.go.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use api::Pod;
use apimachinery::meta::{Key, Uid};
use apimachinery::wire::StringMap;
use client::Delta;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::pods;

pub type PodDelta = Delta<Pod>;
pub type Pods = IndexMap<Uid, Arc<Pod>, FxBuildHasher>;

/// Pods of one controller, or those of a namespace that have none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKey {
    Controller(Uid),
    Orphans(SmolStr),
}

impl GroupKey {
    pub fn of(pod: &Pod) -> Self {
        match pod.metadata.controller() {
            Some(owner) => GroupKey::Controller(owner.uid),
            None => GroupKey::Orphans(pod.metadata.namespace.clone()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Neither ended nor being deleted.
    pub active: i32,
    /// Active and ready.
    pub ready: i32,
    /// Being deleted and not ended.
    pub terminating: i32,
    /// Neither succeeded nor failed.
    pub unfinished: i32,
    /// Those whose labels are none of the group's varieties.
    pub odd: i32,
}

/// So many sets of labels are told apart: as many as a template's pods get in that many zones.
const VARIETIES_MAX: usize = 32;

/// Labels that some pods of a group carry.
#[derive(Clone, Debug, Default)]
pub struct Variety {
    pub labels: StringMap,
    pub pods: i32,
    pub active: i32,
}

#[derive(Clone, Debug, Default)]
pub struct Group {
    pub pods: Pods,
    pub totals: Totals,
    /// The labels of all pods but the odd ones.
    pub varieties: Vec<Variety>,
}

impl Group {
    /// The variety of these labels; a new one if there is room for it. While there are odd pods
    /// none is made, so that a pod leaves where it was counted in.
    fn variety(&mut self, labels: &StringMap) -> Option<usize> {
        let same = self.varieties.iter().position(|known| known.labels.same(labels));
        let found =
            same.or_else(|| self.varieties.iter().position(|known| *known.labels == **labels));
        if found.is_none() && self.totals.odd == 0 && self.varieties.len() < VARIETIES_MAX {
            self.varieties.push(Variety { labels: labels.clone(), pods: 0, active: 0 });
            return Some(self.varieties.len() - 1);
        }
        found
    }

    fn count_labels(&mut self, pod: &Pod, by: i32) {
        let at = self.variety(&pod.metadata.labels);
        let Some((at, variety)) = at.and_then(|at| Some((at, self.varieties.get_mut(at)?))) else {
            self.totals.odd += by;
            return;
        };
        variety.pods += by;
        if pods::is_active(pod) {
            variety.active += by;
        }
        if variety.pods == 0 {
            self.varieties.swap_remove(at);
        }
    }

    fn count(&mut self, pod: &Pod, by: i32) {
        self.count_labels(pod, by);
        let totals = &mut self.totals;
        if pods::is_active(pod) {
            totals.active += by;
            if pod.status.is_ready() {
                totals.ready += by;
            }
        }
        if pods::is_terminating(pod) {
            totals.terminating += by;
        }
        if !pod.status.phase.is_terminal() {
            totals.unfinished += by;
        }
    }

    fn insert(&mut self, pod: &Arc<Pod>) {
        if let Some(old) = self.pods.insert(pod.metadata.uid, Arc::clone(pod)) {
            self.count(pod, 1);
            self.count(&old, -1);
            return;
        }
        self.count(pod, 1);
    }

    fn remove(&mut self, uid: Uid) {
        if let Some(old) = self.pods.swap_remove(&uid) {
            self.count(&old, -1);
        }
    }
}

pub fn same_labels(a: &StringMap, b: &StringMap) -> bool {
    a.same(b) || **a == **b
}

#[derive(Debug, Default)]
pub struct PodStore {
    groups: IndexMap<GroupKey, Group, FxBuildHasher>,
    by_namespace: IndexMap<SmolStr, BTreeSet<GroupKey>, FxBuildHasher>,
    by_node: IndexMap<SmolStr, Pods, FxBuildHasher>,
    /// Pods by owners that are not their controller.
    dependents: IndexMap<Uid, Pods, FxBuildHasher>,
    /// Pods by the claims that their volumes stand on.
    by_claim: IndexMap<Key, Pods, FxBuildHasher>,
}

/// A pod's volumes never change.
fn claims(pod: &Pod) -> impl Iterator<Item = Key> {
    pod.claims().map(|claim| Key::new(pod.metadata.namespace.clone(), claim))
}

fn drop_pod<K: Hash + Eq>(index: &mut IndexMap<K, Pods, FxBuildHasher>, name: &K, uid: Uid) {
    if let Some(pods) = index.get_mut(name) {
        pods.swap_remove(&uid);
        if pods.is_empty() {
            index.swap_remove(name);
        }
    }
}

impl PodStore {
    pub fn apply(&mut self, delta: &PodDelta) {
        if let Some(old) = &delta.old {
            self.leave(old, (!delta.is_deleted()).then_some(&delta.new));
        }
        if delta.is_deleted() {
            self.leave(&delta.new, None);
        } else {
            self.enter(&delta.new);
        }
    }

    /// Takes a pod out of the indexes in which it will not stand any more.
    fn leave(&mut self, old: &Pod, new: Option<&Arc<Pod>>) {
        let uid = old.metadata.uid;
        let key = GroupKey::of(old);
        let stays = new.is_some_and(|new| new.metadata.uid == uid);
        if !stays || new.is_some_and(|new| GroupKey::of(new) != key) {
            self.leave_group(&key, &old.metadata.namespace, uid);
        }
        if !stays || new.is_some_and(|new| new.spec.node_name != old.spec.node_name) {
            drop_pod(&mut self.by_node, &old.spec.node_name, uid);
        }
        if !stays && !self.by_claim.is_empty() {
            for claim in claims(old) {
                drop_pod(&mut self.by_claim, &claim, uid);
            }
        }
        if self.dependents.is_empty() {
            return;
        }
        for owner in old.metadata.owner_references.iter() {
            if let Some(pods) = self.dependents.get_mut(&owner.uid) {
                pods.swap_remove(&uid);
                if pods.is_empty() {
                    self.dependents.swap_remove(&owner.uid);
                }
            }
        }
    }

    fn leave_group(&mut self, key: &GroupKey, namespace: &SmolStr, uid: Uid) {
        let Some(group) = self.groups.get_mut(key) else { return };
        group.remove(uid);
        if !group.pods.is_empty() {
            return;
        }
        self.groups.swap_remove(key);
        if let Some(keys) = self.by_namespace.get_mut(namespace) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_namespace.swap_remove(namespace);
            }
        }
    }

    fn enter(&mut self, pod: &Arc<Pod>) {
        let key = GroupKey::of(pod);
        let group = self.groups.entry(key).or_default();
        let first = group.pods.is_empty();
        group.insert(pod);
        if first {
            let keys = self.by_namespace.entry(pod.metadata.namespace.clone()).or_default();
            keys.insert(GroupKey::of(pod));
        }
        if !pod.spec.node_name.is_empty() {
            let pods = self.by_node.entry(pod.spec.node_name.clone()).or_default();
            pods.insert(pod.metadata.uid, Arc::clone(pod));
        }
        for claim in claims(pod) {
            let pods = self.by_claim.entry(claim).or_default();
            pods.insert(pod.metadata.uid, Arc::clone(pod));
        }
        for owner in pod.metadata.owner_references.iter() {
            if owner.controller != Some(true) {
                let pods = self.dependents.entry(owner.uid).or_default();
                pods.insert(pod.metadata.uid, Arc::clone(pod));
            }
        }
    }

    pub fn group(&self, key: &GroupKey) -> Option<&Group> {
        self.groups.get(key)
    }

    pub fn of_controller(&self, controller: Uid) -> Option<&Group> {
        self.groups.get(&GroupKey::Controller(controller))
    }

    pub fn groups_in(&self, namespace: &str) -> impl Iterator<Item = &Group> {
        let keys = self.by_namespace.get(namespace).into_iter().flatten();
        keys.filter_map(|key| self.groups.get(key))
    }

    pub fn on_node(&self, node: &str) -> impl Iterator<Item = &Arc<Pod>> {
        self.by_node.get(node).into_iter().flat_map(IndexMap::values)
    }

    /// Pods of which a volume stands on the claim.
    pub fn using_claim(&self, claim: &Key) -> impl Iterator<Item = &Arc<Pod>> {
        self.by_claim.get(claim).into_iter().flat_map(IndexMap::values)
    }

    /// Names of nodes that pods are bound to, whether the nodes exist or not.
    pub fn node_names(&self) -> impl Iterator<Item = &SmolStr> {
        self.by_node.keys()
    }

    /// All pods that name this owner, as controller or not.
    pub fn owned_by(&self, owner: Uid) -> impl Iterator<Item = &Arc<Pod>> {
        let controlled = self.of_controller(owner).into_iter().flat_map(|g| g.pods.values());
        controlled.chain(self.dependents.get(&owner).into_iter().flat_map(IndexMap::values))
    }

    /// How many pods have succeeded or failed.
    pub fn ended(&self) -> usize {
        let unfinished = |group: &Group| usize::try_from(group.totals.unfinished).unwrap_or(0);
        self.groups.values().map(|group| group.pods.len() - unfinished(group)).sum()
    }

    /// Pods that are being deleted and have not ended.
    pub fn terminating(&self) -> impl Iterator<Item = &Arc<Pod>> {
        let groups = self.groups.values().filter(|group| group.totals.terminating > 0);
        groups.flat_map(|group| group.pods.values()).filter(|pod| pods::is_terminating(pod))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pod>> {
        self.groups.values().flat_map(|group| group.pods.values())
    }
}

#[cfg(test)]
mod tests {
    use apimachinery::meta::{ObjectMeta, string_map};

    use super::*;

    fn pod(uid: u128, labels: &[(&str, &str)]) -> Arc<Pod> {
        let mut metadata = ObjectMeta::named("default", "web");
        (metadata.uid, metadata.labels) = (Uid(uid), string_map(labels));
        Arc::new(Pod { metadata, ..Pod::default() })
    }

    #[test]
    fn labels_are_counted_by_variety_and_leave_as_they_came() {
        let mut group = Group::default();
        for n in 0..100u128 {
            let zone = (n % 3).to_string();
            group.insert(&pod(n, &[("app", "web"), ("zone", &zone)]));
        }
        let counts: Vec<i32> = group.varieties.iter().map(|variety| variety.active).collect();
        assert_eq!((counts, group.totals.odd), (vec![34, 33, 33], 0));
        for n in 0..100u128 {
            group.insert(&pod(n, &[("name", &n.to_string())]));
        }
        assert!(group.totals.odd > 0 && group.varieties.len() <= VARIETIES_MAX);
        let odd = usize::try_from(group.totals.odd).unwrap_or(0);
        let counted: i32 = group.varieties.iter().map(|variety| variety.pods).sum();
        assert_eq!(usize::try_from(counted).unwrap_or(0) + odd, 100);
        (0..100u128).for_each(|n| group.remove(Uid(n)));
        assert_eq!((group.varieties.len(), group.totals), (0, Totals::default()));
    }
}
