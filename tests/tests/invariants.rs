//! What holds at every moment of every run. ARCHITECTURE.md names each of these tests.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use api::{Deployment, Pod, ReplicaSet};
use apimachinery::meta::{Key, Uid};
use client::{WatchEvent, WatchKind};
use cluster::{Cluster, Command, Config};
use tests::auditor::{self, Auditor};
use tests::history::History;

/// What a busy quarter of an hour holds: rollouts, crashes, a bad image, a dead node, deletions.
fn busy(history: &mut History) {
    let script: &[(&str, u64)] = &[
        ("kubectl create deployment web --image=nginx --replicas=6", 10),
        ("kubectl expose deployment web --port=80", 1),
        ("kubectl create deployment crash --image=kubarium/crash --replicas=2", 20),
        ("kubectl set image deployment/web nginx=nginx:1.29", 3),
        ("kubectl scale deployment/web --replicas=9", 20),
        ("kubectl create namespace team", 1),
        ("kubectl create deployment slow --image=kubarium/slow-start -n team --replicas=3", 40),
        ("kubectl set image deployment/web nginx=nginx:nonexistent", 30),
        ("kubectl rollout undo deployment/web", 20),
        ("kubectl delete deployment crash", 5),
    ];
    for (line, seconds) in script {
        history.line(line);
        history.pass(*seconds);
    }
    history.kubelet("node-2", false);
    history.pass(400);
    history.line("kubectl delete namespace team");
    history.pass(20);
    history.kubelet("node-2", true);
    history.pass(120);
    history.line("kubectl delete pods -l app=web --wait=false");
    history.pass(60);
}

fn pods(changes: &[WatchEvent]) -> impl Iterator<Item = (WatchKind, std::sync::Arc<Pod>)> {
    changes.iter().filter_map(|event| Some((event.kind, event.object::<Pod>()?)))
}

fn runs_busy() -> History {
    let mut history = History::new(Cluster::new(Config::default()));
    busy(&mut history);
    history
}

#[test]
fn a_bound_pod_keeps_its_node() {
    let history = runs_busy();
    let mut bound: BTreeMap<Uid, String> = BTreeMap::new();
    for (_, pod) in pods(&history.changes) {
        let node = pod.spec.node_name.to_string();
        if let Some(before) = bound.get(&pod.metadata.uid) {
            assert_eq!(*before, node, "{}", pod.metadata.name);
        }
        if !node.is_empty() {
            bound.insert(pod.metadata.uid, node);
        }
    }
    assert!(bound.len() > 30, "{} pods were bound", bound.len());
}

#[test]
fn no_two_live_pods_share_an_address() {
    let history = runs_busy();
    let mut taken: BTreeMap<String, Uid> = BTreeMap::new();
    for (kind, pod) in pods(&history.changes) {
        let (ip, uid) = (pod.status.pod_ip.to_string(), pod.metadata.uid);
        if ip.is_empty() || pod.spec.host_network {
            continue;
        }
        if kind == WatchKind::Deleted {
            taken.retain(|_, owner| *owner != uid);
            continue;
        }
        let owner = *taken.entry(ip.clone()).or_insert(uid);
        assert_eq!(owner, uid, "{ip} is the address of {} and of another", pod.metadata.name);
    }
    assert!(!taken.is_empty());
}

#[test]
fn revisions_increase_and_no_object_is_ahead_of_the_store() {
    let history = runs_busy();
    let mut last = 0;
    for event in &history.changes {
        let version = event.object.meta().resource_version;
        if event.kind == WatchKind::Deleted {
            continue;
        }
        assert!(version > last, "{version} after {last}");
        last = version;
    }
    let newest = history.cluster.server().revision();
    history.cluster.server().for_each_object(&mut |object| {
        assert!(object.meta().resource_version <= newest);
        assert!(object.meta().resource_version > 0);
    });
    assert!(newest >= last && last > 500);
}

