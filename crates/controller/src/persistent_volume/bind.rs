//! The four writes of a binding, each left out when it was done before: the volume's promise, its
//! phase, the claim's volume, its phase.
//! Models bind of pkg/controller/volume/persistentvolume/pv_controller.go.

use std::sync::Arc;

use api::core::volume_binding::{BIND_COMPLETED, BOUND_BY_CONTROLLER};
use api::{PersistentVolume, PersistentVolumeClaim};
use client::ApiExt;
use smol_str::SmolStr;

use super::PersistentVolumeController;
use crate::controllers::{Sync, SyncError, SyncResult};

type Written<K> = Result<Arc<K>, SyncError>;

impl PersistentVolumeController {
    pub(super) fn bind(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> SyncResult {
        let mut volume = Arc::clone(volume);
        if let Some(promised) = volume.promised_to(claim) {
            volume = self.write_volume(sync, promised)?;
        }
        volume = self.set_volume_phase(sync, &volume, "Bound", "")?;
        let claim = self.point_claim_to(sync, claim, &volume)?;
        self.set_claim_status(sync, &claim, "Bound", Some(&volume))?;
        Ok(())
    }

    pub(super) fn write_volume(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: PersistentVolume,
    ) -> Written<PersistentVolume> {
        let written = sync.ctx.api.update(volume)?;
        self.learn_volume(&written);
        Ok(written)
    }

    pub(super) fn write_claim(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: PersistentVolumeClaim,
    ) -> Written<PersistentVolumeClaim> {
        let written = sync.ctx.api.update(claim)?;
        self.learn_claim(&written);
        Ok(written)
    }

    fn point_claim_to(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        volume: &PersistentVolume,
    ) -> Written<PersistentVolumeClaim> {
        let mut copy = (**claim).clone();
        if claim.spec.volume_name != volume.metadata.name {
            copy.spec.volume_name = volume.metadata.name.clone();
            if claim.metadata.annotation(BOUND_BY_CONTROLLER).is_none() {
                copy.metadata.set_annotation(BOUND_BY_CONTROLLER, "yes");
            }
        } else if claim.is_bind_completed() {
            return Ok(Arc::clone(claim));
        }
        if !claim.is_bind_completed() {
            copy.metadata.set_annotation(BIND_COMPLETED, "yes");
        }
        self.write_claim(sync, copy)
    }

    pub(super) fn set_volume_phase(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
        phase: &'static str,
        message: &str,
    ) -> Written<PersistentVolume> {
        if volume.status.phase == phase {
            return Ok(Arc::clone(volume));
        }
        let mut copy = (**volume).clone();
        copy.status.phase = SmolStr::new_static(phase);
        copy.status.message = message.into();
        copy.status.last_phase_transition_time = Some(sync.ctx.time());
        let written = sync.ctx.api.update_status(copy)?;
        self.learn_volume(&written);
        Ok(written)
    }

    /// A phase with an event, said once.
    pub(super) fn fail_volume(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
        reason: &str,
        message: &str,
    ) -> SyncResult {
        if volume.status.phase != "Failed" {
            let written = self.set_volume_phase(sync, volume, "Failed", message)?;
            self.event(sync, &*written, "Warning", reason, message);
        }
        Ok(())
    }

    /// The claim's phase and what it was given; without a volume it has been given nothing.
    pub(super) fn set_claim_status(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        phase: &'static str,
        volume: Option<&PersistentVolume>,
    ) -> Written<PersistentVolumeClaim> {
        let mut status = claim.status.clone();
        let (modes, capacity) = match volume {
            None => (Vec::new(), Default::default()),
            Some(volume) => (volume.spec.access_modes.clone(), volume.spec.capacity.clone()),
        };
        status.access_modes = modes;
        // The size of a bound claim is what its file system has, not what the volume has.
        if volume.is_none() || status.phase != phase {
            status.capacity = capacity;
        }
        match volume {
            None => status.current_volume_attributes_class_name = None,
            Some(volume) if status.phase == "Pending" && phase == "Bound" => {
                let class = volume.spec.volume_attributes_class_name.clone();
                status.current_volume_attributes_class_name = class;
            }
            Some(_) => {}
        }
        status.phase = SmolStr::new_static(phase);
        if status == claim.status {
            return Ok(Arc::clone(claim));
        }
        let copy = PersistentVolumeClaim { status, ..(**claim).clone() };
        let written = sync.ctx.api.update_status(copy)?;
        self.learn_claim(&written);
        Ok(written)
    }
}
