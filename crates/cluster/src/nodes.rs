//! The API server's connections to the kubelets: logs and exec.

use api::Pod;
use apimachinery::status::{Reason, Status};
use apiserver::NodeProxy;
use client::fabric::registry::Registry;
use client::fabric::{Client, Exchange, travel};
use client::{ExecResult, Fabric, LogOptions};
use clock::{Rng, SimTime};
use kubelet::LogRequest;
use smol_str::SmolStr;

/// Connections over the wires of this cluster.
pub(crate) struct NodeConnections<'a> {
    pub fabric: &'a mut Fabric,
    pub now: SimTime,
    pub epoch: i64,
    pub rng: &'a mut Rng,
}

impl NodeConnections<'_> {
    /// Seconds back from now, whichever way the request says it.
    fn since_seconds(&self, options: &LogOptions) -> Option<i64> {
        let now = self.epoch.saturating_add((self.now.millis() / 1000) as i64);
        options.since_seconds.or(options.since_time.map(|since| (now - since.0).max(0)))
    }
}

impl NodeProxy for NodeConnections<'_> {
    fn logs(&mut self, pod: &Pod, options: &LogOptions) -> Result<String, Box<Status>> {
        let bound = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok());
        let request = LogRequest {
            container: options.container.clone(),
            previous: options.previous,
            tail_lines: bound(options.tail_lines),
            since_seconds: self.since_seconds(options),
            timestamps: options.timestamps,
            limit_bytes: bound(options.limit_bytes),
        };
        kubelet::logs(self.fabric, pod, &request, self.now, self.epoch)
    }

    fn exec(
        &mut self,
        pod: &Pod,
        container: &str,
        command: &[SmolStr],
    ) -> Result<ExecResult, Box<Status>> {
        let (now, epoch) = (self.now, self.epoch);
        let output = kubelet::exec(self.fabric, pod, container, command, now, epoch, self.rng)?;
        Ok(ExecResult { stdout: output.stdout, stderr: output.stderr, exit_code: output.code })
    }

    fn registry(&mut self) -> Option<&mut Registry> {
        Some(&mut self.fabric.registry)
    }

    fn send(&mut self, from: &Client, url: &str) -> Option<Exchange> {
        Some(travel::send(self.fabric, from, url, self.now, self.epoch, self.rng))
    }
}

/// Components do not read logs: what they call is answered without nodes.
pub(crate) struct NoNodes;

fn no_nodes() -> Box<Status> {
    Status::new(Reason::ServiceUnavailable, "components have no way to the kubelets")
}

impl NodeProxy for NoNodes {
    fn logs(&mut self, _: &Pod, _: &LogOptions) -> Result<String, Box<Status>> {
        Err(no_nodes())
    }

    fn exec(&mut self, _: &Pod, _: &str, _: &[SmolStr]) -> Result<ExecResult, Box<Status>> {
        Err(no_nodes())
    }
}