#[test]
fn watchers_see_every_change_in_order() {
    let mut cluster = Cluster::new(Config::default());
    cluster.seat(Box::new(Auditor::default()));
    let mut history = History::new(cluster);
    busy(&mut history);
    let auditor = history.cluster.component::<Auditor>(auditor::NAME).expect("seated");
    let mut known: BTreeMap<(String, Key), u64> = BTreeMap::new();
    for (_, event) in &auditor.told {
        let meta = event.object.meta();
        let key = (event.object.info().resource.resource.to_string(), Key::of(meta));
        let previous = event.previous.as_ref().map(|object| object.meta().resource_version);
        match event.kind {
            WatchKind::Added => {
                let before = known.insert(key.clone(), meta.resource_version);
                assert_eq!(before, None, "{key:?} was added twice");
            }
            WatchKind::Modified => {
                let before = known.insert(key.clone(), meta.resource_version);
                assert_eq!(before, previous, "a change of {key:?} was not told");
                assert!(before < Some(meta.resource_version));
            }
            WatchKind::Deleted => assert!(known.remove(&key).is_some(), "{key:?} was not known"),
        }
    }
    let mut exist = BTreeMap::new();
    history.cluster.server().for_each_object(&mut |object| {
        let key = (object.info().resource.resource.to_string(), Key::of(object.meta()));
        exist.insert(key, object.meta().resource_version);
    });
    let told: BTreeSet<&String> = known.keys().map(|(resource, _)| resource).collect();
    exist.retain(|(resource, _), _| told.contains(resource));
    assert_eq!(known, exist);
    assert!(auditor.told.len() > 1_000);
}

fn is_heartbeat(resource: &str, subresource: &str) -> bool {
    resource == "leases" || (resource == "nodes" && subresource == "status")
}

#[test]
fn a_settled_cluster_only_beats() {
    let mut history = History::of_ready_cluster(Config::default());
    history.line("kubectl create deployment web --image=nginx --replicas=5");
    history.line("kubectl expose deployment web --port=80");
    history.pass(60);
    history.forget();
    history.pass(600);
    for write in history.writes() {
        let beats = is_heartbeat(&write.resource.resource, &write.subresource);
        assert!(beats, "{} wrote {} {:?}", write.from, write.resource.resource, write.key);
    }
    assert!(history.writes().count() > 100, "the nodes' leases are renewed");
}

#[test]
fn a_cluster_without_kubelets_comes_to_rest() {
    let mut history = History::of_ready_cluster(Config::default());
    history.line("kubectl create deployment web --image=nginx --replicas=5");
    history.pass(60);
    let nodes: Vec<String> =
        history.cluster.config().nodes.iter().map(|node| node.name.to_string()).collect();
    nodes.iter().for_each(|node| history.kubelet(node, false));
    history.forget();
    history.pass(600);
    for write in history.writes() {
        assert_eq!(write.from, "kube-controller-manager", "{:?}", write.key);
    }
    history.forget();
    history.pass(600);
    assert_eq!(history.writes().count(), 0, "{:?}", history.writes().next());
    let mut kept = 0;
    history.cluster.server().for_each_object(&mut |object| {
        if let Some(pod) = api::as_kind::<Pod>(object.as_ref()) {
            assert!(!pod.metadata.is_deleting(), "nobody is evicted when all nodes are gone");
            kept += usize::from(pod.metadata.namespace == "default");
        }
    });
    assert_eq!(kept, 5);
}

const ROLLED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 7
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: SURGE, maxUnavailable: MISSING}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: 'nginx:1.28'}
";

/// Counts pods and ReplicaSets after every single change of a rollout.
fn bounds_hold(surge: &str, missing: &str, most: i32, fewest: usize) {
    let mut history = History::of_ready_cluster(Config::default());
    history.file("d.yaml", &ROLLED.replace("SURGE", surge).replace("MISSING", missing));
    history.line("kubectl apply -f d.yaml");
    history.pass(60);
    let mut sizes: BTreeMap<Key, i32> = BTreeMap::new();
    let mut available: BTreeSet<Key> = BTreeSet::new();
    let mut rolled = false;
    for line in ["nginx:1.29", "nginx:1.27", "httpd:2.4"] {
        history.line(&format!("kubectl set image deployment/web nginx={line}"));
        // The last one begins while the one before is on its way.
        history.pass(if line == "nginx:1.27" { 3 } else { 90 });
    }
    for event in &history.changes {
        let key = Key::of(event.object.meta());
        let gone = event.kind == WatchKind::Deleted || event.object.meta().is_deleting();
        if let Some(set) =
            event.object::<ReplicaSet>().filter(|set| set.metadata.name.starts_with("web"))
        {
            sizes.insert(key, if gone { 0 } else { set.spec.replicas.unwrap_or(1) });
            let total: i32 = sizes.values().sum();
            assert!(total <= most, "{surge}/{missing}: {total} pods are wanted");
        } else if let Some(pod) =
            event.object::<Pod>().filter(|pod| pod.metadata.label("app") == Some("web"))
        {
            match pod.status.is_ready() && !gone {
                true => available.insert(key),
                false => available.remove(&key),
            };
            rolled |= available.len() == 7;
            let enough = !rolled || available.len() >= fewest;
            assert!(enough, "{surge}/{missing}: {} pods are available", available.len());
        }
    }
    assert_eq!(sizes.len(), 4, "four templates were rolled out");
    assert_eq!(available.len(), 7);
}

