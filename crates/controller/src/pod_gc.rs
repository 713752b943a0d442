//! The pod garbage collector: pods of nodes that are gone, pods that end before they are bound,
//! and ended pods beyond the threshold. Models pkg/controller/podgc/gc_controller.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, PodPhase, Why};
use api::{Node, Pod};
use apimachinery::meta::Key;
use client::{ApiExt, DeleteOptions};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

const PERIOD: Duration = Duration::from_secs(20);
/// How long a node must be missing before its pods go.
const QUARANTINE: Duration = Duration::from_secs(40);

pub struct PodGcController {
    threshold: usize,
    missing_since: BTreeMap<SmolStr, SimTime>,
}

impl PodGcController {
    pub fn new(threshold: u32) -> Self {
        let threshold = usize::try_from(threshold).unwrap_or(usize::MAX);
        PodGcController { threshold, missing_since: BTreeMap::new() }
    }

    /// Nodes that pods are bound to and that have been missing for long enough.
    fn lost_nodes(&mut self, sync: &Sync<'_, '_>) -> Vec<SmolStr> {
        let (informers, now) = (sync.informers, sync.ctx.now);
        let exists = |node: &SmolStr| informers.nodes.named("", node).is_some();
        let missing = informers.pods.node_names().filter(|node| !exists(node));
        let missing: BTreeMap<SmolStr, SimTime> = missing
            .map(|node| (node.clone(), self.missing_since.get(node).copied().unwrap_or(now)))
            .collect();
        self.missing_since = missing;
        let long = self.missing_since.iter().filter(|(_, since)| now.since(**since) >= QUARANTINE);
        long.map(|(node, _)| node.clone()).collect()
    }

    fn ended_beyond_threshold(&self, sync: &Sync<'_, '_>) -> Vec<Arc<Pod>> {
        let pods = &sync.informers.pods;
        let ended = pods.ended();
        if self.threshold == 0 || ended <= self.threshold {
            return Vec::new();
        }
        let mut list: Vec<_> =
            pods.iter().filter(|pod| pod.status.phase.is_terminal()).cloned().collect();
        list.sort_by(|a, b| {
            let (a, b) = (&a.metadata, &b.metadata);
            (a.creation_timestamp, &a.name).cmp(&(b.creation_timestamp, &b.name))
        });
        list.truncate(ended - self.threshold);
        list
    }
}

/// Says why, marks the pod failed and deletes it without grace.
fn remove(sync: &mut Sync<'_, '_>, pod: &Pod, why: Option<&str>) -> SyncResult {
    if let (Some(message), false) = (why, pod.status.phase.is_terminal()) {
        let mut copy = pod.clone();
        copy.status.phase = PodPhase::Failed;
        let type_ = PodConditionType::DisruptionTarget;
        let now = sync.ctx.time();
        let mut condition = PodCondition::new(type_, ConditionStatus::True, now);
        condition.observed_generation = pod.metadata.generation;
        condition.why =
            Some(Arc::new(Why { reason: "DeletionByPodGC".into(), message: message.into() }));
        copy.status.set_condition(condition);
        match sync.ctx.api.update_status(copy) {
            Err(status) if !status.is_not_found() => return Err(status.into()),
            _ => {}
        }
    }
    let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    let Key { namespace, name } = Key::of(&pod.metadata);
    match sync.ctx.api.delete::<Pod>(&namespace, &name, options) {
        Err(status) if !status.is_not_found() => Err(status.into()),
        _ => Ok(()),
    }
}

impl Controller for PodGcController {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[]
    }

    fn workers(&self) -> usize {
        1
    }

    fn start(&mut self, sync: &mut Sync<'_, '_>) {
        sync.requeue_in(&Key::default(), PERIOD);
    }

    fn on_event(&mut self, _notice: &mut Notice<'_>, _change: &Change) {}

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        sync.requeue_in(key, PERIOD);
        for pod in self.ended_beyond_threshold(sync) {
            let _ = remove(sync, &pod, None);
        }
        for node in self.lost_nodes(sync) {
            if sync.ctx.api.get::<Node>("", &node).is_ok() {
                continue;
            }
            let pods: Vec<_> = sync.informers.pods.on_node(&node).cloned().collect();
            for pod in pods {
                let _ = remove(sync, &pod, Some("PodGC: node no longer exists"));
            }
        }
        let unscheduled = sync.informers.pods.terminating();
        let unscheduled: Vec<_> =
            unscheduled.filter(|pod| pod.spec.node_name.is_empty()).cloned().collect();
        for pod in unscheduled {
            let _ = remove(sync, &pod, None);
        }
        Ok(())
    }
}
