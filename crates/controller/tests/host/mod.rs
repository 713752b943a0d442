//! A cluster around the controllers without an API server: an in-memory API, a clock, and nodes
//! that bind pods, make them ready and stop them.
#![allow(dead_code, reason = "each test file uses a part of the host")]
#![allow(clippy::unwrap_used, reason = "a test host may panic")]

mod fake_api;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::node::NodeCondition;
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, PodIp, PodPhase};
use api::{Deployment, Event, Kind, Lease, Node, Pod, ReplicaSet, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire::Wire;
use client::{
    ApiExt, Component, Ctx, DeleteOptions, Fabric, ListOptions, Timers, WatchEvent, WatchKind,
};
use clock::{Duration, EventQueue, Rng, SimTime};
use controller::{Config, ControllerManager};
use serde_json::Value;

pub use fake_api::FakeApi;

pub const EPOCH: i64 = 1_795_000_000;
const WATCH_DELAY: Duration = Duration::from_millis(2);

enum Item {
    Watch(Vec<WatchEvent>),
    Timer(u64),
    Bind(Key),
    Ready(Key),
    Gone(Key),
    Heartbeat(String),
}

/// One change of a ReplicaSet's wanted size.
pub type Step = (String, i32);

pub struct Host {
    pub api: FakeApi,
    pub manager: ControllerManager,
    pub now: SimTime,
    timers: Timers,
    rng: Rng,
    fabric: Fabric,
    queue: EventQueue<Item>,
    watched: BTreeSet<GroupResource>,
    /// Nodes whose kubelet runs.
    pub alive: BTreeSet<String>,
    next_node: usize,
    next_ip: u32,
    /// Whether pods become ready.
    pub pods_start: bool,
    /// Sizes that ReplicaSets were given, in order.
    pub steps: Vec<Step>,
    sizes: BTreeMap<String, i32>,
    /// How often the manager was called.
    pub calls: u64,
}

impl Host {
    pub fn new(nodes: usize) -> Self {
        Host::with(nodes, Config::default())
    }

    pub fn with(nodes: usize, config: Config) -> Self {
        let manager = ControllerManager::new(config);
        let watched = manager.watches().into_iter().map(|watch| watch.resource).collect();
        let mut host = Host {
            api: FakeApi::new(EPOCH),
            manager,
            now: SimTime::ZERO,
            timers: Timers::default(),
            rng: Rng::new(1),
            fabric: Fabric::default(),
            queue: EventQueue::default(),
            watched,
            alive: BTreeSet::new(),
            next_node: 0,
            next_ip: 2,
            pods_start: true,
            steps: Vec::new(),
            sizes: BTreeMap::new(),
            calls: 0,
        };
        host.manage(|manager, ctx| manager.start(ctx));
        for namespace in ["default", "kube-node-lease", "kube-system"] {
            host.apply_json(serde_json::json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace}}));
        }
        for index in 1..=nodes {
            host.add_node(&format!("node-{index}"));
        }
        host
    }

    pub fn add_node(&mut self, name: &str) {
        let now = self.time();
        let mut node = Node::default();
        node.metadata.name = name.into();
        for type_ in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
            node.status.conditions.push(NodeCondition {
                type_: type_.into(),
                status: ConditionStatus::of(type_ == "Ready"),
                last_heartbeat_time: Some(now),
                last_transition_time: Some(now),
                reason: if type_ == "Ready" { "KubeletReady" } else { "" }.into(),
                ..NodeCondition::default()
            });
        }
        self.api.create(node).unwrap();
        let mut lease = Lease::default();
        lease.metadata.name = name.into();
        lease.metadata.namespace = "kube-node-lease".into();
        lease.spec.renew_time = Some(self.micro_time());
        self.api.create(lease).unwrap();
        self.alive.insert(name.to_owned());
        self.queue.push(self.now + Duration::from_secs(10), Item::Heartbeat(name.to_owned()));
        self.publish();
    }

    pub fn time(&self) -> Time {
        Time(EPOCH + (self.now.nanos() / 1_000_000_000) as i64)
    }

    fn micro_time(&self) -> MicroTime {
        MicroTime(EPOCH * 1_000_000 + (self.now.nanos() / 1_000) as i64)
    }

    pub fn secs(&self) -> f64 {
        self.now.secs_f64()
    }

    /// Creates or replaces an object as a user would.
    pub fn apply_json(&mut self, value: Value) {
        self.api.apply_json(value);
        self.publish();
    }

    /// Changes an object as a user would.
    pub fn edit<K: Kind>(&mut self, namespace: &str, name: &str, change: impl FnOnce(&mut K)) {
        let mut object = (*self.api.get::<K>(namespace, name).unwrap()).clone();
        change(&mut object);
        self.api.update(object).unwrap();
        self.publish();
    }

    pub fn delete<K: Kind>(&mut self, namespace: &str, name: &str) {
        self.delete_with::<K>(namespace, name, DeleteOptions::default());
    }

    pub fn delete_with<K: Kind>(&mut self, namespace: &str, name: &str, options: DeleteOptions) {
        self.api.delete::<K>(namespace, name, options).unwrap();
        self.publish();
    }

    pub fn list<K: Kind>(&mut self, namespace: &str) -> Vec<Arc<K>> {
        self.api.list::<K>(namespace, ListOptions::default()).unwrap()
    }

    pub fn get<K: Kind>(&mut self, namespace: &str, name: &str) -> Arc<K> {
        self.api.get::<K>(namespace, name).unwrap()
    }

    pub fn deployment(&mut self, name: &str) -> Arc<Deployment> {
        self.get("default", name)
    }

    /// `reason message` of all events, with their counts.
    pub fn events(&mut self) -> Vec<(String, i32)> {
        let events = self.list::<Event>("");
        let mut all: Vec<_> = events.iter().map(|e| (e.metadata.resource_version, e)).collect();
        all.sort_by_key(|(version, _)| *version);
        all.iter().map(|(_, e)| (format!("{} {}", e.reason, e.message), e.count)).collect()
    }

    fn manage(&mut self, act: impl FnOnce(&mut ControllerManager, &mut Ctx<'_>)) {
        self.calls += 1;
        self.api.now = self.time();
        let mut ctx = Ctx {
            now: self.now,
            epoch: EPOCH,
            api: &mut self.api,
            timers: &mut self.timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        act(&mut self.manager, &mut ctx);
        for (at, token) in self.timers.take() {
            self.queue.push(at, Item::Timer(token));
        }
        self.publish();
    }

    /// Sends what the API has to tell on its way.
    fn publish(&mut self) {
        for event in std::mem::take(&mut self.api.outbox) {
            self.note(&event);
            if self.watched.contains(&event.object.info().resource) {
                self.queue.push(self.now + WATCH_DELAY, Item::Watch(vec![event]));
            }
        }
    }

    /// What nodes do about a change, and what the test wants to know of it.
    fn note(&mut self, event: &WatchEvent) {
        if let Some(rs) = as_kind::<ReplicaSet>(&*event.object) {
            let size = rs.spec.replicas.unwrap_or(0);
            let name = rs.metadata.name.to_string();
            if self.sizes.insert(name.clone(), size) != Some(size) {
                self.steps.push((name, size));
            }
        }
        let Some(pod) = as_kind::<Pod>(&*event.object) else { return };
        let key = Key::of(&pod.metadata);
        match event.kind {
            WatchKind::Added => {
                self.queue.push(self.now + Duration::from_millis(5), Item::Bind(key));
            }
            WatchKind::Modified if pod.metadata.is_deleting() => {
                self.queue.push(self.now + Duration::from_secs(1), Item::Gone(key));
            }
            _ => {}
        }
    }

    /// Lets virtual time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.queue.next_at().is_some_and(|at| at <= end) {
            let Some((at, item)) = self.queue.pop() else { break };
            self.now = at;
            self.api.now = self.time();
            self.step(item);
        }
        self.now = end;
    }

    pub fn run_secs(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    fn step(&mut self, item: Item) {
        match item {
            Item::Watch(events) => self.manage(|manager, ctx| manager.on_watch(ctx, &events)),
            Item::Timer(token) => self.manage(|manager, ctx| manager.on_timer(ctx, token)),
            Item::Bind(key) => self.bind(&key),
            Item::Ready(key) => self.become_ready(&key),
            Item::Gone(key) => self.stop(&key),
            Item::Heartbeat(node) => self.heartbeat(node),
        }
        self.publish();
    }

    fn pod(&mut self, key: &Key) -> Option<Pod> {
        self.api.get::<Pod>(&key.namespace, &key.name).ok().map(|pod| (*pod).clone())
    }

    fn bind(&mut self, key: &Key) {
        let nodes: Vec<String> = self.alive.iter().cloned().collect();
        let Some(mut pod) = self.pod(key).filter(|_| !nodes.is_empty()) else { return };
        if pod.spec.node_name.is_empty() {
            pod.spec.node_name = nodes[self.next_node % nodes.len()].as_str().into();
            self.next_node += 1;
        }
        pod.status.phase = PodPhase::Pending;
        self.api.force(pod);
        if self.pods_start {
            self.queue.push(self.now + Duration::from_millis(700), Item::Ready(key.clone()));
        }
    }

    fn become_ready(&mut self, key: &Key) {
        let Some(mut pod) = self.pod(key).filter(|pod| !pod.metadata.is_deleting()) else { return };
        if !self.alive.contains(pod.spec.node_name.as_str()) {
            return;
        }
        let now = self.time();
        pod.status.phase = PodPhase::Running;
        pod.status.set_condition(PodCondition::new(
            PodConditionType::Ready,
            ConditionStatus::True,
            now,
        ));
        let ip = self.next_ip;
        self.next_ip += 1;
        pod.status.pod_ip = format!("10.64.{}.{}", ip / 250, ip % 250).into();
        let ip = PodIp { ip: pod.status.pod_ip.clone(), ..PodIp::default() };
        pod.status.pod_ips = vec![ip];
        self.api.force(pod);
    }

    fn stop(&mut self, key: &Key) {
        let Some(pod) = self.pod(key) else { return };
        if self.alive.contains(pod.spec.node_name.as_str()) || pod.spec.node_name.is_empty() {
            self.api.remove_now::<Pod>(key);
        }
    }

    fn heartbeat(&mut self, node: String) {
        if !self.alive.contains(&node) {
            return;
        }
        if let Ok(lease) = self.api.get::<Lease>("kube-node-lease", &node) {
            let mut lease = (*lease).clone();
            lease.spec.renew_time = Some(self.micro_time());
            self.api.update(lease).unwrap();
        }
        self.queue.push(self.now + Duration::from_secs(10), Item::Heartbeat(node));
    }
}

/// A deployment `web` of an image, with further fields of its spec.
pub fn deployment(replicas: i32, image: &str, more: Value) -> Value {
    let mut spec = serde_json::json!({
        "replicas": replicas, "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
            "containers": [{"name": "nginx", "image": image, "resources": {},
                "readinessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
                    "periodSeconds": 1, "timeoutSeconds": 1, "successThreshold": 1,
                    "failureThreshold": 3},
                "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File"}],
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "securityContext": {},
            "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30}},
    });
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"}, "spec": spec})
}

/// The JSON form of a status or spec.
pub fn wire<T: Wire>(value: &T) -> Value {
    value.to_value()
}

impl Host {
    /// The kubelet of a node that was cut off posts again that it is ready.
    pub fn revive(&mut self, node: &str) {
        let now = self.time();
        let mut copy = (*self.get::<Node>("", node)).clone();
        for condition in &mut copy.status.conditions {
            condition.status = ConditionStatus::of(condition.type_ == "Ready");
            condition.last_heartbeat_time = Some(now);
            condition.last_transition_time = Some(now);
        }
        self.api.update_status(copy).unwrap();
        self.heartbeat(node.to_owned());
        self.publish();
    }
}
