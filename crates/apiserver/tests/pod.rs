//! Pods: binding, logs, exec, one body for all pods of a template.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::sync::Arc;

use api::{Obj, Pod, as_kind, to_kind};
use client::{Body, ReplyBody, Verb};
use common::{Cluster, node, object_of, pod, refusal, wire_of};
use serde_json::json;

fn cluster() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.create("nodes", "", node("node-1", "zone-1")).unwrap();
    cluster
}

#[test]
fn a_binding_sets_node_condition_and_zone() {
    let mut cluster = cluster();
    cluster.create("pods", "default", pod("p")).unwrap();
    cluster.bind("p", "node-1").unwrap();
    let stored = cluster.wire("pods", "default", "p");
    assert_eq!(stored["spec"]["nodeName"], "node-1");
    assert_eq!(
        stored["metadata"]["labels"],
        json!({"app": "x", "topology.kubernetes.io/zone": "zone-1"})
    );
    let condition = &stored["status"]["conditions"][0];
    assert_eq!(
        (&condition["type"], &condition["status"]),
        (&json!("PodScheduled"), &json!("True"))
    );
    assert_eq!(
        refusal(cluster.bind("p", "node-2")),
        (
            "Conflict",
            "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to \
             node \"node-1\""
                .to_owned()
        )
    );
    assert_eq!(refusal(cluster.bind("q", "node-1")).1, "pods \"q\" not found");
}

/// The node a binding in its JSON form leads to.
#[test]
fn a_binding_can_be_sent_as_json() {
    let mut cluster = cluster();
    cluster.create("pods", "default", pod("p")).unwrap();
    let request = Cluster::request(Verb::Create, "pods", "default", "p").subresource("binding");
    let body = json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "node-1"}});
    let reply = cluster.call(request.body(Body::Json(body))).unwrap();
    assert_eq!(wire_of(reply)["status"], "Success");
    assert_eq!(cluster.wire("pods", "default", "p")["spec"]["nodeName"], "node-1");
}

#[test]
fn logs_and_exec_go_to_the_node() {
    let mut cluster = cluster();
    let mut two = pod("two");
    two["spec"]["containers"] = json!([{"name": "a", "image": "x"}, {"name": "b", "image": "x"}]);
    cluster.create("pods", "default", two).unwrap();
    cluster.bind("two", "node-1").unwrap();
    let mut ask = |subresource, query: &[(&str, &str)]| {
        let mut request = Cluster::request(Verb::Get, "pods", "default", "two");
        request = request.subresource(subresource);
        request.query = query.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        cluster.call(request)
    };
    let ReplyBody::Text(text) = ask("log", &[("container", "b"), ("tailLines", "3")]).unwrap().body
    else {
        panic!()
    };
    assert_eq!(text, "two/b tail Some(3)");
    let run = ask("exec", &[("container", "a"), ("command", "ls"), ("command", "-l")]).unwrap();
    assert_eq!(wire_of(run)["stdout"], "two/a: ls -l");
    assert_eq!(
        refusal(ask("log", &[])),
        (
            "BadRequest",
            "a container name must be specified for pod two, choose one of: [a b]".to_owned()
        )
    );
    assert_eq!(
        refusal(ask("log", &[("container", "z")])).1,
        "container z is not valid for pod two"
    );
    assert_eq!(
        refusal(ask("log", &[("container", "a"), ("tailLines", "-1")])).1,
        "PodLogOptions \"two\" is invalid: tailLines: Invalid value: -1: must be greater than or \
         equal to 0"
    );
}

#[test]
fn what_is_not_simulated_says_so() {
    let mut cluster = cluster();
    cluster.create("pods", "default", pod("p")).unwrap();
    let request = Cluster::request(Verb::Update, "pods", "default", "p");
    assert_eq!(
        refusal(cluster.call(request.subresource("ephemeralcontainers"))),
        (
            "MethodNotAllowed",
            "the subresource \"ephemeralcontainers\" of \"pods\" is not simulated".to_owned()
        )
    );
}

fn replica(cluster: &mut Cluster, template: &Pod) -> Arc<Pod> {
    let mut replica = template.clone();
    replica.metadata = apimachinery::meta::ObjectMeta::named("default", "");
    replica.metadata.generate_name = "web-".into();
    replica.metadata.labels = template.metadata.labels.clone();
    let request = Cluster::request(Verb::Create, "pods", "default", "");
    let object = object_of(cluster.call(request.body(Body::Object(Arc::new(replica) as Obj))));
    to_kind::<Pod>(&object).unwrap()
}

#[test]
fn the_pods_of_a_template_share_one_body_and_their_labels() {
    let mut cluster = cluster();
    let made = object_of(cluster.create("pods", "default", pod("template")));
    let mut template = as_kind::<Pod>(made.as_ref()).unwrap().clone();
    template.spec.token_volume = "".into();
    template.spec.body_mut().tolerations.clear();
    let pods: Vec<Arc<Pod>> = (0..3).map(|_| replica(&mut cluster, &template)).collect();
    for pod in &pods {
        cluster.bind(&pod.metadata.name, "node-1").unwrap();
    }
    let stored: Vec<Arc<Pod>> = pods
        .iter()
        .map(|pod| object_of(cluster.get("pods", "default", &pod.metadata.name)))
        .map(|object| to_kind::<Pod>(&object).unwrap())
        .collect();
    for pod in &stored[1..] {
        assert!(Arc::ptr_eq(&pod.spec.body, &stored[0].spec.body));
        assert!(pod.metadata.labels.same(&stored[0].metadata.labels));
        assert_ne!(pod.spec.token_volume, stored[0].spec.token_volume);
        assert_ne!(pod.metadata.uid, stored[0].metadata.uid);
    }
    assert_eq!(stored[0].spec.tolerations.len(), 2);
    assert_eq!(stored[0].metadata.label("topology.kubernetes.io/zone"), Some("zone-1"));
}

#[test]
fn a_known_body_is_forgotten_when_a_default_priority_appears() {
    let mut cluster = cluster();
    let made = object_of(cluster.create("pods", "default", pod("template")));
    let mut template = as_kind::<Pod>(made.as_ref()).unwrap().clone();
    template.spec.body_mut().priority = None;
    assert_eq!(replica(&mut cluster, &template).spec.priority, Some(0));
    let class = json!({"metadata": {"name": "c"}, "value": 7, "globalDefault": true});
    cluster.create("priorityclasses.scheduling.k8s.io", "", class).unwrap();
    assert_eq!(replica(&mut cluster, &template).spec.priority, Some(7));
}
