//! A hand-made cluster at one moment: a scale on its way, a pod pulling its image, one that
//! crashes, one that terminates, requests over the endpoints of a service.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use api::{EndpointSlice, Event, Kind, Node, Pod, Service, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use client::fabric::Packet;
use client::{Trace, TraceKind, Verb, WatchEvent, WatchKind};
use clock::SimTime;
use scene::{ClientStats, DisplayList, Model, NodeUsage, Stats, View, frame};
use serde_json::{Value, json};

pub fn event<K: Kind>(kind: WatchKind, value: Value) -> WatchEvent {
    let object: K = K::from_value(value).unwrap();
    let event = WatchEvent { kind, object: Arc::new(object), previous: None };
    assert!(as_kind::<K>(&*event.object).is_some());
    event
}

pub fn added<K: Kind>(value: Value) -> WatchEvent {
    event::<K>(WatchKind::Added, value)
}

pub fn node(name: &str, master: bool) -> Value {
    let labels =
        if master { json!({"node-role.kubernetes.io/control-plane": ""}) } else { json!({}) };
    json!({"metadata": {"name": name, "labels": labels}, "spec": {}, "status": {
        "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
        "conditions": [{"type": "Ready", "status": "True"}]}})
}

/// `uid` also makes the address; an empty node is a pod that waits.
pub fn pod(name: &str, node: &str, uid: u32, containers: &[&str], state: &str) -> Value {
    let owner = name.rsplit_once('-').map_or(name, |(owner, _)| owner);
    let id = format!("00000000-0000-4000-8000-{uid:012}");
    let specs: Vec<Value> = containers
        .iter()
        .map(|name| {
            json!({"name": name, "image": "nginx:1.29",
            "resources": {"requests": {"cpu": "620m", "memory": "600Mi"}}})
        })
        .collect();
    let running = state == "Running";
    let waiting = match state {
        "CrashLoopBackOff" => json!({"waiting": {"reason": "CrashLoopBackOff",
            "message": "back-off 40s restarting failed container=worker pod=batch"}}),
        "Running" | "NotReady" => json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}}),
        _ => json!({"waiting": {"reason": "ContainerCreating"}}),
    };
    let last = if state == "CrashLoopBackOff" {
        json!({"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:02:14Z", "reason": "Error",
            "startedAt": "2026-01-01T00:02:13Z"}})
    } else {
        json!({})
    };
    let statuses: Vec<Value> = containers
        .iter()
        .map(|name| {
            json!({"name": name, "ready": running, "restartCount": 0, "image": "", "imageID": "",
            "state": waiting, "lastState": last})
        })
        .collect();
    let phase = match state {
        "Creating" | "Pending" => "Pending",
        "Succeeded" => "Succeeded",
        _ => "Running",
    };
    let mut pod = json!({
        "metadata": {"name": name, "namespace": "default", "uid": id, "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": id,
             "controller": true}]},
        "spec": {"containers": specs},
        "status": {"phase": phase, "containerStatuses": statuses, "conditions": [
            {"type": "Ready", "status": if running { "True" } else { "False" }}]}});
    if !node.is_empty() {
        pod["spec"]["nodeName"] = node.into();
    }
    if !matches!(state, "Creating" | "Pending") {
        let third = node.rsplit('-').next().unwrap_or("0");
        pod["status"]["podIP"] = format!("10.64.{third}.{}", uid % 250).into();
    }
    if state == "Terminating" {
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:02:40Z".into();
    }
    pod
}

pub fn service(name: &str, kind: &str, ip: &str, port: u16) -> Value {
    json!({"metadata": {"name": name, "namespace": "default"}, "spec": {"type": kind,
        "clusterIP": ip, "ports": [{"port": port, "protocol": "TCP"}], "selector": {"app": name}}})
}

pub fn slice(name: &str, pods: &[&str]) -> Value {
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| {
            json!({"addresses": ["10.64.1.3"], "conditions": {"ready": true},
            "targetRef": {"kind": "Pod", "name": pod, "namespace": "default"}})
        })
        .collect();
    json!({"metadata": {"name": format!("{name}-abcde"), "namespace": "default",
        "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4", "endpoints": endpoints, "ports": []})
}

pub fn stats() -> Stats {
    let usage = |node: &str, cpu_milli, memory_mib: u64| NodeUsage {
        node: node.into(),
        cpu_milli,
        memory_bytes: memory_mib << 20,
    };
    Stats {
        now: SimTime::from_millis(134_350),
        epoch: 1_767_225_600,
        revision: 4812,
        objects: 312,
        api_rate: 31.0,
        active: 1,
        controller: "deployment: 3 → 5".into(),
        dns: "web.default.svc → 10.96.3.7".into(),
        usage: vec![
            usage("node-1", 900, 900),
            usage("node-2", 700, 1100),
            usage("node-3", 300, 400),
        ],
        clients: vec![ClientStats {
            name: "browser".into(),
            service: Key::new("default", "web"),
            per_second: 40,
        }],
        ..Stats::default()
    }
}

