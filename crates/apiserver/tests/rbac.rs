//! User × verb × resource: who is allowed, and the words for who is not.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::sync::Arc;

use client::{Body, Credentials, Impersonate, Request, Verb};
use common::{Cluster, gr};
use serde_json::json;

fn asks(user: &str, verb: Verb, resource: &str, namespace: &str, name: &str) -> Request {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let mut request = Request::new(verb, gr(resource), namespace, name);
    request.subresource = subresource.into();
    let wanted = Impersonate { user: user.into(), ..Impersonate::default() };
    let mut credentials = Credentials { token: "admin".into(), ..Credentials::default() };
    credentials.impersonate = Some(wanted);
    request.sender = Some(Arc::new(credentials));
    request
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::with_administrator("admin");
    let rules = json!([
        { "apiGroups": [""], "resources": ["pods", "*/log"], "verbs": ["get", "list"] },
        { "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"],
          "verbs": ["*"] },
        { "apiGroups": [""], "resources": ["secrets"], "verbs": ["create"] },
    ]);
    let group = "rbac.authorization.k8s.io";
    let role = json!({ "metadata": { "name": "r" }, "rules": rules });
    cluster.create(&format!("roles.{group}"), "default", role).unwrap();
    let subjects = json!([
        { "kind": "User", "name": "ann", "apiGroup": group },
        { "kind": "ServiceAccount", "name": "bot" },
    ]);
    let binding = json!({
        "metadata": { "name": "b" }, "subjects": subjects,
        "roleRef": { "apiGroup": group, "kind": "Role", "name": "r" },
    });
    cluster.create(&format!("rolebindings.{group}"), "default", binding).unwrap();
    let lost = json!({
        "metadata": { "name": "lost" },
        "subjects": [{ "kind": "User", "name": "eve", "apiGroup": group }],
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "gone" },
    });
    cluster.create(&format!("clusterrolebindings.{group}"), "", lost).unwrap();
    cluster
}

#[test]
fn allowed_or_told_why_not() {
    let mut cluster = cluster();
    let bot = "system:serviceaccount:default:bot";
    let table: &[(&str, Verb, &str, &str, &str, &str)] = &[
        ("ann", Verb::List, "pods", "default", "", ""),
        (bot, Verb::List, "pods", "default", "", ""),
        (
            "system:serviceaccount:other:bot",
            Verb::List,
            "pods",
            "default",
            "",
            "pods is forbidden: User \"system:serviceaccount:other:bot\" cannot list resource \
             \"pods\" in API group \"\" in the namespace \"default\"",
        ),
        (
            "ann",
            Verb::List,
            "pods",
            "",
            "",
            "pods is forbidden: User \"ann\" cannot list resource \"pods\" in API group \"\" at the \
             cluster scope",
        ),
        (
            "ann",
            Verb::Delete,
            "pods",
            "default",
            "p",
            "pods \"p\" is forbidden: User \"ann\" cannot delete resource \"pods\" in API group \"\" \
             in the namespace \"default\"",
        ),
        ("ann", Verb::Get, "pods/log", "default", "p", "pods \"p\" not found"),
        (
            "ann",
            Verb::Get,
            "deployments.apps",
            "default",
            "web",
            "deployments.apps \"web\" not found",
        ),
        (
            "ann",
            Verb::Get,
            "deployments.apps",
            "default",
            "api",
            "deployments.apps \"api\" is forbidden: User \"ann\" cannot get resource \
             \"deployments\" in API group \"apps\" in the namespace \"default\"",
        ),
        (
            "eve",
            Verb::List,
            "nodes",
            "",
            "",
            "nodes is forbidden: User \"eve\" cannot list resource \"nodes\" in API group \"\" at \
             the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io \"gone\" not found",
        ),
        (
            "eve",
            Verb::Get,
            "namespaces",
            "",
            "default",
            "namespaces \"default\" is forbidden: User \"eve\" cannot get resource \"namespaces\" in \
             API group \"\" in the namespace \"default\": RBAC: \
             clusterrole.rbac.authorization.k8s.io \"gone\" not found",
        ),
        ("system:kube-scheduler", Verb::List, "nodes", "", "", ""),
    ];
    for (user, verb, resource, namespace, name, expected) in table {
        let answer = cluster.call(asks(user, *verb, resource, namespace, name));
        let said = answer.err().map(|status| status.message).unwrap_or_default();
        assert_eq!(said, *expected, "{user} {verb:?} {resource} {namespace}/{name}");
    }
}

#[test]
fn nobody_gives_what_he_has_not() {
    let mut cluster = cluster();
    let group = "rbac.authorization.k8s.io";
    let writer = json!({
        "metadata": { "name": "writer" },
        "rules": [{ "apiGroups": [group], "resources": ["roles"], "verbs": ["create"] }],
    });
    cluster.create(&format!("roles.{group}"), "default", writer).unwrap();
    let binding = json!({
        "metadata": { "name": "w" },
        "subjects": [{ "kind": "User", "name": "ann", "apiGroup": group }],
        "roleRef": { "apiGroup": group, "kind": "Role", "name": "writer" },
    });
    cluster.create(&format!("rolebindings.{group}"), "default", binding).unwrap();
    let mut write = |name: &str, verbs: &[&str]| {
        let role = json!({
            "metadata": { "name": name },
            "rules": [{ "apiGroups": [""], "resources": ["pods", "nodes"], "verbs": verbs }],
        });
        let roles = format!("roles.{group}");
        let request = asks("ann", Verb::Create, &roles, "default", "").body(Body::Json(role));
        cluster.call(request).err().map(|status| status.message).unwrap_or_default()
    };
    assert_eq!(
        write("more", &["get", "delete"]),
        "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"ann\" \
         (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently \
         held:\n{APIGroups:[\"\"], Resources:[\"nodes\"], Verbs:[\"get\" \"delete\"]}\n\
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}"
    );
}

#[test]
fn tokens_are_their_accounts_until_they_end() {
    let mut cluster = cluster();
    cluster.create("serviceaccounts", "default", json!({ "metadata": { "name": "bot" } })).unwrap();
    let request = Request::new(Verb::Create, gr("serviceaccounts"), "default", "bot");
    let request = request.subresource("token").body(Body::Json(json!({})));
    let answer = cluster.call(request).unwrap();
    let client::ReplyBody::Json(answer) = answer.body else { panic!("no token") };
    let token = answer["status"]["token"].as_str().unwrap().to_owned();
    assert_eq!(token.split('.').count(), 3);
    let ask = |cluster: &mut Cluster, token: &str| {
        let mut request = Request::new(Verb::List, gr("pods"), "default", "");
        let token = token.into();
        request.sender = Some(Arc::new(Credentials { token, ..Credentials::default() }));
        cluster.call(request).err().map(|status| status.message).unwrap_or_default()
    };
    assert_eq!(ask(&mut cluster, &token), "");
    assert_eq!(ask(&mut cluster, &format!("{token}x")), "Unauthorized");
    cluster.pass(3601);
    assert_eq!(ask(&mut cluster, &token), "Unauthorized");
}
