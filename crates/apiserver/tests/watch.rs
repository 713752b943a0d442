//! Watches: what comes first, who is told, sleeping and waking; the feed, the past, compaction.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use api::{Event, Node, Pod};
use client::{DeleteOptions, WatchEvent, WatchFilter, WatchKind, WatchSpec};
use clock::SimTime;
use common::{Cluster, gr, node, pod};
use serde_json::json;

fn said(events: &[WatchEvent]) -> Vec<String> {
    let mark = |kind| match kind {
        WatchKind::Added => '+',
        WatchKind::Modified => '~',
        WatchKind::Deleted => '-',
    };
    let known = |event: &WatchEvent| if event.previous.is_some() { "*" } else { "" };
    let text = |e: &WatchEvent| format!("{}{}{}", mark(e.kind), e.object.meta().name, known(e));
    events.iter().map(text).collect()
}

fn poll(cluster: &mut Cluster, id: apiserver::WatcherId) -> Vec<String> {
    let mut out = Vec::new();
    assert_eq!(cluster.server.poll_watch(id, SimTime::MAX, &mut out), None);
    said(&out)
}

fn two_nodes() -> Cluster {
    let mut cluster = Cluster::new();
    for (name, zone) in [("node-1", "zone-1"), ("node-2", "zone-2")] {
        cluster.create("nodes", "", node(name, zone)).unwrap();
    }
    cluster
}

#[test]
fn what_exists_comes_first_then_changes() {
    let mut cluster = two_nodes();
    let id = cluster.server.open_watch(&WatchSpec::all::<Node>());
    assert_eq!(cluster.server.take_wakes(), [id]);
    assert_eq!(poll(&mut cluster, id), ["+node-1", "+node-2"]);
    cluster.create("nodes", "", node("node-3", "zone-3")).unwrap();
    let patch = json!({"spec": {"unschedulable": true}});
    cluster.patch(client::PatchType::Merge, "nodes", "node-3", patch).unwrap();
    cluster.delete("nodes", "node-3", DeleteOptions::default()).unwrap();
    assert_eq!(cluster.server.take_wakes(), [id]);
    assert_eq!(poll(&mut cluster, id), ["+node-3", "~node-3*", "-node-3*"]);
    cluster.server.close_watch(id);
    cluster.create("nodes", "", node("node-4", "zone-3")).unwrap();
    assert_eq!(cluster.server.take_wakes(), []);
}

#[test]
fn a_watcher_is_woken_once_and_polls_up_to_a_moment() {
    let mut cluster = two_nodes();
    let id = cluster.server.open_watch(&WatchSpec::all::<Pod>());
    assert_eq!(cluster.server.take_wakes(), []);
    cluster.create("pods", "default", pod("a")).unwrap();
    let first = cluster.now;
    cluster.pass(1);
    cluster.create("pods", "default", pod("b")).unwrap();
    assert_eq!(cluster.server.take_wakes(), [id]);
    let mut out = Vec::new();
    assert_eq!(cluster.server.poll_watch(id, first, &mut out), Some(cluster.now));
    assert_eq!(said(&out), ["+a"]);
    cluster.create("pods", "default", pod("c")).unwrap();
    assert_eq!(cluster.server.take_wakes(), []);
    assert_eq!(poll(&mut cluster, id), ["+b", "+c"]);
    cluster.create("pods", "default", pod("d")).unwrap();
    assert_eq!(cluster.server.take_wakes(), [id]);
}

#[test]
fn a_kubelet_hears_of_its_own_pods_only() {
    let mut cluster = two_nodes();
    let one = cluster.server.open_watch(&WatchSpec::on_node::<Pod>("node-1"));
    let two = cluster.server.open_watch(&WatchSpec::on_node::<Pod>("node-2"));
    for name in ["a", "b"] {
        cluster.create("pods", "default", pod(name)).unwrap();
    }
    assert_eq!(cluster.server.take_wakes(), []);
    cluster.bind("a", "node-1").unwrap();
    cluster.bind("b", "node-2").unwrap();
    assert_eq!(cluster.server.take_wakes(), [one, two]);
    assert_eq!(poll(&mut cluster, one), ["+a"]);
    assert_eq!(poll(&mut cluster, two), ["+b"]);
    cluster.delete("pods", "a", DeleteOptions::default()).unwrap();
    let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    cluster.delete("pods", "a", now).unwrap();
    assert_eq!(poll(&mut cluster, one), ["~a*", "~a*", "-a*"]);
    assert_eq!(poll(&mut cluster, two), Vec::<String>::new());
    let late = cluster.server.open_watch(&WatchSpec::on_node::<Pod>("node-2"));
    assert_eq!(poll(&mut cluster, late), ["+b"]);
}

