//! The metrics server: reads every kubelet's figures each 15 s and hands the rates to the API
//! server. Models metrics-server's pkg/scraper and pkg/storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::container::Container;
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Uid;
use client::fabric::{Process, Sandbox};
use client::metrics::{Metrics, Usage};
use client::{Body, Component, Ctx, Request, User, Verb, WatchEvent, WatchSpec};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::access::usage_of;

/// `--metric-resolution`
const RESOLUTION: Duration = Duration::from_secs(15);
/// A container that was not seen before counts from its start once it has run for so long.
const FRESH: Duration = Duration::from_secs(10);
/// What a machine uses beside its containers.
const NODE_CPU_NANOS: u64 = 45_000_000;
const NODE_MEMORY_BYTES: u64 = 420 << 20;

/// A reading of one container.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    at: SimTime,
    started: SimTime,
    cpu_nanos: u64,
}

#[derive(Debug, Default)]
pub struct MetricsServer {
    /// The readings before, by pod and container.
    points: BTreeMap<(Uid, usize), Point>,
}

/// What a container may use at most, in billionths of a core.
fn limit(spec: Option<&Container>) -> u64 {
    let limit = spec.and_then(|spec| spec.resources.limits.get("cpu"));
    let milli = limit.and_then(|limit| u64::try_from(limit.milli_value()).ok());
    milli.map_or(u64::MAX, |milli| milli.saturating_mul(1_000_000))
}

impl MetricsServer {
    fn usage(
        &self,
        uid: Uid,
        sandbox: &Sandbox,
        index: usize,
        process: &Process,
        now: SimTime,
    ) -> Option<(Usage, Point)> {
        let reading = usage_of(sandbox, process, now)?;
        let point = Point { at: now, started: process.started, cpu_nanos: reading.cpu_nanos };
        let before = self.points.get(&(uid, index)).copied();
        let before = before
            .filter(|before| before.started == process.started)
            .unwrap_or(Point { at: process.started, ..Point::default() });
        let passed = now.since(before.at);
        let spent = point.cpu_nanos.saturating_sub(before.cpu_nanos);
        let nanos = u128::from(spent) * 1_000_000_000 / passed.as_nanos().max(1);
        let cpu_nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        let cpu_nanos = cpu_nanos.min(limit(sandbox.place.container(index)));
        Some((Usage { cpu_nanos, memory_bytes: reading.memory_bytes }, point))
    }

    fn scrape(&mut self, ctx: &Ctx<'_>) -> Metrics {
        let now = ctx.now;
        let mut metrics =
            Metrics { at: ctx.time(), window_secs: RESOLUTION.as_secs(), ..Metrics::default() };
        for machine in ctx.fabric.machines.keys().filter(|name| ctx.fabric.reachable(name)) {
            let base = Usage { cpu_nanos: NODE_CPU_NANOS, memory_bytes: NODE_MEMORY_BYTES };
            metrics.nodes.insert(machine.clone(), base);
        }
        let mut points = BTreeMap::new();
        for (uid, sandbox) in &ctx.fabric.sandboxes {
            let Some(node) = metrics.nodes.get_mut(&sandbox.place.node) else { continue };
            let mut containers = Vec::new();
            for (index, process) in sandbox.processes.iter().enumerate() {
                let Some((usage, point)) = self.usage(*uid, sandbox, index, process, now) else {
                    continue;
                };
                points.insert((*uid, index), point);
                node.cpu_nanos = node.cpu_nanos.saturating_add(usage.cpu_nanos);
                node.memory_bytes = node.memory_bytes.saturating_add(usage.memory_bytes);
                if now.since(process.started) >= FRESH {
                    containers.push((process.container.clone(), usage));
                }
            }
            if !containers.is_empty() {
                metrics.pods.insert(sandbox.place.pod.clone(), containers);
            }
        }
        self.points = points;
        metrics
    }
}

impl Component for MetricsServer {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("metrics-server")
    }

    fn user(&self) -> User {
        User {
            name: SmolStr::new_static("system:serviceaccount:kube-system:metrics-server"),
            groups: vec![SmolStr::new_static("system:authenticated")],
            ..User::default()
        }
    }

    fn watches(&self) -> Vec<WatchSpec> {
        Vec::new()
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        ctx.wake_in(RESOLUTION, 0);
    }

    fn on_watch(&mut self, _: &mut Ctx<'_>, _: &[WatchEvent]) {}

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, _: u64) {
        ctx.wake_in(RESOLUTION, 0);
        let metrics = Arc::new(self.scrape(ctx));
        let resource = GroupResource::fixed("metrics.k8s.io", "nodes");
        let request = Request::new(Verb::Update, resource, "", "");
        // A lost reading is replaced by the next one.
        let _ = ctx.api.call(request.body(Body::Metrics(metrics)));
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
