//! Numbers of the cluster that are not objects, read off its components for picture and metrics.

use cluster::Cluster;
use scene::{ClientStats, Stats};
use smol_str::SmolStr;

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
fn service_of(target: &str) -> apimachinery::meta::Key {
    let host = target.strip_prefix("http://").unwrap_or(target);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    let mut parts = host.split('.');
    let name = parts.next().unwrap_or_default();
    let namespace = parts.next().unwrap_or("default");
    apimachinery::meta::Key::new(SmolStr::new(namespace), SmolStr::new(name))
}
