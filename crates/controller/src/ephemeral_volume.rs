//! Claims for generic ephemeral volumes: one for each such volume of a pod, gone with the pod.
//! Models pkg/controller/volume/ephemeral/controller.go.

use api::core::persistent_volume_claim::PersistentVolumeClaimSpec;
use api::core::reference::ObjectReference;
use api::core::volume::Volume;
use api::{PersistentVolumeClaim, Pod};
use apimachinery::meta::{Key, ObjectMeta, OwnerReference};
use apimachinery::wire::Wire;
use client::{ApiExt, EventRecorder};

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

pub struct EphemeralVolumeController {
    recorder: EventRecorder,
}

impl Default for EphemeralVolumeController {
    fn default() -> Self {
        EphemeralVolumeController { recorder: EventRecorder::new("ephemeral_volume", "") }
    }
}

fn wants(pod: &Pod) -> bool {
    !pod.metadata.is_deleting() && pod.spec.volumes.iter().any(|v| v.ephemeral().is_some())
}

/// The claim for one volume.
fn claim(pod: &Pod, volume: &Volume) -> Option<PersistentVolumeClaim> {
    let template = &volume.ephemeral()?["volumeClaimTemplate"];
    let mut metadata = match template.get("metadata") {
        Some(given) => ObjectMeta::from_value(given.clone()).ok()?,
        None => ObjectMeta::default(),
    };
    metadata.name = volume.claim_name(pod)?;
    metadata.namespace = pod.metadata.namespace.clone();
    metadata.owner_references.make_mut().push(OwnerReference {
        api_version: "v1".into(),
        kind: "Pod".into(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid,
        controller: Some(true),
        block_owner_deletion: Some(true),
        ..OwnerReference::default()
    });
    let spec = PersistentVolumeClaimSpec::from_value(template["spec"].clone()).ok()?;
    Some(PersistentVolumeClaim { metadata, spec, ..PersistentVolumeClaim::default() })
}

fn make(sync: &mut Sync<'_, '_>, pod: &Pod, volume: &Volume) -> Result<(), String> {
    let Some(wanted) = claim(pod, volume) else { return Ok(()) };
    let key = Key::of(&wanted.metadata);
    if let Some(found) = sync.informers.persistent_volume_claims.get(&key) {
        let owner = found.metadata.controller();
        if owner.is_some_and(|owner| owner.uid == pod.metadata.uid) {
            return Ok(());
        }
        let (claim, pod) = (&found.metadata, &pod.metadata);
        return Err(format!(
            "PVC {}/{} was not created for pod {}/{} (pod is not owner)",
            claim.namespace, claim.name, pod.namespace, pod.name
        ));
    }
    let made = sync.ctx.api.create(wanted);
    made.map(|_| ()).map_err(|status| format!("create PVC {}: {status}", key.name))
}

impl Controller for EphemeralVolumeController {
    fn name(&self) -> &'static str {
        "ephemeral-volume-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolumeClaim, Resource::Pod]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Pod(delta)
                if delta.old.is_none() && !delta.is_deleted() && wants(&delta.new) =>
            {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::PersistentVolumeClaim(delta) if delta.is_deleted() => {
                let claim = Key::of(&delta.new.metadata);
                let users = notice.informers.pods.using_claim(&claim);
                for pod in users.filter(|pod| wants(pod)) {
                    notice.queue.add(Key::of(&pod.metadata));
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let pod = sync.ctx.api.get::<Pod>(&key.namespace, &key.name);
        let Some(pod) = pod.ok().filter(|pod| wants(pod)) else { return Ok(()) };
        for volume in pod.spec.volumes.iter().filter(|v| v.ephemeral().is_some()) {
            let Err(why) = make(sync, &pod, volume) else { continue };
            let message = format!("ephemeral volume {}: {why}", volume.name);
            let about = ObjectReference::to(&*pod);
            self.recorder.event(sync.ctx, &about, "Warning", "FailedBinding", &message);
            return Err(SyncError::other(message));
        }
        Ok(())
    }
}
