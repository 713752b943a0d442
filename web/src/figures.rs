//! Numbers of the cluster that are not objects, read off its components for picture and metrics.

use cluster::Cluster;
use scene::Stats;

/// Fills in what the components say of themselves.
pub fn fill(cluster: &Cluster, stats: &mut Stats) {
    if let Some(scheduler) = cluster.component::<scheduler::Scheduler>("kube-scheduler") {
        let queues = scheduler.queue_lengths();
        stats.active = queues.active;
        stats.backoff = queues.backoff;
        stats.unschedulable = queues.unschedulable;
    }
}
