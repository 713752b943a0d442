//! The DaemonSet controller: one pod on every node that fits.
//! Models pkg/controller/daemon/daemon_controller.go.

mod manage;
mod placement;
mod revisions;
mod rolling;
mod status;
mod view;

use std::sync::Arc;

use api::core::reference::ObjectReference;
use api::{ControllerRevision, DaemonSet, Node, Pod};
use apimachinery::labels::{Labels, Selector, to_selector};
use apimachinery::meta::{Key, OwnerReference};
use client::{Delta, EventRecorder};
use clock::Duration;

use crate::consistency::Consistency;
use crate::controller_ref::Claim;
use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::expectations::Expectations;
use crate::informers::{Change, Informers, Resource};
use crate::pod_store::{GroupKey, same_labels};
use placement::Placement;
use revisions::History;
use view::View;

pub struct DaemonSetController {
    recorder: EventRecorder,
    expectations: Expectations,
    consistency: Consistency,
    failed_pods: manage::FailedPods,
}

impl Default for DaemonSetController {
    fn default() -> Self {
        DaemonSetController {
            recorder: EventRecorder::new("daemonset-controller", ""),
            expectations: Expectations::default(),
            consistency: Consistency::default(),
            failed_pods: manage::FailedPods::default(),
        }
    }
}

/// The DaemonSet that a controller reference names, if it is that very one.
fn resolve<'c>(
    informers: &'c Informers,
    namespace: &str,
    controller: &OwnerReference,
) -> Option<&'c Arc<DaemonSet>> {
    if controller.kind != "DaemonSet" {
        return None;
    }
    let found = informers.daemon_sets.named(namespace, &controller.name)?;
    (found.metadata.uid == controller.uid).then_some(found)
}

/// Wakes the DaemonSets that might adopt something with these labels.
fn enqueue_matching(notice: &mut Notice<'_>, namespace: &str, labels: &Labels) {
    if labels.is_empty() {
        return;
    }
    for ds in notice.informers.daemon_sets.namespace(namespace) {
        let Ok(selector) = to_selector(ds.spec.selector.as_ref()) else { continue };
        if !selector.is_everything() && selector.matches(labels) {
            notice.queue.add(Key::of(&ds.metadata));
        }
    }
}

/// Wakes the DaemonSets for which a node has changed.
fn on_node(notice: &mut Notice<'_>, delta: &Delta<Node>) {
    let node = &delta.new;
    let same = |old: &Arc<Node>| {
        same_labels(&old.metadata.labels, &node.metadata.labels)
            && old.spec.taints == node.spec.taints
    };
    if delta.is_deleted() || delta.old.as_ref().is_some_and(same) {
        return;
    }
    let informers = notice.informers;
    for ds in informers.daemon_sets.iter() {
        let fit = Placement::of(ds).fit(node);
        let mut pods = informers.pods.on_node(&node.metadata.name);
        let uid = ds.metadata.uid;
        let there = pods.any(|pod| pod.metadata.controller().is_some_and(|c| c.uid == uid));
        let misplaced = ds.status.number_misscheduled > 0;
        if (fit.run && !there) || (there && (!fit.stay || misplaced)) {
            notice.queue.add(Key::of(&ds.metadata));
        }
    }
}

fn on_revision(notice: &mut Notice<'_>, delta: &Delta<ControllerRevision>) {
    let (meta, old) = (&delta.new.metadata, delta.old.as_ref().map(|old| &old.metadata));
    let former = old.and_then(|old| old.controller());
    let moved = former.map(|c| c.uid) != meta.controller().map(|c| c.uid);
    let former = former.filter(|_| moved);
    if let Some(ds) = former.and_then(|c| resolve(notice.informers, &meta.namespace, c)) {
        notice.queue.add(Key::of(&ds.metadata));
    }
    if let Some(controller) = meta.controller() {
        let found = resolve(notice.informers, &meta.namespace, controller);
        if let Some(ds) = found.filter(|_| old.is_some() || delta.is_deleted()) {
            notice.queue.add(Key::of(&ds.metadata));
        }
        return;
    }
    let relabelled = old.is_none_or(|old| !same_labels(&old.labels, &meta.labels));
    if !delta.is_deleted() && (relabelled || moved) {
        enqueue_matching(notice, &meta.namespace, &meta.labels);
    }
}

