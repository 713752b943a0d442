//! Patches, against what the real functions gave and against each other.
#![allow(clippy::disallowed_methods, reason = "other recordings may be named")]

use proptest::prelude::*;
use schema::patch::{PatchError, json as json_patch, keeps_identity, merge, strategic, three_way};
use schema::{Schema, TypeId};
use serde_json::{Map, Value, json};

fn deployment() -> TypeId {
    Schema::get().type_of("apps/v1", "Deployment").expect("Deployment")
}

fn vectors() -> Value {
    let given = std::env::var("KUBARIUM_VECTORS");
    let given = given.map(|path| std::fs::read_to_string(path).expect("the vectors named"));
    let text = given.unwrap_or_else(|_| include_str!("data/patch_vectors.json").to_owned());
    serde_json::from_str(&text).expect("vectors")
}

fn check_recorded(got: Result<Value, PatchError>, want: &Value, error: &Value, case: &Value) {
    match (got, error.as_str()) {
        (Ok(got), None) => assert_eq!(&got, want, "{case}"),
        (Err(got), Some(want)) => assert_eq!(got.message, want),
        (got, error) => panic!("{case}: got {got:?}, want {want} or {error:?}"),
    }
}

#[test]
fn strategic_patches_as_recorded() {
    let vectors = vectors();
    let vectors = &vectors["strategic_merge"];
    let cases = vectors["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let got = strategic::apply(&vectors["base"], &case["patch"], deployment());
        check_recorded(got, &case["result"], &case["err"], &case["patch"]);
    }
}

#[test]
fn three_way_patches_as_recorded() {
    for case in vectors()["three_way"].as_array().unwrap() {
        let [original, modified, current] = ["original", "modified", "current"].map(|k| &case[k]);
        let patch = three_way(original, modified, current, Some(deployment()));
        check_recorded(patch.clone(), &case["patch"], &case["err"], case);
        let result = strategic::apply(current, &patch.unwrap(), deployment());
        check_recorded(result, &case["result"], &case["err2"], case);
    }
}

#[test]
fn directives() {
    let base = json!({
        "metadata": {"finalizers": ["a/b", "c/d", "e/f"]},
        "spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}},
    });
    let cases = [
        (
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["c/d"]}}),
            json!({"metadata": {"finalizers": ["a/b", "e/f"]}, "spec": base["spec"]}),
        ),
        (
            json!({"metadata": {"$setElementOrder/finalizers": ["e/f", "x/y", "a/b"],
                "finalizers": ["x/y"]}}),
            json!({"metadata": {"finalizers": ["c/d", "e/f", "x/y", "a/b"]},
                "spec": base["spec"]}),
        ),
        (
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
            json!({"metadata": base["metadata"], "spec": {"strategy": {"type": "Recreate"}}}),
        ),
        (
            json!({"spec": {"strategy": {"$patch": "replace", "type": "Recreate"}}}),
            json!({"metadata": base["metadata"], "spec": {"strategy": {"type": "Recreate"}}}),
        ),
        (
            json!({"spec": {"strategy": {"$patch": "delete"}}}),
            json!({"metadata": base["metadata"], "spec": {"strategy": {}}}),
        ),
    ];
    for (patch, want) in cases {
        assert_eq!(strategic::apply(&base, &patch, deployment()).unwrap(), want, "{patch}");
    }
    let refused = [
        (json!({"spec": {"strategy": {"$patch": "x"}}}), 500, "unknown patch type: x in map"),
        (json!({"spec": {"strategy": {"$retainKeys": 1}}}), 400, "invalid patch format of retain"),
        (
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}),
            400,
            "invalid patch format of retainKeys",
        ),
        (
            json!({"metadata": {"$deleteFromPrimitiveList": []}}),
            400,
            "invalid patch format of primitive list",
        ),
        (
            json!({"metadata": {"$setElementOrder/finalizers": 1}}),
            500,
            "expected a []interface {}, but received a int64",
        ),
        (
            json!({"metadata": {"finalizers": [{"a": 1}]}}),
            500,
            "list element types are not identical: [[a/b c/d e/f] [map[a:1]]]",
        ),
    ];
    for (patch, code, text) in refused {
        let error = strategic::apply(&base, &patch, deployment()).unwrap_err();
        assert!(error.message.starts_with(text) && error.code == code, "{error:?}");
    }
}

