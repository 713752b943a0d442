//! Lets a deleted claim go once no pod uses it. Models pkg/controller/volume/pvcprotection.

use api::{PersistentVolumeClaim, Pod};
use apimachinery::meta::Key;
use client::{ApiExt, ListOptions};

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::finalizers;
use crate::informers::{Change, Resource};
use crate::persistent_volume::is_terminated;

pub const FINALIZER: &str = "kubernetes.io/pvc-protection";

#[derive(Default)]
pub struct PvcProtectionController;

/// A pod that is not on a node yet does not hold a claim.
fn uses(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    let shut_down =
        pod.metadata.is_deleting() && pod.metadata.deletion_grace_period_seconds() == Some(0);
    !pod.spec.node_name.is_empty()
        && pod.spec.volumes.iter().any(|volume| {
            volume.claim_name(pod).is_some_and(|name| name == claim.metadata.name)
                && (volume.ephemeral().is_none() || (!shut_down && is_for(pod, claim)))
        })
}

/// Whether an ephemeral volume's claim was made for this pod.
fn is_for(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    claim.metadata.controller().is_some_and(|owner| owner.uid == pod.metadata.uid)
}

fn is_used(sync: &mut Sync<'_, '_>, claim: &PersistentVolumeClaim) -> Result<bool, SyncError> {
    let key = Key::of(&claim.metadata);
    if sync.informers.pods.using_claim(&key).any(|pod| uses(pod, claim)) {
        return Ok(true);
    }
    // The cache may be behind: what is lost here does not come back.
    let pods = sync.ctx.api.list::<Pod>(&key.namespace, ListOptions::default())?;
    Ok(pods.iter().any(|pod| uses(pod, claim)))
}

impl Controller for PvcProtectionController {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim-protection-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolumeClaim, Resource::Pod]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::PersistentVolumeClaim(delta)
                if !delta.is_deleted() && finalizers::is_due(&delta.new.metadata, FINALIZER) =>
            {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::Pod(delta) => {
                let pod = &*delta.new;
                if delta.is_deleted() || is_terminated(pod) || pod.spec.node_name.is_empty() {
                    for claim in pod.claims() {
                        notice.queue.add(Key::new(pod.metadata.namespace.clone(), claim));
                    }
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(claim) = sync.informers.persistent_volume_claims.get(key).cloned() else {
            return Ok(());
        };
        let held = claim.metadata.is_deleting() && is_used(sync, &claim)?;
        finalizers::settle(sync, &claim, FINALIZER, held)
    }
}
