//! What holds of StatefulSets and DaemonSets at every single change. ARCHITECTURE.md names each of
//! these tests.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{DaemonSet, Node, Pod, StatefulSet};
use client::WatchKind;
use cluster::Config;
use tests::history::History;

const STATEFUL_SET: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 4
  podManagementPolicy: POLICY
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 3
      containers:
      - {name: c, image: 'nginx:1.28'}
";

/// Rollouts, resizings and deleted pods, some begun while others are on their way.
fn stirred(policy: &str) -> History {
    let mut history = History::of_ready_cluster(Config::default());
    history.file("db.yaml", &STATEFUL_SET.replace("POLICY", policy));
    for (line, seconds) in [
        ("kubectl apply -f db.yaml", 60),
        ("kubectl set image statefulset/db c=nginx:1.29", 9),
        ("kubectl scale statefulset/db --replicas=6", 60),
        ("kubectl delete pod db-0 db-3 --wait=false", 40),
        ("kubectl scale statefulset/db --replicas=2", 5),
        ("kubectl set image statefulset/db c=nginx:1.27", 2),
        ("kubectl scale statefulset/db --replicas=5", 90),
        ("kubectl rollout undo statefulset/db", 60),
        ("kubectl delete statefulset db", 20),
    ] {
        history.line(line);
        history.pass(seconds);
    }
    history
}

fn ordinal(pod: &Pod) -> usize {
    pod.metadata.name.rsplit_once('-').and_then(|(_, digits)| digits.parse().ok()).unwrap()
}

#[test]
fn a_stateful_set_never_has_two_pods_of_one_ordinal() {
    for policy in ["OrderedReady", "Parallel"] {
        let (mut pods, mut made) = (BTreeMap::new(), 0);
        for event in &stirred(policy).changes {
            let Some(pod) = event.object::<Pod>().filter(|p| p.metadata.name.starts_with("db-"))
            else {
                continue;
            };
            let (number, uid) = (ordinal(&pod), pod.metadata.uid);
            assert_eq!(
                pod.metadata.label("apps.kubernetes.io/pod-index"),
                Some(&*number.to_string())
            );
            assert_eq!(pod.spec.hostname, pod.metadata.name);
            let before = match event.kind {
                WatchKind::Deleted => pods.remove(&number),
                _ => pods.insert(number, uid),
            };
            made += usize::from(before.is_none());
            assert!(before.is_none_or(|before| before == uid), "{policy}: two pods {number}");
        }
        assert!(pods.is_empty() && made > 15, "{policy}: {made} pods were made, {pods:?} are left");
    }
}

#[test]
fn pods_of_an_ordered_set_come_after_those_before_and_go_after_those_behind() {
    let mut pods: BTreeMap<usize, Arc<Pod>> = BTreeMap::new();
    let (mut wanted, mut came, mut went) = (0, 0, 0);
    for event in &stirred("OrderedReady").changes {
        if let Some(set) = event.object::<StatefulSet>() {
            wanted = usize::try_from(set.spec.replicas.unwrap()).unwrap();
        }
        let Some(pod) = event.object::<Pod>().filter(|pod| pod.metadata.name.starts_with("db-"))
        else {
            continue;
        };
        let number = ordinal(&pod);
        if event.kind == WatchKind::Deleted {
            pods.remove(&number);
            continue;
        }
        let before = pods.insert(number, Arc::clone(&pod));
        if before.is_none() {
            came += 1;
            for lower in 0..number {
                let ready = pods.get(&lower).is_some_and(|pod| pod.status.is_ready());
                assert!(ready, "pod {number} was made while pod {lower} was not ready");
            }
        }
        let marked =
            pod.metadata.is_deleting() && !before.unwrap_or_default().metadata.is_deleting();
        if marked && number >= wanted {
            went += 1;
            let behind = pods.range(number + 1..).next();
            assert!(behind.is_none(), "pod {number} went before those behind it: {behind:?}");
        }
    }
    assert!(came > 15 && went >= 4, "{came} came, {went} went");
}

const DAEMON_SET: &str = "\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: SURGE, maxUnavailable: MISSING}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 3
      containers:
      - {name: c, image: 'nginx:1.28'}
";

/// The node that affinity by name ties a pod to.
fn node_of(pod: &Pod) -> String {
    let affinity = pod.spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref()).unwrap();
    let terms = &affinity.required.as_ref().unwrap().node_selector_terms;
    terms[0].match_fields[0].values[0].to_string()
}

fn daemon_pods_hold(surge: &str, missing: &str, per_node: usize, unavailable: usize) {
    let mut history = History::of_ready_cluster(Config::default());
    history.file("ds.yaml", &DAEMON_SET.replace("SURGE", surge).replace("MISSING", missing));
    for (line, seconds) in [
        ("kubectl apply -f ds.yaml", 60),
        ("kubectl set image daemonset/agent c=nginx:1.29", 6),
        ("kubectl set image daemonset/agent c=nginx:1.27", 60),
        ("kubectl taint node node-1 a=b:NoExecute", 10),
        ("kubectl taint node node-1 a-", 30),
        ("kubectl rollout undo daemonset/agent", 60),
    ] {
        history.line(line);
        history.pass(seconds);
    }
    let mut nodes = 0;
    history.cluster.server().for_each_object(&mut |object| {
        let set = object.as_any().downcast_ref::<DaemonSet>();
        let set = set.filter(|set| set.metadata.name == "agent");
        nodes += set.map_or(0, |set| usize::try_from(set.status.number_ready).unwrap());
    });
    let mut pods: BTreeMap<String, Arc<Pod>> = BTreeMap::new();
    let (mut rolled, mut tainted) = (false, false);
    for event in &history.changes {
        if let Some(node) = event.object::<Node>() {
            tainted |= node.spec.taints.iter().any(|taint| taint.key == "a");
        }
        let Some(pod) = event.object::<Pod>().filter(|pod| pod.metadata.label("app").is_some())
        else {
            continue;
        };
        let name = pod.metadata.name.to_string();
        match event.kind {
            WatchKind::Deleted => drop(pods.remove(&name)),
            _ => drop(pods.insert(name, pod)),
        }
        let mut all: BTreeMap<String, (usize, bool)> = BTreeMap::new();
        for pod in pods.values() {
            let (count, available) = all.entry(node_of(pod)).or_default();
            // Without surge a node is free only when the old pod is gone.
            *count += usize::from(per_node == 1 || !pod.metadata.is_deleting());
            *available |= pod.status.is_ready() && !pod.metadata.is_deleting();
        }
        let crowded = all.iter().find(|(_, (count, _))| *count > per_node);
        assert!(crowded.is_none(), "{surge}/{missing}: {crowded:?}");
        let available = all.values().filter(|(_, available)| *available).count();
        rolled |= available == nodes;
        let enough = !rolled || tainted || nodes - available <= unavailable;
        assert!(enough, "{surge}/{missing}: only {available} of {nodes} nodes are served");
    }
    assert!(
        nodes >= 3 && rolled && tainted,
        "{nodes} nodes, rolled out: {rolled}, tainted: {tainted}"
    );
    assert_eq!(pods.len(), nodes, "{surge}/{missing}: {:?}", pods.keys());
}

#[test]
fn a_node_has_one_pod_of_a_daemon_set_and_two_while_it_surges() {
    for (surge, missing, per_node, unavailable) in
        [("0", "1", 1, 1), ("0", "100%", 1, 99), ("1", "0", 2, 0), ("50%", "0", 2, 0)]
    {
        daemon_pods_hold(surge, missing, per_node, unavailable);
    }
}
