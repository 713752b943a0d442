//! Namespaces, ownership, services: what the smaller controllers keep in order.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod host;

use api::{ConfigMap, EndpointSlice, Endpoints, Namespace, Pod, ReplicaSet, ServiceAccount};
use api::{Deployment, Service};
use client::{DeleteOptions, Propagation};
use controller::Config;
use host::{Host, deployment};
use serde_json::json;

fn service(more: serde_json::Value) -> serde_json::Value {
    let mut spec = json!({"selector": {"app": "web"}, "clusterIP": "10.96.0.7",
        "type": "ClusterIP", "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]});
    for (key, value) in more.as_object().unwrap() {
        spec[key] = value.clone();
    }
    json!({"apiVersion": "v1", "kind": "Service", "spec": spec,
        "metadata": {"name": "web", "namespace": "default", "labels": {"app": "web"}}})
}

#[test]
fn every_namespace_has_its_account_and_certificate() {
    let mut host = Host::new(1);
    host.run_secs(1);
    for namespace in ["default", "kube-system"] {
        host.get::<ServiceAccount>(namespace, "default");
        let root = host.get::<ConfigMap>(namespace, "kube-root-ca.crt");
        assert!(root.data["ca.crt"].starts_with("-----BEGIN CERTIFICATE-----\n"));
    }
    host.delete::<ConfigMap>("default", "kube-root-ca.crt");
    host.delete::<ServiceAccount>("default", "default");
    host.run_secs(1);
    host.get::<ConfigMap>("default", "kube-root-ca.crt");
    host.get::<ServiceAccount>("default", "default");
}

#[test]
fn a_deleted_namespace_is_emptied_pods_first() {
    let mut host = Host::new(2);
    host.apply_json(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}));
    let mut web = deployment(3, "nginx:1.25", json!({}));
    web["metadata"]["namespace"] = "team".into();
    host.apply_json(web);
    host.apply_json(json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "namespace": "team", "finalizers": ["example.com/hold"]}}));
    host.run_secs(3);
    assert_eq!(host.list::<Pod>("team").len(), 3);
    host.delete::<Namespace>("", "team");
    host.run_secs(40);
    assert_eq!(host.list::<Pod>("team").len(), 0);
    assert_eq!(host.list::<Deployment>("team").len(), 0);
    let team = host.get::<Namespace>("", "team");
    let message = |type_: &str| {
        let found = team.status.conditions.iter().find(|c| c.type_ == type_);
        found.map(|c| format!("{} {}", c.status, c.message)).unwrap_or_default()
    };
    assert_eq!(
        message("NamespaceContentRemaining"),
        "True Some resources are remaining: configmaps. has 1 resource instances"
    );
    assert_eq!(
        message("NamespaceFinalizersRemaining"),
        "True Some content in the namespace has finalizers remaining: example.com/hold in 1 \
         resource instances"
    );
    assert_eq!(
        message("NamespaceDeletionContentFailure"),
        "False All content successfully deleted, may be waiting on finalization"
    );
    host.edit::<ConfigMap>("team", "held", |map| map.metadata.rare_mut().finalizers.clear());
    host.run_secs(20);
    assert!(host.list::<Namespace>("").iter().all(|n| n.metadata.name != "team"));
}

fn with_pods(propagation: Option<Propagation>) -> Host {
    let mut host = Host::new(2);
    host.apply_json(deployment(3, "nginx:1.25", json!({})));
    host.run_secs(3);
    let options = DeleteOptions { propagation, ..DeleteOptions::default() };
    host.delete_with::<Deployment>("default", "web", options);
    host
}

#[test]
fn background_deletion_takes_the_dependents_after_the_owner() {
    let mut host = with_pods(None);
    assert_eq!(host.list::<Deployment>("default").len(), 0);
    host.run_secs(3);
    assert_eq!(host.list::<ReplicaSet>("default").len(), 0);
    assert_eq!(host.list::<Pod>("default").len(), 0);
}

#[test]
fn foreground_deletion_takes_the_owner_last() {
    let mut host = with_pods(Some(Propagation::Foreground));
    host.run(std::time::Duration::from_millis(500));
    assert_eq!(host.list::<Deployment>("default").len(), 1);
    assert_eq!(host.list::<ReplicaSet>("default").len(), 1);
    assert!(host.list::<Pod>("default").iter().all(|pod| pod.metadata.is_deleting()));
    host.run_secs(3);
    assert_eq!(host.list::<Pod>("default").len(), 0);
    assert_eq!(host.list::<ReplicaSet>("default").len(), 0);
    assert_eq!(host.list::<Deployment>("default").len(), 0);
}

