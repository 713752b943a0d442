//! What limits workloads: quotas, limit ranges, priority classes, disruption budgets.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::sync::Arc;

use api::{Obj, to_kind};
use client::{Body, Verb};
use common::{Cluster, object_of, refusal};
use serde_json::{Value, json};

fn pod(name: &str, requests: Value, limits: Value) -> Value {
    json!({"metadata": {"name": name, "labels": {"app": "x"}}, "spec": {"containers": [
        {"name": "c", "image": "nginx", "resources": {"requests": requests, "limits": limits}}]}})
}

fn service(name: &str, type_: &str) -> Value {
    let ports = json!([{"name": "a", "port": 80}, {"name": "b", "port": 81}]);
    json!({"metadata": {"name": name}, "spec": {"type": type_, "ports": ports}})
}

fn claim(name: &str, class: &str, storage: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"],
        "storageClassName": class, "resources": {"requests": {"storage": storage}}}})
}

/// Makes objects in order; each is refused with that reason, or not at all.
fn check(cluster: &mut Cluster, steps: Vec<(&str, Value, &str)>) {
    for (resource, object, refused) in steps {
        let name = object["metadata"]["name"].clone();
        let said = match cluster.create(resource, "default", object) {
            Ok(_) => String::new(),
            Err(status) => status.message,
        };
        let start = format!("{resource} {name} is forbidden: ");
        assert_eq!(said.strip_prefix(&start).unwrap_or(&said), refused, "{resource} {name}");
    }
}

/// A quota whose controller has counted: nothing is used.
fn quota(cluster: &mut Cluster, name: &str, spec: Value) {
    let hard = spec["hard"].clone();
    let used: serde_json::Map<String, Value> =
        hard.as_object().unwrap().keys().map(|key| (key.clone(), "0".into())).collect();
    let object = json!({"metadata": {"name": name}, "spec": spec});
    cluster.create("resourcequotas", "default", object.clone()).unwrap();
    let mut object = object;
    object["status"] = json!({"hard": hard, "used": used});
    let request = Cluster::request(Verb::Update, "resourcequotas", "default", name);
    cluster.call(request.subresource("status").body(Body::Json(object))).unwrap();
}

#[test]
fn a_quota_counts_what_is_made_and_refuses_what_is_too_much() {
    let mut cluster = Cluster::new();
    let hard = json!({"pods": "2", "requests.cpu": "1", "limits.memory": "1Gi",
        "services.nodeports": "3", "configmaps": "1", "count/deployments.apps": "1",
        "persistentvolumeclaims": "3", "gold.storageclass.storage.k8s.io/requests.storage": "5Gi"});
    quota(&mut cluster, "q", json!({"hard": hard}));
    let (cpu, memory) = (|text: &str| json!({"cpu": text}), |text: &str| json!({"memory": text}));
    check(
        &mut cluster,
        vec![
            (
                "pods",
                pod("a", json!({}), json!({})),
                "failed quota: q: must specify limits.memory for: c; requests.cpu for: c",
            ),
            ("pods", pod("a", cpu("600m"), memory("600Mi")), ""),
            (
                "pods",
                pod("b", cpu("600m"), memory("600Mi")),
                "exceeded quota: q, requested: limits.memory=600Mi,requests.cpu=600m, used: \
                 limits.memory=600Mi,requests.cpu=600m, limited: limits.memory=1Gi,requests.cpu=1",
            ),
            ("pods", pod("b", cpu("100m"), memory("1Mi")), ""),
            (
                "pods",
                pod("c", cpu("100m"), memory("1Mi")),
                "exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2",
            ),
            ("services", service("s", "ClusterIP"), ""),
            ("services", service("t", "NodePort"), ""),
            (
                "services",
                service("u", "LoadBalancer"),
                "exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=2, \
                 limited: services.nodeports=3",
            ),
            ("configmaps", json!({"metadata": {"name": "m"}}), ""),
            (
                "configmaps",
                json!({"metadata": {"name": "n"}}),
                "exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: \
                 configmaps=1",
            ),
            ("persistentvolumeclaims", claim("v", "gold", "4Gi"), ""),
            ("persistentvolumeclaims", claim("w", "tin", "4Gi"), ""),
            (
                "persistentvolumeclaims",
                claim("x", "gold", "2Gi"),
                "exceeded quota: q, requested: \
                 gold.storageclass.storage.k8s.io/requests.storage=2Gi, used: \
                 gold.storageclass.storage.k8s.io/requests.storage=4Gi, limited: \
                 gold.storageclass.storage.k8s.io/requests.storage=5Gi",
            ),
        ],
    );
    let used = cluster.wire("resourcequotas", "default", "q")["status"]["used"].clone();
    assert_eq!(used["requests.cpu"], "700m");
    assert_eq!(used["gold.storageclass.storage.k8s.io/requests.storage"], "4Gi");
}

