//! The taint eviction controller: pods leave a node with a NoExecute taint that they do not
//! tolerate, or not for longer. Models pkg/controller/tainteviction/taint_eviction.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Pod;
use api::core::node::Taint;
use api::core::node_selector::tolerates;
use api::core::pod_spec::Toleration;
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, Why};
use api::core::reference::ObjectReference;
use apimachinery::meta::Key;
use client::{ApiExt, DeleteOptions, EventRecorder};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

/// A pod's eviction.
#[derive(Clone, Copy, Debug)]
enum Work {
    Planned {
        since: SimTime,
        at: SimTime,
    },
    /// Carried out; stays until the pod is gone, so that it is not evicted twice.
    Done,
}

pub struct TaintEvictionController {
    recorder: EventRecorder,
    tainted: BTreeMap<SmolStr, Vec<Taint>>,
    work: BTreeMap<Key, Work>,
    /// Pods that changed since they were last looked at; nothing where the pod is gone.
    changed: BTreeMap<Key, Option<Arc<Pod>>>,
}

impl Default for TaintEvictionController {
    fn default() -> Self {
        TaintEvictionController {
            recorder: EventRecorder::new("taint-eviction-controller", ""),
            tainted: BTreeMap::new(),
            work: BTreeMap::new(),
            changed: BTreeMap::new(),
        }
    }
}

/// How long the taints are tolerated: not at all (`Some(0)`), for a time, or for ever (`None`).
fn tolerated_secs(tolerations: &[Toleration], taints: &[Taint]) -> Option<u64> {
    let mut shortest: Option<u64> = None;
    for taint in taints {
        let found = tolerations.iter().find(|toleration| tolerates(toleration, taint));
        let Some(toleration) = found else { return Some(0) };
        if let Some(seconds) = toleration.toleration_seconds {
            let seconds = u64::try_from(seconds).unwrap_or(0);
            shortest = Some(shortest.map_or(seconds, |known| known.min(seconds)));
        }
    }
    shortest
}

impl TaintEvictionController {
    fn tell(&mut self, sync: &mut Sync<'_, '_>, key: &Key, text: &str) {
        let about = ObjectReference {
            api_version: SmolStr::new_static("v1"),
            kind: SmolStr::new_static("Pod"),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            ..ObjectReference::default()
        };
        let message = format!("{text} Pod {key}");
        self.recorder.event(sync.ctx, &about, "Normal", "TaintManagerEviction", &message);
    }

    fn cancel(&mut self, sync: &mut Sync<'_, '_>, key: &Key) {
        if let Some(Work::Planned { .. }) = self.work.remove(key) {
            self.tell(sync, key, "Cancelling deletion of");
        }
    }

    fn look_at(&mut self, sync: &mut Sync<'_, '_>, key: &Key, pod: &Pod) {
        let taints = self.tainted.get(&pod.spec.node_name).cloned().unwrap_or_default();
        if taints.is_empty() {
            self.cancel(sync, key);
            return;
        }
        let now = sync.ctx.now;
        let Some(seconds) = tolerated_secs(&pod.spec.tolerations, &taints) else {
            self.cancel(sync, key);
            return;
        };
        if matches!(self.work.get(key), Some(Work::Done)) {
            return;
        }
        if seconds == 0 {
            self.cancel(sync, key);
            self.evict(sync, key);
            return;
        }
        let patience = Duration::from_secs(seconds);
        let (mut since, at) = (now, now + patience);
        if let Some(Work::Planned { since: known, .. }) = self.work.get(key) {
            since = *known;
            if since + patience < at {
                return;
            }
            self.cancel(sync, key);
        }
        self.work.insert(key.clone(), Work::Planned { since, at });
        sync.queue.add_at(at, key.clone());
    }

    fn evict(&mut self, sync: &mut Sync<'_, '_>, key: &Key) {
        self.work.insert(key.clone(), Work::Done);
        self.tell(sync, key, "Marking for deletion");
        let Ok(pod) = sync.ctx.api.get::<Pod>(&key.namespace, &key.name) else { return };
        let mut copy = (*pod).clone();
        let now = sync.ctx.time();
        let type_ = PodConditionType::DisruptionTarget;
        let mut condition = PodCondition::new(type_, ConditionStatus::True, now);
        condition.why = Some(Arc::new(Why {
            reason: "DeletionByTaintManager".into(),
            message: "Taint manager: deleting due to NoExecute taint".into(),
        }));
        condition.observed_generation = copy.metadata.generation;
        if copy.status.set_condition(condition) {
            let _ = sync.ctx.api.update_status(copy);
        }
        let options = DeleteOptions::default();
        let _ = sync.ctx.api.delete::<Pod>(&key.namespace, &key.name, options);
    }

    fn on_node(&mut self, notice: &mut Notice<'_>, name: &SmolStr, taints: Vec<Taint>) {
        if self.tainted.get(name).map(Vec::as_slice).unwrap_or_default() == taints.as_slice() {
            return;
        }
        if taints.is_empty() {
            self.tainted.remove(name);
        } else {
            self.tainted.insert(name.clone(), taints);
        }
        for pod in notice.informers.pods.on_node(name) {
            let key = Key::of(&pod.metadata);
            self.changed.insert(key.clone(), Some(Arc::clone(pod)));
            notice.queue.add(key);
        }
    }
}

impl Controller for TaintEvictionController {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Node, Resource::Pod]
    }

    fn workers(&self) -> usize {
        8
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Node(delta) => {
                let taints = delta.new.spec.taints.iter().filter(|t| t.effect == "NoExecute");
                let taints =
                    if delta.is_deleted() { Vec::new() } else { taints.cloned().collect() };
                self.on_node(notice, &delta.new.metadata.name, taints);
            }
            Change::Pod(delta) => {
                let pod = &delta.new;
                let tainted =
                    !self.tainted.is_empty() && self.tainted.contains_key(&pod.spec.node_name);
                if !tainted && self.work.is_empty() {
                    return;
                }
                let key = Key::of(&pod.metadata);
                if tainted || self.work.contains_key(&key) {
                    let now = (!delta.is_deleted()).then(|| Arc::clone(pod));
                    self.changed.insert(key.clone(), now);
                    notice.queue.add(key);
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        match self.changed.remove(key) {
            Some(Some(pod)) => self.look_at(sync, key, &pod),
            Some(None) => self.cancel(sync, key),
            None => {}
        }
        let due = |work: &Work| matches!(work, Work::Planned { at, .. } if *at <= sync.ctx.now);
        if self.work.get(key).is_some_and(due) {
            self.evict(sync, key);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_toleration_counts() {
        let taint =
            |key: &str| Taint { key: key.into(), effect: "NoExecute".into(), ..Taint::default() };
        let toleration = |key: &str, seconds: Option<i64>| Toleration {
            key: key.into(),
            operator: "Exists".into(),
            toleration_seconds: seconds,
            ..Toleration::default()
        };
        let both = [taint("a"), taint("b")];
        assert_eq!(tolerated_secs(&[toleration("a", None)], &both), Some(0));
        assert_eq!(tolerated_secs(&[toleration("", None)], &both), None);
        let short = [toleration("a", Some(300)), toleration("b", Some(20))];
        assert_eq!(tolerated_secs(&short, &both), Some(20));
        assert_eq!(tolerated_secs(&[toleration("a", Some(-5))], &both[..1]), Some(0));
    }
}
