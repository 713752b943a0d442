//! Delete: grace, finalizers, propagation, preconditions, namespaces, collections.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use apimachinery::meta::Uid;
use client::{Body, DeleteOptions, PatchType, Propagation, ReplyBody, Verb};
use common::{Cluster, names_of, node, pod, refusal, wire_of};
use serde_json::{Value, json};

fn grace(seconds: i64) -> DeleteOptions {
    DeleteOptions { grace_period_seconds: Some(seconds), ..DeleteOptions::default() }
}

fn propagate(policy: Propagation) -> DeleteOptions {
    DeleteOptions { propagation: Some(policy), ..DeleteOptions::default() }
}

fn bound() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.create("nodes", "", node("node-1", "zone-1")).unwrap();
    cluster.create("pods", "default", pod("p")).unwrap();
    cluster.bind("p", "node-1").unwrap();
    cluster
}

fn deletion(cluster: &mut Cluster) -> (Value, Value) {
    let meta = cluster.wire("pods", "default", "p")["metadata"].clone();
    (meta["deletionTimestamp"].clone(), meta["deletionGracePeriodSeconds"].clone())
}

#[test]
fn a_bound_pod_gets_its_grace_and_goes_when_the_kubelet_says_so() {
    let mut cluster = bound();
    cluster.delete("pods", "p", DeleteOptions::default()).unwrap();
    assert_eq!(deletion(&mut cluster), (json!("2026-11-18T11:07:20Z"), json!(30)));
    assert_eq!(cluster.wire("pods", "default", "p")["metadata"]["generation"], 2);
    cluster.pass(5);
    let revision = cluster.server.revision();
    cluster.delete("pods", "p", DeleteOptions::default()).unwrap();
    cluster.delete("pods", "p", grace(60)).unwrap();
    assert_eq!(cluster.server.revision(), revision);
    cluster.delete("pods", "p", grace(10)).unwrap();
    assert_eq!(deletion(&mut cluster), (json!("2026-11-18T11:07:00Z"), json!(10)));
    cluster.pass(20);
    cluster.delete("pods", "p", grace(2)).unwrap();
    assert_eq!(deletion(&mut cluster), (json!("2026-11-18T11:07:15Z"), json!(1)));
    cluster.delete("pods", "p", grace(0)).unwrap();
    assert_eq!(
        refusal(cluster.delete("pods", "p", grace(0))),
        ("NotFound", "pods \"p\" not found".to_owned())
    );
}

#[test]
fn a_pod_without_a_node_goes_at_once() {
    let mut cluster = Cluster::new();
    cluster.create("pods", "default", pod("p")).unwrap();
    cluster.delete("pods", "p", DeleteOptions::default()).unwrap();
    assert_eq!(cluster.wire("pods", "default", "p"), Value::Null);
}

