//! What a cluster is made of before anything happens.

use apiserver::StaticToken;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

/// Larger clusters do without a metrics server: it looks at every container.
const METRICS_NODES_MAX: u32 = 100;

/// A machine of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSpec {
    pub name: SmolStr,
    pub cpu: SmolStr,
    pub memory: SmolStr,
    pub pods: u32,
    pub zone: SmolStr,
    /// Runs the control plane and takes no ordinary pods.
    pub control_plane: bool,
}

impl NodeSpec {
    /// A worker `node-N` with 4 CPU, 8Gi and room for 110 pods, in zone `zone-N`.
    pub fn worker(number: u32) -> Self {
        NodeSpec {
            name: format_smolstr!("node-{number}"),
            cpu: "4".into(),
            memory: "8Gi".into(),
            pods: 110,
            zone: format_smolstr!("zone-{number}"),
            control_plane: false,
        }
    }

    pub fn control_plane() -> Self {
        NodeSpec { name: "control-1".into(), control_plane: true, ..NodeSpec::worker(0) }
    }
}

/// How long messages take, in microseconds of virtual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// From a commit in etcd to the watcher.
    pub watch_us: u64,
    /// A request and its answer; shown, not waited for.
    pub request_us: u64,
    /// A write to etcd; shown, not waited for.
    pub etcd_us: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Latency { watch_us: 3_000, request_us: 2_000, etcd_us: 1_000 }
    }
}

/// The CSI driver of the recorded clusters; a stand-in played it.
const RECORDED_DRIVER: &str = "disk.example.com";

/// What a cluster is made of. Together with the commands it decides every byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub seed: u64,
    /// Unix seconds at the cluster's birth.
    pub epoch: i64,
    pub nodes: Vec<NodeSpec>,
    pub latency: Latency,
    /// Whether messages are recorded for the picture. Benchmarks do without.
    pub traces: bool,
    /// Whether the control plane's own pods exist as objects in kube-system.
    pub system_pods: bool,
    /// Whether a metrics server runs.
    pub metrics_server: bool,
    /// Whether services of type LoadBalancer get an address.
    pub load_balancer: bool,
    /// The CSI drivers that run in the cluster: they serve the storage classes that name them.
    pub csi_drivers: Vec<SmolStr>,
    /// Behave as the recordings' emulated kubelets did: every image is on every machine, and two
    /// fields of a status stay as a merge patch left them. A real kubelet does neither.
    pub as_recorded: bool,
    /// A `KubeSchedulerConfiguration`; null for the default one.
    pub scheduler: Value,
    /// Who comes from outside with which token.
    pub tokens: Vec<StaticToken>,
}

impl Default for Config {
    fn default() -> Self {
        let mut nodes = vec![NodeSpec::control_plane()];
        nodes.extend((1..=3).map(NodeSpec::worker));
        Config {
            seed: 1,
            epoch: 1_795_176_000,
            nodes,
            latency: Latency::default(),
            traces: true,
            system_pods: true,
            metrics_server: true,
            load_balancer: false,
            csi_drivers: vec![RECORDED_DRIVER.into()],
            as_recorded: false,
            scheduler: Value::Null,
            tokens: Vec::new(),
        }
    }
}

impl Config {
    /// Three workers and nothing else: the shape of the recorded clusters.
    pub fn recorded() -> Self {
        Config {
            nodes: (1..=3).map(NodeSpec::worker).collect(),
            traces: false,
            system_pods: false,
            metrics_server: false,
            as_recorded: true,
            ..Config::default()
        }
    }

    /// `count` equal workers.
    pub fn workers(count: u32, cpu: &str, memory: &str) -> Self {
        let node = |number| NodeSpec {
            cpu: cpu.into(),
            memory: memory.into(),
            zone: format_smolstr!("zone-{}", (number - 1) % 3 + 1),
            ..NodeSpec::worker(number)
        };
        let nodes = (1..=count).map(node).collect();
        let metrics_server = count <= METRICS_NODES_MAX;
        Config { nodes, as_recorded: false, metrics_server, ..Config::recorded() }
    }
}
