//! Services: cluster addresses and node ports.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use client::{DeleteOptions, PatchType};
use common::{Answer, Cluster, refusal, wire_of};
use serde_json::{Value, json};

fn create(cluster: &mut Cluster, name: &str, spec: Value) -> Answer {
    let mut spec = spec;
    spec["selector"] = json!({"app": "x"});
    if spec.get("ports").is_none() {
        spec["ports"] = json!([{"port": 80}]);
    }
    cluster.create("services", "default", json!({"metadata": {"name": name}, "spec": spec}))
}

fn spec_of(answer: Answer) -> Value {
    wire_of(answer.unwrap())["spec"].clone()
}

fn node_port(spec: &Value) -> i64 {
    spec["ports"][0]["nodePort"].as_i64().unwrap_or(0)
}

#[test]
fn a_service_gets_an_address_of_its_own() {
    let mut cluster = Cluster::new();
    let mut seen = Vec::new();
    for n in 0..20 {
        let spec = spec_of(create(&mut cluster, &format!("s{n}"), json!({})));
        let address = spec["clusterIP"].as_str().unwrap().to_owned();
        assert!(address.starts_with("10."), "{address}");
        assert_eq!(spec["clusterIPs"], json!([address]));
        assert_eq!(
            (&spec["ipFamilies"], &spec["ipFamilyPolicy"]),
            (&json!(["IPv4"]), &json!("SingleStack"))
        );
        assert!(!seen.contains(&address));
        seen.push(address);
    }
    let headless = spec_of(create(&mut cluster, "headless", json!({"clusterIP": "None"})));
    assert_eq!(headless["clusterIPs"], json!(["None"]));
}

#[test]
fn an_address_can_be_asked_for_once() {
    let mut cluster = Cluster::new();
    let wanted = json!({"clusterIP": "10.96.0.77"});
    assert_eq!(spec_of(create(&mut cluster, "a", wanted.clone()))["clusterIP"], "10.96.0.77");
    assert_eq!(
        refusal(create(&mut cluster, "b", wanted.clone())),
        (
            "Invalid",
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.77\"]: failed to \
             allocate IP 10.96.0.77: provided IP is already allocated"
                .to_owned()
        )
    );
    assert_eq!(
        refusal(create(&mut cluster, "b", json!({"clusterIP": "10.1.0.1"}))).1,
        "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.1.0.1\"]: failed to \
         allocate IP 10.1.0.1: the provided network does not match the current range"
    );
    cluster.delete("services", "a", DeleteOptions::default()).unwrap();
    create(&mut cluster, "b", wanted).unwrap();
}

#[test]
fn node_ports_are_given_kept_and_released() {
    let mut cluster = Cluster::new();
    let made = spec_of(create(&mut cluster, "a", json!({"type": "NodePort"})));
    let port = node_port(&made);
    assert!((30000..=32767).contains(&port));
    let patch =
        json!({"spec": {"ports": [{"port": 80, "nodePort": null}], "type": "LoadBalancer"}});
    let kept = spec_of(cluster.patch(PatchType::Merge, "services", "a", patch));
    assert_eq!((node_port(&kept), &kept["clusterIP"]), (port, &made["clusterIP"]));
    let taken = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]});
    assert_eq!(
        refusal(create(&mut cluster, "b", taken.clone())),
        (
            "Invalid",
            format!(
                "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided \
                 port is already allocated"
            )
        )
    );
    let outside = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]});
    assert_eq!(
        refusal(create(&mut cluster, "b", outside)).1,
        "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not \
         in the valid range. The range of valid ports is 30000-32767"
    );
    cluster.delete("services", "a", DeleteOptions::default()).unwrap();
    assert_eq!(node_port(&spec_of(create(&mut cluster, "b", taken))), port);
}

#[test]
fn a_refused_service_takes_nothing() {
    let mut cluster = Cluster::new();
    let ports = json!([
        {"name": "a", "port": 80, "nodePort": 30100},
        {"name": "b", "port": 81, "nodePort": 80},
    ]);
    create(
        &mut cluster,
        "a",
        json!({"type": "NodePort", "ports": ports, "clusterIP": "10.96.0.9"}),
    )
    .unwrap_err();
    let ports = json!([{"port": 80, "nodePort": 30100}]);
    create(
        &mut cluster,
        "b",
        json!({"type": "NodePort", "ports": ports, "clusterIP": "10.96.0.9"}),
    )
    .unwrap();
}
