//! Custom resource definitions and their objects.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use client::{Accept, Body, DeleteOptions, PatchType, ReplyBody, Request, Verb};
use common::{Answer, Cluster, gr, refusal, wire_of};
use serde_json::{Value, json};

const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
const WIDGETS: &str = "widgets.example.com";

fn definition() -> Value {
    let schema = json!({"openAPIV3Schema": {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {"type": "object", "properties": {
                "size": {"type": "integer", "minimum": 1, "default": 2},
                "color": {"type": "string", "enum": ["red", "blue"]},
                "code": {"type": "string", "pattern": "^[a-z]+\\d$", "maxLength": 4},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "port": {"x-kubernetes-int-or-string": true},
                "parts": {
                    "type": "array", "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "required": ["name"], "properties": {
                        "name": {"type": "string"}, "count": {"type": "integer"},
                    }},
                },
            }},
            "status": {"type": "object", "properties": {"size": {"type": "integer"}}},
        },
    }});
    let version = |name: &str, storage: bool| {
        json!({
            "name": name, "served": true, "storage": storage, "schema": schema,
            "subresources": {
                "status": {},
                "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
            },
            "additionalPrinterColumns": [
                {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                {"name": "Color", "type": "string", "jsonPath": ".spec.color", "priority": 1},
            ],
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [version("v1beta1", false), version("v1", true)],
        },
    })
}

fn widget(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec})
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new();
    cluster.create(CRDS, "", definition()).unwrap();
    cluster
}

fn send(cluster: &mut Cluster, verb: Verb, name: &str, version: &str, body: Body) -> Answer {
    let mut request = Request::new(verb, gr(WIDGETS), "default", name).body(body);
    request.version = version.into();
    cluster.call(request)
}

