//! `kubarium bench`: what the engine costs natively, with every byte of the heap counted.

#![allow(clippy::disallowed_types, reason = "a benchmark reads the wall clock")]
#![allow(unsafe_code, reason = "counting the heap needs an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use cluster::measure::{ready_nodes, to_ready};

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

/// Measures and prints: pods to Ready a second and heap bytes a pod at 100 nodes and 5,000 pods.
pub fn bench(json: bool) {
    let begun = Instant::now();
    let now_ms = move || begun.elapsed().as_secs_f64() * 1e3;
    let mut cluster = ready_nodes(100);
    let before = LIVE.load(Ordering::Relaxed);
    let Some(run) = to_ready(&mut cluster, 5_000, &now_ms) else {
        eprintln!("kubarium: the pods did not become Ready");
        return;
    };
    let grown = LIVE.load(Ordering::Relaxed).saturating_sub(before);
    let rate = f64::from(run.pods) / (run.wall_ms / 1e3);
    let heap = grown as f64 / f64::from(run.pods);
    let writes = run.revisions as f64 / f64::from(run.pods);
    if json {
        println!(
            "{}",
            serde_json::json!({"nodes": run.nodes, "pods": run.pods, "pods_per_s": rate,
                "heap_bytes_per_pod": heap, "writes_per_pod": writes, "wall_ms": run.wall_ms,
                "virtual_s": run.virtual_s, "events": run.events})
        );
    } else {
        println!("nodes {}  pods {}  to Ready {rate:.0} pods/s", run.nodes, run.pods);
        println!("heap {heap:.0} B/pod  writes {writes:.1}/pod  virtual {:.1} s", run.virtual_s);
    }
}
