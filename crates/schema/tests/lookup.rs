//! Lookups of types, fields and resources.

use schema::{FieldKind, ListType, Schema};

#[test]
fn fields_of_a_deployment() {
    let schema = Schema::get();
    let deployment = schema.type_for("apps", "v1", "Deployment").unwrap();
    assert_eq!(schema.type_of("apps/v1", "Deployment"), Some(deployment));
    assert_eq!(schema.ty(deployment).unwrap().go_name(), "v1.Deployment");
    let spec = schema.field(deployment, "spec").unwrap().kind.object().unwrap();
    assert_eq!(schema.field(spec, "replicas").unwrap().kind, FieldKind::Int32);
    assert!(schema.field(spec, "selector").unwrap().required);
    let strategy = schema.field(spec, "strategy").unwrap();
    assert!(strategy.patch_strategy.retain_keys && !strategy.patch_strategy.merge);
    let pod = schema.type_named("io.k8s.api.core.v1.PodSpec").unwrap();
    let containers = schema.field(pod, "containers").unwrap();
    assert_eq!(containers.merge_key, Some("name"));
    assert_eq!(containers.list_type, Some(ListType::Map));
    let volumes = schema.field(pod, "volumes").unwrap();
    assert!(volumes.patch_strategy.retain_keys && volumes.patch_strategy.merge);
    let restart = schema.field(pod, "restartPolicy").unwrap();
    assert_eq!(restart.enums, ["Always", "Never", "OnFailure"]);
    assert!(schema.field(pod, "nosuch").is_none());
}

#[test]
fn every_object_kind_leads_to_a_type() {
    let schema = Schema::get();
    assert!(schema.types().count() > 500);
    for (_, ty) in schema.types() {
        assert!(ty.fields.is_sorted_by(|a, b| a.name < b.name), "{}", ty.name);
        for field in &ty.fields {
            if let Some(id) = field.kind.object() {
                assert!(schema.ty(id).is_some(), "{}.{}", ty.name, field.name);
            }
        }
    }
}

#[test]
fn arguments_name_resources() {
    let cases = [
        ("po", "pods"),
        ("Deployment", "deployments.apps"),
        ("deploy", "deployments.apps"),
        ("deployment.apps", "deployments.apps"),
        ("deployments.v1.apps", "deployments.apps"),
        ("ev", "events"),
        ("events", "events"),
        ("events.events.k8s.io", "events.events.k8s.io"),
        ("hpa", "horizontalpodautoscalers.autoscaling"),
        ("ingress.networking", "ingresses.networking.k8s.io"),
        ("endpointslice", "endpointslices.discovery.k8s.io"),
    ];
    for (argument, want) in cases {
        let got = Schema::get().resolve(argument).map(|r| r.group_resource());
        assert_eq!(got.as_deref(), Some(want), "{argument}");
    }
    for nothing in ["nosuch", "", ".", "pods.apps", "deployments.v2.apps", "é.é"] {
        assert!(Schema::get().resolve(nothing).is_none(), "{nothing}");
    }
    assert_eq!(Schema::get().resolve("hpa").unwrap().version, "v2");
}

#[test]
fn groups_and_columns_as_recorded() {
    let schema = Schema::get();
    let groups = schema.groups();
    assert_eq!(groups[0], ("", vec!["v1"]));
    assert_eq!(groups[2], ("apps", vec!["v1"]));
    assert_eq!(schema.preferred_version("autoscaling"), Some("v2"));
    let deployments = schema.resource("apps", "v1", "deployments").unwrap();
    assert_eq!(deployments.categories, ["all"]);
    let scale = deployments.subresource("scale").unwrap();
    assert_eq!((scale.group, scale.kind), ("autoscaling", "Scale"));
    let names: Vec<_> = schema.columns("pods").unwrap().iter().map(|c| c.name).collect();
    assert_eq!(names[..5], ["Name", "Ready", "Status", "Restarts", "Age"]);
    assert!(schema.category("all").any(|r| r.plural == "pods"));
}

/// Recorded in scenario 09b-kubectl-output; kubectl lists groups and names sorted, and of each
/// resource the preferred version.
#[test]
fn api_resources_as_recorded() {
    let schema = Schema::get();
    let mut rows: Vec<_> = schema
        .resources()
        .iter()
        .filter(|r| schema.preferred_version(r.group) == Some(r.version))
        .collect();
    rows.sort_by_key(|r| (r.group, r.plural));
    let got: Vec<String> = rows
        .iter()
        .map(|r| {
            let short = r.short_names.join(",");
            let line = [r.plural, &short, &r.api_version(), &r.namespaced.to_string(), r.kind];
            line.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    let recorded = include_str!("data/api_resources.txt").lines().skip(1);
    let want: Vec<String> =
        recorded.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(got, want);
}
