//! rbac.authorization.k8s.io/v1.

pub mod binding;
pub mod policy_rule;
pub mod role;
pub mod rules;

/// The group of roles and bindings.
pub const GROUP: &str = "rbac.authorization.k8s.io";
