//! `kubectl explain` and completion.

use schema::{Schema, explain_text};

/// Recorded in scenario 09b-kubectl-output.
#[test]
fn all_fields_of_a_pod_as_recorded() {
    let page = explain_text("", "v1", "Pod", &[], true).unwrap();
    let fields = &page[page.find("FIELDS:").unwrap()..];
    for (got, want) in fields.lines().zip(include_str!("data/explain_pod_recursive.txt").lines()) {
        assert_eq!(got, want);
    }
    assert_eq!(fields, include_str!("data/explain_pod_recursive.txt"));
}

#[test]
fn a_field_as_recorded_but_for_prose() {
    let page = explain_text("apps", "v1", "Deployment", &["spec", "strategy"], false).unwrap();
    let want = "GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\n\
                FIELD: strategy <DeploymentStrategy>\n\n\n\
                DESCRIPTION:\n    <no description in this build>\n    \n\
                FIELDS:\n  rollingUpdate\t<RollingUpdateDeployment>\n    <no description>\n\n  \
                type\t<string>\n  enum: Recreate, RollingUpdate\n    <no description>\n\n\n";
    assert_eq!(page, want);
    let page = explain_text("apps", "v1", "Deployment", &["spec", "strategy", "type"], false);
    assert!(page.unwrap().contains("<string>\nENUM:\n    Recreate\n    RollingUpdate\n\nDESC"));
    let path = ["spec", "containers", "resources"];
    let page = explain_text("", "v1", "Pod", &path, false).unwrap();
    for line in ["  claims\t<[]ResourceClaim>\n", "  limits\t<map[string]Quantity>\n"] {
        assert!(page.contains(line), "{line}");
    }
}

#[test]
fn an_unknown_field_fails_after_the_heading() {
    let error = explain_text("apps", "v1", "Deployment", &["spec", "nosuch"], false).unwrap_err();
    assert_eq!(error.message, "error: field \"nosuch\" does not exist");
    assert_eq!(error.output, "GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\n");
    assert!(explain_text("x", "v1", "Y", &[], false).is_err());
}

#[test]
fn recursion_ends_in_types_that_hold_themselves() {
    let crd = ("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    assert!(explain_text(crd.0, crd.1, crd.2, &[], true).unwrap().len() < 100_000);
}

#[test]
fn completion_by_path() {
    let schema = Schema::get();
    let pod = schema.type_of("v1", "Pod").unwrap();
    let names = |path: &[&str]| -> Vec<&str> {
        schema.completions(pod, path).unwrap().fields.iter().map(|f| f.name).collect()
    };
    assert_eq!(names(&[]), ["apiVersion", "kind", "metadata", "spec", "status"]);
    assert!(names(&["spec", "containers", "0"]).contains(&"readinessProbe"));
    let values = |path: &[&str]| schema.completions(pod, path).unwrap().values;
    let policy = ["Always", "IfNotPresent", "Never"];
    assert_eq!(values(&["spec", "containers", "1", "imagePullPolicy"]), policy);
    assert_eq!(values(&["spec", "hostNetwork"]), ["true", "false"]);
    assert!(values(&["metadata", "labels", "app"]).is_empty());
    for unknown in [&["nosuch"][..], &["spec", "containers", "x"], &["kind", "x"]] {
        assert!(schema.completions(pod, unknown).is_none());
    }
    let explained = schema.explain(pod, &["spec", "containers", "env"]).unwrap();
    assert!(explained.iter().any(|f| f.name == "name" && f.required));
    assert!(schema.kinds().any(|kind| kind == ("apps/v1".to_owned(), "Deployment")));
}
