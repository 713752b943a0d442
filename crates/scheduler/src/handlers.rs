//! What the scheduler does when it hears of a pod or a node.
//! Models pkg/scheduler/eventhandlers.go.

use std::sync::Arc;

use api::{Node, Pod};
use client::{Delta, WatchEvent, WatchKind};
use clock::SimTime;

use crate::changes;
use crate::framework::{ClusterEvent, PodChange};
use crate::scheduler::{Scheduler, framework_of};
use crate::template::PodInfo;

fn is_assigned(pod: &Pod) -> bool {
    !pod.spec.node_name.is_empty()
}

impl Scheduler {
    pub(crate) fn hear(&mut self, now: SimTime, event: &WatchEvent) {
        if let Some(delta) = Delta::<Pod>::of(event) {
            self.hear_pod(now, &delta);
        } else if let Some(delta) = Delta::<Node>::of(event) {
            self.hear_node(now, &delta);
        } else if let Some(change) = self.lookup.volumes.apply(event) {
            self.move_all(now, &ClusterEvent::Storage(&change));
        } else {
            self.lookup.apply(event);
        }
    }

    /// Pods that have ended count as deleted, as in the scheduler's own watch.
    fn hear_pod(&mut self, now: SimTime, delta: &Delta<Pod>) {
        let seen = |pod: &Arc<Pod>| !pod.status.phase.is_terminal();
        let old = delta.old.as_ref().filter(|old| seen(old));
        let new = (delta.kind != WatchKind::Deleted && seen(&delta.new)).then_some(&delta.new);
        match (old, new) {
            (_, None) => self.pod_gone(now, old.unwrap_or(&delta.new)),
            (None, Some(new)) if is_assigned(new) => self.assigned_pod_added(now, new),
            (None, Some(new)) => self.waiting_pod_added(now, new),
            (Some(old), Some(new)) if is_assigned(old) => self.assigned_pod_changed(now, old, new),
            (Some(old), Some(new)) if is_assigned(new) => {
                self.assigned_pod_added(now, new);
                self.queue.remove(old.metadata.uid);
            }
            (Some(old), Some(new)) => self.waiting_pod_changed(now, old, new),
        }
    }

    fn assigned_pod_added(&mut self, now: SimTime, pod: &Arc<Pod>) {
        self.cache.set_pod(pod);
        self.nominated.remove(pod.metadata.uid);
        self.move_all(now, &ClusterEvent::AssignedPodAdd(pod));
    }

    fn assigned_pod_changed(&mut self, now: SimTime, old: &Arc<Pod>, new: &Arc<Pod>) {
        self.cache.set_pod(new);
        for change in changes::of_pod(old, new).into_iter().filter(|c| *c != PodChange::Other) {
            self.move_all(now, &ClusterEvent::AssignedPodUpdate { old, new, change });
        }
    }

    fn waiting_pod_added(&mut self, now: SimTime, pod: &Arc<Pod>) {
        let Some(framework) = framework_of(&self.frameworks, pod) else { return };
        let info = self.cache.templates.info(pod);
        if !pod.status.nominated_node_name.is_empty() {
            self.nominated.set(info.clone(), &pod.status.nominated_node_name);
        }
        let gated = framework.profile.pre_enqueue(pod).is_err();
        let rank = framework.profile.rank(&info);
        self.queue.add(now, info, rank, gated);
    }

    fn waiting_pod_changed(&mut self, now: SimTime, old: &Arc<Pod>, new: &Arc<Pod>) {
        let uid = new.metadata.uid;
        if framework_of(&self.frameworks, new).is_none() {
            return;
        }
        if self.cache.is_assumed(uid) {
            if new.metadata.is_deleting() && !old.metadata.is_deleting() {
                self.forget(now, new);
            }
            return;
        }
        let info = self.cache.templates.info(new);
        self.renominate(old, &info);
        let Some(framework) = framework_of(&self.frameworks, new) else { return };
        let rank = framework.profile.rank(&info);
        if !self.queue.update(&info, rank) {
            self.waiting_pod_added(now, new);
            return;
        }
        if self.queue.is_gated(uid) {
            if framework.profile.pre_enqueue(new).is_ok() {
                self.queue.requeue(now, uid);
            }
            return;
        }
        let refused_by = self.queue.get(uid).map_or(0, |pod| pod.refused_by);
        for change in changes::of_pod(old, new) {
            let event = ClusterEvent::PodUpdate { old, new, change };
            if self.queue.is_unschedulable(uid)
                && framework.profile.hint(refused_by, &info, &event, &self.lookup)
            {
                self.queue.requeue(now, uid);
            }
        }
    }

    /// A nomination that was not written yet outlives other changes of the pod.
    fn renominate(&mut self, old: &Pod, info: &PodInfo) {
        let (before, now) = (&old.status.nominated_node_name, &info.pod.status.nominated_node_name);
        let known = self.nominated.node_of(info.uid()).cloned();
        match (before.is_empty(), now.is_empty()) {
            (_, false) => self.nominated.set(info.clone(), now),
            (false, true) => self.nominated.remove(info.uid()),
            (true, true) => {
                if let Some(node) = known {
                    self.nominated.set(info.clone(), &node);
                }
            }
        }
    }

    fn pod_gone(&mut self, now: SimTime, pod: &Arc<Pod>) {
        self.queue.remove(pod.metadata.uid);
        self.nominated.remove(pod.metadata.uid);
        if is_assigned(pod) || self.cache.is_assumed(pod.metadata.uid) {
            self.forget(now, pod);
        }
    }

    /// The pod takes no room any more.
    fn forget(&mut self, now: SimTime, pod: &Arc<Pod>) {
        if self.cache.remove_pod(pod.metadata.uid).is_some() {
            self.move_all(now, &ClusterEvent::AssignedPodDelete(pod));
        }
    }

    fn hear_node(&mut self, now: SimTime, delta: &Delta<Node>) {
        let new = &delta.new;
        match (&delta.old, delta.is_deleted()) {
            (_, true) => {
                self.move_all(now, &ClusterEvent::NodeDelete(new));
                self.cache.remove_node(new);
            }
            (None, false) => {
                self.cache.set_node(new);
                self.move_all(now, &ClusterEvent::NodeAdd(new));
            }
            (Some(old), false) => {
                self.cache.set_node(new);
                for change in changes::of_node(old, new) {
                    self.move_all(now, &ClusterEvent::NodeUpdate { old, new, change });
                }
            }
        }
    }

    /// Moves the waiting pods that this event may help.
    fn move_all(&mut self, now: SimTime, event: &ClusterEvent<'_>) {
        let interested = self.frameworks.iter().map(|f| f.profile.interested(event));
        let plugins = interested.fold(0, |all, some| all | some);
        if plugins == 0 || !self.queue.any_refused_by(plugins) {
            return;
        }
        for uid in self.queue.refused_by(plugins) {
            let Some(pod) = self.queue.get(uid) else { continue };
            let Some(framework) = framework_of(&self.frameworks, &pod.info.pod) else { continue };
            let refused_by = pod.refused_by & plugins;
            if framework.profile.hint(refused_by, &pod.info, event, &self.lookup) {
                self.queue.requeue(now, uid);
            }
        }
    }
}
