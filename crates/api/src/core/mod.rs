//! core/v1.

pub mod config_map;
pub mod container;
pub mod endpoints;
pub mod event;
pub mod namespace;
pub mod node;
pub mod pod;
pub mod pod_defaults;
mod pod_diff;
pub mod pod_printer;
pub mod pod_spec;
pub mod pod_status;
pub mod pod_validation;
pub mod probe;
pub mod qos;
pub mod reference;
pub mod service;
pub mod service_account;
pub mod service_printer;
pub mod service_strategy;
pub mod service_validation;
pub mod volume;
