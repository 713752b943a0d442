//! Workloads for measuring: the same on every target. The caller brings the wall clock.

mod api_rates;

use api::{Deployment, Kind, as_kind};
use clock::Duration;

pub use self::api_rates::{Rate, api_rates};
use crate::{Cluster, Command, Config};

/// What bringing many pods up cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToReady {
    pub nodes: u32,
    pub pods: u32,
    /// Milliseconds of the caller's clock.
    pub wall_ms: f64,
    /// Seconds of virtual time.
    pub virtual_s: f64,
    /// Events of the queue that ran.
    pub events: u64,
    /// Writes to etcd.
    pub revisions: u64,
}

/// A cluster of `nodes` workers, all Ready, nothing on them.
pub fn ready_nodes(nodes: u32) -> Cluster {
    let mut cluster = Cluster::new(Config::workers(nodes, "32", "256Gi"));
    cluster.run_until(cluster.now() + Duration::from_secs(30));
    cluster
}

fn ready_replicas(cluster: &Cluster) -> i32 {
    let load = cluster.server().object(&Deployment::INFO.resource, "default", "load");
    let load = load.and_then(|object| as_kind::<Deployment>(object.as_ref()));
    load.map_or(0, |deployment| deployment.status.ready_replicas)
}

/// Creates one Deployment of `pods` replicas and runs until all are Ready: the whole path of every
/// pod through validation, etcd, watches, scheduler, binding, kubelet and status. `None` if they
/// are not Ready after ten virtual minutes.
pub fn to_ready(cluster: &mut Cluster, pods: u32, now_ms: &dyn Fn() -> f64) -> Option<ToReady> {
    let nodes = cluster.config().nodes.len() as u32;
    let (started, born) = (now_ms(), cluster.now());
    let (events, revisions) = (cluster.events_run(), cluster.server().revision());
    let line = format!("kubectl create deployment load --image=nginx --replicas={pods}");
    cluster.execute(Command::Line { terminal: 0, line });
    for _ in 0..1200 {
        cluster.run_until(cluster.now() + Duration::from_millis(500));
        if ready_replicas(cluster) >= i32::try_from(pods).unwrap_or(i32::MAX) {
            return Some(ToReady {
                nodes,
                pods,
                wall_ms: now_ms() - started,
                virtual_s: cluster.now().since(born).as_secs_f64(),
                events: cluster.events_run() - events,
                revisions: cluster.server().revision() - revisions,
            });
        }
    }
    None
}

/// Virtual seconds a second of the caller's clock, with nothing to do but heartbeats.
pub fn idle(cluster: &mut Cluster, virtual_s: u64, now_ms: &dyn Fn() -> f64) -> f64 {
    let started = now_ms();
    cluster.run_until(cluster.now() + Duration::from_secs(virtual_s));
    virtual_s as f64 * 1e3 / (now_ms() - started).max(1e-3)
}
