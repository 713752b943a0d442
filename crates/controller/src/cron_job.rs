//! The CronJob controller: makes a job at each time of a schedule, and removes old ones.
//! Models pkg/controller/cronjob/cronjob_controllerv2.go.

mod history;
mod schedule;

use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::{CronJob, Job};
use apimachinery::cron::Schedule;
use apimachinery::meta::{Key, OwnerReference, Uid};
use apimachinery::strconv::quote;
use apimachinery::time::Time;
use apimachinery::time_zone::TimeZone;
use apimachinery::wire::Shared;
use client::{ApiExt, DeleteOptions, Delta, EventRecorder, Propagation};
use clock::Duration;
use smol_str::format_smolstr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Informers, Resource};
use crate::pod_control::controller_reference;

/// A sync comes this much after the scheduled time.
const NEXT_SCHEDULE_DELTA: Duration = Duration::from_millis(100);
const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

pub struct CronJobController {
    recorder: EventRecorder,
}

impl Default for CronJobController {
    fn default() -> Self {
        CronJobController { recorder: EventRecorder::new("cronjob-controller", "") }
    }
}

/// A cron job while it is synced: its status changes on the way.
struct Current {
    cron_job: CronJob,
    about: ObjectReference,
    changed: bool,
}

impl Current {
    fn is_active(&self, uid: Uid) -> bool {
        self.cron_job.status.active.iter().any(|job| job.uid == uid)
    }

    fn forget(&mut self, uid: Uid) {
        self.cron_job.status.active.retain(|job| job.uid != uid);
        self.changed = true;
    }
}

fn enqueue_owner(notice: &mut Notice<'_>, namespace: &str, owner: Option<&OwnerReference>) {
    let Some(owner) = owner.filter(|owner| owner.kind == "CronJob") else { return };
    let found = notice.informers.cron_jobs.named(namespace, &owner.name);
    if let Some(cron_job) = found.filter(|found| found.metadata.uid == owner.uid) {
        notice.queue.add(Key::of(&cron_job.metadata));
    }
}

fn on_job(notice: &mut Notice<'_>, delta: &Delta<Job>) {
    let (job, old) = (&delta.new.metadata, delta.old.as_ref().map(|old| &old.metadata));
    let before = old.and_then(|old| old.controller());
    if before.map(|owner| owner.uid) != job.controller().map(|owner| owner.uid) {
        enqueue_owner(notice, &job.namespace, before);
    }
    enqueue_owner(notice, &job.namespace, job.controller());
}

fn jobs_of(informers: &Informers, cron_job: &CronJob) -> Vec<Arc<Job>> {
    let uid = cron_job.metadata.uid;
    let owned = informers.jobs.owned_by(uid);
    let controlled = |job: &&Arc<Job>| job.metadata.controller().is_some_and(|c| c.uid == uid);
    owned.filter(controlled).cloned().collect()
}

fn job_name(cron_job: &CronJob, scheduled: Time) -> smol_str::SmolStr {
    format_smolstr!("{}-{}", cron_job.metadata.name, scheduled.0.div_euclid(60))
}

impl Controller for CronJobController {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::CronJob, Resource::Job]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Job(delta) => on_job(notice, delta),
            Change::CronJob(delta) => notice.queue.add(Key::of(&delta.new.metadata)),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(cron_job) = sync.informers.cron_jobs.get(key) else { return Ok(()) };
        let jobs = jobs_of(sync.informers, cron_job);
        let mut current = Current {
            about: ObjectReference::to(&**cron_job),
            cron_job: (**cron_job).clone(),
            changed: false,
        };
        self.clean_up(sync, &mut current, &jobs);
        let result = self.sync_cron_job(sync, key, &mut current, &jobs);
        if current.changed {
            sync.ctx.api.update_status(current.cron_job)?;
        }
        result
    }
}

impl CronJobController {
    fn say(
        &mut self,
        sync: &mut Sync<'_, '_>,
        current: &Current,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        self.recorder.event(sync.ctx, &current.about, type_, reason, message);
    }

    fn sync_cron_job(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        current: &mut Current,
        jobs: &[Arc<Job>],
    ) -> SyncResult {
        self.observe(sync, current, jobs)?;
        self.forget_missing(sync, current, jobs)?;
        if current.cron_job.metadata.is_deleting() {
            return Ok(());
        }
        if let Some(zone) = current.cron_job.spec.time_zone.as_deref()
            && let Err(why) = TimeZone::load(zone)
        {
            let message = format!("invalid timeZone: {}: {why}", quote(zone));
            self.say(sync, current, "Warning", "UnknownTimeZone", &message);
            return Ok(());
        }
        if current.cron_job.spec.suspend == Some(true) {
            return Ok(());
        }
        let Some(schedule) = self.schedule(sync, current) else { return Ok(()) };
        self.run_due(sync, key, current, &schedule)
    }