#[test]
fn a_rollout_stays_within_surge_and_unavailable() {
    for (surge, missing, most, fewest) in [
        ("25%", "25%", 9, 6),
        ("0", "1", 7, 6),
        ("1", "0", 8, 7),
        ("100%", "0", 14, 7),
        ("2", "40%", 9, 5),
    ] {
        bounds_hold(surge, missing, most, fewest);
    }
}

fn assert_no_dead_owner(cluster: &Cluster) {
    let mut alive = BTreeSet::new();
    cluster.server().for_each_object(&mut |object| {
        alive.insert(object.meta().uid);
    });
    cluster.server().for_each_object(&mut |object| {
        for owner in object.meta().owner_references.iter() {
            assert!(alive.contains(&owner.uid), "{:?} is an orphan", Key::of(object.meta()));
        }
    });
}

fn names(cluster: &Cluster, matches: impl Fn(&dyn api::Object) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    cluster.server().for_each_object(&mut |object| {
        if matches(object.as_ref()) {
            names.push(format!("{}/{}", object.info().resource.resource, object.meta().name));
        }
    });
    names
}

#[test]
fn a_deleted_namespace_leaves_nothing() {
    let mut history = History::of_ready_cluster(Config::default());
    for line in [
        "kubectl create namespace team",
        "kubectl create deployment web --image=nginx --replicas=4 -n team",
        "kubectl expose deployment web --port=80 -n team",
        "kubectl create configmap settings --from-literal=a=b -n team",
        "kubectl create secret generic keys --from-literal=a=b -n team",
        "kubectl create serviceaccount robot -n team",
        "kubectl run alone --image=redis -n team",
    ] {
        history.line(line);
    }
    history.pass(30);
    let inside = |object: &dyn api::Object| object.meta().namespace == "team";
    assert!(names(&history.cluster, inside).len() > 15);
    history.line("kubectl delete namespace team --wait=false");
    history.pass(60);
    assert_eq!(names(&history.cluster, inside), Vec::<String>::new());
    assert_eq!(
        names(&history.cluster, |object| object.meta().name == "team"),
        Vec::<String>::new()
    );
    assert_no_dead_owner(&history.cluster);
}

#[test]
fn a_deleted_deployment_leaves_no_orphan() {
    for cascade in ["background", "foreground"] {
        let mut history = History::of_ready_cluster(Config::default());
        history.line("kubectl create deployment web --image=nginx --replicas=4");
        history.pass(10);
        history.line("kubectl set image deployment/web nginx=nginx:1.29");
        history.pass(2);
        history.line(&format!("kubectl delete deployment web --cascade={cascade}"));
        history.pass(60);
        let left = names(&history.cluster, |object| {
            object.meta().name.starts_with("web-") && !object.as_any().is::<api::Event>()
        });
        assert_eq!(left, Vec::<String>::new(), "{cascade}");
        assert_no_dead_owner(&history.cluster);
    }
    let mut history = History::of_ready_cluster(Config::default());
    history.line("kubectl create deployment web --image=nginx --replicas=4");
    history.pass(10);
    history.line("kubectl delete deployment web --cascade=orphan");
    history.pass(60);
    let sets = names(&history.cluster, |object| {
        object.as_any().is::<ReplicaSet>() && object.meta().owner_references.is_empty()
    });
    assert_eq!(sets.len(), 1, "the ReplicaSet stays and belongs to nobody: {sets:?}");
    assert_no_dead_owner(&history.cluster);
}

#[test]
fn after_everything_nothing_has_a_dead_owner() {
    assert_no_dead_owner(&runs_busy().cluster);
}

#[test]
fn a_deployment_counts_the_pods_that_there_are() {
    let history = runs_busy();
    let mut checked = 0;
    history.cluster.server().for_each_object(&mut |object| {
        let Some(deployment) = api::as_kind::<Deployment>(object.as_ref()) else { return };
        let ready = names(&history.cluster, |object| {
            let Some(pod) = api::as_kind::<Pod>(object) else { return false };
            let labels = &deployment.spec.template.metadata.labels;
            let ours = labels.iter().all(|(key, value)| pod.metadata.label(key) == Some(value));
            ours && pod.status.is_ready() && !pod.metadata.is_deleting()
        });
        assert_eq!(ready.len().to_string(), deployment.status.ready_replicas.to_string());
        assert_eq!(deployment.spec.replicas, Some(deployment.status.ready_replicas));
        checked += 1;
    });
    assert!(checked >= 2, "web and coredns");
}

