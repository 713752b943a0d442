//! Pods on nodes that should have one, none on nodes that should not, and no more than one on each
//! unless an update surges.
//! Models podsShouldBeOnNode, manage and syncNodes in pkg/controller/daemon/daemon_controller.go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::apps::controller_revision::CONTROLLER_REVISION_HASH;
use api::core::pod_status::PodPhase;
use api::core::reference::ObjectReference;
use api::{DaemonSet, Pod};
use apimachinery::meta::{Key, Uid};
use apimachinery::wire::Shared;
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use super::DaemonSetController;
use super::placement::{self, Fit};
use super::rolling::max_surge;
use super::view::{Plan, View};
use crate::controllers::{Sync, SyncError, SyncResult};
use crate::informers::Resource;
use crate::pod_control::{controller_reference, create_pod, delete_pod, slow_start};

/// At most so many pods are created or deleted at once.
const BURST_REPLICAS: usize = 250;
const BACKOFF_INITIAL: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(15 * 60);

/// The DaemonSet, the generation that it has seen, and the node.
type BackoffKey = (Uid, i64, SmolStr);

/// How fast failed pods are replaced, by node: after 1 s, doubling up to 15 minutes.
#[derive(Debug, Default)]
pub struct FailedPods(BTreeMap<BackoffKey, (Duration, SimTime)>);

impl FailedPods {
    /// How long to wait; nothing if a failed pod may go now, which counts as one more failure.
    fn wait(&mut self, key: BackoffKey, now: SimTime) -> Option<Duration> {
        self.0.retain(|_, (_, since)| now.since(*since) <= BACKOFF_MAX * 2);
        let known = self.0.get(&key).copied();
        if let Some((backoff, _)) = known.filter(|(backoff, since)| now.since(*since) < *backoff) {
            return Some(backoff);
        }
        let next = known.map_or(BACKOFF_INITIAL, |(backoff, _)| (backoff * 2).min(BACKOFF_MAX));
        self.0.insert(key, (next, now));
        None
    }
}

impl DaemonSetController {
    /// What the nodes need, whatever the revision.
    pub(super) fn plan(
        &mut self,
        sync: &mut Sync<'_, '_>,
        view: &View<'_>,
        about: &ObjectReference,
    ) -> Plan {
        let mut plan = Plan::default();
        let surges = max_surge(view.ds, 1) > 0;
        for (node, fit) in &view.nodes {
            let name = &node.metadata.name;
            let Some(pods) = view.on_node.get(name) else {
                plan.create.extend(fit.run.then(|| name.clone()));
                continue;
            };
            if !fit.stay {
                let there = pods.iter().filter(|pod| !pod.metadata.is_deleting());
                plan.delete.extend(there.cloned());
                continue;
            }
            let mut running = self.running(sync, view.ds, (name, pods), about, &mut plan);
            placement::sort(&mut running);
            if surges {
                surging(view, (name, *fit), &running, &mut plan);
            } else {
                plan.delete.extend(running.into_iter().skip(1));
            }
        }
        // Pods for nodes that are no more are never bound, so nobody else deletes them.
        let lost = view.on_node.iter().filter(|(node, _)| view.fit(node).is_none());
        let lost = lost.flat_map(|(_, pods)| pods);
        plan.delete.extend(lost.filter(|pod| pod.spec.node_name.is_empty()).cloned());
        plan
    }

    /// The pods of a node that run; those that ended are to go, the failed not too fast.
    fn running(
        &mut self,
        sync: &mut Sync<'_, '_>,
        ds: &DaemonSet,
        (node, pods): (&SmolStr, &[Arc<Pod>]),
        about: &ObjectReference,
        plan: &mut Plan,
    ) -> Vec<Arc<Pod>> {
        let mut running = Vec::new();
        for pod in pods.iter().filter(|pod| !pod.metadata.is_deleting()) {
            let (meta, now) = (&pod.metadata, sync.ctx.now);
            let what = format!("daemon pod {}/{} on node {node}", meta.namespace, meta.name);
            match pod.status.phase {
                PodPhase::Failed => {
                    let key = (ds.metadata.uid, ds.status.observed_generation, node.clone());
                    if let Some(delay) = self.failed_pods.wait(key, now) {
                        sync.requeue_in(&Key::of(&ds.metadata), delay);
                        continue;
                    }
                    let text = format!("Found failed {what}, will try to kill it");
                    self.recorder.event(sync.ctx, about, "Warning", "FailedDaemonPod", &text);
                    plan.delete.push(Arc::clone(pod));
                }
                PodPhase::Succeeded => {
                    let text = format!("Found succeeded {what}, will try to delete it");
                    self.recorder.event(sync.ctx, about, "Normal", "SucceededDaemonPod", &text);
                    plan.delete.push(Arc::clone(pod));
                }
                _ => running.push(Arc::clone(pod)),
            }
        }
        running
    }

