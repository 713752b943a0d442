//! How much heap a running pod of a shared template takes.
#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::core::pod_status::ContainerState;
use api::{KindEntry, Obj, Pod, to_kind};
use apimachinery::meta::Uid;
use serde_json::Value;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PODS: usize = 10_000;
/// On wasm32, where pointers take half as much, the same pod takes about 930 bytes.
const BYTES_MAX: usize = 1150;

/// A running, ready pod as recorded, of an ordinary template.
fn recorded() -> Arc<Pod> {
    let objects: Vec<Value> = serde_json::from_str(include_str!("data/objects.json")).unwrap();
    let running = |object: &&Value| {
        object["kind"] == "Pod"
            && object["status"]["phase"] == "Running"
            && object["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
            && object["metadata"]["managedFields"].is_null()
            && object["metadata"]["deletionTimestamp"].is_null()
            && object["status"]["conditions"].as_array().unwrap().len() == 5
    };
    let object = objects.iter().find(running).unwrap().clone();
    to_kind::<Pod>(&(KindEntry::of::<Pod>().decode)(object).unwrap()).unwrap()
}

/// Another pod of the same controller, with its own name, uid, address and container.
fn sibling(pod: &Pod, i: usize) -> Pod {
    let mut pod = pod.clone();
    pod.metadata.name = format!("{}{i:05}", pod.metadata.generate_name).into();
    pod.metadata.uid = Uid(i as u128 + 1);
    pod.spec.token_volume = format!("{i:05}").into();
    pod.status.pod_ip = format!("10.64.{}.{}", i / 250, i % 250).into();
    for container in &mut pod.status.container_statuses {
        container.container_id = format!("containerd://{i:064x}").into();
        if let ContainerState::Running(since) = &mut container.state {
            since.0 += i as i64;
        }
    }
    pod
}

#[test]
fn a_pod_takes_about_a_kilobyte() {
    let first = recorded();
    let before = LIVE.load(Ordering::Relaxed);
    let mut pods: Vec<Obj> = Vec::with_capacity(PODS);
    for i in 0..PODS {
        pods.push(Arc::new(sibling(&first, i)));
    }
    let bytes = (LIVE.load(Ordering::Relaxed) - before) / PODS;
    println!("{bytes} bytes of heap a pod");
    assert!(bytes <= BYTES_MAX, "{bytes} bytes of heap a pod");
}
