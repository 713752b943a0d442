//! Managed fields and server-side apply.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use client::{Body, PatchType, Request, Verb};
use common::{Answer, Cluster, deployment, pod, refusal, wire_of};
use serde_json::{Value, json};

fn apply(cluster: &mut Cluster, resource: &str, manager: &str, force: bool, body: Value) -> Answer {
    let name = body["metadata"]["name"].as_str().unwrap().to_owned();
    let mut request = Cluster::request(Verb::Patch, resource, "default", &name)
        .body(Body::Patch(PatchType::Apply, body));
    request.query.push(("fieldManager".into(), manager.into()));
    if force {
        request.query.push(("force".into(), "true".into()));
    }
    cluster.call(request)
}

fn by(manager: &str, mut request: Request) -> Request {
    request.query.push(("fieldManager".into(), manager.into()));
    request
}

/// `manager operation subresource` and the fields, of every manager.
fn managers(cluster: &mut Cluster, resource: &str, name: &str) -> Vec<(String, Value)> {
    let mut request = Cluster::request(Verb::Get, resource, "default", name);
    request.managed_fields = true;
    let object = wire_of(cluster.call(request).unwrap());
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let line = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let who = format!("{} {} {}", text("manager"), text("operation"), text("subresource"));
        (who.trim().to_owned(), entry["fieldsV1"].clone())
    };
    entries.iter().map(line).collect()
}

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

#[test]
fn two_appliers_keep_what_each_owns() {
    let mut cluster = Cluster::new();
    let made = apply(&mut cluster, "configmaps", "a", false, map("c", json!({"x": "1", "y": "1"})));
    assert!(made.unwrap().created);
    let version = |cluster: &mut Cluster| {
        cluster.wire("configmaps", "default", "c")["metadata"]["resourceVersion"].clone()
    };
    let before = version(&mut cluster);
    apply(&mut cluster, "configmaps", "a", false, map("c", json!({"x": "1", "y": "1"}))).unwrap();
    assert_eq!(version(&mut cluster), before, "applying twice changes nothing");

    let refused = apply(&mut cluster, "configmaps", "b", false, map("c", json!({"x": "2"})));
    let want = "Apply failed with 1 conflict: conflict with \"a\": .data.x".to_owned();
    assert_eq!(refusal(refused), ("Conflict", want));

    apply(&mut cluster, "configmaps", "b", true, map("c", json!({"x": "2", "z": "2"}))).unwrap();
    assert_eq!(
        managers(&mut cluster, "configmaps", "c"),
        [
            ("a Apply".to_owned(), json!({"f:data": {"f:y": {}}})),
            ("b Apply".to_owned(), json!({"f:data": {"f:x": {}, "f:z": {}}})),
        ]
    );
    // What an applier leaves out goes, unless another one has it.
    apply(&mut cluster, "configmaps", "a", false, map("c", json!({"z": "2"}))).unwrap();
    apply(&mut cluster, "configmaps", "b", false, map("c", json!({"x": "2"}))).unwrap();
    let data = cluster.wire("configmaps", "default", "c")["data"].clone();
    assert_eq!(data, json!({"x": "2", "z": "2"}));
}

#[test]
fn several_conflicts_are_listed_by_manager() {
    let mut cluster = Cluster::new();
    apply(&mut cluster, "deployments.apps", "a", false, deployment("d", 2)).unwrap();
    let scale = Cluster::request(Verb::Patch, "deployments.apps", "default", "d")
        .subresource("scale")
        .body(Body::Patch(PatchType::Merge, json!({"spec": {"replicas": 5}})));
    cluster.call(by("scaler", scale)).unwrap();
    let mut other = deployment("d", 3);
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "other".into();
    let (_, message) = refusal(apply(&mut cluster, "deployments.apps", "b", false, other));
    assert_eq!(
        message,
        "Apply failed with 2 conflicts: conflicts with \"a\":\n- \
         .spec.template.spec.containers[name=\"c\"].image\nconflicts with \"scaler\" with \
         subresource \"scale\" using apps/v1:\n- .spec.replicas"
    );
}

