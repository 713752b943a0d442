//! kube-controller-manager: one module per controller; `controllers.rs` lists them, `manager.rs`
//! feeds them from one shared cache (`informers.rs`).

mod attach_detach;
mod certificate_signer;
mod cluster_role_aggregation;
mod consistency;
mod controller_ref;
mod controllers;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod endpoints;
mod ephemeral_volume;
mod expand;
mod expectations;
mod finalizers;
mod garbage_collector;
mod history;
mod informers;
mod job;
mod manager;
mod namespace;
mod node_ipam;
mod node_lifecycle;
mod persistent_volume;
mod pod_control;
mod pod_gc;
mod pod_store;
mod podautoscaler;
mod pods;
mod pv_protection;
mod pvc_protection;
mod replica_set;
mod replication_controller;
mod resource_quota;
mod root_ca;
mod service_account;
mod service_lb;
mod service_pods;
mod stateful_set;
mod taint_eviction;
mod ttl;
mod ttl_after_finished;

pub use deployment::reckoning::{Rollout, Share, rollout};
pub use manager::{Config, ControllerManager};
