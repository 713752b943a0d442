//! Lets a deleted volume go once it is bound to no claim. Models pkg/controller/volume/pvprotection.

use apimachinery::meta::Key;

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::finalizers;
use crate::informers::{Change, Resource};

pub const FINALIZER: &str = "kubernetes.io/pv-protection";

#[derive(Default)]
pub struct PvProtectionController;

impl Controller for PvProtectionController {
    fn name(&self) -> &'static str {
        "persistentvolume-protection-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolume]
    }

    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::PersistentVolume(delta) = change else { return };
        if !delta.is_deleted() && finalizers::is_due(&delta.new.metadata, FINALIZER) {
            notice.queue.add(Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let Some(volume) = sync.informers.persistent_volumes.get(key).cloned() else {
            return Ok(());
        };
        let held = volume.status.phase == "Bound";
        finalizers::settle(sync, &volume, FINALIZER, held)
    }
}
