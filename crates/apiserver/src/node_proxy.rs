//! The server's connections to kubelets, given by the host of the engine.

use api::Pod;
use apimachinery::status::Status;
use client::fabric::registry::Registry;
use client::fabric::{Client, Exchange};
use client::{ExecResult, LogOptions};
use smol_str::SmolStr;

/// The way to the kubelet of a pod's node. The pod is bound and `container` is one of its own.
pub trait NodeProxy {
    fn logs(&mut self, pod: &Pod, options: &LogOptions) -> Result<String, Box<Status>>;

    fn exec(
        &mut self,
        pod: &Pod,
        container: &str,
        command: &[SmolStr],
    ) -> Result<ExecResult, Box<Status>>;

    /// The registry that the nodes pull from.
    fn registry(&mut self) -> Option<&mut Registry> {
        None
    }

    /// One GET over the wires of the cluster.
    fn send(&mut self, _from: &Client, _url: &str) -> Option<Exchange> {
        None
    }
}
