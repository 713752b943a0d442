//! Numbers of the cluster that are not objects: the host hands them in before a frame.

use apimachinery::meta::Key;
use clock::SimTime;
use smol_str::SmolStr;

/// What a node uses at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeUsage {
    pub node: SmolStr,
    pub cpu_milli: u64,
    pub memory_bytes: u64,
}

/// A traffic generator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientStats {
    pub name: SmolStr,
    pub service: Key,
    pub per_second: u32,
}

/// Everything is optional: what is left at its default does not show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    pub now: SimTime,
    /// Unix seconds at `SimTime::ZERO`: turns the API's timestamps into virtual time.
    pub epoch: i64,
    pub revision: u64,
    /// Keys in etcd.
    pub objects: u64,
    /// Requests a second at the API server.
    pub api_rate: f64,
    /// Lengths of the scheduler's three queues.
    pub active: u32,
    pub backoff: u32,
    pub unschedulable: u32,
    /// The last word of the controller manager, e.g. `deployment: 3 → 5`.
    pub controller: SmolStr,
    /// The last answer of the DNS, e.g. `web.default.svc → 10.96.3.7`.
    pub dns: SmolStr,
    pub usage: Vec<NodeUsage>,
    pub clients: Vec<ClientStats>,
}
