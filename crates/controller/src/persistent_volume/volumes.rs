//! What becomes of a volume: available, bound, or released when its claim is gone.
//! Models syncVolume of pkg/controller/volume/persistentvolume/pv_controller.go.

use std::sync::Arc;

use api::core::volume_binding::{BOUND_BY_CONTROLLER, PROVISIONED_BY, same_volume_mode};
use api::{PersistentVolume, PersistentVolumeClaim};
use apimachinery::meta::{Key, Uid};
use client::ApiExt;

use super::PersistentVolumeController;
use crate::controllers::{Sync, SyncError, SyncResult};

impl PersistentVolumeController {
    pub(super) fn sync_volume(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
    ) -> SyncResult {
        let volume = &self.keep_deletion_finalizer(sync, volume)?;
        let (key, uid) = match (volume.claim_key(), &volume.spec.claim_ref) {
            (Some(key), Some(reference)) if !reference.uid.is_unset() => (key, reference.uid),
            _ => {
                self.set_volume_phase(sync, volume, "Available", "")?;
                return Ok(());
            }
        };
        let Some(claim) = self.find_claim(sync, volume, &key, uid)? else {
            return self.release(sync, volume);
        };
        if claim.spec.volume_name.is_empty() {
            if !same_volume_mode(&claim, volume) {
                self.say_modes_differ(sync, volume, &claim);
                return Ok(());
            }
            // The claim's own sync completes the binding.
            sync.queue.add(key);
            return Ok(());
        }
        if claim.spec.volume_name == volume.metadata.name {
            self.set_volume_phase(sync, volume, "Bound", "")?;
            return Ok(());
        }
        // The claim is bound elsewhere. A volume made for it alone is of no more use.
        let made_for_it = volume.metadata.annotation(PROVISIONED_BY).is_some();
        if made_for_it && volume.spec.reclaim_policy == "Delete" {
            return self.release(sync, volume);
        }
        self.unbind(sync, volume)
    }

    /// The claim that a volume names; one of the same name made later is another.
    fn find_claim(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &PersistentVolume,
        key: &Key,
        uid: Uid,
    ) -> Result<Option<Arc<PersistentVolumeClaim>>, SyncError> {
        let known = self.known.claims.get(key).cloned();
        let over = matches!(volume.status.phase.as_str(), "Released" | "Failed");
        match known {
            Some(claim) if claim.metadata.uid == uid => return Ok(Some(claim)),
            None if over => return Ok(None),
            _ => {}
        }
        match sync.ctx.api.get::<PersistentVolumeClaim>(&key.namespace, &key.name) {
            Ok(claim) => Ok(Some(claim).filter(|claim| claim.metadata.uid == uid)),
            Err(status) if status.is_not_found() => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    fn say_modes_differ(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
        claim: &Arc<PersistentVolumeClaim>,
    ) {
        let of_volume = format!(
            "Cannot bind PersistentVolume to requested PersistentVolumeClaim {:?} due to \
             incompatible volumeMode.",
            claim.metadata.name
        );
        self.event(sync, &**volume, "Warning", "VolumeMismatch", &of_volume);
        let of_claim = format!(
            "Cannot bind PersistentVolume {:?} to requested PersistentVolumeClaim due to \
             incompatible volumeMode.",
            volume.metadata.name
        );
        self.event(sync, &**claim, "Warning", "VolumeMismatch", &of_claim);
    }

    fn release(&mut self, sync: &mut Sync<'_, '_>, volume: &Arc<PersistentVolume>) -> SyncResult {
        let volume = match volume.status.phase.as_str() {
            "Released" | "Failed" => Arc::clone(volume),
            _ => self.set_volume_phase(sync, volume, "Released", "")?,
        };
        self.reclaim(sync, &volume)
    }

    /// Takes a promise back: all of it if the controller made it, else only the uid.
    pub(super) fn unbind(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
    ) -> SyncResult {
        let mut copy = (**volume).clone();
        if volume.metadata.annotation(BOUND_BY_CONTROLLER).is_some() {
            copy.spec.claim_ref = None;
            copy.metadata.annotations.make_mut().remove(BOUND_BY_CONTROLLER);
        } else if let Some(reference) = &mut copy.spec.claim_ref {
            reference.uid = Uid::default();
        }
        let written = self.write_volume(sync, copy)?;
        self.set_volume_phase(sync, &written, "Available", "")?;
        Ok(())
    }
}
