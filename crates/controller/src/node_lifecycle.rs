//! The node lifecycle controller: nodes whose heartbeats stop become Unknown, their pods not
//! ready, and they are tainted. Models pkg/controller/nodelifecycle/node_lifecycle_controller.go.

mod health;
mod taints;
mod zones;

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::pod_status::{ConditionStatus, PodConditionType};
use api::core::reference::ObjectReference;
use api::{Node, Pod};
use apimachinery::meta::{Key, Uid};
use client::{ApiExt, EventRecorder};
use clock::Duration;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};
use crate::manager::Config;
use health::{Health, Observed};
use zones::Zones;

pub use taints::update_node;

const STATUS_RETRIES: usize = 5;

/// The key under which the periodic check runs; no namespaced node exists.
fn monitor_key() -> Key {
    Key::new("monitor", "")
}

/// The key under which nodes get their NoExecute taints.
fn taint_key() -> Key {
    Key::new("taint", "")
}

pub struct NodeLifecycleController {
    recorder: EventRecorder,
    grace_period: Duration,
    period: Duration,
    health: BTreeMap<SmolStr, Health>,
    known: BTreeMap<SmolStr, Uid>,
    zones: Zones,
}

impl NodeLifecycleController {
    pub fn new(config: &Config) -> Self {
        NodeLifecycleController {
            recorder: EventRecorder::new("node-controller", ""),
            grace_period: config.node_monitor_grace_period,
            period: config.node_monitor_period,
            health: BTreeMap::new(),
            known: BTreeMap::new(),
            zones: Zones::default(),
        }
    }

    fn node_event(
        &mut self,
        sync: &mut Sync<'_, '_>,
        name: &str,
        uid: Uid,
        reason: &str,
        text: &str,
    ) {
        let about = ObjectReference {
            api_version: SmolStr::new_static("v1"),
            kind: SmolStr::new_static("Node"),
            name: name.into(),
            uid,
            ..ObjectReference::default()
        };
        self.recorder.event(sync.ctx, &about, "Normal", reason, text);
    }

    /// Greets new nodes and says good-bye to deleted ones.
    fn register(&mut self, sync: &mut Sync<'_, '_>, nodes: &[Arc<Node>]) {
        for node in nodes {
            let (name, uid) = (&node.metadata.name, node.metadata.uid);
            if self.known.insert(name.clone(), uid).is_none() {
                let text = format!("Node {name} event: Registered Node {name} in Controller");
                self.node_event(sync, name, uid, "RegisteredNode", &text);
            }
        }
        let exists = |name: &SmolStr| sync.informers.nodes.named("", name).is_some();
        let gone: Vec<_> = self.known.iter().filter(|(name, _)| !exists(name)).collect();
        let gone: Vec<(SmolStr, Uid)> = gone.into_iter().map(|(n, u)| (n.clone(), *u)).collect();
        for (name, uid) in gone {
            let text = format!("Node {name} event: Removing Node {name} from Controller");
            self.node_event(sync, &name, uid, "RemovingNode", &text);
            self.known.remove(&name);
            self.health.remove(&name);
            self.zones.forget(&name);
        }
    }

    fn monitor(&mut self, sync: &mut Sync<'_, '_>) {
        let nodes: Vec<Arc<Node>> = sync.informers.nodes.iter().cloned().collect();
        self.register(sync, &nodes);
        let mut conditions: BTreeMap<SmolStr, Vec<Option<ConditionStatus>>> = BTreeMap::new();
        for node in &nodes {
            let Some((node, observed)) = self.update_health(sync, node) else { continue };
            let zone = zones::zone_of(&node);
            conditions.entry(zone.clone()).or_default().push(observed.current);
            let Some(current) = observed.current else { continue };
            self.zones.note(&node, &zone, current);
            self.swap_no_execute(sync, &node, current);
            let was_ready = observed.before == ConditionStatus::True;
            if current != ConditionStatus::True && was_ready {
                let name = &node.metadata.name;
                let text = format!("Node {name} status is now: NodeNotReady");
                self.node_event(sync, name, node.metadata.uid, "NodeNotReady", &text);
                self.mark_pods_not_ready(sync, name);
            }
        }
        let healed = self.zones.weigh(&conditions, sync.ctx.now);
        if healed {
            for node in &nodes {
                let _ = self.remove_no_execute(sync, &node.metadata.name);
            }
        }
    }

