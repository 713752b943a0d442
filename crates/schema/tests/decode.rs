//! Strict decoding, against the texts of a real API server.

use schema::{Schema, check, check_patched, go_print};
use serde_json::{Value, json};

fn message(api_version: &str, kind: &str, value: Value) -> Option<String> {
    let ty = Schema::get().type_of(api_version, kind).expect("a known kind");
    check(&value, ty).message(&[])
}

fn deployment(spec: Value) -> Option<String> {
    message("apps/v1", "Deployment", json!({"apiVersion": "apps/v1", "spec": spec}))
}

fn pod(spec: Value) -> Option<String> {
    message("v1", "Pod", json!({"spec": spec}))
}

/// Recorded in scenarios 07-config and 08a-bad-input.
#[test]
fn recorded_texts() {
    let quantity = "quantities must match the regular expression \
                    '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    let unknown = json!({"foo": 1, "replica": 2, "replicas": 1});
    let ty = Schema::get().type_of("apps/v1", "Deployment").unwrap();
    let report = check(&json!({"spec": unknown}), ty);
    assert_eq!(
        report.bad_request("v1", "Deployment", &[]).unwrap(),
        "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: \
         unknown field \"spec.foo\", unknown field \"spec.replica\""
    );
    assert_eq!(report.errors[1].suggestion, Some("replicas"));
    let cases = [
        (
            deployment(json!({"replicas": "three"})),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of \
             type int32",
        ),
        (
            deployment(json!({"selector": {"matchLabels": {"a": true}}})),
            "json: cannot unmarshal bool into Go struct field \
             LabelSelector.spec.selector.matchLabels of type string",
        ),
        (
            message("v1", "Secret", json!({"data": {"a": "abc!"}})),
            "illegal base64 data at input byte 3",
        ),
        (
            message("v1", "ConfigMap", json!({"data": {"a": 1}})),
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (pod(json!({"containers": [{"resources": {"limits": {"cpu": "abc"}}}]})), quantity),
    ];
    for (got, want) in cases {
        assert_eq!(got.as_deref(), Some(want));
    }
}

#[test]
fn types_as_go_names_them() {
    let cases = [
        (pod(json!("x")), "string into Go struct field Pod.spec of type v1.PodSpec"),
        (
            pod(json!({"containers": "x"})),
            "string into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            pod(json!({"containers": ["x"]})),
            "string into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            pod(json!({"restartPolicy": 5})),
            "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (
            pod(json!({"containers": [{"image": 5}]})),
            "number into Go struct field Container.spec.containers.image of type string",
        ),
        (
            pod(json!({"nodeSelector": ["x"]})),
            "array into Go struct field PodSpec.spec.nodeSelector of type map[string]string",
        ),
        (
            pod(json!({"containers": [{"resources": {"limits": "x"}}]})),
            "string into Go struct field ResourceRequirements.spec.containers.resources.limits of \
             type v1.ResourceList",
        ),
        (
            deployment(json!({"replicas": 3.5})),
            "number 3.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            deployment(json!({"replicas": 99999999999i64})),
            "number 99999999999 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            message("v1", "Service", json!({"spec": {"ports": [{"targetPort": true}]}})),
            "bool into Go struct field ServicePort.spec.ports.targetPort of type int32",
        ),
        (
            message("v1", "Pod", json!({"metadata": {"creationTimestamp": 1}})),
            "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
    ];
    for (got, want) in cases {
        assert_eq!(got, Some(format!("json: cannot unmarshal {want}")));
    }
    assert_eq!(
        message("v1", "Pod", json!([])).unwrap(),
        "json: cannot unmarshal array into Go value of type v1.Pod"
    );
}

#[test]
fn the_first_wrong_type_wins_but_a_decoder_of_its_own_ends_it() {
    let spec = json!({
        "containers": [{"image": 1, "resources": {"limits": {"cpu": "1x"}}, "unknown": 1}],
        "hostNetwork": "yes",
    });
    let ty = Schema::get().type_of("v1", "Pod").unwrap();
    let report = check(&json!({"spec": spec}), ty);
    assert_eq!(report.errors.len(), 4);
    assert!(report.message(&[]).unwrap().starts_with("quantities must match"));
    let paths: Vec<_> = report.errors.iter().map(|e| e.path.as_str()).collect();
    assert_eq!(paths[1], "spec.containers[0].resources.limits.cpu");
    assert_eq!(paths[2], "spec.containers[0].unknown");
}

#[test]
fn accepted_values() {
    let good = [
        json!({"replicas": 3.0}),
        json!({"replicas": null, "template": null}),
        json!({"strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}}),
    ];
    for spec in good {
        assert_eq!(deployment(spec.clone()), None, "{spec}");
    }
    let limits = json!({"cpu": 1, "memory": "1.5Gi", "a": "1e3", "b": 0.5});
    assert_eq!(pod(json!({"containers": [{"resources": {"limits": limits}}]})), None);
}

#[test]
fn quantities_as_the_real_parser() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/quantities.json")).unwrap();
    // The decoder trims white space before it parses.
    for case in cases.iter().filter(|case| !case["in"].as_str().unwrap().starts_with(' ')) {
        let limits = json!({"cpu": case["in"]});
        let got = pod(json!({"containers": [{"resources": {"limits": limits}}]}));
        assert_eq!(got.as_deref(), case["err"].as_str(), "{}", case["in"]);
    }
}

#[test]
fn times() {
    let time = |text: &str| message("v1", "Pod", json!({"metadata": {"creationTimestamp": text}}));
    let layout = "2006-01-02T15:04:05Z07:00";
    for good in ["2024-02-29T00:00:00Z", "2024-01-01T1:02:03.5+09:00"] {
        assert_eq!(time(good), None, "{good}");
    }
    let cases = [
        ("x", format!("parsing time \"x\" as \"{layout}\": cannot parse \"x\" as \"2006\"")),
        (
            "2024-01-01",
            format!("parsing time \"2024-01-01\" as \"{layout}\": cannot parse \"\" as \"T\""),
        ),
        (
            "2023-02-29T00:00:00Z",
            "parsing time \"2023-02-29T00:00:00Z\": day out of range".to_owned(),
        ),
        (
            "2023-13-01T00:00:00Z",
            "parsing time \"2023-13-01T00:00:00Z\": month out of range".to_owned(),
        ),
        (
            "2023-01-01T00:00:00Zz",
            "parsing time \"2023-01-01T00:00:00Zz\": extra text: \"z\"".to_owned(),
        ),
    ];
    for (text, want) in cases {
        assert_eq!(time(text), Some(want));
    }
}

#[test]
fn unknown_fields_are_capped() {
    let many: serde_json::Map<String, Value> =
        (0..500).map(|n| (format!("f{n}"), Value::Null)).collect();
    let ty = Schema::get().type_of("v1", "Pod").unwrap();
    assert_eq!(check(&Value::Object(many), ty).errors.len(), 100);
}

#[test]
fn endless_nesting_is_refused() {
    let mut schema = json!({});
    for _ in 0..500 {
        schema = json!({"items": 1, "not": schema});
    }
    let crd = json!({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}});
    let got = message("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd);
    assert_eq!(got.as_deref(), Some("exceeded max depth"));
}

#[test]
fn objects_that_a_strategic_patch_made_wrong() {
    let ty = Schema::get().type_of("v1", "Pod").unwrap();
    let cases = [
        (json!({"spec": {"priority": "x"}}), "unrecognized type: int32"),
        (json!({"spec": {"priority": 1.5}}), "cannot convert float64 to int32"),
        (json!({"spec": {"restartPolicy": 1}}), "cannot convert int64 to v1.RestartPolicy"),
        (json!({"spec": {"hostname": true}}), "unrecognized type: string"),
        (json!({"spec": "x"}), "cannot restore struct from: string"),
        (json!({"spec": {"containers": {}}}), "cannot restore slice from map"),
        (json!({"metadata": {"labels": [1]}}), "cannot restore map from slice"),
        (
            json!({"spec": {"containers": [{"livenessProbe": {"httpGet": {"port": true}}}]}}),
            "json: cannot unmarshal bool into Go value of type int32",
        ),
        (
            json!({"x": 1, "spec": {"containers": [{"y": 1}]}}),
            "strict decoding error: unknown field \"spec.containers[0].y\", unknown field \"x\"",
        ),
    ];
    for (value, want) in cases {
        assert_eq!(check_patched(&value, ty).as_deref(), Some(want), "{value}");
    }
    assert_eq!(check_patched(&json!({"spec": {"priority": 2.0}}), ty), None);
    let patch = json!({"spec": {"a": [1, "b"], "n": null}});
    assert_eq!(go_print(&patch), "map[spec:map[a:[1 b] n:<nil>]]");
}
