//! Numbers of the cluster that are not objects, read off its components for picture and metrics.

use std::collections::BTreeMap;

use api::Deployment;
use client::WatchEvent;
use client::fabric::Packet;
use clock::SimTime;
use cluster::Cluster;
use scene::{ClientStats, Model, NodeUsage, Stats};
use smol_str::{SmolStr, format_smolstr};

/// What components said last.
#[derive(Debug, Default)]
pub struct LastWords {
    controller: SmolStr,
    dns: SmolStr,
}

impl LastWords {
    pub fn hear(&mut self, changes: &[WatchEvent], packets: &[Packet], model: &Model) {
        let mut deployments = changes.iter().rev().filter_map(WatchEvent::object::<Deployment>);
        let last = deployments.find(|deployment| deployment.metadata.namespace != "kube-system");
        if let Some(deployment) = last {
            let (name, status) = (&deployment.metadata.name, &deployment.status);
            let wanted = deployment.spec.replicas.unwrap_or(1);
            self.controller = format_smolstr!("{name}: {} / {wanted}", status.ready_replicas);
        }
        let Some(packet) = packets.iter().rev().find(|packet| !packet.service.namespace.is_empty())
        else {
            return;
        };
        let found = model.services().find(|(key, _)| **key == packet.service);
        let address = found.and_then(|(_, state)| Some(&state.service.as_ref()?.spec.cluster_ip));
        if let Some(address) = address {
            let (name, namespace) = (&packet.service.name, &packet.service.namespace);
            self.dns = format_smolstr!("{name}.{namespace}.svc → {address}");
        }
    }

    pub fn fill(&self, stats: &mut Stats) {
        stats.controller = self.controller.clone();
        stats.dns = self.dns.clone();
    }
}

/// What the nodes' containers use: read once a virtual second, CPU as the rate since the last time.
#[derive(Debug, Default)]
pub struct Meter {
    read_at: SimTime,
    /// CPU time so far, by node.
    cpu_nanos: BTreeMap<SmolStr, u64>,
    usage: Vec<NodeUsage>,
}

impl Meter {
    pub fn read(&mut self, cluster: &Cluster) {
        let passed = cluster.now().since(self.read_at);
        if passed.as_secs() == 0 {
            return;
        }
        self.read_at = cluster.now();
        let found = kubelet::usage_by_node(cluster.fabric(), cluster.now());
        let micros = u64::try_from(passed.as_micros()).unwrap_or(u64::MAX).max(1);
        let usage = found.iter().map(|(node, (cpu_nanos, memory_bytes))| {
            let before = self.cpu_nanos.get(node).copied().unwrap_or(*cpu_nanos);
            let cpu_milli = cpu_nanos.saturating_sub(before) / micros;
            NodeUsage { node: node.clone(), cpu_milli, memory_bytes: *memory_bytes }
        });
        self.usage = usage.collect();
        self.cpu_nanos = found.into_iter().map(|(node, (nanos, _))| (node, nanos)).collect();
    }

    pub fn usage(&self) -> &[NodeUsage] {
        &self.usage
    }
}

/// Fills in what the components say of themselves.
pub fn fill(cluster: &Cluster, stats: &mut Stats) {
    if let Some(scheduler) = cluster.component::<scheduler::Scheduler>("kube-scheduler") {
        let queues = scheduler.queue_lengths();
        stats.active = queues.active;
        stats.backoff = queues.backoff;
        stats.unschedulable = queues.unschedulable;
    }
    if let Some(clients) = cluster.component::<network::Clients>("clients") {
        stats.clients = clients
            .generators()
            .map(|generator| ClientStats {
                name: generator.name.clone(),
                service: service_of(&generator.target),
                per_second: u32::try_from(generator.rate_milli / 1000).unwrap_or(u32::MAX),
            })
            .collect();
    }
}

/// The service behind `http://web.default.svc/`.
pub fn service_of(target: &str) -> apimachinery::meta::Key {
    let host = target.strip_prefix("http://").unwrap_or(target);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    let mut parts = host.split('.');
    let name = parts.next().unwrap_or_default();
    let namespace = parts.next().unwrap_or("default");
    apimachinery::meta::Key::new(SmolStr::new(namespace), SmolStr::new(name))
}