    pub(super) fn carry_out(
        &mut self,
        sync: &mut Sync<'_, '_>,
        view: &View<'_>,
        about: &ObjectReference,
        mut plan: Plan,
    ) -> SyncResult {
        let (ds, key) = (view.ds, Key::of(&view.ds.metadata));
        plan.create.truncate(BURST_REPLICAS);
        plan.delete.truncate(BURST_REPLICAS);
        let count = plan.create.len();
        let doomed: BTreeSet<Uid> = plan.delete.iter().map(|pod| pod.metadata.uid).collect();
        self.expectations.expect(&key, count, doomed, sync.ctx.now);
        let owners = Shared::new(vec![controller_reference(ds)]);
        let prototype = placement::prototype(ds, view.hash, &owners);
        let (created, result) = slow_start(count, |index| {
            let Some(node) = plan.create.get(index) else { return Ok(()) };
            let pod = placement::pod_for(&prototype, node);
            match create_pod(sync.ctx, &mut self.recorder, about, pod) {
                Ok(pod) => {
                    let version = pod.metadata.resource_version;
                    self.consistency.wrote_at(&key, Resource::Pod, version);
                    Ok(())
                }
                Err(error) if error.is_namespace_terminating() => Ok(()),
                Err(error) => Err(error),
            }
        });
        self.expectations.creations_observed(&key, count - created);
        let mut first_error = result;
        for pod in &plan.delete {
            let meta = &pod.metadata;
            let recorder = &mut self.recorder;
            let result = delete_pod(sync.ctx, recorder, about, &meta.namespace, &meta.name);
            let Err(error) = result else { continue };
            self.expectations.deletion_observed(&key, meta.uid);
            let gone = matches!(&error, SyncError::Api(status) if status.is_not_found());
            if !gone && first_error.is_ok() {
                first_error = Err(error);
            }
        }
        first_error
    }
}

/// With surge a node may have two pods: the old one while it is ready and the new one is not yet.
fn surging(view: &View<'_>, (node, fit): (&SmolStr, Fit), running: &[Arc<Pod>], plan: &mut Plan) {
    if running.len() <= 1 {
        plan.create.extend((running.is_empty() && fit.run).then(|| node.clone()));
        return;
    }
    let (mut new, mut old): (Option<&Arc<Pod>>, Option<&Arc<Pod>>) = (None, None);
    for pod in running {
        let is_new = pod.metadata.label(CONTROLLER_REVISION_HASH) == Some(view.hash);
        let place = if is_new { &mut new } else { &mut old };
        match place {
            None => *place = Some(pod),
            Some(_) => plan.delete.push(Arc::clone(pod)),
        }
    }
    if let (Some(new), Some(old)) = (new, old)
        && (!old.status.is_ready() || view.is_available(new))
    {
        plan.delete.push(Arc::clone(old));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_pods_are_replaced_ever_more_slowly() {
        let mut failed = FailedPods::default();
        let key = || (Uid(1), 1, SmolStr::new("node-1"));
        let mut at = |secs: u64| failed.wait(key(), SimTime::from_secs(secs));
        assert_eq!(at(0), None);
        assert_eq!(at(0), Some(Duration::from_secs(1)));
        assert_eq!(at(1), None);
        assert_eq!(at(2), Some(Duration::from_secs(2)));
        assert_eq!(at(3), None);
        assert_eq!(at(3 + 1801), None);
        assert_eq!(at(3 + 1801), Some(Duration::from_secs(1)));
    }
}
