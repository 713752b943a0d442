//! What becomes of a claim: unbound ones seek a volume, bound ones are held to theirs.
//! Models syncClaim of pkg/controller/volume/persistentvolume/pv_controller.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::core::storage_names::access_modes_text;
use api::core::volume_binding::{
    BOUND_BY_CONTROLLER, SELECTED_NODE, Search, find_matching, offers_access_modes,
    same_attributes_class, same_volume_mode,
};
use api::{PersistentVolume, PersistentVolumeClaim, StorageClass};
use apimachinery::meta::Key;
use client::ApiExt;

use super::PersistentVolumeController;
use crate::controllers::{Sync, SyncError, SyncResult};

/// The volume for a claim, among those with the fewest access modes first.
/// Models pkg/controller/volume/persistentvolume/index.go.
fn best_match<'v>(
    volumes: impl Iterator<Item = &'v Arc<PersistentVolume>>,
    claim: &PersistentVolumeClaim,
    delayed: bool,
) -> Option<&'v Arc<PersistentVolume>> {
    let mut by_modes: BTreeMap<(usize, String), Vec<&Arc<PersistentVolume>>> = BTreeMap::new();
    for volume in volumes.filter(|volume| offers_access_modes(volume, claim)) {
        let modes = &volume.spec.access_modes;
        by_modes.entry((modes.len(), access_modes_text(modes))).or_default().push(volume);
    }
    let search = Search { claim, node: None, delayed };
    by_modes.into_values().find_map(|volumes| find_matching(&search, volumes.into_iter()))
}

/// Why a volume that a claim asks for by name will not do.
fn mismatch(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> Option<String> {
    if volume.metadata.is_deleting() {
        return Some(format!("the volume is marked for deletion {:?}", volume.metadata.name));
    }
    let rules = [
        (volume.capacity().value() >= claim.requested().value(), "requested PV is too small"),
        (volume.class() == claim.class(), "storageClassName does not match"),
        (same_attributes_class(claim, volume), "volumeAttributesClassName does not match"),
        (same_volume_mode(claim, volume), "incompatible volumeMode"),
        (offers_access_modes(volume, claim), "incompatible accessMode"),
    ];
    rules.iter().find(|(holds, _)| !holds).map(|(_, why)| (*why).to_owned())
}

impl PersistentVolumeController {
    pub(super) fn sync_claim(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> SyncResult {
        match (claim.is_bind_completed(), claim.spec.volume_name.is_empty()) {
            (true, _) => self.sync_bound(sync, claim),
            (false, true) => self.seek_volume(sync, claim),
            (false, false) => self.take_named_volume(sync, claim),
        }
    }

    /// Any volume will do that fits.
    fn seek_volume(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> SyncResult {
        let class = sync.informers.storage_classes.named("", claim.class());
        let delayed = class.is_some_and(|class| class.waits_for_consumer());
        let volumes = self.known.volumes.values();
        if let Some(volume) = best_match(volumes, claim, delayed).cloned() {
            return self.bind(sync, &volume, claim);
        }
        if self.assign_default_class(sync, claim)? {
            return Ok(());
        }
        if delayed && claim.metadata.annotation(SELECTED_NODE).is_none() {
            self.say_what_it_waits_for(sync, claim);
        } else if !claim.class().is_empty() {
            self.provision(sync, claim);
            return Ok(());
        } else {
            let message =
                "no persistent volumes available for this claim and no storage class is set";
            self.event(sync, &**claim, "Normal", "FailedBinding", message);
        }
        self.set_claim_status(sync, claim, "Pending", None)?;
        Ok(())
    }

    /// A claim made before there was a default class gets it now.
    fn assign_default_class(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> Result<bool, SyncError> {
        if claim.has_class() {
            return Ok(false);
        }
        let classes = sync.informers.storage_classes.iter().map(|class| &**class);
        let Some(class) = StorageClass::default_of(classes) else { return Ok(false) };
        let mut copy = (**claim).clone();
        copy.spec.storage_class_name = Some(class.metadata.name.clone());
        sync.ctx.api.update(copy)?;
        Ok(true)
    }

    fn say_what_it_waits_for(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) {
        let key = Key::of(&claim.metadata);
        let waiting = super::users(sync, &key).filter(|pod| pod.spec.node_name.is_empty());
        let mut names: Vec<_> = waiting.map(|pod| pod.metadata.name.clone()).collect();
        names.sort();
        let (reason, message) = match names.as_slice() {
            [] => (
                "WaitForFirstConsumer",
                "waiting for first consumer to be created before binding".to_owned(),
            ),
            [one] => ("WaitForPodScheduled", format!("waiting for pod {one} to be scheduled")),
            many => {
                let names = many.join(",");
                ("WaitForPodScheduled", format!("waiting for pods {names} to be scheduled"))
            }
        };
        self.event(sync, &**claim, "Normal", reason, &message);
    }

    /// The claim asks for one volume by name.
    fn take_named_volume(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> SyncResult {
        let name = &claim.spec.volume_name;
        let Some(volume) = self.known.volumes.get(&Key::new("", name.clone())).cloned() else {
            self.set_claim_status(sync, claim, "Pending", None)?;
            return Ok(());
        };
        if volume.spec.claim_ref.is_none() {
            let Some(why) = mismatch(&volume, claim) else {
                return self.bind(sync, &volume, claim);
            };
            let message = format!("Cannot bind to requested volume {name:?}: {why}");
            self.event(sync, &**claim, "Warning", "VolumeMismatch", &message);
            self.set_claim_status(sync, claim, "Pending", None)?;
            return Ok(());
        }
        if volume.is_bound_to(claim) {
            return self.bind(sync, &volume, claim);
        }
        let message = format!("volume {name:?} already bound to a different claim.");
        self.event(sync, &**claim, "Warning", "FailedBinding", &message);
        if claim.metadata.annotation(BOUND_BY_CONTROLLER).is_some() {
            return Err(SyncError::other(message));
        }
        self.set_claim_status(sync, claim, "Pending", None)?;
        Ok(())
    }

    /// A claim that was bound once; what it lost does not come back.
    fn sync_bound(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
    ) -> SyncResult {
        let name = &claim.spec.volume_name;
        if name.is_empty() {
            let message =
                "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
            return self.lose(sync, claim, "ClaimLost", message);
        }
        let Some(volume) = self.known.volumes.get(&Key::new("", name.clone())).cloned() else {
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            return self.lose(sync, claim, "ClaimLost", message);
        };
        let owner = volume.spec.claim_ref.as_ref().map(|reference| reference.uid);
        if owner.is_none_or(|uid| uid == claim.metadata.uid) {
            return self.bind(sync, &volume, claim);
        }
        let message = "Two claims are bound to the same volume, this one is bound incorrectly";
        self.lose(sync, claim, "ClaimMisbound", message)
    }

    fn lose(
        &mut self,
        sync: &mut Sync<'_, '_>,
        claim: &Arc<PersistentVolumeClaim>,
        reason: &str,
        message: &str,
    ) -> SyncResult {
        if claim.status.phase != "Lost" {
            let written = self.set_claim_status(sync, claim, "Lost", None)?;
            self.event(sync, &*written, "Warning", reason, message);
        }
        Ok(())
    }
}
