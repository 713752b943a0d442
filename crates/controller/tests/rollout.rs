//! Rollouts against the recorded order of ReplicaSet sizes.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

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

#[test]
fn surge_0_unavailable_1_moves_one_by_one_from_an_empty_replica_set() {
    let mut host = Host::new(3);
    let strategy = json!({"strategy": {"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}});
    host.apply_json(deployment(3, "nginx:1.25", strategy));
    host.run_secs(5);
    let from = host.steps.len();
    set_image(&mut host, "nginx:1.26");
    host.run_secs(20);
    let (old, new) = ("web-58c867bf76", "web-58bccccf99");
    let want = [(new, 0), (old, 2), (new, 1), (old, 1), (new, 2), (old, 0), (new, 3)];
    assert_eq!(sizes(&host.steps, from), want);
}

#[test]
fn surge_all_makes_all_new_pods_first() {
    let mut host = Host::new(3);
    let strategy = json!({"strategy": {"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}}});
    host.apply_json(deployment(4, "nginx:1.25", strategy));
    host.run_secs(5);
    let from = host.steps.len();
    set_image(&mut host, "nginx:1.26");
    host.run_secs(20);
    let steps = sizes(&host.steps, from);
    assert_eq!(steps[0], ("web-58bccccf99", 4));
    assert_eq!(*steps.last().unwrap(), ("web-58c867bf76", 0));
    assert_eq!(host.deployment("web").status.replicas, 4);
}

#[test]
fn recreate_waits_until_the_old_pods_are_gone() {
    let mut host = Host::new(3);
    host.apply_json(deployment(3, "nginx:1.25", json!({"strategy": {"type": "Recreate"}})));
    host.run_secs(5);
    let from = host.steps.len();
    set_image(&mut host, "nginx:1.26");
    host.run(std::time::Duration::from_millis(900));
    assert_eq!(sizes(&host.steps, from), [("web-58c867bf76", 0)]);
    host.run_secs(5);
    assert_eq!(sizes(&host.steps, from), [("web-58c867bf76", 0), ("web-58bccccf99", 3)]);
    assert_eq!(host.deployment("web").status.ready_replicas, 3);
}

#[test]
fn undo_gives_an_old_replica_set_a_new_revision() {
    let mut host = Host::new(3);
    host.apply_json(deployment(2, "nginx:1.25", json!({})));
    host.run_secs(5);
    host.edit::<Deployment>("default", "web", |d| {
        d.metadata.set_annotation("kubernetes.io/change-cause", "first");
    });
    host.run_secs(1);
    set_image(&mut host, "nginx:1.26");
    host.run_secs(10);
    set_image(&mut host, "nginx:1.25");
    host.run_secs(10);
    let annotations = |host: &mut Host, name: &str| {
        let rs = host.get::<ReplicaSet>("default", name);
        let get = |key: &str| {
            rs.metadata.annotation(&format!("deployment.kubernetes.io/{key}")).map(str::to_owned)
        };
        (get("revision").unwrap(), get("revision-history"))
    };
    let first = annotations(&mut host, "web-58c867bf76");
    assert_eq!(first, ("3".to_owned(), Some("1".to_owned())));
    assert_eq!(annotations(&mut host, "web-58bccccf99"), ("2".to_owned(), None));
    let web = host.deployment("web");
    assert_eq!(web.metadata.annotation("deployment.kubernetes.io/revision"), Some("3"));
    let rs = host.get::<ReplicaSet>("default", "web-58c867bf76");
    assert_eq!(rs.metadata.annotation("kubernetes.io/change-cause"), Some("first"));
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let mut host = Host::new(3);
    host.apply_json(deployment(2, "nginx:1.25", json!({})));
    host.run_secs(5);
    host.edit::<Deployment>("default", "web", |d| d.spec.paused = true);
    set_image(&mut host, "nginx:1.26");
    host.run_secs(2);
    assert_eq!(host.list::<ReplicaSet>("default").len(), 1);
    let progressing = |host: &mut Host| {
        let web = host.deployment("web");
        let found = web.status.conditions.iter().find(|c| c.type_ == "Progressing").unwrap();
        (found.status, found.reason.to_string(), found.message.to_string())
    };
    let paused = progressing(&mut host);
    assert_eq!(paused.1, "DeploymentPaused");
    assert_eq!(paused.2, "Deployment is paused");
    host.edit::<Deployment>("default", "web", |d| d.spec.replicas = Some(5));
    host.run_secs(5);
    assert_eq!(host.steps.last().unwrap(), &("web-58c867bf76".to_owned(), 5));
    host.edit::<Deployment>("default", "web", |d| d.spec.paused = false);
    host.run_secs(15);
    assert_eq!(host.list::<ReplicaSet>("default").len(), 2);
    assert_eq!(progressing(&mut host).1, "NewReplicaSetAvailable");
}

#[test]
fn old_replica_sets_beyond_the_limit_go() {
    let mut host = Host::new(3);
    host.apply_json(deployment(1, "nginx:0", json!({"revisionHistoryLimit": 2})));
    host.run_secs(5);
    for tag in 1..=5 {
        set_image(&mut host, &format!("nginx:{tag}"));
        host.run_secs(8);
    }
    let sets = host.list::<ReplicaSet>("default");
    let mut revisions: Vec<_> = sets
        .iter()
        .map(|rs| rs.metadata.annotation("deployment.kubernetes.io/revision").unwrap().to_owned())
        .collect();
    revisions.sort();
    assert_eq!(revisions, ["4", "5", "6"]);
}

#[test]
fn a_rollout_that_does_not_move_times_out() {
    let mut host = Host::new(3);
    host.apply_json(deployment(3, "nginx:1.25", json!({"progressDeadlineSeconds": 10})));
    host.run_secs(5);
    host.pods_start = false;
    set_image(&mut host, "nginx:1.26");
    host.run_secs(30);
    let web = host.deployment("web");
    let found = web.status.conditions.iter().find(|c| c.type_ == "Progressing").unwrap();
    assert_eq!(found.reason, "ProgressDeadlineExceeded");
    assert_eq!(found.status, ConditionStatus::False);
    assert_eq!(found.message, "ReplicaSet \"web-58bccccf99\" has timed out progressing.");
}

#[test]
fn scaling_amid_a_rollout_is_proportional() {
    let mut host = Host::new(3);
    host.apply_json(deployment(10, "nginx:1.25", json!({})));
    host.run_secs(5);
    host.pods_start = false;
    set_image(&mut host, "nginx:1.26");
    host.run_secs(5);
    let from = host.steps.len();
    host.edit::<Deployment>("default", "web", |d| d.spec.replicas = Some(20));
    host.run_secs(2);
    // 13 pods may become 25: the old 8 of 13 grow by 7, the new 5 of 13 by 5.
    let want = [("web-58c867bf76", 15), ("web-58bccccf99", 10)];
    assert_eq!(sizes(&host.steps, from), want);
}

#[test]
fn the_least_valuable_pods_go_first() {
    let mut host = Host::new(3);
    host.apply_json(deployment(4, "nginx:1.25", json!({})));
    host.run_secs(5);
    let cheap = host.list::<Pod>("default")[1].metadata.name.to_string();
    host.edit::<Pod>("default", &cheap, |pod| {
        pod.metadata.set_annotation("controller.kubernetes.io/pod-deletion-cost", "-10");
    });
    host.run_secs(1);
    host.edit::<Deployment>("default", "web", |d| d.spec.replicas = Some(3));
    host.run_secs(5);
    let left = host.list::<Pod>("default");
    assert_eq!(left.len(), 3);
    assert!(left.iter().all(|pod| pod.metadata.name != cheap));
    host.pods_start = false;
    host.edit::<Deployment>("default", "web", |d| d.spec.replicas = Some(4));
    host.run_secs(2);
    host.edit::<Deployment>("default", "web", |d| d.spec.replicas = Some(3));
    host.run_secs(5);
    assert!(host.list::<Pod>("default").iter().all(|pod| pod.status.is_ready()));
}

#[test]
fn orphans_are_adopted_and_strangers_released() {
    let mut host = Host::new(3);
    host.apply_json(deployment(2, "nginx:1.25", json!({})));
    host.run_secs(5);
    let name = host.list::<Pod>("default")[0].metadata.name.to_string();
    host.edit::<Pod>("default", &name, |pod| pod.metadata.set_label("app", "debug"));
    host.run_secs(5);
    let released = host.get::<Pod>("default", &name);
    assert!(released.metadata.controller().is_none());
    assert_eq!(host.list::<Pod>("default").len(), 3);
    host.edit::<Pod>("default", &name, |pod| pod.metadata.set_label("app", "web"));
    host.run_secs(5);
    assert_eq!(host.list::<Pod>("default").len(), 2, "adopted, and one is too many");
}

#[test]
fn a_failing_creation_is_told_in_condition_and_event() {
    let mut host = Host::new(3);
    host.api.refuse_pods = Some("failed quota: rq".into());
    host.apply_json(deployment(3, "nginx:1.25", json!({})));
    host.run_secs(2);
    let rs = &host.list::<ReplicaSet>("default")[0];
    let failure = &rs.status.conditions[0];
    assert_eq!(
        (failure.type_.as_str(), failure.reason.as_str()),
        ("ReplicaFailure", "FailedCreate")
    );
    assert_eq!(failure.message, "pods \"x\" is forbidden: failed quota: rq");
    let web = host.deployment("web");
    assert!(web.status.conditions.iter().any(|c| c.type_ == "ReplicaFailure"));
    let refused = "FailedCreate Error creating: pods \"x\" is forbidden: failed quota: rq";
    let counted = host.events().into_iter().find(|(text, _)| text == refused).unwrap().1;
    assert!(counted > 3, "the same event is counted, not repeated");
    host.api.refuse_pods = None;
    host.run_secs(20);
    assert_eq!(host.deployment("web").status.ready_replicas, 3);
}

#[test]
fn min_ready_seconds_delays_availability() {
    let mut host = Host::new(3);
    host.apply_json(deployment(2, "nginx:1.25", json!({"minReadySeconds": 10})));
    host.run_secs(5);
    assert_eq!(host.deployment("web").status.ready_replicas, 2);
    assert_eq!(host.deployment("web").status.available_replicas, 0);
    host.run_secs(8);
    assert_eq!(host.deployment("web").status.available_replicas, 2);
}