#[test]
fn orphans_stay() {
    let mut host = with_pods(Some(Propagation::Orphan));
    host.run_secs(5);
    assert_eq!(host.list::<Deployment>("default").len(), 0);
    let rs = &host.list::<ReplicaSet>("default")[0];
    assert!(rs.metadata.owner_references.is_empty());
    assert_eq!(host.list::<Pod>("default").len(), 3);
}

#[test]
fn a_service_knows_its_pods() {
    let mut host = Host::new(3);
    host.apply_json(service(json!({})));
    host.run_secs(1);
    let slices = host.list::<EndpointSlice>("default");
    assert_eq!(slices.len(), 1, "a service without pods has one empty slice");
    assert!(slices[0].endpoints.is_empty() && slices[0].ports.is_empty());
    let name = slices[0].metadata.name.clone();
    assert!(name.starts_with("web-") && name.len() == 9);
    host.apply_json(deployment(3, "nginx:1.25", json!({})));
    host.run_secs(3);
    let slices = host.list::<EndpointSlice>("default");
    assert_eq!(slices.len(), 1);
    assert_eq!(slices[0].metadata.name, name, "the empty slice is filled");
    assert_eq!(slices[0].endpoints.len(), 3);
    assert!(slices[0].endpoints.iter().all(|e| e.conditions.ready == Some(true)));
    assert_eq!(slices[0].ports[0].port, Some(80));
    let labels = &slices[0].metadata.labels;
    assert_eq!(labels["kubernetes.io/service-name"], "web");
    assert_eq!(labels["endpointslice.kubernetes.io/managed-by"], "endpointslice-controller.k8s.io");
    assert_eq!(labels["app"], "web");
    let old = host.get::<Endpoints>("default", "web");
    assert_eq!(old.subsets[0].addresses.len(), 3);
    let pod = host.list::<Pod>("default")[0].clone();
    host.delete::<Pod>("default", &pod.metadata.name);
    host.run(std::time::Duration::from_millis(300));
    let slice = host.get::<EndpointSlice>("default", &name);
    let leaving = slice.endpoints.iter().find(|e| e.conditions.terminating == Some(true)).unwrap();
    assert_eq!(leaving.conditions.ready, Some(false));
    assert_eq!(leaving.conditions.serving, Some(true));
    host.run_secs(3);
    let slice = host.get::<EndpointSlice>("default", &name);
    assert_eq!(slice.endpoints.len(), 3);
    host.delete::<Service>("default", "web");
    host.run_secs(1);
    assert!(host.list::<EndpointSlice>("default").is_empty());
    assert!(host.list::<Endpoints>("default").is_empty());
}

#[test]
fn a_large_service_has_slices_of_100() {
    let mut host = Host::new(3);
    host.apply_json(service(json!({"clusterIP": "None"})));
    host.apply_json(deployment(250, "nginx:1.25", json!({})));
    host.run_secs(10);
    let slices = host.list::<EndpointSlice>("default");
    let mut sizes: Vec<usize> = slices.iter().map(|slice| slice.endpoints.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes.iter().sum::<usize>(), 250);
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    let headless = "service.kubernetes.io/headless";
    assert!(slices.iter().all(|slice| slice.metadata.label(headless) == Some("")));
}

#[test]
fn a_load_balancer_gives_addresses_only_when_there_is_one() {
    for (load_balancer, address) in [(false, None), (true, Some("203.0.113.1"))] {
        let mut host = Host::with(1, Config { load_balancer, ..Config::default() });
        host.apply_json(service(json!({"type": "LoadBalancer"})));
        host.run_secs(1);
        let web = host.get::<Service>("default", "web");
        let given = web.status.load_balancer.ingress.first().map(|i| i.ip.as_str());
        assert_eq!(given, address);
        let events: Vec<String> = host.events().into_iter().map(|(text, _)| text).collect();
        let ensured = "EnsuredLoadBalancer Ensured load balancer".to_owned();
        assert_eq!(events.contains(&ensured), load_balancer);
    }
}