    /// Notes jobs that have finished, and jobs that should not be there.
    fn observe(
        &mut self,
        sync: &mut Sync<'_, '_>,
        current: &mut Current,
        jobs: &[Arc<Job>],
    ) -> SyncResult {
        for job in jobs {
            let (uid, name) = (job.metadata.uid, &job.metadata.name);
            let listed = current.is_active(uid);
            let Some(ending) = job.status.finished() else {
                if listed {
                    continue;
                }
                let meta = &current.cron_job.metadata;
                let fresh: Arc<CronJob> = sync.ctx.api.get(&meta.namespace, &meta.name)?;
                if fresh.status.active.iter().any(|active| active.uid == uid) {
                    current.cron_job = (*fresh).clone();
                    continue;
                }
                let message =
                    format!("Saw a job that the controller did not create or forgot: {name}");
                self.say(sync, current, "Warning", "UnexpectedJob", &message);
                continue;
            };
            if listed {
                current.forget(uid);
                let message = format!("Saw completed job: {name}, condition: {}", ending.type_);
                self.say(sync, current, "Normal", "SawCompletedJob", &message);
            }
            let last = current.cron_job.status.last_successful_time;
            let done = job.status.completion_time.filter(|_| ending.type_ == "Complete");
            if let Some(done) = done.filter(|done| last.is_none_or(|last| *done > last)) {
                current.cron_job.status.last_successful_time = Some(done);
                current.changed = true;
            }
        }
        Ok(())
    }

