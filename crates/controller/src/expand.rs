//! Claims that grew: since no volume plugin of the controller's can enlarge anything, it says who
//! is waited for. Models pkg/controller/volume/expand/expand_controller.go.

use api::PersistentVolumeClaim;
use api::core::reference::ObjectReference;
use apimachinery::meta::Key;
use client::EventRecorder;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

const PRE_RESIZE_CAPACITY: &str = "volume.alpha.kubernetes.io/pre-resize-capacity";

pub struct ExpandController {
    recorder: EventRecorder,
}

impl Default for ExpandController {
    fn default() -> Self {
        ExpandController { recorder: EventRecorder::new("volume_expand", "") }
    }
}

fn grew(old: &PersistentVolumeClaim, new: &PersistentVolumeClaim) -> bool {
    let given = |claim: &PersistentVolumeClaim| claim.status.capacity.get("storage").cloned();
    new.requested() > old.requested()
        || given(new).is_some_and(|new| given(old).is_none_or(|old| new > old))
}

impl Controller for ExpandController {
    fn name(&self) -> &'static str {
        "persistentvolume-expander-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolumeClaim]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::PersistentVolumeClaim(delta) = change else { return };
        let due = delta.old.as_ref().is_none_or(|old| grew(old, &delta.new));
        if !delta.is_deleted() && due && delta.new.status.phase == "Bound" {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(claim) = sync.informers.persistent_volume_claims.get(key).cloned() else {
            return Ok(());
        };
        let volume = sync.informers.persistent_volumes.named("", &claim.spec.volume_name);
        let reference = volume.and_then(|volume| volume.spec.claim_ref.as_ref());
        let ours = reference.is_some_and(|reference| {
            reference.uid == claim.metadata.uid && reference.namespace == claim.metadata.namespace
        });
        let Some(volume) = volume.filter(|_| ours) else {
            let why = format!(
                "persistent Volume is not bound to PVC being updated : {}/{}",
                key.namespace, key.name
            );
            return Err(SyncError::other(why));
        };
        let fits =
            claim.status.capacity.get("storage").is_some_and(|size| claim.requested() <= *size);
        if fits && volume.metadata.annotation(PRE_RESIZE_CAPACITY).is_none() {
            return Ok(());
        }
        let message = "waiting for an external controller to expand this PVC";
        let about = ObjectReference::to(&*claim);
        self.recorder.event(sync.ctx, &about, "Normal", "ExternalExpanding", message);
        Ok(())
    }
}