#[test]
fn a_wrong_configuration_is_refused_by_its_type() {
    let mut cluster = Cluster::new();
    let mut wrong = deployment("d", 2);
    wrong["spec"]["foo"] = 1.into();
    let (_, message) = refusal(apply(&mut cluster, "deployments.apps", "a", false, wrong));
    assert_eq!(
        message,
        "failed to create typed patch object (default/d; apps/v1, Kind=Deployment): .spec.foo: \
         field not declared in schema"
    );
    let mut twice = deployment("d", 2);
    let container = twice["spec"]["template"]["spec"]["containers"][0].clone();
    twice["spec"]["template"]["spec"]["containers"] = json!([container, container]);
    let (_, message) = refusal(apply(&mut cluster, "deployments.apps", "a", false, twice));
    assert!(
        message.ends_with(".spec.template.spec.containers: duplicate entries for key [name=\"c\"]"),
        "{message}"
    );
    let (_, message) = refusal(apply(&mut cluster, "configmaps", "", false, map("c", json!({}))));
    assert!(
        message.ends_with("fieldManager: Required value: is required for apply patch"),
        "{message}"
    );
}

#[test]
fn updates_are_tracked_and_can_be_reset() {
    let mut cluster = Cluster::new();
    let create = Cluster::request(Verb::Create, "configmaps", "default", "")
        .body(Body::Json(map("c", json!({"x": "1"}))));
    cluster.call(by("kubectl-create", create)).unwrap();
    let patch = Cluster::request(Verb::Patch, "configmaps", "default", "c").body(Body::Patch(
        PatchType::Merge,
        json!({"data": {"y": "1"}, "metadata": {"labels": {"l": "v"}}}),
    ));
    cluster.call(by("kubectl-patch", patch)).unwrap();
    assert_eq!(
        managers(&mut cluster, "configmaps", "c"),
        [
            ("kubectl-create Update".to_owned(), json!({"f:data": {".": {}, "f:x": {}}})),
            (
                "kubectl-patch Update".to_owned(),
                json!({"f:data": {"f:y": {}}, "f:metadata": {"f:labels": {".": {}, "f:l": {}}}})
            ),
        ]
    );
    let reset = json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]);
    let patch = Cluster::request(Verb::Patch, "configmaps", "default", "c")
        .body(Body::Patch(PatchType::Json, reset));
    cluster.call(by("kubectl-patch", patch)).unwrap();
    assert!(managers(&mut cluster, "configmaps", "c").is_empty());
    apply(&mut cluster, "configmaps", "a", true, map("c", json!({"x": "2"}))).unwrap();
    let names: Vec<String> =
        managers(&mut cluster, "configmaps", "c").into_iter().map(|(who, _)| who).collect();
    assert_eq!(names, ["a Apply", "before-first-apply Update"]);
}

/// A pod that only components wrote has the fields that upstream records, without their being kept.
#[test]
fn what_components_own_is_derived() {
    let mut cluster = Cluster::new();
    let body = json!({"metadata": {"name": "p", "labels": {"app": "x"}}, "spec": pod("p")["spec"]});
    cluster.create("pods", "default", body).unwrap();
    let status = json!({"status": {"phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}]}});
    let request = Cluster::request(Verb::Patch, "pods", "default", "p")
        .subresource("status")
        .body(Body::Patch(PatchType::Strategic, status));
    cluster.call(request).unwrap();
    let found = managers(&mut cluster, "pods", "p");
    let (main, status) = (&found[0].1, &found[1].1);
    assert_eq!(main["f:metadata"], json!({"f:labels": {".": {}, "f:app": {}}}));
    assert_eq!(
        main["f:spec"]["f:containers"]["k:{\"name\":\"c\"}"],
        json!({
            ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {},
            "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
        })
    );
    assert!(main["f:spec"].get("f:tolerations").is_none(), "{main}");
    assert_eq!(
        *status,
        json!({"f:status": {
            "f:phase": {}, "f:podIP": {},
            "f:podIPs": {".": {}, "k:{\"ip\":\"10.0.0.1\"}": {".": {}, "f:ip": {}}},
        }})
    );
}
