//! The deployment controller: rolls one template out after another by sizing ReplicaSets.
//! Models pkg/controller/deployment/deployment_controller.go.

mod conditions;
mod fenceposts;
mod progress;
pub(crate) mod reckoning;
mod recreate;
mod replica_sets;
mod revision;
mod rollback;
mod rolling;
mod scale;
mod status;
mod sync;

use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::{Deployment, Pod, ReplicaSet};
use apimachinery::labels::{LabelSelector, Selector, to_selector};
use apimachinery::meta::{Key, OwnerReference};
use client::{ApiExt, Delta, EventRecorder};

use crate::controller_ref::Claim;
use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Informers, Resource};

const MAX_RETRIES: u32 = 15;

pub struct DeploymentController {
    recorder: EventRecorder,
}

impl Default for DeploymentController {
    fn default() -> Self {
        DeploymentController { recorder: EventRecorder::new("deployment-controller", "") }
    }
}

fn resolve<'c>(
    informers: &'c Informers,
    namespace: &str,
    controller: &OwnerReference,
) -> Option<&'c Arc<Deployment>> {
    if controller.kind != "Deployment" {
        return None;
    }
    let found = informers.deployments.named(namespace, &controller.name)?;
    (found.metadata.uid == controller.uid).then_some(found)
}

fn enqueue_owner(notice: &mut Notice<'_>, rs: &ReplicaSet, controller: &OwnerReference) {
    if let Some(d) = resolve(notice.informers, &rs.metadata.namespace, controller) {
        notice.queue.add(Key::of(&d.metadata));
    }
}

/// Wakes the deployments that might adopt a ReplicaSet without a controller.
fn enqueue_matching(notice: &mut Notice<'_>, rs: &ReplicaSet) {
    if rs.metadata.labels.is_empty() {
        return;
    }
    for d in notice.informers.deployments.namespace(&rs.metadata.namespace) {
        let Ok(selector) = to_selector(d.spec.selector.as_ref()) else { continue };
        if !selector.is_everything() && selector.matches(&rs.metadata.labels) {
            notice.queue.add(Key::of(&d.metadata));
        }
    }
}

fn on_replica_set(notice: &mut Notice<'_>, delta: &Delta<ReplicaSet>) {
    let (rs, old) = (&*delta.new, delta.old.as_deref());
    let controller = rs.metadata.controller();
    if delta.is_deleted() {
        if let Some(controller) = controller {
            enqueue_owner(notice, rs, controller);
        }
        return;
    }
    let old_controller = old.and_then(|old| old.metadata.controller());
    let moved = old_controller.map(|c| c.uid) != controller.map(|c| c.uid);
    if let Some(former) = old_controller.filter(|_| moved) {
        enqueue_owner(notice, rs, former);
    }
    match controller {
        Some(controller) => enqueue_owner(notice, rs, controller),
        None => {
            let relabelled = old.is_none_or(|old| old.metadata.labels != rs.metadata.labels);
            if !rs.metadata.is_deleting() && (relabelled || moved) {
                enqueue_matching(notice, rs);
            }
        }
    }
}

/// A deployment that recreates waits for the last of its old pods to disappear.
fn on_pod_deleted(notice: &mut Notice<'_>, pod: &Pod) {
    let informers = notice.informers;
    let Some(owner) = pod.metadata.controller().filter(|c| c.kind == "ReplicaSet") else { return };
    let found = informers.replica_sets.named(&pod.metadata.namespace, &owner.name);
    let Some(rs) = found.filter(|rs| rs.metadata.uid == owner.uid) else { return };
    let Some(controller) = rs.metadata.controller() else { return };
    let Some(d) = resolve(informers, &rs.metadata.namespace, controller) else { return };
    if d.spec.strategy.type_ != "Recreate" {
        return;
    }
    let mut own = informers.replica_sets.owned_by(d.metadata.uid);
    if own.all(|rs| informers.pods.of_controller(rs.metadata.uid).is_none()) {
        notice.queue.add(Key::of(&d.metadata));
    }
}

/// The deployment's ReplicaSets, after adoption and release, in order of name.
fn claim_replica_sets(
    sync: &mut Sync<'_, '_>,
    d: &Deployment,
    selector: &Selector,
) -> Result<Vec<Arc<ReplicaSet>>, SyncError> {
    let store = &sync.informers.replica_sets;
    let own = store.owned_by(d.metadata.uid);
    let orphans = store.orphans().filter(|rs| {
        rs.metadata.namespace == d.metadata.namespace && rs.metadata.controller().is_none()
    });
    let (mut claim, mut claimed, mut failed) = (Claim::new(d, selector), Vec::new(), None);
    for rs in own.chain(orphans) {
        match claim.claim(sync.ctx, &**rs) {
            Ok(true) => claimed.push(Arc::clone(rs)),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(claimed), Err)
}

impl DeploymentController {
    /// Says that the deployment selects everything, and does nothing more.
    fn selecting_all(&mut self, sync: &mut Sync<'_, '_>, mut d: Deployment) -> SyncResult {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        self.warn(sync, &d, "SelectingAll", message);
        if d.status.observed_generation < d.metadata.generation {
            d.status.observed_generation = d.metadata.generation;
            let _ = sync.ctx.api.update_status(d);
        }
        Ok(())
    }

    fn warn(&mut self, sync: &mut Sync<'_, '_>, d: &Deployment, reason: &str, message: &str) {
        self.recorder.event(sync.ctx, &ObjectReference::to(d), "Warning", reason, message);
    }

    fn tell(&mut self, sync: &mut Sync<'_, '_>, d: &Deployment, reason: &str, message: &str) {
        self.recorder.event(sync.ctx, &ObjectReference::to(d), "Normal", reason, message);
    }
}

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Deployment, Resource::Pod, Resource::ReplicaSet]
    }

    fn max_retries(&self) -> u32 {
        MAX_RETRIES
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Deployment(delta) => notice.queue.add(Key::of(&delta.new.metadata)),
            Change::ReplicaSet(delta) => on_replica_set(notice, delta),
            Change::Pod(delta) if delta.is_deleted() => on_pod_deleted(notice, &delta.new),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(found) = sync.informers.deployments.get(key) else { return Ok(()) };
        let mut d = (**found).clone();
        if d.spec.selector.as_ref() == Some(&LabelSelector::default()) {
            return self.selecting_all(sync, d);
        }
        let selector = to_selector(d.spec.selector.as_ref()).map_err(|error| {
            SyncError::other(format!("deployment {key} has invalid label selector: {error}"))
        })?;
        let list = claim_replica_sets(sync, &d, &selector)?;
        if d.metadata.is_deleting() {
            return self.sync_status_only(sync, &mut d, list);
        }
        self.check_paused_conditions(sync, &mut d)?;
        if d.spec.paused {
            return self.sync_scaling(sync, &mut d, list);
        }
        if rollback::rollback_to(&d).is_some() {
            return self.rollback(sync, &mut d, list);
        }
        if self.is_scaling_event(sync, &mut d, &list)? {
            return self.sync_scaling(sync, &mut d, list);
        }
        match d.spec.strategy.type_.as_str() {
            "Recreate" => self.rollout_recreate(sync, &mut d, list),
            "RollingUpdate" => self.rollout_rolling(sync, &mut d, list),
            other => Err(SyncError::other(format!("unexpected deployment strategy type: {other}"))),
        }
    }
}
