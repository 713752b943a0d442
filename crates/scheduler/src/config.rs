//! How the scheduler is set up. Defaults as in kube-scheduler's configuration.

use clock::Duration;
use smol_str::SmolStr;

#[derive(Clone, Debug)]
pub struct Config {
    /// Pods that name another scheduler are left alone.
    pub scheduler_name: SmolStr,
    /// Zero: adapts to the number of nodes, from 50 % down to 5 %.
    pub percentage_of_nodes_to_score: u32,
    pub pod_initial_backoff: Duration,
    pub pod_max_backoff: Duration,
    /// How long a pod waits among the unschedulable ones before it is tried again anyway.
    pub unschedulable_max: Duration,
    /// Keep every verdict and score of every attempt, on large clusters too.
    pub explain: bool,
    /// Reuse verdicts and scores of nodes that have not changed. Turning it off changes no result.
    pub reuse: bool,
    /// Virtual time that a batch of cycles takes, and how many pods one batch holds at most.
    pub batch_delay: Duration,
    pub batch_pods: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            scheduler_name: SmolStr::new_static("default-scheduler"),
            percentage_of_nodes_to_score: 0,
            pod_initial_backoff: Duration::from_secs(1),
            pod_max_backoff: Duration::from_secs(10),
            unschedulable_max: Duration::from_secs(300),
            explain: false,
            reuse: true,
            batch_delay: Duration::from_millis(1),
            batch_pods: 32,
        }
    }
}
