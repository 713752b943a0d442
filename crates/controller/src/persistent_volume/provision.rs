//! Has a volume made for a claim: by whoever the class names, which is seldom the controller.
//! Models provisionClaim of pkg/controller/volume/persistentvolume/pv_controller.go.

use std::sync::Arc;

use api::core::volume_binding::{BETA_STORAGE_PROVISIONER, STORAGE_PROVISIONER};
use api::{PersistentVolumeClaim, StorageClass};

use super::PersistentVolumeController;
use super::plugins::{self, Provisioner};
use crate::controllers::{Sync, SyncError};

const MIGRATED_TO: &str = "pv.kubernetes.io/migrated-to";

impl PersistentVolumeController {
    pub(super) fn provision(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) {
        let class_name = claim.class();
        let Some(class) = sync.informers.storage_classes.named("", class_name).cloned() else {
            let message = format!("storageclass.storage.k8s.io {class_name:?} not found");
            return self.event(sync, &**claim, "Warning", "ProvisioningFailed", &message);
        };
        let kind = plugins::provisioner(&class.provisioner);
        if let Provisioner::Unknown(message) = kind {
            return self.event(sync, &**claim, "Warning", "ProvisioningFailed", &message);
        }
        match kind {
            Provisioner::HostPath => self.refuse_host_path(sync, claim, &class),
            _ => self.ask_outside(sync, claim, &class),
        }
    }

    /// Writes into the claim who is to make its volume.
    fn set_provisioner(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        class: &StorageClass,
    ) -> Result<Arc<PersistentVolumeClaim>, SyncError> {
        let driver = plugins::migrated(&class.provisioner);
        let name = driver.unwrap_or(&class.provisioner);
        if claim.metadata.annotation(STORAGE_PROVISIONER) == Some(name) {
            return Ok(Arc::clone(claim));
        }
        let mut copy = (**claim).clone();
        copy.metadata.set_annotation(BETA_STORAGE_PROVISIONER, name);
        copy.metadata.set_annotation(STORAGE_PROVISIONER, name);
        if driver.is_some() {
            copy.metadata.set_annotation(MIGRATED_TO, name);
        }
        self.write_claim(sync, copy)
    }

    fn ask_outside(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        class: &StorageClass,
    ) {
        let name = plugins::migrated(&class.provisioner).unwrap_or(&class.provisioner);
        let claim = match self.set_provisioner(sync, claim, class) {
            Ok(claim) => claim,
            Err(error) => {
                let message = format!("Error saving claim: {error}");
                return self.event(sync, &**claim, "Warning", "ProvisioningFailed", &message);
            }
        };
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{name}' or \
             manually by the system administrator. If volume creation is delayed, please verify \
             that the provisioner is running and correctly registered."
        );
        self.event(sync, &*claim, "Normal", "ExternalProvisioning", &message);
    }

    /// The controller's only provisioner of its own is switched off, as it is everywhere.
    fn refuse_host_path(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        class: &StorageClass,
    ) {
        let Ok(claim) = self.set_provisioner(sync, claim, class) else {
            return;
        };
        let message = match class.mount_options.as_slice() {
            [] => format!(
                "Failed to create provisioner: provisioning in volume plugin {:?} is disabled",
                plugins::HOST_PATH
            ),
            options => format!(
                "Mount options are not supported by the provisioner but StorageClass {:?} has \
                 mount options [{}]",
                class.metadata.name,
                options.join(" ")
            ),
        };
        self.event(sync, &*claim, "Warning", "ProvisioningFailed", &message);
    }
}
