//! Faults: what kubectl shows while something is broken and when it is whole again, with the times.
//! The stories lie in `tests/faults`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use cluster::{Cluster, Command, Config};
use tests::story;
use tests::terminal::Terminal;

#[test]
fn each_fault_is_told_and_undone_as_its_story_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut terminal = Terminal::new(Config::default());
        story::play(&mut terminal, &text, &|name| panic!("no file {name}"));
        replays(&terminal.cluster);
    }
}

/// The log alone makes the same cluster.
#[track_caller]
fn replays(cluster: &Cluster) {
    let again = Cluster::replay(cluster.config().clone(), cluster.log(), cluster.now());
    assert_eq!(again.hash(), cluster.hash());
    assert!(cluster.log().iter().any(|logged| matches!(logged.command, Command::Line { .. })));
}

/// What stays of a cluster when names and times are left out: nodes and their taints, the
/// deployment, how many of its pods are there and ready, what its service leads to.
fn state(fault: Option<&str>) -> String {
    let mut terminal = Terminal::new(Config::default());
    terminal.ok("kubectl create deployment web --image=nginx --replicas=6");
    terminal.ok("kubectl expose deployment web --port=80");
    terminal.pass(20);
    if let Some(fault) = fault {
        terminal.ok(&format!("fault {fault}"));
        terminal.pass(90);
        terminal.ok("fault heal");
        assert_eq!(terminal.cluster.standing_faults(), []);
    }
    terminal.pass(400);
    [
        "kubectl get nodes -o jsonpath='{.items[*].status.conditions[*].status}'",
        "kubectl get nodes -o jsonpath='{.items[*].spec.taints}'",
        "kubectl get deployment web -o jsonpath='{.status.readyReplicas} {.status.replicas}'",
        "kubectl get pods --field-selector=status.phase=Running -o name | wc -l",
        "kubectl get endpointslices -l kubernetes.io/service-name=web \
         -o jsonpath='{.items[*].endpoints[*].conditions.ready}'",
        "kubectl get leases -n kube-node-lease -o name",
    ]
    .map(|line| terminal.ok(line))
    .join("\n")
}

#[test]
fn what_is_undone_leaves_the_same_state_as_if_it_had_never_been() {
    let whole = state(None);
    for fault in [
        "kubelet-off node-2",
        "node-off node-2",
        "node-off control-1",
        "zone-off zone-3",
        "partition node-1 node-3",
        "partition control-1 node-1 node-2 node-3",
        "down kube-apiserver",
        "down kube-scheduler",
        "down kube-controller-manager",
        "read-only",
        "pull-fails",
        "pull-slow",
        "memory-pressure node-1",
        "disk-pressure node-2",
        "pid-pressure node-3",
    ] {
        assert_eq!(state(Some(fault)), whole, "{fault}");
    }
}
