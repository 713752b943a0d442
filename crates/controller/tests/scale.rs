//! What many pods cost: requests and calls grow with the pods and no faster.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod host;

use api::{Pod, ReplicaSet};
use host::{Host, deployment};
use serde_json::json;

#[test]
fn the_cost_of_a_pod_does_not_grow_with_their_number() {
    let mut per_pod = Vec::new();
    for count in [200, 2_000] {
        let mut host = Host::new(10);
        host.run_secs(1);
        let before = (host.calls, host.api.requests.values().sum::<u64>());
        host.apply_json(deployment(count, "nginx:1.25", json!({})));
        host.run_secs(20);
        assert_eq!(host.list::<Pod>("default").len(), count as usize);
        assert_eq!(host.deployment("web").status.ready_replicas, count);
        assert_eq!(host.api.requests["create pods"], count as u64);
        let requests = host.api.requests.values().sum::<u64>() - before.1;
        per_pod.push((host.calls - before.0, requests, count as u64));
    }
    for (calls, requests, count) in per_pod {
        assert!(requests <= 3 * count + 200, "{requests} requests for {count} pods");
        assert!(calls <= 4 * count + 400, "{calls} calls for {count} pods");
    }
}

#[test]
fn pods_of_one_template_share_it() {
    let mut host = Host::new(2);
    host.apply_json(deployment(5, "nginx:1.25", json!({})));
    host.run_secs(2);
    let pods = host.list::<Pod>("default");
    let rs = host.list::<ReplicaSet>("default");
    for pod in &pods {
        assert!(std::ptr::eq(&*pod.spec.body, &*rs[0].spec.template.spec.body));
        assert!(pod.metadata.labels.same(&pods[0].metadata.labels));
        assert!(pod.metadata.owner_references.same(&pods[0].metadata.owner_references));
    }
}