#[test]
fn json_patches() {
    let base = json!({"data": {"a": "1", "x/y": "2"}, "list": [1, 2, 3]});
    let good = [
        (json!([{"op": "replace", "path": "/data/new", "value": "x"}]), "/data/new", json!("x")),
        (json!([{"op": "add", "path": "/list/-", "value": 4}]), "/list", json!([1, 2, 3, 4])),
        (json!([{"op": "add", "path": "/list/1", "value": 9}]), "/list", json!([1, 9, 2, 3])),
        (json!([{"op": "remove", "path": "/list/-1"}]), "/list", json!([1, 2])),
        (json!([{"op": "remove", "path": "/data/x~1y"}]), "/data", json!({"a": "1"})),
        (json!([{"op": "move", "from": "/list/0", "path": "/n"}]), "/list", json!([2, 3])),
        (json!([{"op": "copy", "from": "/list", "path": "/n"}]), "/n", json!([1, 2, 3])),
        (json!([{"op": "test", "path": "/data/none", "value": null}]), "/list/0", json!(1)),
        (json!([{"op": "replace", "path": "", "value": {}}]), "", json!({})),
    ];
    for (patch, at, want) in good {
        let result = json_patch::apply(&base, &patch).unwrap();
        assert_eq!(result.pointer(at), Some(&want), "{patch}");
    }
    let refused = [
        (
            json!([{"op": "test", "path": "/data/a", "value": "nope"}]),
            422,
            "testing value /data/a failed: test failed",
        ),
        (
            json!([{"op": "remove", "path": "/nosuch/x"}]),
            422,
            "remove operation does not apply: doc is missing path: \"/nosuch/x\": missing value",
        ),
        (
            json!([{"op": "remove", "path": "/data/none"}]),
            422,
            "Unable to remove nonexistent key: none: missing value",
        ),
        (json!([{"op": "jump", "path": "/a"}]), 422, "Unexpected kind: jump"),
        (json!({}), 400, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
    ];
    for (patch, code, text) in refused {
        let error = json_patch::apply(&base, &patch).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, text));
    }
    let copy = |n| json!({"op": "copy", "from": "", "path": format!("/n{n}")});
    let grow: Vec<Value> = (0..64).map(copy).collect();
    assert!(json_patch::apply(&base, &Value::Array(grow)).is_err());
}

#[test]
fn merge_patches() {
    let base = json!({"a": {"b": 1, "c": 2}, "d": [1]});
    let patch = json!({"a": {"b": null, "n": {"x": null, "y": 1}}, "d": [{"z": null}]});
    let want = json!({"a": {"c": 2, "n": {"y": 1}}, "d": [{}]});
    assert_eq!(merge::apply(&base, &patch).unwrap(), want);
    let current = json!({"spec": {"a": 1, "live": 2}});
    let (original, modified) = (json!({"spec": {"a": 1, "b": 2}}), json!({"spec": {"a": 3}}));
    assert_eq!(
        three_way(&original, &modified, &current, None).unwrap(),
        json!({"spec": {"a": 3, "b": null}})
    );
    assert!(merge::apply(&base, &json!([])).is_err());
    assert!(keeps_identity(&json!({"metadata": {"labels": {}}})));
    assert!(!keeps_identity(&json!({"metadata": {"name": "other"}})));
}

#[test]
fn deep_values_are_refused() {
    let mut deep = json!({});
    for _ in 0..1000 {
        deep = json!({"metadata": deep});
    }
    for error in [
        strategic::apply(&deep, &deep, deployment()).unwrap_err(),
        merge::apply(&deep, &deep).unwrap_err(),
        json_patch::apply(&deep, &json!([])).unwrap_err(),
    ] {
        assert_eq!(error.message, "exceeded max depth");
    }
}

/// An object with any of the fields.
fn some_of(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(k, s)| proptest::option::of(s.prop_map(move |v| (k, v))))
        .collect();
    fields
        .prop_map(|fields| {
            let fields = fields.into_iter().flatten().map(|(k, v)| (k.to_owned(), v));
            Value::Object(Map::from_iter(fields))
        })
        .boxed()
}

/// A list in any order of elements that differ in their key.
fn keyed(
    key: &'static str,
    keys: Vec<Value>,
    element: BoxedStrategy<Value>,
) -> BoxedStrategy<Value> {
    let most = keys.len();
    let keys = proptest::sample::subsequence(keys, 0..=most).prop_shuffle();
    (keys, proptest::collection::vec(element, most))
        .prop_map(move |(keys, elements)| {
            keys.into_iter()
                .zip(elements)
                .map(|(name, mut element)| {
                    element[key] = name;
                    element
                })
                .collect()
        })
        .boxed()
}

fn names(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!(name)).collect()
}

fn text() -> BoxedStrategy<Value> {
    prop_oneof![Just(json!("x")), Just(json!("y")), Just(json!(""))].boxed()
}

fn labels() -> BoxedStrategy<Value> {
    some_of(vec![("a", text()), ("b", text()), ("c", text())])
}

