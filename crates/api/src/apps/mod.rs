//! apps/v1.

pub mod controller_revision;
pub mod daemon_set;
mod daemon_set_validation;
pub mod deployment;
pub mod replica_set;
pub mod stateful_set;
mod stateful_set_validation;
pub mod validation;
