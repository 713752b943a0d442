//! Create: names and identity, what is filled in, what is refused and in which words.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{Cluster, deployment, names_of, node, object_of, pod, refusal, wire_of};
use serde_json::json;

#[test]
fn an_object_gets_identity_time_and_revision() {
    let mut cluster = Cluster::new();
    let made = cluster.config_map("a", "1");
    let meta = &made["metadata"];
    assert_eq!(meta["creationTimestamp"], "2026-11-18T11:06:50Z");
    assert_eq!(meta["uid"].as_str().unwrap().len(), 36);
    assert_eq!(meta["resourceVersion"], cluster.server.revision().to_string());
    assert_eq!((&made["kind"], &made["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
}

#[test]
fn a_generated_name_is_the_base_and_five_letters() {
    let mut cluster = Cluster::new();
    let base = "x".repeat(70);
    for (generate, kept) in [("web-", "web-"), (base.as_str(), &base[..58])] {
        let body = json!({"metadata": {"generateName": generate}});
        let object = object_of(cluster.create("configmaps", "default", body));
        let suffix = object.meta().name.strip_prefix(kept).unwrap();
        assert_eq!(suffix.len(), 5);
        assert!(suffix.chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)));
    }
}

#[test]
fn refusals_have_upstream_s_words() {
    let mut cluster = Cluster::new();
    cluster.config_map("a", "1");
    let mut refused =
        |resource, namespace, body| refusal(cluster.create(resource, namespace, body));
    let named = |name| json!({"metadata": {"name": name}});
    assert_eq!(
        refused("configmaps", "default", named("a")),
        ("AlreadyExists", "configmaps \"a\" already exists".to_owned())
    );
    assert_eq!(
        refused("configmaps", "team", named("x")),
        ("NotFound", "namespaces \"team\" not found".to_owned())
    );
    assert_eq!(
        refused("configmaps", "default", json!({"metadata": {"name": "x", "namespace": "other"}})),
        (
            "BadRequest",
            "the namespace of the provided object does not match the namespace sent on the request"
                .to_owned()
        )
    );
    assert_eq!(
        refused("configmaps", "default", json!({"metadata": {"name": "num"}, "data": {"a": 1}})),
        (
            "BadRequest",
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal \
             number into Go struct field ConfigMap.data of type string"
                .to_owned()
        )
    );
    assert_eq!(
        refused(
            "configmaps",
            "default",
            json!({"metadata": {"name": "x", "resourceVersion": "1"}})
        ),
        ("InternalError", "resourceVersion should not be set on objects to be created".to_owned())
    );
    assert_eq!(
        refused("widgets", "default", named("x")),
        ("NotFound", "the server could not find the requested resource".to_owned())
    );
    let mut unknown = deployment("unk", 1);
    unknown["spec"]["replica"] = json!(3);
    unknown["spec"]["foo"] = json!({"bar": 1});
    assert_eq!(
        refused("deployments.apps", "default", unknown),
        (
            "BadRequest",
            "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding \
             error: unknown field \"spec.foo\", unknown field \"spec.replica\""
                .to_owned()
        )
    );
    let beta = json!({"apiVersion": "apps/v1beta1", "kind": "Deployment",
        "metadata": {"name": "x"}});
    assert_eq!(
        refused("deployments.apps", "default", beta).1,
        "the API version in the data (apps/v1beta1) does not match the expected API version \
         (apps/v1)"
    );
}

#[test]
fn metadata_is_validated() {
    let mut cluster = Cluster::new();
    for (metadata, want) in [
        (
            json!({}),
            "ConfigMap \"\" is invalid: metadata.name: Required value: name or \
             generateName is required",
        ),
        (
            json!({"name": "x", "labels": {"a": "c d"}}),
            "ConfigMap \"x\" is invalid: metadata.labels: Invalid value: \"c d\": a valid label \
             must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and \
             must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  \
             or '12345', regex used for validation is \
             '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
        (
            json!({"name": "x", "finalizers": ["orphan", "foregroundDeletion"]}),
            "ConfigMap \"x\" is invalid: metadata.finalizers: Invalid value: \
             [\"orphan\",\"foregroundDeletion\"]: finalizer orphan and foregroundDeletion cannot \
             be both set",
        ),
    ] {
        let answer = cluster.create("configmaps", "default", json!({"metadata": metadata}));
        assert_eq!(refusal(answer), ("Invalid", want.to_owned()));
    }
}

#[test]
fn unknown_fields_are_dropped_with_a_warning_when_asked_for() {
    let mut cluster = Cluster::new();
    for (mode, warnings) in [("Warn", vec!["unknown field \"spec.replica\""]), ("Ignore", vec![])] {
        let mut body = deployment(&format!("d-{}", mode.to_lowercase()), 1);
        body["spec"]["replica"] = json!(3);
        let mut request = Cluster::request(client::Verb::Create, "deployments.apps", "default", "");
        request.query.push(("fieldValidation".into(), mode.into()));
        let reply = cluster.call(request.body(client::Body::Json(body))).unwrap();
        assert_eq!(reply.warnings, warnings);
        assert_eq!(wire_of(reply)["spec"].get("replica"), None);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let mut cluster = Cluster::new();
    let before = cluster.server.revision();
    let mut request = Cluster::request(client::Verb::Create, "configmaps", "default", "");
    request.dry_run = true;
    let body = json!({"metadata": {"name": "dry"}});
    cluster.call(request.body(client::Body::Json(body))).unwrap();
    assert_eq!(cluster.server.revision(), before);
}

#[test]
fn pods_are_admitted() {
    let mut cluster = Cluster::new();
    cluster.create("nodes", "", node("node-1", "zone-1")).unwrap();
    let made = wire_of(cluster.create("pods", "default", pod("p")).unwrap());
    let spec = &made["spec"];
    assert_eq!(spec["serviceAccountName"], "default");
    assert_eq!(
        (&spec["priority"], &spec["preemptionPolicy"]),
        (&json!(0), &json!("PreemptLowerPriority"))
    );
    assert_eq!(
        spec["tolerations"],
        json!([
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute",
             "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute",
             "tolerationSeconds": 300},
        ])
    );
    let volume = spec["volumes"][0]["name"].as_str().unwrap();
    assert!(volume.starts_with("kube-api-access-") && volume.len() == 21);
    assert_eq!(made["status"]["phase"], "Pending");
    let node = cluster.wire("nodes", "", "node-1");
    assert_eq!(
        node["spec"]["taints"],
        json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}])
    );
}

