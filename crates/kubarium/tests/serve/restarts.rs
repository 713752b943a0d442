//! What is told and what is written survives the server.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::{Client, ResourceExt};
use serde_json::json;

use crate::server::{self, Server};

/// Everything a watcher was told, in order.
type Told = Vec<(u64, String, String)>;

/// Follows all config maps from a revision over every restart, until `last` is deleted.
async fn follow(client: Client, from: String, last: &'static str) -> Told {
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let (mut told, mut revision) = (Told::new(), from);
    loop {
        let opened = maps.watch(&WatchParams::default().timeout(120), &revision).await;
        let Ok(changes) = opened else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let mut changes = changes.boxed();
        while let Some(Ok(change)) = changes.next().await {
            let (kind, map) = match change {
                WatchEvent::Added(map) => ("added", map),
                WatchEvent::Modified(map) => ("modified", map),
                WatchEvent::Deleted(map) => ("deleted", map),
                WatchEvent::Bookmark(_) => continue,
                WatchEvent::Error(error) => panic!("{error:?}"),
            };
            revision = map.resource_version().unwrap();
            let name = map.name_any();
            let ends = kind == "deleted" && name == last;
            told.push((revision.parse().unwrap(), kind.to_owned(), name));
            if ends {
                return told;
            }
        }
    }
}

/// Does a write until its answer arrives. A refusal may mean that it was done before the answer
/// was lost.
async fn insist<T, F: Future<Output = kube::Result<T>>>(mut write: impl FnMut() -> F) {
    loop {
        match write().await {
            Ok(_) => return,
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => return,
            Err(kube::Error::Api(status)) if status.code != 503 => panic!("{status:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn write(client: Client, writer: usize) {
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for number in 0..8 {
        let name = format!("w{writer}-{number}");
        let map: ConfigMap =
            serde_json::from_value(json!({ "metadata": { "name": name } })).unwrap();
        insist(|| async { maps.create(&PostParams::default(), &map).await }).await;
        let patch = Patch::Merge(json!({ "data": { "n": number.to_string() } }));
        insist(|| async { maps.patch(&name, &PatchParams::default(), &patch).await }).await;
        if number % 2 == 0 {
            insist(|| async { maps.delete(&name, &DeleteParams::default()).await }).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_writers_and_restarts_lose_no_event() {
    const WATCHERS: usize = 200;
    const WRITERS: usize = 20;
    const LAST: &str = "last";
    let folder = server::folder("restarts");
    let mut server = Server::start(&folder, &["--port", "0", "--state", "state"]);
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let client = server.client().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let from = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let watchers: Vec<_> =
        (0..WATCHERS).map(|_| tokio::spawn(follow(client.clone(), from.clone(), LAST))).collect();
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(client.clone(), writer))).collect();
    for restart in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        // Once as it should be, and twice as it should not.
        match restart {
            1 => assert!(server.stop()),
            _ => server.kill(),
        }
        server = Server::start(&folder, &["--port", &port, "--state", "state"]);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let map: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": LAST } })).unwrap();
    insist(|| async { maps.create(&PostParams::default(), &map).await }).await;
    insist(|| async { maps.delete(LAST, &DeleteParams::default()).await }).await;

    let mut first: Option<Told> = None;
    for watcher in watchers {
        let told = tokio::time::timeout(Duration::from_secs(60), watcher).await.unwrap().unwrap();
        assert!(told.is_sorted_by(|a, b| a.0 < b.0), "each change once and in order");
        let first = first.get_or_insert_with(|| told.clone());
        assert_eq!(*first, told, "all are told the same");
    }
    let told = first.unwrap();
    let mut left: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, kind, name) in &told {
        let before = left.insert(name, kind);
        let is_new = before.is_none_or(|before| before == "deleted");
        assert_eq!(kind == "added", is_new, "{name}");
    }
    let created = told.iter().filter(|(_, kind, _)| kind == "added").count();
    assert_eq!(created, WRITERS * 8 + 1);
    let there = maps.list(&ListParams::default()).await.unwrap();
    let alive = left.values().filter(|kind| **kind != "deleted").count();
    assert_eq!(there.items.len(), alive + 1, "and kube-root-ca.crt");
}