    /// Tries again upon the latest version if somebody wrote in between.
    fn update_health(
        &mut self,
        sync: &mut Sync<'_, '_>,
        node: &Arc<Node>,
    ) -> Option<(Arc<Node>, Observed)> {
        let name = node.metadata.name.clone();
        let mut node = Arc::clone(node);
        for _ in 0..STATUS_RETRIES {
            let health = self.health.remove(&name);
            let (health, observed, update) =
                health::observe(sync, &node, health, self.grace_period);
            self.health.insert(name.clone(), health);
            let Some(update) = update else { return Some((node, observed)) };
            match sync.ctx.api.update_status(update) {
                Ok(updated) => return Some((updated, observed)),
                Err(_) => node = sync.ctx.api.get::<Node>("", &name).ok()?,
            }
        }
        None
    }

    fn mark_pods_not_ready(&mut self, sync: &mut Sync<'_, '_>, node: &str) {
        let pods: Vec<Arc<Pod>> = sync.informers.pods.on_node(node).cloned().collect();
        for pod in pods.iter().filter(|pod| pod.status.is_ready()) {
            let mut copy = (**pod).clone();
            let ready = copy.status.conditions.iter_mut();
            if let Some(ready) = ready.into_iter().find(|c| c.type_ == PodConditionType::Ready) {
                ready.status = ConditionStatus::False;
                ready.last_transition_time = Some(sync.ctx.time());
            }
            match sync.ctx.api.update_status(copy) {
                Err(status) if status.is_not_found() => continue,
                Err(status) if status.is_conflict() => self.retry_mark(sync, pod),
                _ => {}
            }
            let about = ObjectReference::to(&**pod);
            let text = "Node is not ready";
            self.recorder.event(sync.ctx, &about, "Warning", "NodeNotReady", text);
        }
    }

    /// Once more with the pod as the API has it.
    fn retry_mark(&self, sync: &mut Sync<'_, '_>, pod: &Pod) {
        let Key { namespace, name } = Key::of(&pod.metadata);
        let Ok(fresh) = sync.ctx.api.get::<Pod>(&namespace, &name) else { return };
        let mut copy = (*fresh).clone();
        for ready in &mut copy.status.conditions {
            if ready.type_ == PodConditionType::Ready && ready.status == ConditionStatus::True {
                ready.status = ConditionStatus::False;
                ready.last_transition_time = Some(sync.ctx.time());
            }
        }
        let _ = sync.ctx.api.update_status(copy);
    }
}

impl Controller for NodeLifecycleController {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Node]
    }

    fn workers(&self) -> usize {
        8
    }

    fn start(&mut self, sync: &mut Sync<'_, '_>) {
        sync.requeue_in(&monitor_key(), taints::TAINT_PERIOD);
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Node(delta) = change else { return };
        if !delta.is_deleted() && taints::no_schedule_differs(&delta.new) {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        if *key == monitor_key() {
            sync.requeue_in(key, self.period);
            self.monitor(sync);
            sync.requeue_in(&taint_key(), taints::TAINT_PERIOD / 2);
            return Ok(());
        }
        if *key == taint_key() {
            self.taint_waiting(sync);
            return Ok(());
        }
        let Some(node) = sync.informers.nodes.get(key) else { return Ok(()) };
        if taints::no_schedule_differs(node) {
            update_node(sync.ctx, &key.name, taints::set_no_schedule)?;
        }
        Ok(())
    }
}
