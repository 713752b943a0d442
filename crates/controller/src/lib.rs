//! kube-controller-manager: one module per controller; `controllers.rs` lists them, `manager.rs`
//! feeds them from one shared cache (`informers.rs`).

mod controller_ref;
mod controllers;
mod deployment;
mod expectations;
mod informers;
mod manager;
mod pod_control;
mod pod_store;
mod pods;
mod replica_set;

pub use manager::{Config, ControllerManager};
