//! Update and patch: conflicts, identity, no-ops, finalizers, status, scale.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use client::{Body, PatchType, Verb};
use common::{Cluster, deployment, refusal, wire_of};
use serde_json::{Value, json};

const MODIFIED: &str = "Operation cannot be fulfilled on configmaps \"c\": the object has been \
                        modified; please apply your changes to the latest version and try again";

#[test]
fn an_older_version_conflicts_and_none_does_not() {
    let mut cluster = Cluster::new();
    let mut old = cluster.config_map("c", "1");
    cluster.patch(PatchType::Merge, "configmaps", "c", json!({"data": {"a": "2"}})).unwrap();
    let answer = cluster.update("configmaps", "default", old.clone());
    assert_eq!(refusal(answer), ("Conflict", MODIFIED.to_owned()));
    old["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    let new = wire_of(cluster.update("configmaps", "default", old).unwrap());
    assert_eq!(new["data"]["a"], "1");
    assert_eq!(new["metadata"]["resourceVersion"], cluster.server.revision().to_string());
}

#[test]
fn a_lease_is_created_by_put_and_must_name_its_version() {
    let mut cluster = Cluster::new();
    let body = json!({"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}});
    let reply = cluster.update("leases.coordination.k8s.io", "default", body.clone()).unwrap();
    assert!(reply.created);
    assert_eq!(
        refusal(cluster.update("leases.coordination.k8s.io", "default", body)).1,
        "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0: \
         must be specified for an update"
    );
    let missing = json!({"metadata": {"name": "nosuch"}});
    assert_eq!(
        refusal(cluster.update("configmaps", "default", missing)),
        ("NotFound", "configmaps \"nosuch\" not found".to_owned())
    );
}

#[test]
fn an_update_without_change_writes_no_revision() {
    let mut cluster = Cluster::new();
    let made = cluster.config_map("c", "1");
    let before = cluster.server.revision();
    cluster.update("configmaps", "default", made.clone()).unwrap();
    cluster.patch(PatchType::Strategic, "configmaps", "c", json!({"data": {"a": "1"}})).unwrap();
    assert_eq!(cluster.server.revision(), before);
}

#[test]
fn a_patch_keeps_identity() {
    let mut cluster = Cluster::new();
    cluster.config_map("c", "1");
    let mut refused =
        |patch: Value| refusal(cluster.patch(PatchType::Strategic, "configmaps", "c", patch));
    assert_eq!(refused(json!({"metadata": {"resourceVersion": "1"}})).1, MODIFIED);
    assert_eq!(
        refused(json!({"metadata": {"name": "d"}})),
        (
            "BadRequest",
            "the name of the object (d) does not match the name on the URL (c)".to_owned()
        )
    );
    assert_eq!(
        refused(json!({"metadata": {"uid": "x"}})),
        (
            "Invalid",
            "ConfigMap \"c\" is invalid: metadata.uid: Invalid value: \"x\": field is immutable"
                .to_owned()
        )
    );
}

#[test]
fn a_json_patch_that_does_not_fit_is_refused() {
    let mut cluster = Cluster::new();
    cluster.config_map("c", "1");
    for patch in [
        json!([{"op": "test", "path": "/data/a", "value": "nope"}]),
        json!([{"op": "remove", "path": "/nosuch/x"}]),
    ] {
        let answer = cluster.patch(PatchType::Json, "configmaps", "c", patch);
        let want = "the server rejected our request due to an error in our request";
        assert_eq!(refusal(answer), ("Invalid", want.to_owned()));
    }
    let patch = json!([{"op": "replace", "path": "/data/a", "value": "2"}]);
    let new = wire_of(cluster.patch(PatchType::Json, "configmaps", "c", patch).unwrap());
    assert_eq!(new["data"]["a"], "2");
}

#[test]
fn a_uid_in_a_put_is_a_precondition() {
    let mut cluster = Cluster::new();
    let mut made = cluster.config_map("c", "1");
    let uid = made["metadata"]["uid"].as_str().unwrap().to_owned();
    made["metadata"]["uid"] = json!("x");
    assert_eq!(
        refusal(cluster.update("configmaps", "default", made)).1,
        format!(
            "Operation cannot be fulfilled on configmaps \"c\": StorageError: invalid object, \
             Code: 4, Key: /registry/configmaps/default/c, ResourceVersion: 0, \
             AdditionalErrorMsg: Precondition failed: UID in precondition: x, UID in object meta: \
             {uid}"
        )
    );
}

#[test]
fn status_and_spec_are_written_apart() {
    let mut cluster = Cluster::new();
    let mut made =
        wire_of(cluster.create("deployments.apps", "default", deployment("web", 2)).unwrap());
    made["spec"]["replicas"] = json!(9);
    made["status"]["replicas"] = json!(2);
    let request = Cluster::request(Verb::Update, "deployments.apps", "default", "web");
    let request = request.subresource("status").body(Body::Json(made));
    let after = wire_of(cluster.call(request).unwrap());
    assert_eq!((&after["spec"]["replicas"], &after["status"]["replicas"]), (&json!(2), &json!(2)));
    assert_eq!(after["metadata"]["generation"], 1);
    let patch = json!({"spec": {"replicas": 3}, "status": {"replicas": 7}});
    let after = wire_of(cluster.patch(PatchType::Merge, "deployments.apps", "web", patch).unwrap());
    assert_eq!((&after["spec"]["replicas"], &after["status"]["replicas"]), (&json!(3), &json!(2)));
    assert_eq!(after["metadata"]["generation"], 2);
}

fn scale(cluster: &mut Cluster, verb: Verb, resource: &str, body: Body) -> common::Answer {
    cluster.call(Cluster::request(verb, resource, "default", "web").subresource("scale").body(body))
}

#[test]
fn a_scale_is_read_and_written() {
    let mut cluster = Cluster::new();
    cluster.create("deployments.apps", "default", deployment("web", 2)).unwrap();
    let deployments = "deployments.apps";
    let mut old = wire_of(scale(&mut cluster, Verb::Get, deployments, Body::None).unwrap());
    assert_eq!((&old["kind"], &old["spec"]["replicas"]), (&json!("Scale"), &json!(2)));
    assert_eq!(old["status"]["selector"], "app=x");
    let patch = Body::Patch(PatchType::Merge, json!({"spec": {"replicas": 5}}));
    let new = wire_of(scale(&mut cluster, Verb::Patch, deployments, patch).unwrap());
    assert_eq!(new["spec"]["replicas"], 5);
    let stored = cluster.wire(deployments, "default", "web");
    assert_eq!(
        (&stored["spec"]["replicas"], &stored["metadata"]["generation"]),
        (&json!(5), &json!(2))
    );
    old["spec"]["replicas"] = json!(1);
    assert_eq!(
        refusal(scale(&mut cluster, Verb::Update, deployments, Body::Json(old))),
        (
            "Conflict",
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been \
             modified; please apply your changes to the latest version and try again"
                .to_owned()
        )
    );
    let negative = Body::Patch(PatchType::Merge, json!({"spec": {"replicas": -1}}));
    assert_eq!(
        refusal(scale(&mut cluster, Verb::Patch, deployments, negative)).1,
        "Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater \
         than or equal to 0"
    );
    assert_eq!(
        refusal(scale(&mut cluster, Verb::Get, "daemonsets.apps", Body::None)),
        ("NotFound", "the server could not find the requested resource".to_owned())
    );
}
