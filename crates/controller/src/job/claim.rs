//! The pods of a job, after adoption and release; those it adopts get the finalizer, those it lets
//! go lose it. Models getPodsForJob in pkg/controller/job/job_controller.go.

use std::sync::Arc;

use api::{Job, Pod};
use apimachinery::labels::{Selector, to_selector};

use super::{TRACKING_FINALIZER, has_tracking_finalizer};
use crate::controller_ref::Claim;
use crate::controllers::{Sync, SyncError};
use crate::pod_store::GroupKey;

fn with_finalizer(pod: &Pod, wanted: bool) -> Pod {
    let mut copy = pod.clone();
    let finalizers = &mut copy.metadata.rare_mut().finalizers;
    if !wanted {
        finalizers.retain(|name| name != TRACKING_FINALIZER);
    } else if !has_tracking_finalizer(pod) {
        finalizers.push(TRACKING_FINALIZER.into());
    }
    copy.metadata.tidy();
    copy
}

pub fn claim(sync: &mut Sync<'_, '_>, job: &Job) -> Result<Vec<Arc<Pod>>, SyncError> {
    let selector = to_selector(job.spec.selector.as_ref())
        .map_err(|error| SyncError::other(format!("couldn't convert Job selector: {error}")))?;
    let mut claimed = own(sync, job, &selector)?;
    let orphans = sync.informers.pods.group(&GroupKey::Orphans(job.metadata.namespace.clone()));
    let orphans = orphans.into_iter().flat_map(|group| group.pods.values());
    let mut claim = Claim::new(job, &selector);
    for pod in orphans.filter(|pod| selector.matches(&pod.metadata.labels)) {
        let adopted = with_finalizer(pod, true);
        if claim.claim(sync.ctx, &adopted)? {
            claimed.push(Arc::new(adopted));
        }
    }
    claimed.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    Ok(claimed)
}

fn own(
    sync: &mut Sync<'_, '_>,
    job: &Job,
    selector: &Selector,
) -> Result<Vec<Arc<Pod>>, SyncError> {
    let group = sync.informers.pods.of_controller(job.metadata.uid);
    let mut claim = Claim::new(job, selector);
    let mut claimed = Vec::new();
    for pod in group.into_iter().flat_map(|group| group.pods.values()) {
        if selector.matches(&pod.metadata.labels) {
            claimed.push(Arc::clone(pod));
        } else {
            claim.claim(sync.ctx, &with_finalizer(pod, false))?;
        }
    }
    Ok(claimed)
}
