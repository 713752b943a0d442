//! Creating and deleting the pods of a controller, with what is said about it.
//! Models RealPodControl in pkg/controller/controller_utils.go.

use std::sync::Arc;

use api::core::pod::PodTemplateSpec;
use api::core::reference::ObjectReference;
use api::{Kind, Pod};
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::wire::Shared;
use client::{ApiExt, Ctx, DeleteOptions, EventRecorder};
use smol_str::{SmolStr, format_smolstr};

use crate::controllers::{SyncError, SyncResult, namespace_terminating};

const NAME_MAX: usize = 253;
const SLOW_START_INITIAL_BATCH: usize = 1;

/// The reference by which a controller owns what it makes.
pub fn controller_reference<K: Kind>(owner: &K) -> OwnerReference {
    let meta = owner.meta();
    OwnerReference {
        api_version: K::INFO.gvk.api_version(),
        kind: K::INFO.gvk.kind,
        name: meta.name.clone(),
        uid: meta.uid,
        controller: Some(true),
        block_owner_deletion: Some(true),
        ..OwnerReference::default()
    }
}

/// `web-7887448d46-`, without the dash where it would not fit.
fn generate_name(owner: &str) -> SmolStr {
    if owner.len() < NAME_MAX { format_smolstr!("{owner}-") } else { owner.into() }
}

/// A pod of the template. Body, labels and owners are shared between all pods made from it.
pub fn pod_from_template(
    template: &PodTemplateSpec,
    owner: &ObjectMeta,
    owner_references: &Shared<Vec<OwnerReference>>,
) -> Pod {
    let mut metadata = ObjectMeta::named(&owner.namespace, "");
    metadata.generate_name = generate_name(&owner.name);
    metadata.labels = template.metadata.labels.clone();
    metadata.annotations = template.metadata.annotations.clone();
    metadata.owner_references = owner_references.clone();
    if !template.metadata.finalizers().is_empty() {
        metadata.rare_mut().finalizers = template.metadata.finalizers().to_vec();
    }
    Pod { metadata, spec: template.spec.clone(), ..Pod::default() }
}

/// Makes one pod and tells of it.
pub fn create_pod(
    ctx: &mut Ctx<'_>,
    recorder: &mut EventRecorder,
    about: &ObjectReference,
    pod: Pod,
) -> Result<Arc<Pod>, SyncError> {
    if pod.metadata.labels.is_empty() {
        return Err(SyncError::other("unable to create pods, no labels"));
    }
    match ctx.api.create(pod) {
        Ok(pod) => {
            let message = format!("Created pod: {}", pod.metadata.name);
            recorder.event(ctx, about, "Normal", "SuccessfulCreate", &message);
            Ok(pod)
        }
        Err(status) => {
            if !namespace_terminating(&status) {
                let message = format!("Error creating: {status}");
                recorder.event(ctx, about, "Warning", "FailedCreate", &message);
            }
            Err(status.into())
        }
    }
}

/// Deletes one pod and tells of it.
pub fn delete_pod(
    ctx: &mut Ctx<'_>,
    recorder: &mut EventRecorder,
    about: &ObjectReference,
    namespace: &str,
    name: &str,
) -> Result<(), SyncError> {
    match ctx.api.delete::<Pod>(namespace, name, DeleteOptions::default()) {
        Ok(()) => {
            let message = format!("Deleted pod: {name}");
            recorder.event(ctx, about, "Normal", "SuccessfulDelete", &message);
            Ok(())
        }
        Err(status) if status.is_not_found() => Err(status.into()),
        Err(status) => {
            let message = format!("Error deleting: {status}");
            recorder.event(ctx, about, "Warning", "FailedDelete", &message);
            Err(SyncError::other(format!("unable to delete pods: {status}")))
        }
    }
}

/// Calls with 0, 1, 2, … in batches of 1, 2, 4, … until `count` is reached; a batch with a failure
/// is the last. How many succeeded, and the first error.
pub fn slow_start(count: usize, mut call: impl FnMut(usize) -> SyncResult) -> (usize, SyncResult) {
    let (mut remaining, mut made, mut successes) = (count, 0, 0);
    let mut batch = remaining.min(SLOW_START_INITIAL_BATCH);
    while batch > 0 {
        let mut failed = Ok(());
        for _ in 0..batch {
            match call(made) {
                Ok(()) => successes += 1,
                Err(error) if failed.is_ok() => failed = Err(error),
                Err(_) => {}
            }
            made += 1;
        }
        if failed.is_err() {
            return (successes, failed);
        }
        remaining -= batch;
        batch = (2 * batch).min(remaining);
    }
    (successes, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_batch_is_the_last() {
        for (count, fails_from, calls, successes) in
            [(10, 99, 10, 10), (10, 0, 1, 0), (10, 2, 3, 2), (10, 3, 7, 3)]
        {
            let mut made = 0;
            let (done, result) = slow_start(count, |index| {
                assert_eq!(index, made);
                made += 1;
                if made > fails_from { Err(SyncError::other("no")) } else { Ok(()) }
            });
            assert_eq!((made, done, result.is_err()), (calls, successes, calls != count));
        }
    }
}
