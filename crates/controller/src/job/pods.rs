//! Making, deleting and letting go of a job's pods.
//! Models pkg/controller/job/job_controller.go.

use std::sync::Arc;

use api::core::container::{Container, EnvVar};
use api::core::reference::ObjectReference;
use api::{Job, Pod};
use apimachinery::wire::Shared;
use client::{ApiExt, PatchType};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

use super::indexes::COMPLETION_INDEX;
use super::state::State;
use super::{JobController, TRACKING_FINALIZER, has_tracking_finalizer, per_index};
use crate::controllers::{Sync, SyncError, SyncResult};
use crate::pod_control::{controller_reference, delete_pod, pod_from_template};

const COMPLETION_INDEX_ENV: &str = "JOB_COMPLETION_INDEX";
const GENERATED_NAME_MAX: usize = 58;

/// The pod that all of a job's pods are like, but for their index.
pub fn prototype(job: &Job) -> Pod {
    let owners = Shared::new(vec![controller_reference(job)]);
    let mut pod = pod_from_template(&job.spec.template, &job.metadata, &owners);
    let finalizers = &mut pod.metadata.rare_mut().finalizers;
    if !finalizers.iter().any(|name| name == TRACKING_FINALIZER) {
        finalizers.push(SmolStr::new_static(TRACKING_FINALIZER));
    }
    if job.spec.is_indexed() {
        let body = pod.spec.body_mut();
        body.init_containers.iter_mut().for_each(add_index_variable);
        body.containers.iter_mut().for_each(add_index_variable);
    }
    pod
}

fn add_index_variable(container: &mut Container) {
    if container.env.iter().any(|variable| variable.name == COMPLETION_INDEX_ENV) {
        return;
    }
    let path = format!("metadata.labels['{COMPLETION_INDEX}']");
    let source = json!({"fieldRef": {"apiVersion": "v1", "fieldPath": path}});
    container.env.push(EnvVar {
        name: SmolStr::new_static(COMPLETION_INDEX_ENV),
        value_from: Some(Box::new(source)),
        ..EnvVar::default()
    });
}

/// The pod of one index.
pub fn of_index(prototype: &Pod, state: &State, index: i32) -> Pod {
    let (mut pod, job) = (prototype.clone(), &state.job);
    let text = index.to_string();
    pod.metadata.set_annotation(COMPLETION_INDEX, &text);
    pod.metadata.set_label(COMPLETION_INDEX, &text);
    let suffix = format!("-{index}-");
    let room = GENERATED_NAME_MAX.saturating_sub(suffix.len());
    let name = job.metadata.name.get(..room).unwrap_or(&job.metadata.name);
    pod.metadata.generate_name = format_smolstr!("{name}{suffix}");
    pod.spec.body_mut().hostname = format_smolstr!("{}-{index}", job.metadata.name);
    if state.per_index() {
        per_index::annotate(&mut pod, &job.spec, state.awaiting_replacement.get(&index));
    }
    pod
}

/// Takes the finalizer off.
pub fn untrack(sync: &mut Sync<'_, '_>, pod: &Pod) -> SyncResult {
    if !has_tracking_finalizer(pod) {
        return Ok(());
    }
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER]}});
    let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
    sync.ctx.api.patch::<Pod>(namespace, name, "", PatchType::Strategic, patch)?;
    Ok(())
}

fn is_gone(error: &SyncError) -> bool {
    matches!(error, SyncError::Api(status) if status.is_not_found())
}

impl JobController {
    /// Deletes every active pod; how many are gone or going, and the first error.
    pub(super) fn delete_active(
        &mut self,
        sync: &mut Sync<'_, '_>,
        about: &ObjectReference,
        state: &mut State,
    ) -> (i32, SyncResult) {
        let doomed = std::mem::take(&mut state.active);
        self.delete_each(sync, about, state, &doomed, false)
    }

    /// Deletes pods that are too many; they are let go first, for they need not be counted.
    pub(super) fn delete_surplus(
        &mut self,
        sync: &mut Sync<'_, '_>,
        about: &ObjectReference,
        state: &mut State,
        doomed: &[Arc<Pod>],
    ) -> (i32, SyncResult) {
        self.delete_each(sync, about, state, doomed, true)
    }

    fn delete_each(
        &mut self,
        sync: &mut Sync<'_, '_>,
        about: &ObjectReference,
        state: &mut State,
        doomed: &[Arc<Pod>],
        let_go: bool,
    ) -> (i32, SyncResult) {
        let key = apimachinery::meta::Key::of(&state.job.metadata);
        let (mut deleted, mut result) = (0, Ok(()));
        for pod in doomed {
            let (namespace, name) = (&pod.metadata.namespace, &pod.metadata.name);
            let mut done = if let_go { untrack(sync, pod) } else { Ok(()) };
            if done.is_ok() {
                done = delete_pod(sync.ctx, &mut self.recorder, about, namespace, name);
            }
            if done.is_err() {
                self.expectations.deletion_observed(&key, pod.metadata.uid);
            }
            match done {
                Err(error) if !is_gone(&error) => result = result.and(Err(error)),
                _ => deleted += 1,
            }
            state.ready -= i32::from(pod.status.is_ready());
        }
        state.terminating += deleted;
        (deleted, result)
    }
}
