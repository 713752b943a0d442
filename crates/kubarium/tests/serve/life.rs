//! The server driven by the `kube` crate: what a controller in Rust does all day.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::server::{self, Server};
use futures_util::StreamExt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{
    Api, DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams, WatchEvent,
    WatchParams,
};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

fn deployment(name: &str, replicas: i32) -> Deployment {
    let labels = json!({ "app": name });
    serde_json::from_value(json!({
        "metadata": { "name": name },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "nginx", "image": "nginx" }] },
            },
        },
    }))
    .unwrap()
}

fn is_ready(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True")
}

/// Watches until so many pods of an app are ready.
async fn ready_pods(client: &Client, app: &str, wanted: usize) -> Vec<String> {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let params = WatchParams::default().labels(&format!("app={app}")).timeout(60);
    let mut ready = BTreeMap::new();
    let mut changes = pods.watch(&params, "0").await.unwrap().boxed();
    while let Some(change) = changes.next().await {
        match change.unwrap() {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                ready.insert(pod.name_any(), is_ready(&pod));
            }
            WatchEvent::Deleted(pod) => drop(ready.remove(&pod.name_any())),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(error) => panic!("{error:?}"),
        }
        if ready.values().filter(|ready| **ready).count() == wanted && ready.len() == wanted {
            return ready.into_keys().collect();
        }
    }
    panic!("{ready:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_lives_its_life() {
    let server = Server::start(&server::folder("life"), &["--port", "0"]);
    let client = server.client().await;
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.36.2");
    let groups = client.list_api_groups().await.unwrap();
    assert!(groups.groups.iter().any(|group| group.name == "apps"));
    let resources = client.list_api_group_resources("apps/v1").await.unwrap();
    assert!(resources.resources.iter().any(|one| one.name == "deployments/scale"));
    let nodes: Api<Node> = Api::all(client.clone());
    assert_eq!(nodes.list(&ListParams::default()).await.unwrap().items.len(), 3);

    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let made = deployments.create(&PostParams::default(), &deployment("web", 2)).await.unwrap();
    assert_eq!(made.metadata.generation, Some(1));
    let again = deployments.create(&PostParams::default(), &deployment("web", 2)).await;
    let kube::Error::Api(status) = again.unwrap_err() else { panic!("a status") };
    assert_eq!((status.code, status.reason.as_str()), (409, "AlreadyExists"));

    let names = ready_pods(&client, "web", 2).await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let log = pods.logs(&names[0], &LogParams::default()).await.unwrap();
    assert!(log.contains("docker-entrypoint.sh"), "{log}");

    let patch = Patch::Merge(json!({ "spec": { "replicas": 3 } }));
    deployments.patch("web", &PatchParams::default(), &patch).await.unwrap();
    ready_pods(&client, "web", 3).await;
    let scale = deployments.get_scale("web").await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(3));
    let page = pods.list(&ListParams::default().labels("app=web").limit(2)).await.unwrap();
    // How many match a selector is not known before they are looked at.
    assert_eq!((page.items.len(), page.metadata.remaining_item_count), (2, None));
    let page = pods.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((page.items.len(), page.metadata.remaining_item_count), (2, Some(1)));

    deployments.delete("web", &DeleteParams::foreground()).await.unwrap();
    ready_pods(&client, "web", 0).await;
    assert!(server.stop(), "it ends well when it is told to");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_full_speed_nobody_waits_and_nothing_is_skipped() {
    let folder = server::folder("max");
    let server = Server::start(&folder, &["--port", "0", "--speed", "max"]);
    let client = server.client().await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let mut stuck = deployment("stuck", 1);
    let spec = stuck.spec.as_mut().unwrap();
    spec.template.spec.as_mut().unwrap().containers[0].image = Some("nginx:nosuch".into());
    deployments.create(&PostParams::default(), &deployment("web", 3)).await.unwrap();
    ready_pods(&client, "web", 3).await;
    // A deadline of ten virtual minutes is reached in moments.
    deployments.create(&PostParams::default(), &stuck).await.unwrap();
    let params = WatchParams::default().fields("metadata.name=web").timeout(30);
    let mut seen = Vec::new();
    let mut changes = deployments.watch(&params, "0").await.unwrap().boxed();
    while let Ok(Some(change)) =
        tokio::time::timeout(Duration::from_millis(500), changes.next()).await
    {
        if let WatchEvent::Added(one) | WatchEvent::Modified(one) = change.unwrap() {
            seen.push(one.resource_version().unwrap().parse::<u64>().unwrap());
        }
    }
    assert!(!seen.is_empty() && seen.is_sorted(), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_nothing_may_ask_for_health_only() {
    let server = Server::start(&server::folder("anonymous"), &["--port", "0"]);
    let url = |path: &str| format!("http://{}{path}", server.address);
    let get = |path: &str, header: Option<&str>| {
        let mut curl = std::process::Command::new("curl");
        curl.args(["-s", "-o", "-", "-w", "\n%{http_code}", &url(path)]);
        if let Some(header) = header {
            curl.args(["-H", header]);
        }
        let said = String::from_utf8(curl.output().expect("curl").stdout).unwrap();
        let (body, code) = said.rsplit_once('\n').unwrap();
        (body.to_owned(), code.to_owned())
    };
    assert_eq!(get("/livez", None), ("ok".to_owned(), "200".to_owned()));
    let (body, code) = get("/api/v1/pods", None);
    let status: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code.as_str(), status["reason"].as_str()), ("403", Some("Forbidden")));
    assert_eq!(get("/api/v1/pods", Some("Authorization: Bearer no")).1, "401");
}
