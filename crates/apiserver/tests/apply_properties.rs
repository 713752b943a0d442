//! What holds of every apply: done twice it changes nothing, and nobody loses what is his own.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeMap;

use client::{Body, PatchType, Verb};
use common::{Answer, Cluster, deployment};
use proptest::prelude::*;
use serde_json::{Value, json};

fn apply(cluster: &mut Cluster, manager: &str, force: bool, config: &Value) -> Answer {
    let resource = if config["kind"] == "ConfigMap" { "configmaps" } else { "deployments.apps" };
    let mut request = Cluster::request(Verb::Patch, resource, "default", "x")
        .body(Body::Patch(PatchType::Apply, config.clone()));
    request.query.push(("fieldManager".into(), manager.into()));
    if force {
        request.query.push(("force".into(), "true".into()));
    }
    cluster.call(request)
}

fn data() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[a-e]", "[0-2]", 0..5)
}

fn map(data: &BTreeMap<String, String>) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data})
}

/// A deployment whose container has these variables, in this order.
fn with_env(env: &[(String, String)]) -> Value {
    let mut object = deployment("x", 1);
    let env: Vec<Value> =
        env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    object["spec"]["template"]["spec"]["containers"][0]["env"] = env.into();
    object
}

fn variables() -> impl Strategy<Value = Vec<(String, String)>> {
    data().prop_map(|map| map.into_iter().collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_apply_done_twice_changes_nothing(first in variables(), second in variables()) {
        let mut cluster = Cluster::new();
        for env in [&first, &second] {
            apply(&mut cluster, "a", false, &with_env(env)).unwrap();
            let once = cluster.wire("deployments.apps", "default", "x");
            apply(&mut cluster, "a", false, &with_env(env)).unwrap();
            prop_assert_eq!(once, cluster.wire("deployments.apps", "default", "x"));
        }
        let found = cluster.wire("deployments.apps", "default", "x");
        let container = &found["spec"]["template"]["spec"]["containers"][0];
        let names: Vec<&str> = container["env"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        let wanted: Vec<&str> = second.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, wanted, "one manager alone decides what there is, and its order");
    }

    #[test]
    fn two_managers_keep_what_each_owns(a in data(), b in data(), later in data()) {
        let mut cluster = Cluster::new();
        apply(&mut cluster, "a", true, &map(&a)).unwrap();
        apply(&mut cluster, "b", true, &map(&b)).unwrap();
        apply(&mut cluster, "a", true, &map(&later)).unwrap();
        let found = cluster.wire("configmaps", "default", "x");
        // What the last one says holds; of the other, what the last one does not mention; and
        // nothing that nobody says any more.
        let mut wanted = b.clone();
        wanted.extend(later.clone());
        let wanted = if wanted.is_empty() { Value::Null } else { json!(wanted) };
        prop_assert_eq!(found.get("data").cloned().unwrap_or_default(), wanted);
    }
}
