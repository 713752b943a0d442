//! Reusing verdicts and scores changes no decision: the same pods, nodes, deletions and label
//! changes give the same bindings and the same scores with and without.

mod support;

use std::sync::Arc;

use clock::Rng;
use scheduler::{Attempt, Config};
use serde_json::{Value, json};
use support::{World, node, pod};

const NODES: u64 = 150;
const STEPS: u64 = 700;

fn some_node(i: u64, rng: &mut Rng) -> Value {
    let taint = match rng.below(6) {
        0 => json!([{"key": "k", "effect": "PreferNoSchedule"}]),
        1 => json!([{"key": "k", "effect": "NoSchedule"}]),
        _ => json!([]),
    };
    let images = if rng.below(3) == 0 {
        json!([{"names": ["docker.io/app:1", "app:1"], "sizeBytes": 300_000_000 + i}])
    } else {
        json!([])
    };
    json!({
        "metadata": {"name": format!("n{i}"), "labels": {
            "kubernetes.io/hostname": format!("n{i}"),
            "topology.kubernetes.io/zone": format!("z{}", i % 3),
            "disk": if rng.below(2) == 0 { "ssd" } else { "hdd" }}},
        "spec": {"taints": taint},
        "status": {"images": images, "allocatable": {
            "cpu": (2 + rng.below(7)).to_string(), "memory": "8Gi", "pods": "20"}},
    })
}

/// Six templates that between them use every plugin.
fn templates() -> Vec<Value> {
    let spread = json!([{"maxSkew": 2, "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"t": "2"}}}]);
    let near = json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 5, "podAffinityTerm": {"topologyKey": "topology.kubernetes.io/zone",
            "labelSelector": {"matchLabels": {"t": "1"}}}}]}});
    let apart = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": {"t": "4"}}}]}});
    let disk = json!({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 7, "preference": {"matchExpressions": [
            {"key": "disk", "operator": "In", "values": ["ssd"]}]}}]}});
    let extras = [
        json!({}),
        json!({"nodeSelector": {"disk": "ssd"}}),
        json!({"topologySpreadConstraints": spread}),
        json!({"affinity": near}),
        json!({"affinity": apart}),
        json!({"affinity": disk, "tolerations": [{"operator": "Exists"}]}),
    ];
    let with = |(t, extra): (usize, &Value)| {
        let mut spec = json!({"containers": [{"name": "c", "image": "app:1",
            "ports": if t == 5 { json!([{"containerPort": 80, "hostPort": 8080}]) }
                else { json!([]) },
            "resources": {"requests": {"cpu": "300m", "memory": format!("{}Mi", 100 * (t + 1))}}}]});
        for (key, value) in extra.as_object().into_iter().flatten() {
            spec[key] = value.clone();
        }
        json!({"metadata": {"labels": {"t": t.to_string()}}, "spec": spec})
    };
    extras.iter().enumerate().map(with).collect()
}

fn run(reuse: bool) -> World {
    let mut world = World::new(Config { reuse, explain: true, ..Config::default() });
    let mut rng = Rng::new(7);
    let mut nodes: Vec<_> = (0..NODES).map(|i| Arc::new(node(some_node(i, &mut rng)))).collect();
    for node in &nodes {
        world.add(node.clone());
    }
    let bodies: Vec<_> = templates().into_iter().map(pod).collect();
    for step in 0..STEPS {
        let mut new = bodies[rng.below(6) as usize].clone();
        new.metadata.name = format!("p{step}").into();
        world.create_pod(new);
        if rng.below(4) == 0 {
            let at = rng.below(NODES);
            let changed = Arc::new(node(some_node(at, &mut rng)));
            let old = std::mem::replace(&mut nodes[at as usize], Arc::clone(&changed));
            world.change(old, changed);
        }
        if rng.below(5) == 0 && !world.api.pods.is_empty() {
            let at = rng.below(world.api.pods.len() as u64) as usize;
            let name = world.api.pods.get_index(at).expect("in range").0.name.clone();
            world.delete_pod(&name);
        }
        world.run_for_millis(1 + rng.below(400));
    }
    world
}

fn told(attempt: &Attempt) -> String {
    let Attempt { number, scores, refused_nodes, outcome, tie, .. } = attempt;
    format!("{} {number} {outcome:?} {tie:?} {scores:?} {refused_nodes:?}", attempt.pod)
}

#[test]
fn reuse_changes_nothing() {
    let (with, without) = (run(true), run(false));
    assert!(with.api.bound.len() > 500, "{}", with.api.bound.len());
    assert_eq!(with.api.bound, without.api.bound);
    let mut same = 0;
    for (a, b) in with.scheduler.all_attempts().zip(without.scheduler.all_attempts()) {
        let refused = |attempt: &Attempt| {
            let why = |node: &scheduler::NodeRefusal| {
                (node.node.clone(), attempt.refusals[node.refusal as usize].status.message())
            };
            attempt.refused_nodes.iter().map(why).collect::<Vec<_>>()
        };
        assert_eq!(refused(a), refused(b));
        if a.refused_nodes.is_empty() {
            assert_eq!(told(a), told(b));
        }
        same += 1;
    }
    assert_eq!(same, with.scheduler.all_attempts().count());
    assert_eq!(same, without.scheduler.all_attempts().count());
}
