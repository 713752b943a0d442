//! `kubectl describe`.
pub fn describe_object() {}
