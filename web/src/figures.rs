//! Numbers of the cluster that are not objects, read off its components for picture and metrics.

use api::Deployment;
use client::WatchEvent;
use client::fabric::Packet;
use cluster::Cluster;
use scene::{ClientStats, Model, Stats};
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
