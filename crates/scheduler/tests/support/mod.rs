//! A scheduler with an API server that is only a map of pods: no admission, no watch but what the
//! test delivers.

#![allow(dead_code, reason = "each test uses a part")]

pub mod tally;

use std::sync::Arc;

use api::{Event, Node, Obj, Pod, to_kind};
use apimachinery::meta::{Key, Uid};
use apimachinery::status::Status;
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use client::{
    Api, Body, Component, Ctx, Fabric, Reply, ReplyBody, Request, Timers, Verb, WatchEvent,
    WatchKind,
};
use clock::{Rng, SimTime};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use scheduler::{Config, Scheduler};
use serde_json::Value;

/// Pods by name, and everything that was written.
#[derive(Default)]
pub struct FakeApi {
    pub pods: IndexMap<Key, Arc<Pod>, FxBuildHasher>,
    /// Bindings in order.
    pub bound: Vec<(Key, String)>,
    pub events: Vec<Arc<Event>>,
    pub updates: Vec<WatchEvent>,
    pub revision: u64,
    /// Refuse bindings, as an API server does that has lost the pod.
    pub refuse_bindings: bool,
    /// Only count events.
    pub forget_events: bool,
    pub event_count: u64,
}

impl FakeApi {
    fn write(&mut self, key: Key, mut pod: Pod) -> Arc<Pod> {
        self.revision += 1;
        pod.metadata.resource_version = self.revision;
        let pod = Arc::new(pod);
        let previous = self.pods.insert(key, Arc::clone(&pod));
        self.updates.push(WatchEvent {
            kind: if previous.is_some() { WatchKind::Modified } else { WatchKind::Added },
            object: pod.clone() as Obj,
            previous: previous.map(|old| old as Obj),
        });
        pod
    }

    fn bind(&mut self, key: Key, node: &str) -> Result<Reply, Box<Status>> {
        let Some(known) = self.pods.get(&key).filter(|_| !self.refuse_bindings) else {
            return Err(Status::not_found(&request_resource(), &key.name));
        };
        let mut pod = (**known).clone();
        pod.spec.node_name = node.into();
        self.bound.push((key.clone(), node.to_owned()));
        self.write(key, pod);
        Ok(Reply::new(ReplyBody::Json(Value::Null)))
    }
}

fn request_resource() -> apimachinery::gvk::GroupResource {
    <Pod as api::Kind>::INFO.resource
}

impl Api for FakeApi {
    fn call(&mut self, request: Request) -> Result<Reply, Box<Status>> {
        let key = Key::new(request.namespace.clone(), request.name.clone());
        match (request.verb, request.body) {
            (Verb::Create, Body::Binding(node)) => self.bind(key, &node),
            (Verb::Create, Body::Object(object)) => {
                self.event_count += 1;
                if !self.forget_events {
                    self.events.extend(to_kind::<Event>(&object));
                }
                Ok(Reply::new(ReplyBody::Object(object)))
            }
            (Verb::Update, Body::Object(object)) => {
                if let Some(event) = to_kind::<Event>(&object) {
                    let name = &event.metadata.name;
                    let known = self.events.iter_mut().find(|e| e.metadata.name == *name);
                    if let Some(known) = known {
                        *known = event;
                    }
                    return Ok(Reply::new(ReplyBody::Object(object)));
                }
                let pod = to_kind::<Pod>(&object).expect("pods and events only");
                let pod = self.write(key, (*pod).clone());
                Ok(Reply::new(ReplyBody::Object(pod)))
            }
            (Verb::Get, _) => {
                let event = self.events.iter().find(|e| e.metadata.name == key.name);
                let found = event.map(|e| Arc::clone(e) as Obj);
                let found = found.or(self.pods.get(&key).map(|p| Arc::clone(p) as Obj));
                let found = found.ok_or_else(|| Status::not_found(&request.resource, &key.name))?;
                Ok(Reply::new(ReplyBody::Object(found)))
            }
            // A pod goes gracefully; the test takes it away.
            (Verb::Delete, _) => {
                let Some(known) = self.pods.get(&key) else {
                    return Err(Status::not_found(&request.resource, &key.name));
                };
                let mut pod = (**known).clone();
                pod.metadata.rare_mut().deletion_timestamp = Some(Time(1_795_000_030));
                let pod = self.write(key, pod);
                Ok(Reply::new(ReplyBody::Object(pod)))
            }
            (verb, body) => panic!("unexpected request: {verb:?} {body:?}"),
        }
    }
}

