//! How the scheduler is set up. Defaults as in kube-scheduler's configuration.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use clock::Duration;
use smol_str::SmolStr;

/// The scheduler of pods that name none.
pub const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";
pub const DEFAULT_SCHEDULER: SmolStr = SmolStr::new_static(DEFAULT_SCHEDULER_NAME);

/// How a node's use becomes a score of NodeResourcesFit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The emptier the better.
    #[default]
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// By points of a line: use in percent, and the score there, 0 to 10. Rising in the first.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// A strategy with the resources it looks at and how much each weighs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoringStrategy {
    pub strategy: Strategy,
    pub resources: Vec<(SmolStr, i64)>,
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        let resources = vec![(SmolStr::new_static("cpu"), 1), (SmolStr::new_static("memory"), 1)];
        ScoringStrategy { strategy: Strategy::default(), resources }
    }
}

/// A scheduler by name, and what it does otherwise than the default one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileConfig {
    pub scheduler_name: SmolStr,
    /// Plugins that take no part.
    pub disabled: BTreeSet<SmolStr>,
    /// Plugins that take part but do not score.
    pub unscored: BTreeSet<SmolStr>,
    /// Other weights of scores than the default ones.
    pub weights: BTreeMap<SmolStr, i64>,
    pub fit: ScoringStrategy,
}

impl ProfileConfig {
    pub fn named(scheduler_name: impl Into<SmolStr>) -> Self {
        ProfileConfig {
            scheduler_name: scheduler_name.into(),
            disabled: BTreeSet::new(),
            unscored: BTreeSet::new(),
            weights: BTreeMap::new(),
            fit: ScoringStrategy::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// One scheduler a name; pods that name none of them are left alone.
    pub profiles: Vec<ProfileConfig>,
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
            profiles: vec![ProfileConfig::named(DEFAULT_SCHEDULER)],
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
