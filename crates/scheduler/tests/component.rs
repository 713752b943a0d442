//! The scheduler as a component: what it writes, and when it tries again.

mod support;

use std::sync::Arc;

use api::core::pod_status::{ConditionStatus, PodConditionType};
use clock::SimTime;
use scheduler::{Config, Outcome, QueueLengths};
use serde_json::json;
use support::{World, node, plain_node, plain_pod, pod};

fn three_nodes() -> World {
    let mut world = World::new(Config::default());
    for i in 1..=3 {
        world.add(Arc::new(plain_node(&format!("node-{i}"), &format!("zone-{i}"))));
    }
    world
}

fn messages(world: &World, pod: &str) -> Vec<String> {
    let about = world.api.events.iter().filter(|event| event.involved_object.name == pod);
    about.map(|event| event.message.to_string()).collect()
}

#[test]
fn a_pod_is_bound_within_two_milliseconds_and_its_event_says_so() {
    let mut world = three_nodes();
    world.create_pod(plain_pod("web", "1", "1Gi"));
    world.run_for_millis(2);
    let bound = world.pod("web");
    assert!(bound.spec.node_name.starts_with("node-"));
    let said = format!("Successfully assigned default/web to {}", bound.spec.node_name);
    assert_eq!(messages(&world, "web"), [said]);
    let event = &world.api.events[0];
    assert_eq!((event.reason.as_str(), event.action.as_str()), ("Scheduled", "Binding"));
    assert_eq!(event.reporting_component, "default-scheduler");
    assert_eq!(event.count, 0);
    assert_eq!(world.scheduler.queue_lengths(), QueueLengths::default());
    assert!(world.due.is_empty(), "an idle scheduler asks for nothing");
    let attempt = world.scheduler.attempts("default", "web").next().expect("an attempt");
    assert_eq!(attempt.outcome, Outcome::Bound { node: bound.spec.node_name.clone() });
    assert_eq!((attempt.feasible, attempt.tied, attempt.scores.len()), (3, 3, 3));
}

#[test]
fn an_unschedulable_pod_says_why_once_and_waits_for_room() {
    let mut world = three_nodes();
    world.create_pod(plain_pod("huge", "5", "1Gi"));
    world.run_for_millis(5_000);
    let why = "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, \
               preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
    assert_eq!(messages(&world, "huge"), [why]);
    let waiting = world.pod("huge");
    let condition = waiting.status.condition(&PodConditionType::PodScheduled).expect("set");
    assert_eq!(condition.status, ConditionStatus::False);
    assert_eq!((condition.reason(), condition.message()), ("Unschedulable", why));
    assert_eq!(condition.observed_generation, 1);
    let lengths = world.scheduler.queue_lengths();
    assert_eq!(lengths, QueueLengths { unschedulable: 1, ..lengths });
    let attempt = world.scheduler.attempts("default", "huge").last().expect("an attempt");
    assert_eq!(attempt.refusals.len(), 1);
    assert_eq!((attempt.refusals[0].plugin, attempt.refusals[0].nodes), ("NodeResourcesFit", 3));
    assert_eq!(attempt.refused_nodes.len(), 3);

    let small = plain_node("node-4", "zone-1");
    world.add(Arc::new(small));
    world.run_for_millis(3_000);
    assert_eq!(world.scheduler.attempts("default", "huge").count(), 1, "it would not fit");
    let mut large = plain_node("node-5", "zone-1");
    large.status.allocatable.insert("cpu".into(), "16".parse().expect("a quantity"));
    world.add(Arc::new(large));
    world.run_for_millis(2);
    assert_eq!(world.pod("huge").spec.node_name, "node-5");
}

#[test]
fn a_deleted_pod_makes_room_for_one_that_waits() {
    let mut world = three_nodes();
    for i in 0..3 {
        world.create_pod(plain_pod(&format!("full-{i}"), "4", "1Gi"));
    }
    world.run_for_millis(10);
    world.create_pod(plain_pod("next", "1", "1Gi"));
    world.run_for_millis(10);
    assert_eq!(
        messages(&world, "next"),
        ["0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: \
          0/3 nodes are available: 3 No preemption victims found for incoming pod."]
    );
    let node = world.pod("full-1").spec.node_name.clone();
    world.delete_pod("full-1");
    world.run_for_millis(2);
    assert_eq!(world.pod("next").spec.node_name, node);
}