fn container() -> BoxedStrategy<Value> {
    let env = keyed("name", names(&["A", "B", "C"]), some_of(vec![("value", text())]));
    let ports = keyed(
        "containerPort",
        vec![json!(80), json!(443), json!(8080)],
        some_of(vec![("name", text()), ("protocol", Just(json!("TCP")).boxed())]),
    );
    let args = proptest::collection::vec(text(), 0..3).prop_map(Value::Array).boxed();
    some_of(vec![("image", text()), ("env", env), ("ports", ports), ("args", args)])
}

fn pod_spec() -> BoxedStrategy<Value> {
    let volume = prop_oneof![
        Just(json!({"emptyDir": {}})),
        text().prop_map(|path| json!({"hostPath": {"path": path}})),
    ];
    let tolerations = proptest::collection::vec(some_of(vec![("key", text())]), 0..3);
    some_of(vec![
        ("containers", keyed("name", names(&["a", "b", "c", "d"]), container())),
        ("volumes", keyed("name", names(&["v", "w"]), volume.boxed())),
        ("nodeSelector", labels()),
        ("tolerations", tolerations.prop_map(Value::Array).boxed()),
        ("hostNetwork", any::<bool>().prop_map(Value::from).boxed()),
    ])
}

fn any_deployment() -> BoxedStrategy<Value> {
    let finalizers = names(&["a/b", "c/d", "e/f"]);
    let finalizers = proptest::sample::subsequence(finalizers, 0..=3).prop_shuffle();
    let strategy = prop_oneof![
        Just(json!({"type": "Recreate"})),
        (0..3).prop_map(|n| json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": n}})),
    ];
    let template =
        some_of(vec![("metadata", some_of(vec![("labels", labels())])), ("spec", pod_spec())]);
    some_of(vec![
        (
            "metadata",
            some_of(vec![
                ("labels", labels()),
                ("finalizers", finalizers.prop_map(Value::Array).boxed()),
            ]),
        ),
        (
            "spec",
            some_of(vec![
                ("replicas", (0..4).prop_map(Value::from).boxed()),
                ("strategy", strategy.boxed()),
                ("template", template),
            ]),
        ),
    ])
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..3).prop_map(Value::from),
        Just(json!(1.5)),
        Just(json!("delete")),
        Just(json!("replace")),
        Just(json!("/spec/template")),
    ];
    let key = proptest::sample::select(vec![
        "metadata",
        "spec",
        "template",
        "containers",
        "name",
        "finalizers",
        "labels",
        "$patch",
        "$retainKeys",
        "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers",
        "$setElementOrder/finalizers",
        "strategy",
        "op",
        "path",
        "volumes",
        "status",
    ]);
    leaf.prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((key.clone().prop_map(str::to_owned), inner), 0..5)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
    .boxed()
}

/// With the finalizers in order: upstream compares merging lists of primitives sorted, so apply
/// alone never moves one (strategicpatch `diffListsOfScalars`).
fn in_order(mut value: Value) -> Value {
    if let Some(Value::Array(names)) = value.pointer_mut("/metadata/finalizers") {
        names.sort_by_key(Value::to_string);
    }
    value
}

proptest! {
    #[test]
    fn a_two_way_patch_leads_from_one_to_the_other(a in any_deployment(), b in any_deployment()) {
        let patch = strategic::create_two_way(&a, &b, deployment()).unwrap();
        let applied = strategic::apply(&a, &patch, deployment()).unwrap();
        prop_assert_eq!(in_order(applied), in_order(b.clone()), "{}", patch);
        let patch = merge::create_two_way(&a, &b).unwrap();
        prop_assert_eq!(&merge::apply(&a, &patch).unwrap(), &b, "{}", patch);
    }

    #[test]
    fn apply_without_foreign_changes_leads_to_the_manifest(
        a in any_deployment(), b in any_deployment()
    ) {
        let patch = strategic::create_three_way(&a, &b, &a, deployment()).unwrap();
        let applied = strategic::apply(&a, &patch, deployment()).unwrap();
        prop_assert_eq!(in_order(applied), in_order(b.clone()), "{}", patch);
        let patch = merge::create_three_way(&a, &b, &a).unwrap();
        prop_assert_eq!(&merge::apply(&a, &patch).unwrap(), &b, "{}", patch);
    }

    #[test]
    fn nothing_panics(a in any_json(), b in any_json(), c in any_json()) {
        let ty = deployment();
        let _ = strategic::apply(&a, &b, ty);
        let _ = strategic::create_two_way(&a, &b, ty);
        let _ = three_way(&a, &b, &c, Some(ty));
        let _ = three_way(&a, &b, &c, None);
        let _ = merge::apply(&a, &b);
        let _ = json_patch::apply(&a, &b);
        for (ty, _) in Schema::get().types().step_by(37) {
            let _ = schema::check(&a, ty).message(&[]);
        }
    }
}
