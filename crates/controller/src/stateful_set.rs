//! The StatefulSet controller: pods with a number each, made and unmade in order.
//! Models pkg/controller/statefulset/stateful_set.go.

mod claims;
mod control;
mod identity;
mod pods;
mod revisions;
mod status;

use std::sync::Arc;

use api::{ControllerRevision, Pod, StatefulSet};
use apimachinery::labels::{Selector, to_selector};
use apimachinery::meta::{Key, OwnerReference};
use client::{Delta, EventRecorder};
use clock::Duration;

use crate::consistency::Consistency;
use crate::controller_ref::Claim;
use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Informers, Resource};
use crate::pod_store::{GroupKey, same_labels};
use crate::pods::available_in;
use control::Control;

pub struct StatefulSetController {
    recorder: EventRecorder,
    consistency: Consistency,
}

impl Default for StatefulSetController {
    fn default() -> Self {
        StatefulSetController {
            recorder: EventRecorder::new("statefulset-controller", ""),
            consistency: Consistency::default(),
        }
    }
}

/// The StatefulSet that a pod's controller reference names, if it is that very one.
fn resolve<'c>(
    informers: &'c Informers,
    namespace: &str,
    controller: &OwnerReference,
) -> Option<&'c Arc<StatefulSet>> {
    if controller.kind != "StatefulSet" {
        return None;
    }
    let found = informers.stateful_sets.named(namespace, &controller.name)?;
    (found.metadata.uid == controller.uid).then_some(found)
}

/// Wakes the StatefulSets that might adopt a pod without a controller.
fn enqueue_matching(notice: &mut Notice<'_>, pod: &Pod) {
    if pod.metadata.labels.is_empty() {
        return;
    }
    for set in notice.informers.stateful_sets.namespace(&pod.metadata.namespace) {
        let Ok(selector) = to_selector(set.spec.selector.as_ref()) else { continue };
        if !selector.is_everything() && selector.matches(&pod.metadata.labels) {
            notice.queue.add(Key::of(&set.metadata));
        }
    }
}

fn on_pod(notice: &mut Notice<'_>, delta: &Delta<Pod>) {
    let (pod, old) = (&*delta.new, delta.old.as_deref());
    let controller = pod.metadata.controller();
    let former = old.and_then(|old| old.metadata.controller());
    let moved = former.map(|c| c.uid) != controller.map(|c| c.uid);
    let former = former.filter(|_| moved);
    let former = former.and_then(|c| resolve(notice.informers, &pod.metadata.namespace, c));
    if let Some(set) = former {
        notice.queue.add(Key::of(&set.metadata));
    }
    let Some(controller) = controller else {
        let relabelled =
            old.is_none_or(|old| !same_labels(&old.metadata.labels, &pod.metadata.labels));
        if !delta.is_deleted() && (relabelled || moved) {
            enqueue_matching(notice, pod);
        }
        return;
    };
    let set = resolve(notice.informers, &pod.metadata.namespace, controller);
    let Some(set) = set else { return };
    let key = Key::of(&set.metadata);
    let became_ready = old.is_some_and(|old| !old.status.is_ready()) && pod.status.is_ready();
    if set.spec.min_ready_seconds > 0 && became_ready && !delta.is_deleted() {
        let delay = Duration::from_secs(u64::try_from(set.spec.min_ready_seconds).unwrap_or(0));
        notice.queue.add_at(notice.now + delay, key.clone());
    }
    notice.queue.add(key);
}

/// The pods of the set, after adoption and release.
fn claim_pods(
    sync: &mut Sync<'_, '_>,
    set: &StatefulSet,
    selector: &Selector,
) -> Result<Vec<Arc<Pod>>, SyncError> {
    let store = &sync.informers.pods;
    let own = store.of_controller(set.metadata.uid);
    let orphans = store.group(&GroupKey::Orphans(set.metadata.namespace.clone()));
    let (mut claim, mut pods, mut failed) = (Claim::new(set, selector), Vec::new(), None);
    for pod in own.into_iter().chain(orphans).flat_map(|group| group.pods.values()) {
        match claim.claim_if(sync.ctx, &**pod, identity::is_member(set, pod)) {
            Ok(true) => pods.push(Arc::clone(pod)),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(pods), Err)
}

/// The revisions of the set, sorted, after adopting those without a controller.
fn claim_revisions(
    sync: &mut Sync<'_, '_>,
    set: &StatefulSet,
    selector: &Selector,
) -> Result<Vec<Arc<ControllerRevision>>, SyncError> {
    let store = &sync.informers.controller_revisions;
    let orphans = store.orphans().filter(|one| one.metadata.namespace == set.metadata.namespace);
    let own = store.owned_by(set.metadata.uid);
    let mut claim = Claim::new(set, selector);
    let mut revisions = Vec::new();
    for revision in own.chain(orphans).filter(|one| selector.matches(&one.metadata.labels)) {
        if claim.claim(sync.ctx, &**revision)? {
            revisions.push(Arc::clone(revision));
        }
    }
    crate::history::sort(&mut revisions);
    Ok(revisions)
}

impl Controller for StatefulSetController {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::PersistentVolumeClaim, Resource::Pod, Resource::StatefulSet]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        self.consistency.observe(change);
        match change {
            Change::Pod(delta) => on_pod(notice, delta),
            Change::StatefulSet(delta) => {
                let key = Key::of(&delta.new.metadata);
                if delta.is_deleted() {
                    self.consistency.forget(&key);
                }
                notice.queue.add(key);
            }
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        self.consistency.ensure_ready(key)?;
        let Some(set) = sync.informers.stateful_sets.get(key) else {
            self.consistency.forget(key);
            return Ok(());
        };
        let Ok(selector) = to_selector(set.spec.selector.as_ref()) else { return Ok(()) };
        let revisions = claim_revisions(sync, set, &selector)?;
        let pods = claim_pods(sync, set, &selector)?;
        let (recorder, consistency) = (&mut self.recorder, &mut self.consistency);
        let status = Control::new(sync, recorder, consistency, set).update(&pods, revisions)?;
        let (seconds, now) = (set.spec.min_ready_seconds, sync.ctx.time());
        if seconds > 0 && status.ready_replicas != status.available_replicas {
            let waits = pods.iter().filter_map(|pod| available_in(pod, seconds, now));
            let next = waits.filter(|wait| *wait > 0).min().unwrap_or(i64::from(seconds));
            sync.requeue_in(key, Duration::from_secs(u64::try_from(next).unwrap_or(0)));
        }
        Ok(())
    }
}