#[test]
fn a_quota_with_scopes_counts_only_those_pods() {
    let mut cluster = Cluster::new();
    let class = json!({"metadata": {"name": "high"}, "value": 10});
    cluster.create("priorityclasses.scheduling.k8s.io", "", class).unwrap();
    let best_effort = json!({"hard": {"pods": "0"}, "scopes": ["BestEffort"]});
    quota(&mut cluster, "best-effort", best_effort);
    let scope = json!({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]});
    let selector = json!({"matchExpressions": [scope]});
    quota(&mut cluster, "high", json!({"hard": {"pods": "1"}, "scopeSelector": selector}));
    let one = |quota: &str, used: u8, limit: u8| {
        format!(
            "exceeded quota: {quota}, requested: pods=1, used: pods={used}, limited: pods={limit}"
        )
    };
    let cpu = || json!({"cpu": "1"});
    let important = |name: &str| {
        let mut pod = pod(name, cpu(), json!({}));
        pod["spec"]["priorityClassName"] = "high".into();
        pod
    };
    check(
        &mut cluster,
        vec![
            ("pods", pod("a", json!({}), json!({})), &one("best-effort", 0, 0)),
            ("pods", pod("b", cpu(), json!({})), ""),
            ("pods", important("c"), ""),
            ("pods", important("d"), &one("high", 1, 1)),
        ],
    );
}