#[test]
fn the_node_of_higher_priority_pods_is_chosen_first() {
    let mut world = three_nodes();
    for (name, priority) in [("low", 1), ("high", 1000), ("middle", 10)] {
        let mut pod = plain_pod(name, "100m", "100Mi");
        pod.spec.body_mut().priority = Some(priority);
        world.create_pod(pod);
    }
    world.run_for_millis(2);
    let order: Vec<&str> = world.api.bound.iter().map(|(key, _)| key.name.as_str()).collect();
    assert_eq!(order, ["high", "middle", "low"]);
}

#[test]
fn a_gated_pod_waits_for_its_gates() {
    let mut world = three_nodes();
    let mut gated = plain_pod("gated", "1", "1Gi");
    gated.spec.body_mut().scheduling_gates = vec![json!({"name": "example.com/wait"})];
    let old = world.create_pod(gated);
    world.run_for_millis(60_000);
    assert_eq!(world.scheduler.attempts("default", "gated").count(), 0);
    let mut free = (*old).clone();
    free.spec.body_mut().scheduling_gates.clear();
    free.metadata.resource_version += 1;
    world.change(old, Arc::new(free));
    world.run_for_millis(2);
    assert_eq!(world.api.bound.len(), 1);
}

#[test]
fn cordoned_and_tainted_nodes_are_told_apart() {
    let mut world = three_nodes();
    for (i, spec) in [
        (1, json!({"unschedulable": true})),
        (2, json!({"unschedulable": true})),
        (3, json!({"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]})),
    ] {
        let name = format!("node-{i}");
        let old = plain_node(&name, "zone-1");
        let new = node(json!({"metadata": {"name": name}, "spec": spec,
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}}));
        world.change(Arc::new(old), Arc::new(new));
    }
    world.create_pod(plain_pod("nowhere", "1", "1Gi"));
    world.run_for_millis(5);
    assert_eq!(
        messages(&world, "nowhere"),
        ["0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) were \
          unschedulable. no new claims to deallocate, preemption: 0/3 nodes are available: 3 \
          Preemption is not helpful for scheduling."]
    );
}

#[test]
fn a_refused_binding_is_tried_again_after_a_back_off() {
    let mut world = three_nodes();
    world.create_pod(plain_pod("web", "1", "1Gi"));
    world.api.refuse_bindings = true;
    world.run_for_millis(2);
    assert_eq!(messages(&world, "web"), ["binding rejected: pods \"web\" not found"]);
    let condition = world.pod("web").status.conditions[0].clone();
    assert_eq!(condition.reason(), "SchedulerError");
    assert_eq!(world.scheduler.queue_lengths().backoff, 1);
    world.api.refuse_bindings = false;
    world.run_for_millis(500);
    assert!(world.api.bound.is_empty());
    world.run_for_millis(3_000);
    assert_eq!(world.api.bound.len(), 1);
}

#[test]
fn without_nodes_the_pod_is_tried_less_and_less_often() {
    let mut world = World::new(Config::default());
    world.create_pod(plain_pod("early", "1", "1Gi"));
    world.run_until(SimTime::from_secs(120));
    let times: Vec<u64> =
        world.scheduler.attempts("default", "early").map(|a| a.at.millis() / 1000).collect();
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps.get(..5), Some(&[2, 3, 5, 9, 11][..]));
    assert_eq!(messages(&world, "early")[0], "no nodes available to schedule pods");
}

#[test]
fn a_pod_that_no_event_helps_is_tried_again_after_five_minutes() {
    let mut world = three_nodes();
    world.create_pod(plain_pod("huge", "5", "1Gi"));
    world.run_until(SimTime::from_secs(299));
    assert_eq!(world.scheduler.attempts("default", "huge").count(), 1);
    world.run_until(SimTime::from_secs(340));
    assert_eq!(world.scheduler.attempts("default", "huge").count(), 2);
}

#[test]
fn pods_of_another_scheduler_are_left_alone() {
    let mut world = three_nodes();
    let spec = json!({"schedulerName": "other", "containers": [{"name": "c", "image": "x"}]});
    world.create_pod(pod(json!({"metadata": {"name": "theirs"}, "spec": spec})));
    world.run_for_millis(100);
    assert!(world.api.bound.is_empty());
}
