//! Objects in one line, as `kubectl get` shows them.
#![allow(clippy::unwrap_used)]

use api::core::pod_printer::summary;
use api::{Kind, KindEntry, Pod, Service, make_mut, to_kind};
use serde_json::{Value, json};

fn decode<K: Kind>(object: Value) -> std::sync::Arc<K> {
    to_kind::<K>(&(KindEntry::of::<K>().decode)(object).unwrap()).unwrap()
}

/// Word, ready, total and restarts of a pod with one container, or with an init container `i`.
fn check(metadata: Value, status: Value, expected: (&str, u32, u32, i64)) {
    let init = status.get("initContainerStatuses").is_some();
    let init: Vec<Value> = init.then(|| json!({"name": "i", "image": "a"})).into_iter().collect();
    let spec = json!({"containers": [{"name": "c", "image": "a"}], "initContainers": init});
    let pod = decode::<Pod>(json!({"metadata": metadata, "spec": spec, "status": status}));
    let line = summary(&pod);
    assert_eq!((line.word.as_str(), line.ready, line.total, line.restarts), expected);
}

fn container(name: &str, ready: bool, restarts: i32, state: Value) -> Value {
    json!({"name": name, "image": "a", "imageID": "", "ready": ready, "restartCount": restarts,
        "state": state, "lastState": {}})
}

#[test]
fn words_for_pods() {
    let one = |ready, restarts, state: Value| json!([container("c", ready, restarts, state)]);
    let meta = || json!({"name": "p"});
    let running = || json!({"running": {"startedAt": "2026-11-20T12:00:00Z"}});
    let ended = |code: i32, reason: &str| {
        json!({"terminated": {"exitCode": code,
        "reason": reason, "startedAt": null, "finishedAt": null}})
    };
    check(meta(), json!({"phase": "Pending"}), ("Pending", 0, 1, 0));
    check(
        meta(),
        json!({"phase": "Running", "containerStatuses": one(true, 0, running())}),
        ("Running", 1, 1, 0),
    );
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    check(
        meta(),
        json!({"phase": "Running", "containerStatuses": one(false, 4, waiting)}),
        ("CrashLoopBackOff", 0, 1, 4),
    );
    check(
        meta(),
        json!({"phase": "Succeeded", "containerStatuses": one(false, 0, ended(0, "Completed"))}),
        ("Completed", 0, 1, 0),
    );
    check(
        meta(),
        json!({"phase": "Failed", "containerStatuses": one(false, 0, ended(3, ""))}),
        ("ExitCode:3", 0, 1, 0),
    );
    check(
        meta(),
        json!({"phase": "Pending", "initContainerStatuses": [container("i", false, 0, running())]}),
        ("Init:0/1", 0, 1, 0),
    );
    check(
        json!({"name": "p", "deletionTimestamp": "2026-11-20T12:00:00Z"}),
        json!({"phase": "Running", "containerStatuses": one(true, 0, running())}),
        ("Terminating", 1, 1, 0),
    );
}

#[test]
fn a_service_keeps_what_was_allocated_to_it() {
    let old = decode::<Service>(json!({"metadata": {"name": "s", "namespace": "default"},
        "spec": {"type": "NodePort", "clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"],
            "ports": [{"name": "a", "port": 80, "protocol": "TCP", "nodePort": 30080}]}}));
    let change = |spec: Value| {
        let mut new = decode::<Service>(json!({"metadata": {"name": "s",
            "namespace": "default"}, "spec": spec})) as api::Obj;
        make_mut(&mut new).set_defaults();
        make_mut(&mut new).prepare_for_update(old.as_ref());
        assert_eq!(new.validate_update(old.as_ref()), vec![]);
        new.to_wire()["spec"].clone()
    };
    let moved = change(json!({"type": "NodePort", "ports": [{"name": "a", "port": 81}]}));
    assert_eq!(moved["clusterIPs"], json!(["10.96.0.9"]));
    assert_eq!(moved["ports"][0]["nodePort"], 30080);
    let plain = change(json!({"type": "ClusterIP", "ports": [{"name": "a", "port": 80,
        "nodePort": 30080}]}));
    assert_eq!(plain["ports"][0].get("nodePort"), None);
    assert_eq!(plain["clusterIP"], "10.96.0.9");
}
