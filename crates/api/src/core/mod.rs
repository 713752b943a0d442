//! core/v1.

pub mod config_map;
pub mod container;
pub mod endpoints;
pub mod event;
pub mod namespace;
pub mod node;
pub mod persistent_volume;
pub mod persistent_volume_claim;
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
pub mod secret;
pub mod service;
pub mod service_account;
pub mod service_printer;
pub mod service_strategy;
pub mod service_validation;
pub mod storage_names;
pub mod volume;
