//! What containers and nodes use, as the metrics server hands it to the API server.

use std::collections::BTreeMap;

use apimachinery::meta::Key;
use apimachinery::time::Time;
use smol_str::SmolStr;

/// What something uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Billionths of a core, on average over the window.
    pub cpu_nanos: u64,
    pub memory_bytes: u64,
}

/// One look at all kubelets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    pub at: Time,
    pub window_secs: u64,
    /// Containers by pod, in the spec's order.
    pub pods: BTreeMap<Key, Vec<(SmolStr, Usage)>>,
    pub nodes: BTreeMap<SmolStr, Usage>,
}