#[test]
fn pods_are_refused_by_admission() {
    let mut cluster = Cluster::new();
    assert_eq!(
        refusal(cluster.create("pods", "kube-public", pod("p"))),
        (
            "Forbidden",
            "pods \"p\" is forbidden: error looking up service account kube-public/default: \
             serviceaccount \"default\" not found"
                .to_owned()
        )
    );
    let mut body = pod("nopc");
    body["spec"]["priorityClassName"] = json!("nosuch");
    assert_eq!(
        refusal(cluster.create("pods", "default", body.clone())).1,
        "pods \"nopc\" is forbidden: no PriorityClass with name nosuch was found"
    );
    let class = json!({"metadata": {"name": "nosuch"}, "value": 1000});
    cluster.create("priorityclasses.scheduling.k8s.io", "", class).unwrap();
    let made = wire_of(cluster.create("pods", "default", body).unwrap());
    assert_eq!(made["spec"]["priority"], 1000);
}

#[test]
fn well_known_objects_are_there() {
    let mut cluster = Cluster::new();
    assert_eq!(
        names_of(cluster.list("namespaces", "", "", "")),
        ["default", "kube-node-lease", "kube-public", "kube-system"]
    );
    let service = cluster.wire("services", "default", "kubernetes");
    assert_eq!(service["spec"]["clusterIP"], "10.96.0.1");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 16443);
    let slice = cluster.wire("endpointslices.discovery.k8s.io", "default", "kubernetes");
    assert_eq!(slice["endpoints"][0]["addresses"], json!(["192.0.2.1"]));
    let endpoints = cluster.wire("endpoints", "default", "kubernetes");
    assert_eq!(endpoints["subsets"][0]["ports"][0]["port"], 16443);
}

#[test]
fn resources_without_a_type_are_kept_too() {
    let mut cluster = Cluster::new();
    assert!(names_of(cluster.list("storageclasses.storage.k8s.io", "", "", "")).is_empty());
    let body = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "fast"}, "provisioner": "disk.example.com"});
    cluster.create("storageclasses.storage.k8s.io", "", body).unwrap();
    let stored = cluster.wire("storageclasses.storage.k8s.io", "", "fast");
    assert_eq!(stored["provisioner"], "disk.example.com");
    assert_eq!(stored["kind"], "StorageClass");
    let wrong = json!({"metadata": {"name": "x"}, "provisoner": "y"});
    assert_eq!(
        refusal(cluster.create("storageclasses.storage.k8s.io", "", wrong)).1,
        "StorageClass in version \"v1\" cannot be handled as a StorageClass: strict decoding \
         error: unknown field \"provisoner\""
    );
}

#[test]
fn warnings_go_with_what_is_granted() {
    let mut cluster = Cluster::new();
    let reply = cluster.get("endpoints", "default", "kubernetes").unwrap();
    let want = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
    assert_eq!(reply.warnings, [want]);
    let reply = cluster.create("pods", "default", pod("a.b")).unwrap();
    let [warning] = reply.warnings.as_slice() else { panic!("{:?}", reply.warnings) };
    let want = "metadata.name: this is used in the Pod's hostname, which can result in surprising \
                behavior; a DNS label is recommended: [must not contain dots]";
    assert_eq!(warning, want);
    assert!(cluster.create("pods", "default", pod("a-b")).unwrap().warnings.is_empty());
}