#[test]
fn watches_of_a_namespace_and_of_a_name() {
    let mut cluster = Cluster::new();
    let mut open = |filter| cluster.server.open_watch(&WatchSpec::new(gr("configmaps"), filter));
    let namespace = open(WatchFilter::Namespace("kube-system".into()));
    let name = open(WatchFilter::Name { namespace: "default".into(), name: "a".into() });
    let anywhere = open(WatchFilter::Name { namespace: "".into(), name: "a".into() });
    for (namespace, name) in [("default", "a"), ("default", "b"), ("kube-system", "a")] {
        let body = json!({"metadata": {"name": name}});
        cluster.create("configmaps", namespace, body).unwrap();
    }
    assert_eq!(poll(&mut cluster, namespace), ["+a"]);
    assert_eq!(poll(&mut cluster, name), ["+a"]);
    assert_eq!(poll(&mut cluster, anywhere), ["+a", "+a"]);
}

#[test]
fn the_feed_tells_everything_in_order_and_the_past_can_be_read() {
    let mut cluster = Cluster::new();
    let start = cluster.server.revision();
    cluster.config_map("a", "1");
    cluster.create("nodes", "", node("node-1", "zone-1")).unwrap();
    let middle = cluster.server.revision();
    cluster.delete("configmaps", "a", DeleteOptions::default()).unwrap();
    let mut out = Vec::new();
    let reached = cluster.server.changes_since(start, &mut out).unwrap();
    assert_eq!(
        (reached, said(&out)),
        (start + 3, vec!["+a".into(), "+node-1".into(), "-a*".into()])
    );
    let names = |revision| -> Vec<String> {
        let objects = cluster.server.snapshot_at(revision).unwrap();
        let late = objects.iter().filter(|object| object.meta().resource_version > start);
        late.map(|object| object.meta().name.to_string()).collect()
    };
    assert_eq!(names(start), Vec::<String>::new());
    assert_eq!(names(middle), ["a", "node-1"]);
    assert_eq!(names(reached), ["node-1"]);
    let mut count = 0;
    cluster.server.for_each_object(&mut |_| count += 1);
    assert_eq!(count, cluster.server.object_count());
}

#[test]
fn compaction_keeps_what_was_new_at_the_last_one() {
    let mut cluster = Cluster::new();
    let start = cluster.server.revision();
    cluster.config_map("a", "1");
    cluster.server.compact(cluster.now);
    cluster.config_map("b", "1");
    let mut out = Vec::new();
    assert!(cluster.server.changes_since(start, &mut out).is_ok());
    cluster.server.compact(cluster.now);
    assert!(cluster.server.changes_since(start, &mut out).is_err());
    assert!(cluster.server.changes_since(start + 1, &mut out).is_ok());
}

#[test]
fn events_live_for_an_hour_after_their_last_write() {
    let mut cluster = Cluster::new();
    let id = cluster.server.open_watch(&WatchSpec::all::<Event>());
    for name in ["old", "told-again"] {
        let body = json!({"metadata": {"name": name}, "reason": "R",
            "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"}});
        cluster.create("events", "default", body).unwrap();
    }
    cluster.pass(1800);
    let patch = json!({"count": 2});
    cluster.patch(client::PatchType::Merge, "events", "told-again", patch).unwrap();
    cluster.pass(1801);
    cluster.server.compact(cluster.now);
    assert_eq!(poll(&mut cluster, id), ["+old", "+told-again", "~told-again*", "-old*"]);
}
