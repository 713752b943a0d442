//! kube-scheduler: decides on which node a pod runs, and can say why.

mod algorithm;
pub mod attempts;
mod cache;
mod changes;
mod config;
mod diagnosis;
mod events;
pub mod framework;
mod handlers;
mod lookup;
mod node_info;
mod nominated;
mod numeric;
mod plugins;
mod pod_terms;
mod preempt;
mod profile;
mod queue;
mod resources;
mod reuse;
mod scheduler;
mod spread;
mod template;
mod topology;
mod verdicts;
mod volumes;
mod waiting;

pub use attempts::{Attempt, NodeRefusal, NodeScore, Outcome, PluginScore, PluginScores, Refusal};
pub use config::{Config, ProfileConfig, ScoringStrategy, Strategy};
pub use queue::QueueLengths;
pub use scheduler::Scheduler;