/// The pods of one template are admitted once; bounds and counts still hold for each.
#[test]
fn limits_and_quotas_hold_for_every_pod_of_a_template() {
    let mut cluster = Cluster::new();
    let limits = json!([{"type": "Container", "default": {"cpu": "200m"},
        "defaultRequest": {"cpu": "100m"}}]);
    let range = json!({"metadata": {"name": "r"}, "spec": {"limits": limits}});
    cluster.create("limitranges", "default", range).unwrap();
    quota(&mut cluster, "q", json!({"hard": {"requests.cpu": "300m"}}));
    let body = json!({"metadata": {"name": "template"}, "spec": {"containers": [
        {"name": "c", "image": "nginx"}]}});
    let decoded = (api::KindEntry::of::<api::Pod>().decode)(body).unwrap();
    let template = to_kind::<api::Pod>(&decoded).unwrap();
    for i in 0..4 {
        let mut pod = (*template).clone();
        pod.metadata.name = format!("p{i}").into();
        pod.metadata.namespace = "default".into();
        let request = Cluster::request(Verb::Create, "pods", "default", "");
        let answer = cluster.call(request.body(Body::Object(Arc::new(pod) as Obj)));
        if i == 3 {
            let (_, message) = refusal(answer);
            assert!(message.contains("used: requests.cpu=300m"), "{message}");
            continue;
        }
        let made = object_of(answer).to_wire();
        let resources = &made["spec"]["containers"][0]["resources"];
        assert_eq!(*resources, json!({"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}));
        let said = &made["metadata"]["annotations"]["kubernetes.io/limit-ranger"];
        let text = "LimitRanger plugin set: cpu request for container c; cpu limit for container c";
        assert_eq!(*said, text, "p{i}");
    }
}

#[test]
fn limit_ranges_refuse_what_is_out_of_bounds() {
    let mut cluster = Cluster::new();
    let limits = json!([
        {"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "50m"}},
        {"type": "Pod", "max": {"memory": "1Gi"}, "maxLimitRequestRatio": {"memory": "2"}},
        {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "5Gi"}},
    ]);
    let range = json!({"metadata": {"name": "r"}, "spec": {"limits": limits}});
    cluster.create("limitranges", "default", range).unwrap();
    let of = |cpu: &str, memory: &str| json!({"cpu": cpu, "memory": memory});
    check(
        &mut cluster,
        vec![
            (
                "pods",
                pod("a", of("2", "1Mi"), of("2", "1Mi")),
                "maximum cpu usage per Container is 1, but limit is 2",
            ),
            (
                "pods",
                pod("b", of("10m", "1Gi"), of("20m", "3Gi")),
                "[minimum cpu usage per Container is 50m, but request is 10m, maximum memory usage \
                 per Pod is 1Gi, but limit is 3Gi, memory max limit to request ratio per Pod is 2, \
                 but provided ratio is 3.000000]",
            ),
            (
                "pods",
                pod("c", json!({"cpu": "1"}), json!({})),
                "[maximum memory usage per Pod is 1Gi.  No limit is specified, memory max limit to \
                 request ratio per Pod is 2, but no request is specified or request is 0]",
            ),
            (
                "persistentvolumeclaims",
                claim("d", "", "500Mi"),
                "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi",
            ),
            (
                "persistentvolumeclaims",
                claim("e", "", "6Gi"),
                "maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi",
            ),
            ("persistentvolumeclaims", claim("f", "", "5Gi"), ""),
        ],
    );
}

/// The status of a budget, whether the pod is ready, and what an eviction gets: the cause of its
/// refusal, or nothing.
#[test]
fn a_budget_decides_over_evictions() {
    let status = |allowed: i32, healthy: i32, desired: i32| {
        json!({"disruptionsAllowed": allowed, "currentHealthy": healthy,
            "desiredHealthy": desired, "expectedPods": 3, "observedGeneration": 1})
    };
    let needs = "The disruption budget b needs 2 healthy pods and has 2 currently";
    let cases = [
        (status(1, 3, 2), true, ""),
        (status(0, 2, 2), true, needs),
        // The pod is not ready, and the others are enough.
        (status(0, 2, 2), false, ""),
        (
            status(0, 1, 2),
            false,
            "The disruption budget b needs 2 healthy pods and has 1 currently",
        ),
        (json!({}), true, "The disruption budget b is still being processed by the server."),
    ];
    for (status, ready, cause) in cases {
        let mut cluster = Cluster::new();
        let mut object = json!({"metadata": {"name": "b"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "x"}}}});
        let budgets = "poddisruptionbudgets.policy";
        cluster.create(budgets, "default", object.clone()).unwrap();
        if status != json!({}) {
            object["status"] = status.clone();
            object["metadata"]["resourceVersion"] =
                cluster.wire(budgets, "default", "b")["metadata"]["resourceVersion"].clone();
            let request = Cluster::request(Verb::Update, budgets, "default", "b");
            cluster.call(request.subresource("status").body(Body::Json(object))).unwrap();
        }
        let mut running = pod("p", json!({}), json!({}));
        cluster.create("pods", "default", running.clone()).unwrap();
        let ready = if ready { "True" } else { "False" };
        running["status"] = json!({"phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}]});
        let request = Cluster::request(Verb::Update, "pods", "default", "p");
        cluster.call(request.subresource("status").body(Body::Json(running))).unwrap();
        let request = Cluster::request(Verb::Create, "pods", "default", "p");
        let body = Body::Json(json!({"metadata": {"name": "p"}}));
        let answer = cluster.call(request.subresource("eviction").body(body));
        match answer {
            Ok(_) => assert_eq!(cause, "", "{status}"),
            Err(refused) => {
                assert_eq!(refused.code(), 429);
                assert_eq!(refused.causes[0].message, cause, "{status}");
                assert_eq!(cluster.wire("pods", "default", "p")["metadata"]["name"], "p");
            }
        }
    }
}

#[test]
fn one_priority_class_is_the_default() {
    let mut cluster = Cluster::new();
    let classes = "priorityclasses.scheduling.k8s.io";
    let class = |name: &str, value: i32| {
        let metadata = json!({"name": name});
        json!({"metadata": metadata, "value": value, "globalDefault": true})
    };
    cluster.create(classes, "", class("a", 7)).unwrap();
    let (_, message) = refusal(cluster.create(classes, "", class("b", 5)));
    let why = "PriorityClass a is already marked as default. Only one default can exist";
    assert_eq!(message, format!("{classes} \"b\" is forbidden: {why}"));
    cluster.create("pods", "default", pod("p", json!({}), json!({}))).unwrap();
    let spec = cluster.wire("pods", "default", "p")["spec"].clone();
    assert_eq!((&spec["priority"], &spec["priorityClassName"]), (&json!(7), &json!("a")));
    let node = cluster.wire(classes, "", "system-node-critical");
    assert_eq!(node["value"], 2_000_001_000);
}
