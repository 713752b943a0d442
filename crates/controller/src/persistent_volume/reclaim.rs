//! What is done with a released volume: kept, taken away, or emptied.
//! Models reclaimVolume of pkg/controller/volume/persistentvolume/pv_controller.go.

use std::sync::Arc;

use api::PersistentVolume;
use api::core::volume_binding::PROVISIONED_BY;
use client::{ApiExt, DeleteOptions};
use smol_str::SmolStr;

use super::PersistentVolumeController;
use super::plugins::{self, Deleter};
use crate::controllers::{Sync, SyncError, SyncResult};

const IN_TREE_FINALIZER: &str = "kubernetes.io/pv-controller";
const EXTERNAL_FINALIZER: &str = "external-provisioner.volume.kubernetes.io/finalizer";

impl PersistentVolumeController {
    pub(super) fn reclaim(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
    ) -> SyncResult {
        match volume.spec.reclaim_policy.as_str() {
            "Retain" => Ok(()),
            "Delete" => self.delete(sync, volume),
            "Recycle" => self.recycle(sync, volume),
            _ => {
                let message = "Volume has unrecognized PersistentVolumeReclaimPolicy";
                self.fail_volume(sync, volume, "VolumeUnknownReclaimPolicy", message)
            }
        }
    }

    fn delete(&mut self, sync: &mut Sync<'_, '_>, volume: &Arc<PersistentVolume>) -> SyncResult {
        match plugins::deleter(volume) {
            Deleter::External => return Ok(()),
            Deleter::Missing(why) => {
                return self.fail_volume(sync, volume, "VolumeFailedDelete", &why);
            }
            Deleter::HostPath => {}
        }
        let path = plugins::host_path(volume);
        if path.split_once("/tmp/").is_none_or(|(_, rest)| rest.is_empty()) {
            let why =
                format!("host_path deleter only supports /tmp/.+ but received provided {path}");
            return self.fail_volume(sync, volume, "VolumeFailedDelete", &why);
        }
        let name = &volume.metadata.name;
        self.drop_finalizer(sync, volume)?;
        match sync.ctx.api.delete::<PersistentVolume>("", name, DeleteOptions::default()) {
            Err(status) if !status.is_not_found() => Err(status.into()),
            _ => Ok(()),
        }
    }

    fn drop_finalizer(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
    ) -> SyncResult {
        if volume.metadata.finalizers().iter().any(|name| name == IN_TREE_FINALIZER) {
            let mut copy = (**volume).clone();
            copy.metadata.rare_mut().finalizers.retain(|name| name != IN_TREE_FINALIZER);
            self.write_volume(sync, copy)?;
        }
        Ok(())
    }

    fn recycle(&mut self, sync: &mut Sync<'_, '_>, volume: &Arc<PersistentVolume>) -> SyncResult {
        let Some(key) = volume.claim_key() else { return Ok(()) };
        let mut pods: Vec<String> = super::users(sync, &key)
            .map(|pod| format!("{}/{}", pod.metadata.namespace, pod.metadata.name))
            .collect();
        pods.sort();
        if !pods.is_empty() && !self.known.claims.contains_key(&key) {
            let message = format!("Volume is used by pods: {}", pods.join(","));
            self.event(sync, &**volume, "Normal", "VolumeFailedRecycle", &message);
            return Ok(());
        }
        if !plugins::recycles(volume) {
            let message = "No recycler plugin found for the volume!";
            return self.fail_volume(sync, volume, "VolumeFailedRecycle", message);
        }
        self.event(sync, &**volume, "Normal", "VolumeRecycled", "Volume recycled");
        self.unbind(sync, volume)
    }

    /// Volumes made by an in-tree provisioner stay until the controller has taken them away.
    /// Models modifyDeletionFinalizers of pv_controller_base.go.
    pub(super) fn keep_deletion_finalizer(
        &mut self,
        sync: &mut Sync<'_, '_>,
        volume: &Arc<PersistentVolume>,
    ) -> Result<Arc<PersistentVolume>, SyncError> {
        let Some(provisioner) = volume.metadata.annotation(PROVISIONED_BY) else {
            return Ok(Arc::clone(volume));
        };
        let migrated = plugins::migrated(provisioner).is_some();
        if !migrated && !provisioner.starts_with("kubernetes.io/") {
            return Ok(Arc::clone(volume));
        }
        let before = volume.metadata.finalizers();
        let mut after: Vec<SmolStr> = before.to_vec();
        let kept = !migrated && volume.spec.reclaim_policy == "Delete";
        if !kept {
            after.retain(|name| name != IN_TREE_FINALIZER);
        } else if !after.iter().any(|name| name == IN_TREE_FINALIZER) {
            after.push(SmolStr::new_static(IN_TREE_FINALIZER));
        }
        if !migrated {
            after.retain(|name| name != EXTERNAL_FINALIZER);
        }
        if after == before {
            return Ok(Arc::clone(volume));
        }
        let mut copy = (**volume).clone();
        copy.metadata.rare_mut().finalizers = after;
        self.write_volume(sync, copy)
    }
}
