//! How fast the scheduler alone is: `bench [nodes] [pods] [kind]`. The API server is only a
//! map. Kinds: `basic`, `spread` (default spreading of a service), `hard-spread`, `affinity`,
//! `anti-affinity`, `unschedulable`, `straight` (basic without reuse). Shapes as in upstream's
//! performance tests: nodes of 4 CPU and 32Gi, pods of 100m and 500Mi.

#[path = "../tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use api::{Pod, Service};
use apimachinery::wire::Wire;
use clock::Duration;
use scheduler::Config;
use serde_json::{Value, json};
use support::{World, node, pod};

const CREATED_AT_ONCE: u32 = 1_000;

fn template(kind: &str) -> Value {
    let mut spec = json!({"containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": {"cpu": "100m", "memory": "500Mi"}}}]});
    let selector = json!({"matchLabels": {"app": "bench"}});
    match kind {
        "hard-spread" => {
            spec["topologySpreadConstraints"] = json!([{"maxSkew": 5, "labelSelector": selector,
                "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}]);
        }
        "affinity" | "anti-affinity" => {
            let (which, key) = match kind {
                "affinity" => ("podAffinity", "topology.kubernetes.io/zone"),
                _ => ("podAntiAffinity", "kubernetes.io/hostname"),
            };
            spec["affinity"] = json!({which: {"requiredDuringSchedulingIgnoredDuringExecution":
                [{"labelSelector": selector, "topologyKey": key}]}});
        }
        "unschedulable" => {
            spec["containers"][0]["resources"]["requests"]["cpu"] = "9".into();
        }
        _ => {}
    }
    json!({"metadata": {"name": "bench", "labels": {"app": "bench"}}, "spec": spec})
}

fn world(nodes: u32, kind: &str) -> World {
    let config = Config { reuse: kind != "straight", ..Config::default() };
    let mut world = World::new(config);
    world.api.forget_events = true;
    for i in 0..nodes {
        let name = format!("node-{i}");
        world.add(Arc::new(node(json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": format!("zone-{}", i % 3)}},
            "status": {"allocatable": {"cpu": "4", "memory": "32Gi", "pods": "110"}},
        }))));
    }
    if kind == "spread" {
        let service = json!({"metadata": {"name": "bench", "namespace": "default"},
            "spec": {"selector": {"app": "bench"}}});
        world.add(Arc::new(Service::from_value(service).expect("a service")));
    }
    world
}

#[expect(clippy::disallowed_types, reason = "a benchmark reads the clock")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, default: u32| args.get(at).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (nodes, pods) = (number(0, 5_000), number(1, 10_000));
    let kind = args.get(2).map_or("basic", String::as_str);
    let mut world = world(nodes, kind);
    let body: Pod = pod(template(kind));
    let start = std::time::Instant::now();
    for i in 0..pods {
        let name = format!("bench-{i}");
        let mut pod = body.clone();
        pod.metadata.name = name.into();
        world.create_pod(pod);
        if (i + 1) % CREATED_AT_ONCE == 0 {
            world.run_until(world.now + Duration::from_millis(100));
        }
    }
    world.run_until(world.now + Duration::from_millis(2_000));
    let seconds = start.elapsed().as_secs_f64();
    let bound = world.api.bound.len();
    let tried = world.scheduler.all_attempts().count();
    println!(
        "{kind}: {nodes} nodes, {pods} pods: {bound} bound in {seconds:.3} s, {:.0} pods/s; \
         {} events, {tried} attempts kept, {:?}",
        f64::from(pods) / seconds,
        world.api.event_count,
        world.scheduler.queue_lengths(),
    );
}
