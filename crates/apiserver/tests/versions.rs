//! One kind in several versions, over one set of stored objects.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use apimachinery::gvk::GroupResource;
use client::{Accept, Body, PatchType, ReplyBody, Request, Verb, WatchFilter, WatchSpec};
use clock::SimTime;
use common::{Cluster, refusal};
use serde_json::{Value, json};

const NEW: GroupResource = GroupResource::fixed("events.k8s.io", "events");

fn new_event() -> Value {
    json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
        "eventTime": "2026-01-01T00:00:00.000000Z", "type": "Normal", "note": "hello",
        "reason": "Tested", "action": "Test", "reportingController": "me",
        "reportingInstance": "me-1",
    })
}

fn request(verb: Verb, name: &str) -> Request {
    let mut request = Request::new(verb, NEW, "default", name);
    request.version = "v1".into();
    request
}

fn wire(body: &ReplyBody) -> Value {
    match body {
        ReplyBody::Object(object) => object.to_wire(),
        ReplyBody::List(list) => list.items[0].to_wire(),
        ReplyBody::Table(table) => table.rows[0].object.to_wire(),
        _ => Value::Null,
    }
}

#[test]
fn an_event_is_read_and_written_in_both_forms() {
    let mut cluster = Cluster::new();
    let create = request(Verb::Create, "").body(Body::Json(new_event()));
    let made = cluster.call(create).unwrap();
    assert_eq!(wire(&made.body)["note"], "hello");
    assert_eq!(wire(&made.body)["apiVersion"], "events.k8s.io/v1");

    let core = cluster.wire("events", "default", "e");
    assert_eq!((&core["apiVersion"], &core["message"]), (&json!("v1"), &json!("hello")));
    assert_eq!(core["involvedObject"]["name"], "p");

    let patch = json!({"series": {"count": 2, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}});
    let patch = request(Verb::Patch, "e").body(Body::Patch(PatchType::Merge, patch));
    assert_eq!(wire(&cluster.call(patch).unwrap().body)["series"]["count"], 2);
    let core = cluster.wire("events", "default", "e");
    assert_eq!(core["series"]["count"], 2);

    let mut list = request(Verb::List, "");
    list.list.field_selector = "regarding.name=p,reportingController=me".into();
    assert_eq!(wire(&cluster.call(list.clone()).unwrap().body)["note"], "hello");
    list.accept = Accept::Table;
    let ReplyBody::Table(table) = cluster.call(list).unwrap().body else { unreachable!() };
    assert_eq!(table.columns[0].name, "Last Seen");
    assert_eq!(table.rows[0].object.to_wire()["regarding"]["name"], "p");

    for (version, kind) in [("", "events.k8s.io/v1"), ("v1", "events.k8s.io/v1")] {
        let mut spec = WatchSpec::new(NEW, WatchFilter::All);
        spec.version = version.into();
        let id = cluster.server.open_watch(&spec);
        let mut events = Vec::new();
        cluster.server.poll_watch(id, SimTime::from_secs(1_000_000), &mut events);
        assert_eq!(events[0].object.to_wire()["apiVersion"], kind);
    }
}

#[test]
fn a_version_has_its_own_rules() {
    let mut cluster = Cluster::new();
    let mut event = new_event();
    event["deprecatedCount"] = 3.into();
    event["type"] = "Odd".into();
    let (reason, message) =
        refusal(cluster.call(request(Verb::Create, "").body(Body::Json(event))));
    assert_eq!(reason, "Invalid");
    assert!(message.contains("type: Invalid value: \"\": has invalid value: Odd"), "{message}");
    assert!(message.contains("count: Invalid value: \"\": needs to be unset"), "{message}");

    let create = request(Verb::Create, "").body(Body::Json(new_event()));
    cluster.call(create).unwrap();
    let patch = Body::Patch(PatchType::Merge, json!({"note": "other"}));
    let (_, message) = refusal(cluster.call(request(Verb::Patch, "e").body(patch)));
    assert!(message.contains("message: Invalid value: \"other\": field is immutable"), "{message}");

    let mut list = request(Verb::List, "");
    list.list.field_selector = "involvedObject.name=p".into();
    let want = "field label not supported: involvedObject.name".to_owned();
    assert_eq!(refusal(cluster.call(list)), ("BadRequest", want));
}

#[test]
fn a_version_that_is_not_served_is_not_found() {
    let mut cluster = Cluster::new();
    let mut get = request(Verb::Get, "e");
    get.version = "v1beta1".into();
    let want = "the server could not find the requested resource".to_owned();
    assert_eq!(refusal(cluster.call(get)), ("NotFound", want));
}
