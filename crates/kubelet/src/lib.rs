//! The kubelet: a node's agent. It registers its node, runs the pods bound to it and tells the API
//! server how they are. `images` is the catalogue of what containers run.

mod access;
mod admit;
mod backoff;
mod config;
mod downward;
mod eviction;
mod exit;
pub mod images;
mod ipam;
mod kubelet;
mod lost;
mod metrics_server;
mod node_status;
mod probe;
mod pull;
mod script;
mod shell;
mod sources;
mod status;
mod sync;
mod terminate;
mod token;
mod volumes;
mod worker;

pub use access::{LogRequest, Usage, exec, logs, usage_by_node};
pub use config::{Knobs, NodeConfig};
pub use kubelet::{Kubelet, WAKE};
pub use metrics_server::MetricsServer;
pub use shell::run_command;
