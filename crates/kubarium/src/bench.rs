//! `kubarium bench`: what the engine costs natively, with every byte of the heap counted.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the wall clock")]
#![allow(unsafe_code, reason = "counting the heap needs an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cluster::Cluster;
use cluster::measure::{ToReady, api_rates, idle, ready_nodes, to_ready};
use serde_json::{Value, json};

struct Counting;

static LIVE: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_add(size as u64, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NODES: u32 = 100;
const PODS: u32 = 5_000;
/// Etcd is compacted every five minutes up to where it was five minutes before: after two rounds
/// nothing of the burst is left in the history.
const SETTLED_S: u64 = 11 * 60;
/// Events live for an hour.
const EVENTS_GONE_S: u64 = 62 * 60;
const LISTED: u32 = 10_000;

fn live() -> u64 {
    LIVE.load(Ordering::Relaxed)
}

/// Bytes a pod at four moments.
struct Heap {
    at_ready: f64,
    settled: f64,
    events_gone: f64,
    objects: f64,
}

/// What all objects of a cluster take once everything else of it is gone.
fn objects_alone(cluster: Cluster, before: u64) -> u64 {
    let mut objects = Vec::with_capacity(cluster.server().object_count());
    cluster.server().for_each_object(&mut |object| objects.push(object.clone()));
    drop(cluster);
    let list = (objects.capacity() * size_of_val(&objects[..1])) as u64;
    live().saturating_sub(before + list)
}

fn measure(now_ms: &dyn Fn() -> f64) -> Option<(ToReady, Heap, f64)> {
    let empty = live();
    let mut bare = ready_nodes(NODES);
    let fresh = live() - empty;
    let idle_rate = idle(&mut bare, SETTLED_S + EVENTS_GONE_S, now_ms);
    // Heartbeats fill the history of a cluster without pods too.
    let aged = live() - empty;
    let base_objects = objects_alone(bare, empty);
    let empty = live();
    let mut cluster = ready_nodes(NODES);
    let per_pod = |base: u64| live().saturating_sub(empty + base) as f64 / f64::from(PODS);
    let run = to_ready(&mut cluster, PODS, now_ms)?;
    let at_ready = per_pod(fresh);
    idle(&mut cluster, SETTLED_S, now_ms);
    let settled = per_pod(aged);
    idle(&mut cluster, EVENTS_GONE_S, now_ms);
    let events_gone = per_pod(aged);
    let objects = objects_alone(cluster, empty).saturating_sub(base_objects);
    let objects = objects as f64 / f64::from(PODS);
    Some((run, Heap { at_ready, settled, events_gone, objects }, idle_rate))
}

fn row(name: &str, value: f64, unit: &str, aim: Option<&str>) -> Value {
    json!({"name": name, "value": (value * 10.0).round() / 10.0, "unit": unit, "aim": aim})
}

/// Measures 100 nodes and 5,000 pods of one Deployment, and prints a table or, for
/// `cargo xtask bench`, the rows as JSON.
pub fn bench(json: bool) {
    let begun = Instant::now();
    let now_ms = move || begun.elapsed().as_secs_f64() * 1e3;
    let Some((run, heap, idle_rate)) = measure(&now_ms) else {
        eprintln!("kubarium: the pods did not become Ready");
        return;
    };
    let Some(rates) = api_rates(LISTED, &now_ms) else {
        eprintln!("kubarium: the API server refused a request");
        return;
    };
    let pods = f64::from(run.pods);
    let mut rows = vec![
        row("pods to Ready", pods / (run.wall_ms / 1e3), "pods/s", Some(">= 10000")),
        row("virtual time to Ready", run.virtual_s, "s", None),
        row("writes a pod", run.revisions as f64 / pods, "", None),
        row("heap a pod, once its events are gone", heap.events_gone, "B", Some("<= 1000")),
        row("  of this, the objects", heap.objects, "B", None),
        row("  of this, the components", heap.events_gone - heap.objects, "B", None),
        row("heap a pod, its events (an hour)", heap.settled - heap.events_gone, "B", None),
        row("heap a pod, history and burst (10 min)", heap.at_ready - heap.settled, "B", None),
        row("idle, 100 nodes", idle_rate, "s/s", None),
    ];
    rows.extend(rates.iter().map(|rate| row(&rate.name, rate.per_s, "/s", None)));
    if json {
        println!("{}", Value::from(rows));
        return;
    }
    for row in &rows {
        let (name, unit) = (row["name"].as_str(), row["unit"].as_str());
        let (name, unit) = (name.unwrap_or_default(), unit.unwrap_or_default());
        let aim = row["aim"].as_str().map(|aim| format!("  aim {aim}")).unwrap_or_default();
        println!("{name:<42}{:>12.1} {unit}{aim}", row["value"].as_f64().unwrap_or(f64::NAN));
    }
}
