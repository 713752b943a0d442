//! Lists: selectors, pages, tables.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use client::{Accept, ReplyBody, Verb};
use common::{Cluster, names_of, pod, refusal};
use serde_json::json;

fn filled() -> Cluster {
    let mut cluster = Cluster::new();
    for (namespace, name, app) in
        [("default", "c", "x"), ("default", "a", "y"), ("kube-public", "b", "x")]
    {
        let body = json!({"metadata": {"name": name, "labels": {"app": app}}});
        cluster.create("configmaps", namespace, body).unwrap();
    }
    cluster
}

#[test]
fn lists_are_in_key_order_and_selected() {
    let mut cluster = filled();
    for (namespace, labels, fields, want) in [
        ("", "", "", vec!["a", "c", "b"]),
        ("default", "", "", vec!["a", "c"]),
        ("", "app=x", "", vec!["c", "b"]),
        ("", "app in (y, z)", "", vec!["a"]),
        ("", "", "metadata.name=b", vec!["b"]),
        ("", "app=x", "metadata.namespace!=default", vec!["b"]),
        ("nosuch", "", "", vec![]),
    ] {
        let names = names_of(cluster.list("configmaps", namespace, labels, fields));
        assert_eq!(names, want, "{namespace} {labels} {fields}");
    }
}

#[test]
fn pods_are_selected_by_phase_and_node() {
    let mut cluster = Cluster::new();
    cluster.create("pods", "default", pod("a")).unwrap();
    for (fields, want) in [
        ("status.phase=Pending", 1),
        ("status.phase!=Pending", 0),
        ("spec.nodeName=", 1),
        ("spec.nodeName=node-1", 0),
    ] {
        assert_eq!(names_of(cluster.list("pods", "", "", fields)).len(), want, "{fields}");
    }
}

#[test]
fn selectors_are_refused_in_upstream_s_words() {
    let mut cluster = Cluster::new();
    for (resource, fields, want) in [
        ("pods", "spec.foo=bar", "field label not supported: spec.foo"),
        (
            "configmaps",
            "data.a=b",
            "\"data.a\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\"",
        ),
        ("pods", "x", "invalid selector: 'x'; can't understand 'x'"),
    ] {
        let answer = cluster.list(resource, "default", "", fields);
        assert_eq!(refusal(answer), ("BadRequest", want.to_owned()));
    }
}

#[test]
fn pages_follow_one_another_at_one_revision() {
    let mut cluster = filled();
    let mut request = Cluster::request(Verb::List, "configmaps", "", "");
    request.list.limit = 2;
    let first = cluster.call(request.clone()).unwrap().list().unwrap();
    assert_eq!((first.items.len(), first.remaining), (2, 1));
    cluster.config_map("zz", "1");
    request.list.continue_token = first.continue_token;
    let second = cluster.call(request).unwrap().list().unwrap();
    assert_eq!((second.items.len(), second.remaining), (1, 0));
    assert_eq!(second.resource_version, first.resource_version);
    assert!(second.continue_token.is_empty());
}

#[test]
fn a_table_has_a_cell_a_column() {
    let mut cluster = Cluster::new();
    cluster.create("pods", "default", pod("a")).unwrap();
    cluster.pass(61);
    for verb in [Verb::List, Verb::Get] {
        let name = if verb == Verb::Get { "a" } else { "" };
        let mut request = Cluster::request(verb, "pods", "default", name);
        request.accept = Accept::Table;
        let ReplyBody::Table(table) = cluster.call(request).unwrap().body else { panic!() };
        assert_eq!(table.columns[0].name, "Name");
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0].cells.len(), table.columns.len());
        assert_eq!(table.rows[0].cells[0], "a");
        assert!(table.rows[0].cells.contains(&json!("61s")));
    }
}

#[test]
fn a_list_is_shown_at_the_revision_that_is_asked_for() {
    let mut cluster = filled();
    let then = cluster.server.revision().to_string();
    cluster.config_map("zz", "1");
    let mut list = |pairs: &[(&str, &str)]| {
        let mut request = Cluster::request(Verb::List, "configmaps", "default", "");
        for (name, value) in pairs {
            request.query.push(((*name).into(), (*value).into()));
        }
        cluster.call(request)
    };
    let exact = [("resourceVersion", then.as_str()), ("resourceVersionMatch", "Exact")];
    assert_eq!(names_of(list(&exact)), ["a", "c"]);
    let later = [("resourceVersion", then.as_str()), ("resourceVersionMatch", "NotOlderThan")];
    assert_eq!(names_of(list(&later)), ["a", "c", "zz"]);
    for (pairs, reason, want) in [
        (vec![("resourceVersion", "999999")], "Timeout", "Too large resource version: 999999"),
        (vec![("resourceVersionMatch", "Exact")], "Invalid", "forbidden unless resourceVersion"),
        (
            vec![("resourceVersion", "0"), ("resourceVersionMatch", "Exact")],
            "Invalid",
            "is forbidden for resourceVersion \"0\"",
        ),
        (
            vec![("resourceVersion", "1"), ("resourceVersionMatch", "Newest")],
            "Invalid",
            "supported values: \"Exact\", \"NotOlderThan\", \"\"",
        ),
    ] {
        let (got, message) = refusal(list(&pairs));
        assert_eq!(got, reason);
        assert!(message.contains(want), "{message}");
    }
}
