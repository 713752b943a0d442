//! A small cluster for the kubelet alone: an API server that stores and tells, and a clock.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{Event, Kind, Obj, Pod, make_mut, to_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Uid;
use apimachinery::status::Status;
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use client::{
    Api, Body, Component, Ctx, Fabric, Reply, ReplyBody, Request, Timers, Verb, WatchEvent,
    WatchKind,
};
use clock::{Duration, EventQueue, Rng, SimTime};
use kubelet::{Kubelet, NodeConfig};
use serde_json::{Value, json};

pub const EPOCH: i64 = 1_800_000_000;

type StoreKey = (GroupResource, String, String);

#[derive(Default)]
pub struct FakeApi {
    pub objects: BTreeMap<StoreKey, Obj>,
    told: Vec<WatchEvent>,
    revision: u64,
    pub now: SimTime,
    /// `VERB resource/subresource` of every request.
    pub requests: Vec<String>,
    /// The next status write of a pod meets a conflict.
    pub conflict_once: bool,
}

impl FakeApi {
    fn key(request: &Request) -> StoreKey {
        let (ns, name) = (request.namespace.to_string(), request.name.to_string());
        (request.resource.clone(), ns, name)
    }

    fn tell(&mut self, kind: WatchKind, object: Obj, previous: Option<Obj>) {
        self.told.push(WatchEvent { kind, object, previous });
    }

    fn put(&mut self, key: StoreKey, mut object: Obj) -> Obj {
        self.revision += 1;
        make_mut(&mut object).meta_mut().resource_version = self.revision;
        let previous = self.objects.insert(key, Arc::clone(&object));
        let kind = if previous.is_some() { WatchKind::Modified } else { WatchKind::Added };
        self.tell(kind, Arc::clone(&object), previous);
        object
    }

    pub fn create_object(&mut self, mut object: Obj) -> Result<Obj, Box<Status>> {
        let info = object.info();
        self.revision += 1;
        let revision = u128::from(self.revision);
        let meta = make_mut(&mut object).meta_mut();
        meta.uid = Uid::from_random(revision << 64 | revision);
        meta.generation = 1;
        meta.creation_timestamp = Some(Time(EPOCH + (self.now.millis() / 1000) as i64));
        let key = (info.resource.clone(), meta.namespace.to_string(), meta.name.to_string());
        if self.objects.contains_key(&key) {
            return Err(Status::already_exists(&info.resource, &key.2));
        }
        Ok(self.put(key, object))
    }

    fn delete(&mut self, key: StoreKey, grace: Option<i64>) -> Result<Obj, Box<Status>> {
        let Some(object) = self.objects.get(&key).cloned() else {
            return Err(Status::not_found(&key.0, &key.2));
        };
        let graceful = to_kind::<Pod>(&object)
            .map(|pod| grace.or(pod.spec.termination_grace_period_seconds).unwrap_or(30))
            .filter(|secs| *secs > 0);
        if let Some(secs) = graceful {
            let mut object = object;
            let meta = make_mut(&mut object).meta_mut();
            meta.generation += 1;
            meta.rare_mut().deletion_timestamp =
                Some(Time(EPOCH + (self.now.millis() / 1000) as i64 + secs));
            meta.rare_mut().deletion_grace_period_seconds = Some(secs);
            return Ok(self.put(key, object));
        }
        self.objects.remove(&key);
        self.tell(WatchKind::Deleted, Arc::clone(&object), None);
        Ok(object)
    }
}

impl Api for FakeApi {
    fn call(&mut self, request: Request) -> client::api::Result<Reply> {
        let key = FakeApi::key(&request);
        let verb = request.verb.as_str();
        self.requests.push(format!("{verb} {}/{}", key.0.resource, request.subresource));
        let stored = self.objects.get(&key).cloned();
        let missing = || Status::not_found(&key.0, &key.2);
        let object = match (request.verb, request.body) {
            (Verb::Create, Body::Object(object)) => self.create_object(object)?,
            (Verb::Get, _) => stored.ok_or_else(missing)?,
            (Verb::Update, Body::Object(object)) => {
                let old = stored.ok_or_else(missing)?;
                let pods = key.0.resource == "pods";
                if std::mem::take(&mut self.conflict_once) && pods
                    || object.meta().resource_version != old.meta().resource_version
                {
                    return Err(Status::modified(&key.0, &key.2));
                }
                self.put(key, object)
            }
            (Verb::Patch, Body::Patch(_, patch)) => {
                let old = stored.ok_or_else(missing)?;
                let mut value = old.to_wire();
                merge(&mut value, &patch);
                let event = Event::from_value(strip(value)).expect("an event");
                self.put(key, Arc::new(event))
            }
            (Verb::Delete, Body::Delete(options)) => {
                self.delete(key, options.grace_period_seconds)?
            }
            (verb, body) => panic!("{verb:?} {body:?} is not faked"),
        };
        Ok(Reply::new(ReplyBody::Object(object)))
    }
}

fn strip(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.remove("kind");
        map.remove("apiVersion");
    }
    value
}

