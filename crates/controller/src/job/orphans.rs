//! Pods with the finalizer and without a job that would count them: they are let go. Their keys
//! stand in the same queue as the jobs', marked by a slash, which no name contains.
//! Models syncOrphanPod in pkg/controller/job/job_controller.go.

use api::{Job, Pod};
use apimachinery::meta::Key;
use smol_str::format_smolstr;

use super::{has_tracking_finalizer, is_managed_elsewhere, pods, resolve};
use crate::controllers::{Notice, Sync, SyncError, SyncResult};
use crate::pod_store::GroupKey;

const MARK: &str = "pod/";

pub fn key(pod: &Pod) -> Key {
    Key::new(pod.metadata.namespace.clone(), format_smolstr!("{MARK}{}", pod.metadata.name))
}

pub fn pod_name(key: &Key) -> Option<&str> {
    key.name.strip_prefix(MARK)
}

/// The pods that a job leaves when it is finished or gone.
pub fn enqueue_pods_of(notice: &mut Notice<'_>, job: &Job) {
    let pods = notice.informers.pods.of_controller(job.metadata.uid);
    let pods = pods.into_iter().flat_map(|group| group.pods.values());
    for pod in pods.filter(|pod| has_tracking_finalizer(pod)) {
        notice.queue.add(key(pod));
    }
}

fn find<'c>(sync: &Sync<'c, '_>, namespace: &str, name: &str) -> Option<&'c std::sync::Arc<Pod>> {
    let store = &sync.informers.pods;
    let orphans = store.group(&GroupKey::Orphans(namespace.into()));
    let pods = orphans.into_iter().chain(store.groups_in(namespace));
    pods.flat_map(|group| group.pods.values())
        .find(|pod| pod.metadata.name == name && pod.metadata.namespace == namespace)
}

pub fn sync(sync: &mut Sync<'_, '_>, namespace: &str, name: &str) -> SyncResult {
    let Some(pod) = find(sync, namespace, name) else { return Ok(()) };
    if let Some(owner) = pod.metadata.controller() {
        if owner.kind != "Job" || owner.api_version != "batch/v1" {
            return Ok(());
        }
        let job = resolve(sync.informers, namespace, owner);
        if job.is_some_and(|job| is_managed_elsewhere(job) || job.status.finished().is_none()) {
            return Ok(());
        }
    }
    match pods::untrack(sync, pod) {
        Err(SyncError::Api(status)) if status.is_not_found() => Ok(()),
        other => other,
    }
}