impl DaemonSetController {
    fn on_pod(&mut self, notice: &mut Notice<'_>, delta: &Delta<Pod>) {
        let (pod, old) = (&*delta.new, delta.old.as_deref());
        let namespace = &pod.metadata.namespace;
        let controller = pod.metadata.controller();
        let found = controller.and_then(|c| resolve(notice.informers, namespace, c));
        if delta.is_deleted() || pod.metadata.is_deleting() {
            if let Some(ds) = found {
                let key = Key::of(&ds.metadata);
                self.expectations.deletion_observed(&key, pod.metadata.uid);
                notice.queue.add(key);
            }
            return;
        }
        let former = old.and_then(|old| old.metadata.controller());
        let moved = former.map(|c| c.uid) != controller.map(|c| c.uid);
        let former = former.filter(|_| moved);
        if let Some(ds) = former.and_then(|c| resolve(notice.informers, namespace, c)) {
            notice.queue.add(Key::of(&ds.metadata));
        }
        if controller.is_none() {
            let relabelled =
                old.is_none_or(|old| !same_labels(&old.metadata.labels, &pod.metadata.labels));
            if relabelled || moved {
                enqueue_matching(notice, namespace, &pod.metadata.labels);
            }
            return;
        }
        let Some(ds) = found else { return };
        let key = Key::of(&ds.metadata);
        if old.is_none() {
            self.expectations.creation_observed(&key);
        }
        let became_ready = old.is_some_and(|old| !old.status.is_ready()) && pod.status.is_ready();
        if became_ready && ds.spec.min_ready_seconds > 0 {
            // A second more, against clocks that differ by less.
            let seconds = u64::try_from(ds.spec.min_ready_seconds).unwrap_or(0) + 1;
            notice.queue.add_at(notice.now + Duration::from_secs(seconds), key.clone());
        }
        notice.queue.add(key);
    }

    fn claim_pods(
        &mut self,
        sync: &mut Sync<'_, '_>,
        ds: &DaemonSet,
        selector: &Selector,
    ) -> Result<Vec<Arc<Pod>>, SyncError> {
        let store = &sync.informers.pods;
        let own = store.of_controller(ds.metadata.uid);
        let orphans = store.group(&GroupKey::Orphans(ds.metadata.namespace.clone()));
        let (mut claim, mut pods, mut failed) = (Claim::new(ds, selector), Vec::new(), None);
        for pod in own.into_iter().chain(orphans).flat_map(|group| group.pods.values()) {
            match claim.claim(sync.ctx, &**pod) {
                Ok(true) => pods.push(Arc::clone(pod)),
                Ok(false) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(pods), Err)
    }

    /// Makes and deletes pods, then takes the update one step further.
    fn act(
        &mut self,
        sync: &mut Sync<'_, '_>,
        key: &Key,
        view: &View<'_>,
        (history, pods): (&History, &[Arc<Pod>]),
    ) -> SyncResult {
        let about = ObjectReference::to(view.ds);
        let plan = self.plan(sync, view, &about);
        self.carry_out(sync, view, &about, plan)?;
        let rolls = view.ds.spec.update_strategy.type_ == "RollingUpdate";
        if rolls && self.expectations.satisfied(key, sync.ctx.now) {
            self.carry_out(sync, view, &about, rolling::plan(view))?;
        }
        revisions::clean_up(sync.ctx, view.ds, history.old.clone(), pods)
    }
}

impl Controller for DaemonSetController {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::ControllerRevision, Resource::DaemonSet, Resource::Node, Resource::Pod]
    }

    fn workers(&self) -> usize {
        2
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        self.consistency.observe(change);
        match change {
            Change::ControllerRevision(delta) => on_revision(notice, delta),
            Change::DaemonSet(delta) => {
                let key = Key::of(&delta.new.metadata);
                let uid = delta.new.metadata.uid;
                let replaced = delta.old.as_ref().is_some_and(|old| old.metadata.uid != uid);
                if delta.is_deleted() || replaced {
                    self.expectations.forget(&key);
                    self.consistency.forget(&key);
                }
                notice.queue.add(key);
            }
            Change::Node(delta) => on_node(notice, delta),
            Change::Pod(delta) => self.on_pod(notice, delta),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        self.consistency.ensure_ready(key)?;
        let Some(ds) = sync.informers.daemon_sets.get(key) else {
            self.expectations.forget(key);
            self.consistency.forget(key);
            return Ok(());
        };
        let Ok(selector) = to_selector(ds.spec.selector.as_ref()) else { return Ok(()) };
        if ds.metadata.is_deleting() {
            return Ok(());
        }
        let pods = self.claim_pods(sync, ds, &selector)?;
        let history = revisions::find(sync, ds, &selector, &pods).map_err(|error| {
            SyncError::other(format!("failed to construct revisions of DaemonSet: {error}"))
        })?;
        let now = sync.ctx.time();
        let view = View::new(sync.informers, ds, history.hash(), &pods, now);
        let satisfied = self.expectations.satisfied(key, sync.ctx.now);
        let acted = match satisfied {
            true => self.act(sync, key, &view, (&history, &pods)),
            false => Ok(()),
        };
        let status = status::calculate(&view, satisfied);
        let said = status::update(sync.ctx, ds, &status).map(|updated| {
            if let Some(updated) = updated {
                let version = updated.metadata.resource_version;
                self.consistency.wrote_at(key, Resource::DaemonSet, version);
            }
        });
        if ds.spec.min_ready_seconds > 0 && status.number_ready != status.number_available {
            let seconds = u64::try_from(ds.spec.min_ready_seconds).unwrap_or(0);
            sync.requeue_in(key, Duration::from_secs(seconds));
        }
        acted.and(said)
    }
}
