//! The group `autoscaling`.

pub mod horizontal_pod_autoscaler;
mod hpa_printer;
mod hpa_v1;
mod hpa_validation;
