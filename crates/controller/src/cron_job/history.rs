//! Removes finished jobs beyond the history limits, the oldest first.
//! Models cleanupFinishedJobs in pkg/controller/cronjob/cronjob_controllerv2.go.

use std::sync::Arc;

use api::Job;

use super::{CronJobController, Current};
use crate::controllers::Sync;

impl CronJobController {
    pub(super) fn clean_up(
        &mut self,
        sync: &mut Sync<'_, '_>,
        current: &mut Current,
        jobs: &[Arc<Job>],
    ) {
        let spec = &current.cron_job.spec;
        let limits = [
            ("Complete", spec.successful_jobs_history_limit),
            ("Failed", spec.failed_jobs_history_limit),
        ];
        for (ending, limit) in limits {
            let Some(limit) = limit else { continue };
            let ended = |job: &&Arc<Job>| job.status.finished().is_some_and(|c| c.type_ == ending);
            let mut ended: Vec<&Arc<Job>> = jobs.iter().filter(ended).collect();
            // Jobs that never started stand last.
            ended.sort_by_key(|job| {
                let start = job.status.start_time;
                (start.is_none(), start, job.metadata.name.clone())
            });
            let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
            for job in ended.into_iter().take(surplus) {
                self.delete_job(sync, current, job);
            }
        }
    }
}