pub struct World {
    pub scheduler: Scheduler,
    pub api: FakeApi,
    pub timers: Timers,
    pub rng: Rng,
    pub fabric: Fabric,
    pub now: SimTime,
    pub due: std::collections::BTreeSet<(SimTime, u64)>,
    next_uid: u128,
}

impl World {
    pub fn new(config: Config) -> Self {
        World {
            scheduler: Scheduler::new(config),
            api: FakeApi::default(),
            timers: Timers::default(),
            rng: Rng::new(1),
            fabric: Fabric::default(),
            now: SimTime::from_secs(1),
            due: std::collections::BTreeSet::new(),
            next_uid: 0,
        }
    }

    pub fn act<T>(&mut self, act: impl FnOnce(&mut Scheduler, &mut Ctx<'_>) -> T) -> T {
        let mut ctx = Ctx {
            now: self.now,
            epoch: 1_795_000_000,
            api: &mut self.api,
            timers: &mut self.timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        let result = act(&mut self.scheduler, &mut ctx);
        self.due.extend(self.timers.take());
        result
    }

    pub fn deliver(&mut self, events: &[WatchEvent]) {
        self.act(|scheduler, ctx| scheduler.on_watch(ctx, events));
    }

    pub fn add(&mut self, object: Obj) {
        self.deliver(&[WatchEvent { kind: WatchKind::Added, object, previous: None }]);
    }

    pub fn change(&mut self, old: Obj, new: Obj) {
        self.deliver(&[WatchEvent { kind: WatchKind::Modified, object: new, previous: Some(old) }]);
    }

    pub fn delete(&mut self, object: Obj) {
        let previous = Some(Arc::clone(&object));
        self.deliver(&[WatchEvent { kind: WatchKind::Deleted, object, previous }]);
    }

    /// A pod that appears in the API and is heard of at once.
    pub fn create_pod(&mut self, mut pod: Pod) -> Arc<Pod> {
        self.next_uid += 1;
        pod.metadata.uid = Uid(self.next_uid);
        pod.metadata.generation = 1;
        let pod = self.api.write(Key::of(&pod.metadata), pod);
        self.deliver_updates();
        pod
    }

    /// What was written since is heard of.
    pub fn deliver_updates(&mut self) {
        let updates = std::mem::take(&mut self.api.updates);
        for update in updates {
            self.deliver(&[update]);
        }
    }

    pub fn delete_pod(&mut self, name: &str) {
        let pod = self.api.pods.swap_remove(&Key::new("default", name)).expect("it exists");
        self.delete(pod);
    }

    pub fn pod(&self, name: &str) -> Arc<Pod> {
        Arc::clone(&self.api.pods[&Key::new("default", name)])
    }

    /// Lets time pass; every write is heard of at once.
    pub fn run_until(&mut self, until: SimTime) {
        while let Some((at, token)) = self.due.first().copied().filter(|(at, _)| *at <= until) {
            self.due.pop_first();
            self.now = self.now.max(at);
            self.act(|scheduler, ctx| scheduler.on_timer(ctx, token));
            self.deliver_updates();
        }
        self.now = until;
    }

    pub fn run_for_millis(&mut self, millis: u64) {
        self.run_until(SimTime(self.now.nanos() + millis * 1_000_000));
    }
}

pub fn pod(value: Value) -> Pod {
    let mut pod = Pod::from_value(value).expect("a pod");
    if pod.metadata.namespace.is_empty() {
        pod.metadata.namespace = "default".into();
    }
    let body = pod.spec.body_mut();
    if body.scheduler_name.is_empty() {
        body.scheduler_name = "default-scheduler".into();
    }
    pod
}

pub fn node(value: Value) -> Node {
    Node::from_value(value).expect("a node")
}

/// A node of the recordings' size: 4 CPU, 8Gi, 110 pods.
pub fn plain_node(name: &str, zone: &str) -> Node {
    node(serde_json::json!({
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    }))
}

/// A pod of one container with these requests.
pub fn plain_pod(name: &str, cpu: &str, memory: &str) -> Pod {
    pod(serde_json::json!({
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "nginx",
            "resources": {"requests": {"cpu": cpu, "memory": memory}}}]},
    }))
}
