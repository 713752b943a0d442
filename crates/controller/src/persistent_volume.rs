//! The persistent volume controller: binds claims to volumes, has volumes made for classes, and
//! reclaims what is released. Models pkg/controller/volume/persistentvolume.

mod bind;
mod claims;
mod plugins;
mod provision;
mod reclaim;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::core::pod_status::PodPhase;
use api::core::reference::ObjectReference;
use api::{Kind, Object, PersistentVolume, PersistentVolumeClaim, Pod};
use apimachinery::meta::Key;
use client::EventRecorder;
use clock::{Duration, SimTime};

use crate::controllers::{Controller, Notice, Sync, SyncResult};
use crate::informers::{Change, Resource};

/// How often everything unfinished is looked at again.
const RESYNC: Duration = Duration::from_secs(15);
/// When the controller manager has started and its rounds begin.
const FIRST_RESYNC: Duration = Duration::from_secs(10);

/// What the controller last read or wrote, whichever is newer: its own writes count before the
/// watch brings them back.
#[derive(Debug, Default)]
struct Known {
    volumes: BTreeMap<Key, Arc<PersistentVolume>>,
    claims: BTreeMap<Key, Arc<PersistentVolumeClaim>>,
}

fn remember<K: Kind>(known: &mut BTreeMap<Key, Arc<K>>, object: &Arc<K>) {
    let meta = object.meta();
    let newer = known.get(&Key::of(meta)).is_none_or(|old| {
        old.meta().uid != meta.uid || old.meta().resource_version <= meta.resource_version
    });
    if newer {
        known.insert(Key::of(meta), Arc::clone(object));
    }
}

pub struct PersistentVolumeController {
    known: Known,
    recorder: EventRecorder,
    /// Claims and volumes that every resync looks at: what it does to others is nothing.
    unsettled: BTreeSet<Key>,
}

impl Default for PersistentVolumeController {
    fn default() -> Self {
        PersistentVolumeController {
            known: Known::default(),
            recorder: EventRecorder::new("persistentvolume-controller", ""),
            unsettled: BTreeSet::new(),
        }
    }
}

impl PersistentVolumeController {
    fn learn_volume(&mut self, volume: &Arc<PersistentVolume>) {
        remember(&mut self.known.volumes, volume);
        let settled = matches!(volume.status.phase.as_str(), "Available" | "Bound");
        self.mark(Key::of(&volume.metadata), settled);
    }

    fn learn_claim(&mut self, claim: &Arc<PersistentVolumeClaim>) {
        remember(&mut self.known.claims, claim);
        self.mark(Key::of(&claim.metadata), claim.status.phase == "Bound");
    }

    fn mark(&mut self, key: Key, settled: bool) {
        if settled {
            self.unsettled.remove(&key);
        } else {
            self.unsettled.insert(key);
        }
    }

    fn event(
        &mut self,
        sync: &mut Sync<'_, '_>,
        about: &dyn Object,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        self.recorder.event(sync.ctx, &ObjectReference::to(about), type_, reason, message);
    }

    fn resync(&mut self, sync: &mut Sync<'_, '_>) {
        for key in &self.unsettled {
            sync.queue.add(key.clone());
        }
        plan_resync(sync.queue, sync.ctx.now, &self.unsettled);
    }
}

/// The next resync stands at a whole number of periods after the first, if there is anything to look at.
fn plan_resync(queue: &mut client::WorkQueue<Key>, now: SimTime, unsettled: &BTreeSet<Key>) {
    if !unsettled.is_empty() {
        let (period, first) = (RESYNC.as_secs().max(1), FIRST_RESYNC.as_secs());
        let rounds = (now.millis() / 1000 + period - first) / period;
        let next = rounds * period + first;
        queue.add_at(SimTime::from_secs(next), Key::default());
    }
}

/// Pods that have not ended and use the claim.
fn users<'s>(sync: &'s Sync<'_, '_>, claim: &Key) -> impl Iterator<Item = &'s Arc<Pod>> {
    sync.informers.pods.using_claim(claim).filter(|pod| !is_terminated(pod))
}

/// Models IsPodTerminated of pkg/volume/util/util.go.
pub(crate) fn is_terminated(pod: &Pod) -> bool {
    matches!(pod.status.phase, PodPhase::Failed | PodPhase::Succeeded)
        || (pod.metadata.is_deleting() && crate::pods::nothing_runs(pod))
}

impl Controller for PersistentVolumeController {
    fn name(&self) -> &'static str {
        "persistentvolume-binder-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolume, Resource::PersistentVolumeClaim]
    }

    /// Two workers could bind two claims to one volume.
    fn workers(&self) -> usize {
        1
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::PersistentVolume(delta) if delta.is_deleted() => {
                let key = Key::of(&delta.new.metadata);
                self.known.volumes.remove(&key);
                self.unsettled.remove(&key);
                if let Some(claim) = delta.new.claim_key() {
                    notice.queue.add(claim);
                }
            }
            Change::PersistentVolume(delta) => {
                self.learn_volume(&delta.new);
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::PersistentVolumeClaim(delta) if delta.is_deleted() => {
                let key = Key::of(&delta.new.metadata);
                self.known.claims.remove(&key);
                self.unsettled.remove(&key);
                if !delta.new.spec.volume_name.is_empty() {
                    notice.queue.add(Key::new("", delta.new.spec.volume_name.clone()));
                }
            }
            Change::PersistentVolumeClaim(delta) => {
                self.learn_claim(&delta.new);
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            _ => return,
        }
        plan_resync(notice.queue, notice.now, &self.unsettled);
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        if *key == Key::default() {
            self.resync(sync);
        } else if key.namespace.is_empty() {
            if let Some(volume) = self.known.volumes.get(key).cloned() {
                self.sync_volume(sync, &volume)?;
            }
        } else if let Some(claim) = self.known.claims.get(key).cloned() {
            self.sync_claim(sync, &claim)?;
        }
        Ok(())
    }
}
