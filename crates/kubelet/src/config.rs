//! What a node is and how fast its kubelet works.

use std::net::Ipv4Addr;

use apimachinery::quantity::Quantity;
use clock::Duration;
use smol_str::SmolStr;

/// A machine and its kubelet's flags.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    pub name: SmolStr,
    pub address: Ipv4Addr,
    pub cpu: Quantity,
    pub memory: Quantity,
    pub pods: u32,
    /// Empty: no zone label.
    pub zone: SmolStr,
    pub labels: Vec<(SmolStr, SmolStr)>,
    /// `(key, value, effect)`: `--register-with-taints`.
    pub taints: Vec<(SmolStr, SmolStr, SmolStr)>,
    /// Used where the node's `spec.podCIDR` is not set by a controller: `10.64.0.0/24`.
    pub pod_cidr: SmolStr,
    pub knobs: Knobs,
}

impl NodeConfig {
    /// A worker with 4 CPU, 8Gi and 110 pods.
    pub fn new(name: &str, address: Ipv4Addr) -> Self {
        NodeConfig {
            name: name.into(),
            address,
            cpu: quantity("4"),
            memory: quantity("8Gi"),
            pods: 110,
            zone: SmolStr::default(),
            labels: Vec::new(),
            taints: Vec::new(),
            pod_cidr: SmolStr::default(),
            knobs: Knobs::default(),
        }
    }
}

pub(crate) fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_default()
}

/// How long things take, and the kubelet's own settings.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// Making the sandbox and its network.
    pub sandbox: Duration,
    /// Making and starting one container.
    pub container_start: Duration,
    /// At most this much is added to each of the two by chance.
    pub jitter: Duration,
    /// Between the last process's end and the pod's.
    pub teardown: Duration,
    /// Between a container's end and the kubelet's noticing: the relist of its event generator.
    pub relist: Duration,
    /// Between a failed pull and the next look at the pod, which finds it in back-off.
    pub pull_resync: Duration,
    /// Added to the end of a pull's back-off: the pod's next turn.
    pub pull_retry_lag: Duration,
    pub backoff_initial_secs: u32,
    pub backoff_max_secs: u32,
    pub lease: Duration,
    pub node_status_check: Duration,
    pub node_status_report: Duration,
    /// Statuses as in the recordings: conditions that become true keep reason and message of
    /// before (a strategic merge patch left them there), and init containers tell no image id.
    /// Off: as the real kubelet tells them.
    pub as_recorded: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Knobs {
            sandbox: Duration::from_millis(300),
            container_start: Duration::from_millis(250),
            jitter: Duration::from_millis(100),
            teardown: Duration::from_millis(300),
            relist: Duration::from_secs(1),
            pull_resync: Duration::from_secs(3),
            pull_retry_lag: Duration::from_secs(7),
            backoff_initial_secs: 10,
            backoff_max_secs: 300,
            lease: Duration::from_secs(10),
            node_status_check: Duration::from_secs(10),
            node_status_report: Duration::from_secs(300),
            as_recorded: true,
        }
    }
}
