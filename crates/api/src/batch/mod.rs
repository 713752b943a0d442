//! The group `batch`.

pub mod cron_job;
mod cron_job_validation;
pub mod indexes;
pub mod job;
pub mod job_policy;
mod job_status_validation;
mod job_update_validation;
mod job_validation;