#[test]
fn the_same_seed_and_commands_give_the_same_hash() {
    let run = |seed| {
        let mut history = History::new(Cluster::new(Config { seed, ..Config::default() }));
        busy(&mut history);
        history.cluster
    };
    let (first, second, other) = (run(3), run(3), run(4));
    assert_eq!(first.hash(), second.hash());
    assert_ne!(first.hash(), other.hash());
    let again = Cluster::replay(Config { seed: 3, ..Config::default() }, first.log(), first.now());
    assert_eq!(again.hash(), first.hash(), "the log is the whole history");
}

#[test]
fn a_log_of_commands_between_two_events_of_one_moment_replays() {
    let mut cluster = Cluster::new(Config::default());
    for number in 0..40 {
        cluster.step(Duration::from_secs(1));
        let line = format!("kubectl create configmap c{number}; sleep 0; kubectl get pods -A");
        cluster.execute(Command::Line { terminal: 0, line });
        cluster.step(Duration::from_secs(1));
    }
    let end = cluster.now() + Duration::from_secs(5);
    cluster.run_until(end);
    let again = Cluster::replay(Config::default(), cluster.log(), end);
    assert_eq!(again.hash(), cluster.hash());
}

/// Pods that may answer: Ready, not on their way out.
fn serving(cluster: &Cluster) -> BTreeSet<Key> {
    let mut serving = BTreeSet::new();
    cluster.server().for_each_object(&mut |object| {
        if let Some(pod) = api::as_kind::<Pod>(object.as_ref())
            && pod.status.is_ready()
            && !pod.metadata.is_deleting()
        {
            serving.insert(Key::of(&pod.metadata));
        }
    });
    serving
}

/// Runs with traffic; every answer comes from a pod that served at most `LAG` ago.
fn traffic(cluster: &mut Cluster, seconds: u64, answers: &mut BTreeMap<Key, u64>) {
    const LAG: usize = 10;
    let mut recent = std::collections::VecDeque::from([serving(cluster)]);
    for _ in 0..seconds * 20 {
        let until = cluster.now() + Duration::from_millis(50);
        cluster.run_until(until);
        recent.push_back(serving(cluster));
        if recent.len() > LAG {
            recent.pop_front();
        }
        let mut packets = Vec::new();
        cluster.fabric_mut().take_packets(&mut packets);
        for packet in packets {
            let Some(pod) = packet.pod else { continue };
            let served = recent.iter().any(|pods| pods.contains(&pod));
            assert!(served, "{pod:?} answered and was not serving");
            *answers.entry(pod).or_default() += u64::from(packet.weight);
        }
    }
}

#[test]
fn requests_spread_over_all_ready_endpoints_and_no_others() {
    let mut cluster = Cluster::new(Config::default());
    let run = |cluster: &mut Cluster, line: &str| {
        cluster.execute(Command::Line { terminal: 0, line: line.to_owned() });
    };
    cluster.run_until(cluster.now() + Duration::from_secs(20));
    run(&mut cluster, "kubectl create deployment web --image=kubarium/hello --replicas=4");
    run(&mut cluster, "kubectl expose deployment web --port=80 --target-port=8080");
    cluster.run_until(cluster.now() + Duration::from_secs(30));
    let (client, target) = ("browser".into(), "http://web.default.svc".to_owned());
    cluster.execute(Command::Traffic { client, target, per_second: 100 });
    let mut answers = BTreeMap::new();
    traffic(&mut cluster, 60, &mut answers);
    let total: u64 = answers.values().sum();
    assert!(total > 5_900, "{total} answers");
    assert_eq!(answers.len(), 4);
    for (pod, count) in &answers {
        assert!((total / 5..total / 3).contains(count), "{pod:?}: {count} of {total}");
    }
    run(&mut cluster, "kubectl set image deployment/web hello=kubarium/hello:2");
    traffic(&mut cluster, 30, &mut answers);
    run(&mut cluster, "kubectl scale deployment/web --replicas=2");
    traffic(&mut cluster, 30, &mut answers);
    assert!(answers.len() >= 8, "the new pods answered too: {answers:?}");
    cluster.execute(Command::StopKubelet { node: "node-1".into() });
    answers.clear();
    traffic(&mut cluster, 90, &mut answers);
    assert!(!answers.is_empty());
}
