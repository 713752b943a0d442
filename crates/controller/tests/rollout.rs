//! Rollouts against the recorded order of ReplicaSet sizes.

mod host;

use api::core::pod_status::ConditionStatus;
use api::{Deployment, Pod, ReplicaSet};
use host::{Host, Step, deployment};
use serde_json::json;

fn set_image(host: &mut Host, image: &str) {
    host.edit::<Deployment>("default", "web", |d| {
        d.spec.template.spec.body_mut().containers[0].image = image.into();
    });
}

fn sizes(steps: &[Step], from: usize) -> Vec<(&str, i32)> {
    steps[from..].iter().map(|(name, size)| (name.as_str(), *size)).collect()
}

#[test]
fn a_deployment_makes_its_pods() {
    let mut host = Host::new(3);
    host.apply_json(deployment(10, "nginx:1.25", json!({})));
    host.run_secs(5);
    let web = host.deployment("web");
    assert_eq!(web.status.ready_replicas, 10);
    assert_eq!(web.status.updated_replicas, 10);
    assert_eq!(web.metadata.annotation("deployment.kubernetes.io/revision"), Some("1"));
    assert_eq!(host.list::<Pod>("default").len(), 10);
    let rs = &host.list::<ReplicaSet>("default")[0];
    assert_eq!(rs.metadata.name, "web-58c867bf76");
    assert_eq!(rs.metadata.annotation("deployment.kubernetes.io/max-replicas"), Some("13"));
    let progressing = web.status.conditions.iter().find(|c| c.type_ == "Progressing").unwrap();
    assert_eq!(progressing.reason, "NewReplicaSetAvailable");
    assert_eq!(progressing.message, "ReplicaSet \"web-58c867bf76\" has successfully progressed.");
    assert_eq!(progressing.status, ConditionStatus::True);
}

#[test]
fn ten_at_a_quarter_each_go_3_8_5_before_any_pod_is_ready() {
    let mut host = Host::new(3);
    host.apply_json(deployment(10, "nginx:1.25", json!({})));
    host.run_secs(5);
    let from = host.steps.len();
    host.pods_start = false;
    set_image(&mut host, "nginx:1.26");
    host.run_secs(5);
    let (old, new) = ("web-58c867bf76", "web-58bccccf99");
    assert_eq!(sizes(&host.steps, from), [(new, 3), (old, 8), (new, 5)]);
    assert_eq!(host.deployment("web").status.available_replicas, 8);
}
