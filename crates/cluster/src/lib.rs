//! The composition root: one cluster of components around one API server on one clock, and the
//! boundary for whoever stands outside. Commands go in; changes, traces and output come out.

mod cluster;
mod command;
mod components;
mod config;
mod digest;
mod faults;
mod feed;
mod history;
mod host;
mod identities;
pub mod measure;
mod nodes;
mod process;
mod system;
pub mod transcript;

pub use apiserver::{StaticToken, Tail, TailError};
pub use cluster::Cluster;
pub use command::{Command, Logged};
pub use config::{Config, Latency, NodeSpec};
pub use faults::Fault;
pub use feed::{Feed, Update};
pub use process::{Chunk, ProcessId, ProcessState};
pub use scheduler::Config as SchedulerConfig;
