//! A node that dies: Unknown, tainted, its pods not ready and evicted when their toleration ends.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod host;

use api::core::pod_status::ConditionStatus;
use api::{Node, Pod};
use host::{Host, deployment};
use serde_json::json;

fn tolerations() -> serde_json::Value {
    let one = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    json!([one("node.kubernetes.io/not-ready"), one("node.kubernetes.io/unreachable")])
}

fn taints(host: &mut Host, node: &str) -> Vec<String> {
    let node = host.get::<Node>("", node);
    node.spec.taints.iter().map(|t| format!("{}:{}", t.key, t.effect)).collect()
}

#[test]
fn a_silent_node_is_unknown_after_50_s_and_its_pods_leave_300_s_later() {
    let mut host = Host::new(3);
    let mut web = deployment(3, "nginx:1.25", json!({}));
    web["spec"]["template"]["spec"]["tolerations"] = tolerations();
    host.apply_json(web);
    host.run_secs(31);
    host.alive.remove("node-2");
    let silent_since = host.secs();
    let mut unknown_at = None;
    while unknown_at.is_none() && host.secs() < 120.0 {
        host.run_secs(1);
        let node = host.get::<Node>("", "node-2");
        if node.status.condition("Ready").unwrap().status == ConditionStatus::Unknown {
            unknown_at = Some(host.secs());
        }
    }
    let unknown_at = unknown_at.unwrap();
    assert!((49.0..=60.0).contains(&(unknown_at - silent_since)), "{unknown_at}");
    host.run_secs(1);
    let unreachable = "node.kubernetes.io/unreachable";
    let found = taints(&mut host, "node-2");
    assert_eq!(found, [format!("{unreachable}:NoSchedule"), format!("{unreachable}:NoExecute")]);
    let ready = host.list::<Pod>("default").iter().filter(|p| p.status.is_ready()).count();
    assert_eq!(ready, 2);
    let events = host.events();
    let has = |text: &str| events.iter().any(|(event, _)| event == text);
    assert!(has("NodeNotReady Node node-2 status is now: NodeNotReady"), "{events:#?}");
    assert!(has("NodeNotReady Node is not ready"));
    assert!(has("RegisteredNode Node node-1 event: Registered Node node-1 in Controller"));
    let mut evicted_at = None;
    while evicted_at.is_none() && host.secs() < 600.0 {
        host.run_secs(1);
        if host.list::<Pod>("default").iter().any(|pod| pod.metadata.is_deleting()) {
            evicted_at = Some(host.secs());
        }
    }
    let after = evicted_at.unwrap() - unknown_at;
    assert!((299.0..=302.0).contains(&after), "{after}");
    host.run_secs(5);
    let ready = host.list::<Pod>("default").iter().filter(|p| p.status.is_ready()).count();
    assert_eq!(ready, 3, "the ReplicaSet replaced the evicted pod");
}

#[test]
fn a_node_that_comes_back_is_as_before() {
    let mut host = Host::new(3);
    let mut web = deployment(3, "nginx:1.25", json!({}));
    web["spec"]["template"]["spec"]["tolerations"] = tolerations();
    host.apply_json(web);
    host.run_secs(31);
    host.alive.remove("node-2");
    host.run_secs(100);
    assert!(!taints(&mut host, "node-2").is_empty());
    host.alive.insert("node-2".into());
    host.revive("node-2");
    host.run_secs(20);
    assert!(taints(&mut host, "node-2").is_empty());
    host.run_secs(400);
    assert!(host.list::<Pod>("default").iter().all(|pod| !pod.metadata.is_deleting()));
    let cancelled = |(text, _): &(String, i32)| {
        text.starts_with("TaintManagerEviction Cancelling deletion of Pod default/web-")
    };
    assert!(host.events().iter().any(cancelled));
}

#[test]
fn nodes_get_addresses_in_order_and_a_ttl() {
    let mut host = Host::new(3);
    host.run_secs(1);
    for (node, cidr) in
        [("node-1", "10.64.0.0/24"), ("node-2", "10.64.1.0/24"), ("node-3", "10.64.2.0/24")]
    {
        let node = host.get::<Node>("", node);
        assert_eq!(node.spec.pod_cidr, cidr);
        assert_eq!(node.metadata.annotation("node.alpha.kubernetes.io/ttl"), Some("0"));
    }
    host.delete::<Node>("", "node-2");
    host.run_secs(6);
    let gone = "RemovingNode Node node-2 event: Removing Node node-2 from Controller";
    assert!(host.events().iter().any(|(text, _)| text == gone));
    host.add_node("node-4");
    host.run_secs(1);
    assert_eq!(host.get::<Node>("", "node-4").spec.pod_cidr, "10.64.1.0/24");
}

#[test]
fn a_cordoned_node_is_tainted() {
    let mut host = Host::new(2);
    host.run_secs(1);
    host.edit::<Node>("", "node-1", |node| node.spec.unschedulable = true);
    host.run_secs(1);
    assert_eq!(taints(&mut host, "node-1"), ["node.kubernetes.io/unschedulable:NoSchedule"]);
    host.edit::<Node>("", "node-1", |node| node.spec.unschedulable = false);
    host.run_secs(1);
    assert!(taints(&mut host, "node-1").is_empty());
}

#[test]
fn pods_of_a_deleted_node_are_collected() {
    let mut host = Host::new(2);
    host.apply_json(deployment(4, "nginx:1.25", json!({})));
    host.run_secs(3);
    host.alive.remove("node-2");
    host.delete::<Node>("", "node-2");
    host.run_secs(90);
    let pods = host.list::<Pod>("default");
    assert_eq!(pods.len(), 4);
    assert!(pods.iter().all(|pod| pod.spec.node_name == "node-1"));
}