#[test]
fn finalizers_hold_an_object() {
    let mut cluster = Cluster::new();
    let body = json!({"metadata": {"name": "fin", "finalizers": ["example.com/x"]}});
    cluster.create("configmaps", "default", body).unwrap();
    cluster.delete("configmaps", "fin", DeleteOptions::default()).unwrap();
    let held = cluster.wire("configmaps", "default", "fin");
    assert_eq!(held["metadata"]["deletionTimestamp"], "2026-11-18T11:06:50Z");
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 0);
    let add = json!([{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/y"}]);
    assert_eq!(
        refusal(cluster.patch(PatchType::Json, "configmaps", "fin", add)).1,
        "ConfigMap \"fin\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be \
         added if the object is being deleted, found new finalizers []string{\"example.com/y\"}"
    );
    let again = json!({"metadata": {"name": "fin"}});
    assert_eq!(
        refusal(cluster.create("configmaps", "default", again)).1,
        "object is being deleted: configmaps \"fin\" already exists"
    );
    let remove = json!({"metadata": {"finalizers": null}});
    cluster.patch(PatchType::Merge, "configmaps", "fin", remove).unwrap();
    assert_eq!(cluster.wire("configmaps", "default", "fin"), Value::Null);
}

#[test]
fn propagation_is_a_finalizer_for_the_collector() {
    let mut cluster = Cluster::new();
    for (policy, finalizer) in
        [(Propagation::Orphan, "orphan"), (Propagation::Foreground, "foregroundDeletion")]
    {
        cluster.config_map(finalizer.to_lowercase().as_str(), "1");
        let name = finalizer.to_lowercase();
        cluster.delete("configmaps", &name, propagate(policy)).unwrap();
        let held = cluster.wire("configmaps", "default", &name);
        assert_eq!(held["metadata"]["finalizers"], json!([finalizer]));
    }
    cluster.config_map("c", "1");
    let reply = cluster.delete("configmaps", "c", propagate(Propagation::Background)).unwrap();
    let ReplyBody::Json(status) = reply.body else { panic!("{reply:?}") };
    assert_eq!(
        (&status["status"], &status["details"]["kind"]),
        (&json!("Success"), &json!("configmaps"))
    );
}

#[test]
fn preconditions_are_held() {
    let mut cluster = Cluster::new();
    let made = cluster.config_map("c", "1");
    let uid = made["metadata"]["uid"].as_str().unwrap();
    let wrong = Uid(5);
    let options = DeleteOptions { precondition_uid: Some(wrong), ..DeleteOptions::default() };
    assert_eq!(
        refusal(cluster.delete("configmaps", "c", options)),
        (
            "Conflict",
            format!(
                "Operation cannot be fulfilled on ConfigMap \"c\": the UID in the precondition \
                 ({wrong}) does not match the UID in record ({uid}). The object might have been \
                 deleted and then recreated"
            )
        )
    );
    let version = cluster.server.revision();
    let options =
        DeleteOptions { precondition_resource_version: Some(1), ..DeleteOptions::default() };
    assert_eq!(
        refusal(cluster.delete("configmaps", "c", options)).1,
        format!(
            "Operation cannot be fulfilled on ConfigMap \"c\": the ResourceVersion in the \
             precondition (1) does not match the ResourceVersion in record ({version}). The object \
             might have been modified"
        )
    );
}

#[test]
fn a_namespace_ends_in_steps() {
    let mut cluster = Cluster::new();
    cluster.create("namespaces", "", json!({"metadata": {"name": "stuck"}})).unwrap();
    cluster.delete("namespaces", "stuck", DeleteOptions::default()).unwrap();
    let mut ending = cluster.wire("namespaces", "", "stuck");
    assert_eq!(ending["status"]["phase"], "Terminating");
    assert_eq!(ending["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(
        refusal(cluster.create("configmaps", "stuck", json!({"metadata": {"name": "more"}}))),
        (
            "Forbidden",
            "configmaps \"more\" is forbidden: unable to create new content in namespace stuck \
             because it is being terminated"
                .to_owned()
        )
    );
    ending["spec"]["finalizers"] = json!([]);
    let request = Cluster::request(Verb::Update, "namespaces", "", "stuck");
    cluster.call(request.subresource("finalize").body(Body::Json(ending))).unwrap();
    assert_eq!(cluster.wire("namespaces", "", "stuck"), Value::Null);
    for name in ["default", "kube-system"] {
        assert_eq!(
            refusal(cluster.delete("namespaces", name, DeleteOptions::default())),
            (
                "Forbidden",
                format!("namespaces \"{name}\" is forbidden: this namespace may not be deleted")
            )
        );
    }
}

#[test]
fn a_collection_is_deleted_by_selector() {
    let mut cluster = Cluster::new();
    for (name, app) in [("a", "x"), ("b", "y"), ("c", "x")] {
        let body = json!({"metadata": {"name": name, "labels": {"app": app}}});
        cluster.create("configmaps", "default", body).unwrap();
    }
    let mut request = Cluster::request(Verb::DeleteCollection, "configmaps", "default", "");
    request.list.label_selector = "app=x".into();
    assert_eq!(names_of(cluster.call(request)), ["a", "c"]);
    assert_eq!(names_of(cluster.list("configmaps", "default", "", "")), ["b"]);
}

#[test]
fn an_eviction_is_a_delete() {
    let mut cluster = bound();
    let request = Cluster::request(Verb::Create, "pods", "default", "p").subresource("eviction");
    let body = json!({"metadata": {"name": "p"}, "deleteOptions": {"gracePeriodSeconds": 7}});
    let reply = cluster.call(request.body(Body::Json(body))).unwrap();
    assert_eq!(wire_of(reply)["status"], "Success");
    assert_eq!(deletion(&mut cluster).1, 7);
}