pub fn nodes(model: &mut Model, workers: usize) {
    let mut all = vec![added::<Node>(node("control-1", true))];
    all.extend((1..=workers).map(|i| added::<Node>(node(&format!("node-{i}"), false))));
    model.apply(&all, true);
}

/// The moment of the design's picture.
pub fn rollout(model: &mut Model) {
    nodes(model, 3);
    model.set_stats(stats());
    let mut redis = pod("redis-0", "node-1", 5, &["redis", "sidecar"], "Running");
    redis["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    model.apply(
        &[
            added::<Service>(service("web", "NodePort", "10.96.3.7", 80)),
            added::<Service>(service("redis", "ClusterIP", "10.96.8.2", 6379)),
            added::<Pod>(pod("web-7887448d46-tz2g6", "node-1", 3, &["nginx"], "Running")),
            added::<Pod>(pod("web-7887448d46-9xk4p", "node-1", 4, &["nginx"], "Running")),
            added::<Pod>(redis),
            added::<Pod>(pod("web-7887448d46-mm5vd", "node-2", 13, &["nginx"], "Running")),
            added::<Pod>(pod("web-7887448d46-c8w2q", "node-2", 14, &["nginx"], "Creating")),
            added::<Pod>(pod("batch-4kq9t", "node-2", 15, &["worker"], "CrashLoopBackOff")),
            added::<Pod>(pod("web-7887448d46-h6j7l", "node-3", 23, &["nginx"], "Running")),
            added::<Pod>(pod("web-5d9c7f6b9c-x2bnz", "node-3", 24, &["nginx"], "Terminating")),
            added::<Pod>(pod("web-7887448d46-p4zzt", "", 33, &["nginx"], "Pending")),
            added::<EndpointSlice>(slice(
                "web",
                &[
                    "web-7887448d46-tz2g6",
                    "web-7887448d46-9xk4p",
                    "web-7887448d46-mm5vd",
                    "web-7887448d46-h6j7l",
                ],
            )),
            added::<EndpointSlice>(slice("redis", &["redis-0"])),
        ],
        false,
    );
    let pulling = json!({"metadata": {"name": "e", "namespace": "default"}, "reason": "Pulling",
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web-7887448d46-c8w2q"}});
    model.apply(&[added::<Event>(pulling)], false);
}

pub fn trace(kind: TraceKind, from: &str, to: &str, resource: &'static str, name: &str) -> Trace {
    let start = SimTime::from_millis(134_000);
    Trace {
        kind,
        from: from.into(),
        to: to.into(),
        start,
        end: start + Duration::from_micros(300),
        resource: GroupResource::fixed("", resource),
        key: Key::new("default", name),
        subresource: "".into(),
        code: 200,
        count: 1,
    }
}

/// Messages and requests of a scale in flight, as of `wall`.
pub fn messages(model: &mut Model, wall: f64) {
    let mut scale =
        trace(TraceKind::Request(Verb::Patch), "kubectl", "kube-apiserver", "deployments", "web");
    scale.subresource = "scale".into();
    let (api, etcd) = ("kube-apiserver", "etcd");
    let pod = "web-7887448d46-c8w2q";
    model.traces(
        &[
            trace(TraceKind::Etcd, api, etcd, "pods", pod),
            trace(TraceKind::Watch, api, "kube-scheduler", "pods", pod),
            trace(TraceKind::Watch, api, "kubelet/node-2", "pods", pod),
            trace(
                TraceKind::Watch,
                api,
                "kube-controller-manager",
                "replicasets",
                "web-7887448d46",
            ),
            trace(TraceKind::Request(Verb::Update), "kubelet/node-3", api, "leases", "node-3"),
            scale,
        ],
        wall,
    );
    let packet = |pod: &str, ms: u64| Packet {
        from: "browser".into(),
        service: Key::new("default", "web"),
        pod: Some(Key::new("default", pod)),
        start: SimTime::from_millis(134_000),
        end: SimTime::from_millis(134_000 + ms),
        status: 200,
        weight: 1,
    };
    let pods = ["tz2g6", "mm5vd", "h6j7l", "9xk4p"].map(|tail| format!("web-7887448d46-{tail}"));
    let packets: Vec<Packet> =
        pods.iter().enumerate().map(|(i, pod)| packet(pod, 9 + 4 * i as u64)).collect();
    model.packets(&packets, wall);
}

/// The picture some time after everything has come to rest.
pub fn picture(model: &mut Model, view: &View) -> DisplayList {
    let mut out = DisplayList::default();
    frame(model, view, 10_000.0, &mut out);
    out
}
