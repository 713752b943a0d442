//! Measures of the cluster, one row a virtual second: a bounded ring for the charts.

use std::collections::{BTreeMap, VecDeque};

use cluster::Cluster;
use network::Clients;
use scene::{Model, PHASES};
use smol_str::SmolStr;

const KEPT_MAX: usize = 600;
const SERIES_MAX: usize = 8;

/// One virtual second.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub second: f64,
    pub phases: [u32; PHASES.len()],
    /// Requests a second and p95 latency in milliseconds, by service.
    pub services: Vec<(SmolStr, f64, f64)>,
    /// Cores and GiB in use, by node.
    pub nodes: Vec<(SmolStr, f64, f64)>,
}

#[derive(Default)]
pub struct Samples {
    ring: VecDeque<Sample>,
    /// Requests answered so far, by service.
    requests: BTreeMap<SmolStr, u64>,
}

impl Samples {
    /// Takes one if a virtual second has gone by.
    pub fn take(&mut self, cluster: &Cluster, model: &Model) {
        let second = cluster.now().secs_f64();
        let last = self.ring.back().map(|sample| sample.second);
        if last.is_some_and(|last| second - last < 1.0) {
            return;
        }
        let passed = last.map_or(1.0, |last| second - last);
        let services = self.services(cluster, model, passed);
        let usage = &model.stats().usage;
        let nodes = model.nodes().filter(|node| !node.control_plane).take(SERIES_MAX);
        let nodes = nodes.map(|node| {
            let used = usage.iter().find(|used| used.node == node.name);
            let (cpu, memory) = used.map_or((0, 0), |used| (used.cpu_milli, used.memory_bytes));
            (node.name.clone(), cpu as f64 / 1000.0, memory as f64 / f64::from(1 << 30))
        });
        let nodes = nodes.collect();
        self.ring.push_back(Sample { second, phases: phases(model), services, nodes });
        if self.ring.len() > KEPT_MAX {
            self.ring.pop_front();
        }
    }

    fn services(
        &mut self,
        cluster: &Cluster,
        model: &Model,
        passed: f64,
    ) -> Vec<(SmolStr, f64, f64)> {
        let Some(clients) = cluster.component::<Clients>("clients") else { return Vec::new() };
        let mut rows = Vec::new();
        let known = clients.stats().iter().filter(|(key, _)| !key.namespace.is_empty());
        for (key, stats) in known.take(SERIES_MAX) {
            let before = self.requests.insert(key.name.clone(), stats.requests).unwrap_or(0);
            let rate = stats.requests.saturating_sub(before) as f64 / passed;
            let found = model.services().find(|(known, _)| *known == key);
            let p95_ms = found.and_then(|(_, service)| service.p95_ms()).unwrap_or(0.0);
            rows.push((key.name.clone(), rate, p95_ms));
        }
        rows
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.ring.iter()
    }

    pub fn len(&self) -> usize {
        self.ring.len()
    }
}

/// Without the control plane's own pods, which are always there.
fn phases(model: &Model) -> [u32; PHASES.len()] {
    let mut counts = [0; PHASES.len()];
    for pod in model.pods().filter(|pod| !pod.system) {
        if let Some(count) = counts.get_mut(pod.phase() as usize) {
            *count += 1;
        }
    }
    counts
}
