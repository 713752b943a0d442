//! The TTL-after-finished controller: deletes jobs a while after they have ended.
//! Models pkg/controller/ttlafterfinished/ttlafterfinished_controller.go.

use std::sync::Arc;

use api::Job;
use apimachinery::meta::Key;
use apimachinery::time::Time;
use client::{ApiExt, Ctx, DeleteOptions, Propagation};
use clock::SimTime;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

pub struct TtlAfterFinishedController;

/// When a finished job is due to go, if ever.
fn expires_at(job: &Job) -> Option<Time> {
    let seconds = job.spec.ttl_seconds_after_finished?;
    let ended = job.status.finished()?.last_transition_time?;
    let due = ended.0.saturating_add(i64::from(seconds));
    (!job.metadata.is_deleting()).then_some(Time(due))
}

fn due(ctx: &Ctx<'_>, job: &Job) -> Option<SimTime> {
    expires_at(job).map(|at| ctx.sim_time(at))
}

impl Controller for TtlAfterFinishedController {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Job]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Job(delta) = change else { return };
        if !delta.is_deleted() && expires_at(&delta.new).is_some() {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(known) = sync.informers.jobs.get(key) else { return Ok(()) };
        let Some(at) = due(sync.ctx, known) else { return Ok(()) };
        if sync.ctx.now < at {
            sync.queue.add_at(at, key.clone());
            return Ok(());
        }
        // The cache may be stale, and a deletion cannot be taken back.
        let fresh: Arc<Job> = match sync.ctx.api.get(&key.namespace, &key.name) {
            Err(status) if status.is_not_found() => return Ok(()),
            other => other?,
        };
        match due(sync.ctx, &fresh) {
            Some(at) if at <= sync.ctx.now => {}
            Some(at) => {
                sync.queue.add_at(at, key.clone());
                return Ok(());
            }
            None => return Ok(()),
        }
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            precondition_uid: Some(fresh.metadata.uid),
            ..DeleteOptions::default()
        };
        sync.ctx.api.delete::<Job>(&key.namespace, &key.name, options)?;
        Ok(())
    }
}