#[test]
fn a_definition_is_established_and_its_objects_are_served() {
    let mut cluster = cluster();
    let made = cluster.wire(CRDS, "", "widgets.example.com");
    let conditions: Vec<&str> = made["status"]["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|condition| condition["type"].as_str().unwrap())
        .collect();
    assert_eq!(conditions, ["NamesAccepted", "Established"]);
    assert_eq!(made["status"]["storedVersions"], json!(["v1"]));
    assert_eq!(made["spec"]["names"]["listKind"], "WidgetList");

    cluster.create(WIDGETS, "default", widget("a", json!({"any": {"x": [1]}}))).unwrap();
    let stored = cluster.wire(WIDGETS, "default", "a");
    assert_eq!(stored["spec"], json!({"any": {"x": [1]}, "size": 2}));
    let old = wire_of(send(&mut cluster, Verb::Get, "a", "v1beta1", Body::None).unwrap());
    assert_eq!(
        (&old["apiVersion"], &old["spec"]["size"]),
        (&json!("example.com/v1beta1"), &json!(2))
    );
    let unknown = send(&mut cluster, Verb::Get, "a", "v2", Body::None);
    assert_eq!(refusal(unknown).0, "NotFound");

    let mut list = Cluster::request(Verb::List, WIDGETS, "default", "");
    list.accept = Accept::Table;
    let ReplyBody::Table(table) = cluster.call(list).unwrap().body else { unreachable!() };
    assert_eq!(
        table.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["Name", "Size", "Color"]
    );
    assert_eq!(table.rows[0].cells, [json!("a"), json!(2), Value::Null]);
}

#[test]
fn objects_are_held_against_the_schema() {
    let mut cluster = cluster();
    let refused = cluster.create(WIDGETS, "default", widget("a", json!({"odd": 1})));
    let want = "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: \
                unknown field \"spec.odd\"";
    assert_eq!(refusal(refused).1, want);
    for (spec, want) in [
        (
            json!({"size": 0}),
            "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
        ),
        (
            json!({"size": "x"}),
            "spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
        ),
        (
            json!({"color": "green"}),
            "spec.color: Unsupported value: \"green\": supported values: \"red\", \"blue\"",
        ),
        (
            json!({"code": "A1"}),
            "spec.code: Invalid value: \"A1\": spec.code in body should match '^[a-z]+\\d$'",
        ),
        (json!({"code": "abcd1"}), "spec.code: Too long: may not be more than 4 bytes"),
        (
            json!({"port": true}),
            "spec.port: Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\"",
        ),
        (
            json!({"parts": [{"name": "a"}, {"name": "a"}]}),
            "spec.parts[1]: Duplicate value: {\"name\":\"a\"}",
        ),
    ] {
        let answer = cluster.create(WIDGETS, "default", widget("a", spec));
        assert_eq!(refusal(answer).1, format!("Widget.example.com \"a\" is invalid: {want}"));
    }
}

#[test]
fn parts_of_an_object_are_written_apart() {
    let mut cluster = cluster();
    cluster.create(WIDGETS, "default", widget("a", json!({}))).unwrap();
    let scale = Cluster::request(Verb::Patch, WIDGETS, "default", "a")
        .subresource("scale")
        .body(Body::Patch(PatchType::Merge, json!({"spec": {"replicas": 7}})));
    let scale = wire_of(cluster.call(scale).unwrap());
    assert_eq!(scale["spec"]["replicas"], 7);
    let status = json!({"spec": {"size": 1}, "status": {"size": 7}});
    let status = Cluster::request(Verb::Patch, WIDGETS, "default", "a")
        .subresource("status")
        .body(Body::Patch(PatchType::Merge, status));
    cluster.call(status).unwrap();
    let stored = cluster.wire(WIDGETS, "default", "a");
    assert_eq!((&stored["spec"]["size"], &stored["status"]["size"]), (&json!(7), &json!(7)));
    assert_eq!(stored["metadata"]["generation"], 2);
    let patch = cluster.patch(PatchType::Strategic, WIDGETS, "a", json!({"spec": {}}));
    assert_eq!(refusal(patch).0, "UnsupportedMediaType");
}

#[test]
fn lists_are_applied_by_their_keys() {
    let mut cluster = cluster();
    let mut apply = |manager: &str, parts: Value| {
        let body = widget("a", json!({"parts": parts}));
        let mut request = Cluster::request(Verb::Patch, WIDGETS, "default", "a")
            .body(Body::Patch(PatchType::Apply, body));
        request.query.push(("fieldManager".into(), manager.into()));
        cluster.call(request)
    };
    apply("a", json!([{"name": "x", "count": 1}])).unwrap();
    apply("b", json!([{"name": "y", "count": 1}])).unwrap();
    let want = "Apply failed with 1 conflict: conflict with \"a\": .spec.parts[name=\"x\"].count";
    assert_eq!(refusal(apply("b", json!([{"name": "x", "count": 2}]))).1, want);
    apply("a", json!([])).unwrap();
    let stored = cluster.wire(WIDGETS, "default", "a");
    assert_eq!(stored["spec"]["parts"], json!([{"name": "y", "count": 1}]));
}

#[test]
fn a_definition_goes_with_its_objects() {
    let mut cluster = cluster();
    cluster.create(WIDGETS, "default", widget("a", json!({}))).unwrap();
    let mut held = widget("held", json!({}));
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.create(WIDGETS, "default", held).unwrap();
    let delete = Cluster::request(Verb::Delete, CRDS, "", "widgets.example.com")
        .body(Body::Delete(DeleteOptions::default()));
    cluster.call(delete).unwrap();
    assert_eq!(refusal(cluster.get(WIDGETS, "default", "a")).0, "NotFound");
    let held = cluster.wire(CRDS, "", "widgets.example.com");
    assert_eq!(held["status"]["conditions"][2]["type"], "Terminating");
    let free = json!({"metadata": {"finalizers": null}});
    cluster.patch(PatchType::Merge, WIDGETS, "held", free).unwrap();
    assert_eq!(refusal(cluster.get(CRDS, "", "widgets.example.com")).0, "NotFound");
    let gone = refusal(cluster.get(WIDGETS, "default", "held")).1;
    assert_eq!(gone, "the server could not find the requested resource");
}
