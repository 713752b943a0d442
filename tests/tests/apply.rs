//! Properties of patch and apply, on objects made by chance: what is applied again changes
//! nothing, and what others own stays.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use apimachinery::gvk::GroupResource;
use client::{Body, PatchType, ReplyBody, Request, User, Verb};
use cluster::{Chunk, Cluster, Command, Config};
use proptest::prelude::*;
use serde_json::{Value, json};

type Data = BTreeMap<String, String>;

/// A cluster without nodes: nobody but the test and the controllers writes, and these only when
/// time passes.
fn cluster() -> Cluster {
    let config = Config { nodes: Vec::new(), system_pods: false, ..Config::default() };
    let mut cluster = Cluster::new(config);
    cluster.run_until(cluster.now() + Duration::from_secs(2));
    cluster
}

/// Small maps over few keys, so that two of them meet.
fn data() -> impl Strategy<Value = Data> {
    prop::collection::btree_map("[a-f]", "[xy]", 0..5)
}

fn env(of: &Data) -> Vec<Value> {
    of.iter().map(|(name, value)| json!({"name": name.to_uppercase(), "value": value})).collect()
}

fn config_map(data: &Data) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
           "metadata": {"name": "it", "namespace": "default"}, "data": data})
}

fn deployment(labels: &Data, vars: &Data, replicas: u8) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
           "metadata": {"name": "it", "namespace": "default", "labels": labels},
           "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "it"}},
                    "template": {"metadata": {"labels": {"app": "it"}},
                                 "spec": {"containers": [
                                     {"name": "c", "image": "nginx", "env": env(vars)},
                                     {"name": "d", "image": "busybox"}]}}}})
}

fn service(selector: &Data, ports: &[u16]) -> Value {
    let port = |port: &u16| json!({"name": format!("p{port}"), "port": port});
    let ports: Vec<Value> = ports.iter().map(port).collect();
    json!({"apiVersion": "v1", "kind": "Service",
           "metadata": {"name": "it", "namespace": "default"},
           "spec": {"selector": selector, "ports": ports}})
}

/// Without empty maps, which the API drops and kubectl then wants to write again.
fn object() -> impl Strategy<Value = Value> {
    let data = || prop::collection::btree_map("[a-f]", "[xy]", 1..5);
    let ports = prop::collection::btree_set(1..9_000u16, 1..4);
    prop_oneof![
        data().prop_map(|data| config_map(&data)),
        (data(), data(), 0..4u8).prop_map(|(l, v, replicas)| deployment(&l, &v, replicas)),
        (data(), ports).prop_map(|(selector, ports)| {
            service(&selector, &ports.into_iter().collect::<Vec<_>>())
        }),
    ]
}

fn request(verb: Verb, object: &Value) -> Request {
    let (group, resource) = match object["kind"].as_str().unwrap() {
        "ConfigMap" => ("", "configmaps"),
        "Deployment" => ("apps", "deployments"),
        _ => ("", "services"),
    };
    let resource = GroupResource { group: group.into(), resource: resource.into() };
    let mut request = Request::new(verb, resource, "default", "it");
    request.managed_fields = true;
    request
}

/// The object that a request gives, or why it is refused.
fn send(cluster: &mut Cluster, request: Request) -> Result<Value, String> {
    let user = User::new("kubernetes-admin", &["system:masters", "system:authenticated"]);
    match cluster.request(&user, request).map_err(|status| status.message)?.body {
        ReplyBody::Object(object) => Ok(object.to_wire()),
        ReplyBody::Json(value) => Ok(value),
        other => Err(format!("no object: {other:?}")),
    }
}

fn get(cluster: &mut Cluster, object: &Value) -> Value {
    send(cluster, request(Verb::Get, object)).unwrap()
}

fn apply(cluster: &mut Cluster, object: &Value) -> Result<Value, String> {
    let body = Body::Patch(PatchType::Apply, object.clone());
    let mut request = request(Verb::Patch, object).body(body);
    request.query.push(("fieldManager".into(), "a".into()));
    send(cluster, request)
}

/// Applies a manifest by kubectl and gives what it said.
fn kubectl(cluster: &mut Cluster, how: &str, object: &Value) -> String {
    cluster.execute(Command::WriteFile { name: "it.yaml".into(), text: object.to_string() });
    let line = format!("kubectl {how} -f it.yaml");
    let id = cluster.execute(Command::Line { terminal: 0, line }).unwrap();
    cluster.run_process(id, cluster.now());
    cluster.take_output(0).iter().map(Chunk::text).collect()
}

fn cases() -> ProptestConfig {
    // `PROPTEST_CASES` in the environment asks for more.
    let asked = ProptestConfig::default().cases;
    let cases = if asked == 256 { 24 } else { asked };
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn applied_again_by_the_server_changes_nothing(object in object()) {
        let mut cluster = cluster();
        let first = apply(&mut cluster, &object).unwrap();
        prop_assert_eq!(&apply(&mut cluster, &object).unwrap(), &first);
        prop_assert_eq!(&get(&mut cluster, &object), &first);
    }

    #[test]
    fn created_and_applied_or_put_back_is_unchanged(object in object()) {
        let mut cluster = cluster();
        kubectl(&mut cluster, "create --save-config", &object);
        let first = get(&mut cluster, &object);
        let said = kubectl(&mut cluster, "apply", &object);
        prop_assert!(said.ends_with("/it unchanged\n"), "{}", said);
        prop_assert_eq!(&get(&mut cluster, &object), &first);
        // What was read and is written as it is, is no change either, however it is written.
        for (verb, body) in [
            (Verb::Update, Body::Json(first.clone())),
            (Verb::Patch, Body::Patch(PatchType::Merge, object.clone())),
            (Verb::Patch, Body::Patch(PatchType::Strategic, object.clone())),
        ] {
            send(&mut cluster, request(verb, &object).body(body)).unwrap();
            prop_assert_eq!(&get(&mut cluster, &object), &first, "{:?}", verb);
        }
    }

    #[test]
    fn kubectl_apply_keeps_what_others_own(
        (labels, vars) in (data(), data()),
        (more_labels, more_vars) in (data(), data()),
        (mut others_labels, mut others_vars) in (data(), data()),
    ) {
        let mut cluster = cluster();
        let first = deployment(&labels, &vars, 1);
        kubectl(&mut cluster, "apply", &first);
        others_labels.retain(|key, _| !labels.contains_key(key) && !more_labels.contains_key(key));
        others_vars.retain(|key, _| !vars.contains_key(key) && !more_vars.contains_key(key));
        let by_others = json!({"metadata": {"labels": others_labels}, "spec": {"template":
            {"spec": {"containers": [{"name": "c", "env": env(&others_vars)}]}}}});
        let patch = Body::Patch(PatchType::Strategic, by_others);
        send(&mut cluster, request(Verb::Patch, &first).body(patch)).unwrap();
        kubectl(&mut cluster, "apply", &deployment(&more_labels, &more_vars, 1));
        let found = get(&mut cluster, &first);
        let mut want = more_labels;
        want.extend(others_labels);
        let have: Data =
            serde_json::from_value(found["metadata"]["labels"].clone()).unwrap_or_default();
        prop_assert_eq!(have, want);
        let mut want = more_vars;
        want.extend(others_vars);
        let container = found.pointer("/spec/template/spec/containers/0").unwrap();
        let mut have = container["env"].as_array().cloned().unwrap_or_default();
        have.sort_by_key(|var| var["name"].to_string());
        prop_assert_eq!(have, env(&want));
    }
}