    fn forget_missing(
        &mut self,
        sync: &mut Sync<'_, '_>,
        current: &mut Current,
        jobs: &[Arc<Job>],
    ) -> SyncResult {
        for active in current.cron_job.status.active.clone() {
            if jobs.iter().any(|job| job.metadata.uid == active.uid) {
                continue;
            }
            match sync.ctx.api.get::<Job>(&active.namespace, &active.name) {
                Err(status) if status.is_not_found() => {
                    let message = format!("Active job went missing: {}", active.name);
                    self.say(sync, current, "Normal", "MissingJob", &message);
                    current.forget(active.uid);
                }
                Err(status) => return Err(status.into()),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    fn schedule(&mut self, sync: &mut Sync<'_, '_>, current: &Current) -> Option<Schedule> {
        let spec = &current.cron_job.spec;
        if spec.schedule.contains("TZ") {
            let message = format!(
                "CRON_TZ or TZ used in schedule {} is not officially supported, see \
                 https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more \
                 details",
                quote(&spec.schedule)
            );
            self.say(sync, current, "Warning", "UnsupportedSchedule", &message);
        }
        match schedule::parse(spec) {
            Ok(schedule) => Some(schedule),
            Err(why) => {
                let text = quote(&spec.schedule);
                let message = format!("unparseable schedule: {text} : {why}");
                self.say(sync, current, "Warning", "UnparseableSchedule", &message);
                None
            }
        }
    }

    /// Makes the job that is due, if one is, and comes back when the next one will be.
    fn run_due(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        current: &mut Current,
        schedule: &Schedule,
    ) -> SyncResult {
        let now = sync.ctx.time();
        let due = match schedule::due(&current.cron_job, now, schedule) {
            Ok(due) => due,
            Err(why) => {
                let text = &current.cron_job.spec.schedule;
                let message = format!("invalid schedule: {text} : {why}");
                self.say(sync, current, "Warning", "InvalidSchedule", &message);
                return Ok(());
            }
        };
        if due.too_many_missed {
            let message = "too many missed start times. Set or decrease \
                           .spec.startingDeadlineSeconds or check clock skew";
            self.say(sync, current, "Warning", "TooManyMissedTimes", message);
        }
        if let Some(scheduled) = due.time
            && self.may_start(sync, current, scheduled)
            && !self.start(sync, current, scheduled)?
        {
            return Ok(());
        }
        let next = schedule::next(&current.cron_job, now, schedule);
        sync.queue.add_at(sync.ctx.sim_time(next) + NEXT_SCHEDULE_DELTA, key.clone());
        Ok(())
    }

    fn may_start(&mut self, sync: &mut Sync<'_, '_>, current: &Current, scheduled: Time) -> bool {
        let spec = &current.cron_job.spec;
        let status = &current.cron_job.status;
        if let Some(seconds) = spec.starting_deadline_seconds {
            let latest = scheduled.0.saturating_add(seconds).saturating_mul(1_000_000);
            if latest < sync.ctx.micro_time().0 {
                let time = scheduled.rfc1123z();
                let message = format!("Missed scheduled time to start a job: {time}");
                self.say(sync, current, "Warning", "MissSchedule", &message);
                return false;
            }
        }
        let name = job_name(&current.cron_job, scheduled);
        if status.active.iter().any(|job| job.name == name)
            || status.last_schedule_time == Some(scheduled)
        {
            return false;
        }
        if spec.concurrency_policy == "Forbid" && !status.active.is_empty() {
            let message = "Not starting job because prior execution is running and concurrency \
                           policy is Forbid";
            self.say(sync, current, "Normal", "JobAlreadyActive", message);
            return false;
        }
        true
    }

    /// Whether to go on with the schedule: not where somebody else's job has the name.
    fn start(
        &mut self,
        sync: &mut Sync<'_, '_>,
        current: &mut Current,
        scheduled: Time,
    ) -> Result<bool, SyncError> {
        if current.cron_job.spec.concurrency_policy == "Replace" {
            self.replace(sync, current)?;
        }
        let job = new_job(&current.cron_job, scheduled);
        let name = job.metadata.name.clone();
        let created = match sync.ctx.api.create(job) {
            Ok(job) => {
                let message = format!("Created job {name}");
                self.say(sync, current, "Normal", "SuccessfulCreate", &message);
                job
            }
            Err(status) if status.is_already_exists() => {
                let namespace = &current.cron_job.metadata.namespace;
                let job: Arc<Job> = sync.ctx.api.get(namespace, &name)?;
                let owner = job.metadata.controller().map(|owner| owner.uid);
                let ours = owner == Some(current.cron_job.metadata.uid);
                if !ours || current.is_active(job.metadata.uid) {
                    return Ok(false);
                }
                job
            }
            Err(status) => {
                let error = SyncError::from(status);
                if !error.is_namespace_terminating() {
                    let message = format!("Error creating job: {error}");
                    self.say(sync, current, "Warning", "FailedCreate", &message);
                }
                return Err(error);
            }
        };
        let status = &mut current.cron_job.status;
        status.active.push(ObjectReference::to(&*created));
        status.last_schedule_time = Some(scheduled);
        current.changed = true;
        Ok(true)
    }

    fn replace(&mut self, sync: &mut Sync<'_, '_>, current: &mut Current) -> SyncResult {
        for active in current.cron_job.status.active.clone() {
            let job = match sync.ctx.api.get::<Job>(&active.namespace, &active.name) {
                Ok(job) => job,
                Err(status) => {
                    let message = format!("Get job: {status}");
                    self.say(sync, current, "Warning", "FailedGet", &message);
                    return Err(status.into());
                }
            };
            if !self.delete_job(sync, current, &job) {
                let message = format!("could not replace job {}/{}", active.namespace, active.name);
                return Err(SyncError::other(message));
            }
        }
        Ok(())
    }

    fn delete_job(&mut self, sync: &mut Sync<'_, '_>, current: &mut Current, job: &Job) -> bool {
        let propagation = Some(Propagation::Background);
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        let (namespace, name) = (&job.metadata.namespace, &job.metadata.name);
        if let Err(status) = sync.ctx.api.delete::<Job>(namespace, name, options) {
            let message = format!("Deleted job: {status}");
            self.say(sync, current, "Warning", "FailedDelete", &message);
            return false;
        }
        current.forget(job.metadata.uid);
        self.say(sync, current, "Normal", "SuccessfulDelete", &format!("Deleted job {name}"));
        true
    }
}

/// The job for a scheduled time.
fn new_job(cron_job: &CronJob, scheduled: Time) -> Job {
    let template = &cron_job.spec.job_template;
    let mut job = Job { spec: template.spec.clone(), ..Job::default() };
    let meta = &mut job.metadata;
    meta.namespace = cron_job.metadata.namespace.clone();
    meta.name = job_name(cron_job, scheduled);
    meta.labels = template.metadata.labels.clone();
    meta.annotations = template.metadata.annotations.clone();
    let zone = TimeZone::load(cron_job.spec.time_zone.as_deref().unwrap_or_default());
    let zone = zone.unwrap_or(TimeZone::UTC);
    meta.set_annotation(SCHEDULED_TIMESTAMP, &zone.format(scheduled));
    meta.owner_references = Shared::new(vec![controller_reference(cron_job)]);
    job
}