fn merge(into: &mut Value, patch: &Value) {
    match (into.as_object_mut(), patch.as_object()) {
        (Some(map), Some(patch)) => {
            for (key, value) in patch {
                merge(map.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        _ => *into = patch.clone(),
    }
}

/// One node.
pub struct World {
    pub api: FakeApi,
    pub fabric: Fabric,
    pub kubelet: Kubelet,
    pub rng: Rng,
    pub now: SimTime,
    queue: EventQueue<u64>,
}

impl World {
    pub fn new() -> Self {
        World::with_knobs(|_| {})
    }

    pub fn with_knobs(turn: impl FnOnce(&mut kubelet::Knobs)) -> Self {
        let mut config = NodeConfig::new("node-1", "10.0.0.2".parse().expect("an address"));
        config.zone = "zone-1".into();
        config.pod_cidr = "10.64.1.0/24".into();
        config.knobs.jitter = Duration::from_millis(1);
        turn(&mut config.knobs);
        let mut world = World {
            api: FakeApi::default(),
            fabric: Fabric::default(),
            kubelet: Kubelet::new(config),
            rng: Rng::new(7),
            now: SimTime::ZERO,
            queue: EventQueue::default(),
        };
        world.with(|kubelet, ctx| kubelet.start(ctx));
        world
    }

    pub fn with(&mut self, act: impl FnOnce(&mut Kubelet, &mut Ctx<'_>)) {
        self.api.now = self.now;
        let mut timers = Timers::default();
        let mut ctx = Ctx {
            now: self.now,
            epoch: EPOCH,
            api: &mut self.api,
            timers: &mut timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        act(&mut self.kubelet, &mut ctx);
        for (at, token) in timers.take() {
            self.queue.push(at, token);
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        let told = std::mem::take(&mut self.api.told);
        let mine =
            |event: &WatchEvent| event.is_of::<api::Node>() || event.object.node_name() == "node-1";
        for event in told.into_iter().filter(mine) {
            self.with(|kubelet, ctx| kubelet.on_watch(ctx, std::slice::from_ref(&event)));
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.queue.next_at().filter(|at| *at <= end) {
            self.now = at;
            let Some((_, token)) = self.queue.pop() else { break };
            self.with(|kubelet, ctx| kubelet.on_timer(ctx, token));
        }
        self.now = end;
    }

    pub fn secs(&mut self, secs: u64) {
        self.run(Duration::from_secs(secs));
    }

    pub fn millis(&mut self, millis: u64) {
        self.run(Duration::from_millis(millis));
    }

    /// Creates a pod bound to the node from its spec.
    pub fn pod(&mut self, name: &str, mut spec: Value) -> Uid {
        spec["nodeName"] = json!("node-1");
        let mut pod = Pod::from_value(json!({"metadata": {"name": name, "namespace": "default"},
            "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort",
            "conditions": [{"type": "PodScheduled", "status": "True",
                "lastTransitionTime": "2027-01-15T08:00:00Z"}]}}))
        .expect("a pod");
        for container in pod.spec.body_mut().containers.iter_mut() {
            if container.image_pull_policy.is_empty() {
                container.image_pull_policy = "IfNotPresent".into();
            }
        }
        if pod.spec.restart_policy.is_empty() {
            pod.spec.body_mut().restart_policy = "Always".into();
        }
        let object = self.api.create_object(Arc::new(pod)).expect("created");
        let uid = object.meta().uid;
        self.deliver();
        uid
    }

    pub fn get(&self, name: &str) -> Option<Arc<Pod>> {
        self.find::<Pod>("default", name)
    }

    pub fn find<K: Kind>(&self, namespace: &str, name: &str) -> Option<Arc<K>> {
        let key = (K::INFO.resource, namespace.to_owned(), name.to_owned());
        self.api.objects.get(&key).and_then(to_kind::<K>)
    }

    pub fn delete(&mut self, name: &str, grace: Option<i64>) {
        self.api.now = self.now;
        let key = (Pod::INFO.resource, "default".to_owned(), name.to_owned());
        self.api.delete(key, grace).expect("deleted");
        self.deliver();
    }

    /// `reason message xCount` of a pod's events in the order in which they were first said.
    pub fn events(&self, pod: &str) -> Vec<String> {
        let mut all: Vec<Arc<Event>> = self
            .api
            .objects
            .values()
            .filter_map(to_kind::<Event>)
            .filter(|event| event.involved_object.name == pod)
            .collect();
        all.sort_by_key(|event| event.metadata.uid);
        all.iter().map(|e| format!("{} {} x{}", e.reason, e.message, e.count)).collect()
    }

    /// `kubectl get pod`'s word for the first container, or the phase.
    pub fn word(&self, name: &str) -> String {
        let Some(pod) = self.get(name) else { return "gone".to_owned() };
        let state = pod.status.container_statuses.first().map(|one| one.state.clone());
        match state {
            Some(api::core::pod_status::ContainerState::Waiting(waiting)) => {
                waiting.reason.to_string()
            }
            Some(api::core::pod_status::ContainerState::Terminated(end)) => end.reason.to_string(),
            Some(api::core::pod_status::ContainerState::Running(_)) if pod.status.is_ready() => {
                "Ready".to_owned()
            }
            _ => pod.status.phase.to_string(),
        }
    }

    pub fn restarts(&self, name: &str) -> i32 {
        let pod = self.get(name).expect("the pod");
        pod.status.container_statuses.first().map_or(0, |one| one.restart_count)
    }

    pub fn exec(&mut self, uid: Uid, container: usize, argv: &[&str]) -> client::fabric::Output {
        let mut world = client::fabric::World {
            fabric: &mut self.fabric,
            uid,
            container,
            now: self.now,
            epoch: EPOCH,
            rng: &mut self.rng,
        };
        kubelet::run_command(&mut world, argv)
    }

    pub fn log(&self, uid: Uid, container: &str) -> Vec<String> {
        let lines = self.fabric.logs(uid, container, false, self.now, EPOCH).unwrap_or_default();
        lines.into_iter().map(|line| line.text).collect()
    }
}
