//! Finding or making the new ReplicaSet, syncing on scaling and while paused, and cleaning up old
//! ReplicaSets. Models pkg/controller/deployment/sync.go.

use std::sync::Arc;

use api::apps::replica_set::ReplicaSetSpec;
use api::core::pod_status::ConditionStatus;
use api::{Deployment, Kind, ReplicaSet};
use apimachinery::labels::LabelSelector;
use apimachinery::meta::{Key, ObjectMeta};
use apimachinery::status::Status;
use apimachinery::template_hash::pod_template_hash;
use apimachinery::wire::{Shared, Wire};
use client::{ApiExt, DeleteOptions};
use smol_str::{SmolStr, format_smolstr};

use super::conditions::{self, PROGRESSING, condition};
use super::fenceposts::{new_replica_set_replicas, replicas};
use super::progress::has_progress_deadline;
use super::replica_sets::{HASH_LABEL, ReplicaSets, by_creation, equal_ignore_hash, size, split};
use super::revision::{
    DESIRED_REPLICAS, REVISION, annotated_number, max_revision, revision, set_deployment_revision,
    set_new_replica_set_annotations,
};
use super::{DeploymentController, rollback};
use crate::controllers::{Sync, SyncError, SyncResult, namespace_terminating};
use crate::pod_control::controller_reference;

const NAME_MAX: usize = 253;

/// `web-7887448d46`; a deployment's name that is too long is cut.
fn replica_set_name(deployment: &str, hash: &str) -> SmolStr {
    let room = NAME_MAX.saturating_sub(hash.len() + 1);
    let kept = deployment.get(..room).unwrap_or(deployment);
    format_smolstr!("{kept}-{hash}")
}

/// The new ReplicaSet of a deployment, still without size and annotations.
fn make_replica_set(d: &Deployment) -> ReplicaSet {
    let hash = pod_template_hash(&d.spec.template.to_value(), d.status.collision_count);
    let mut template = d.spec.template.clone();
    template.metadata.set_label(HASH_LABEL, &hash);
    let mut selector: LabelSelector = d.spec.selector.clone().unwrap_or_default();
    selector.match_labels.make_mut().insert(HASH_LABEL.into(), hash.as_str().into());
    let mut metadata =
        ObjectMeta::named(&d.metadata.namespace, &replica_set_name(&d.metadata.name, &hash));
    metadata.labels = template.metadata.labels.clone();
    metadata.owner_references = Shared::new(vec![controller_reference(d)]);
    ReplicaSet {
        metadata,
        spec: ReplicaSetSpec {
            replicas: Some(0),
            min_ready_seconds: d.spec.min_ready_seconds,
            selector: Some(selector),
            template,
            ..ReplicaSetSpec::default()
        },
        ..ReplicaSet::default()
    }
}

impl DeploymentController {
    pub(super) fn sync_status_only(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
    ) -> SyncResult {
        let sets = self.all_replica_sets(sync, d, list, false)?;
        self.sync_deployment_status(sync, d, &sets)
    }

    /// While paused, and when only the size changed.
    pub(super) fn sync_scaling(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
    ) -> SyncResult {
        let mut sets = self.all_replica_sets(sync, d, list, false)?;
        self.scale(sync, d, &mut sets)?;
        if d.spec.paused && rollback::rollback_to(d).is_none() {
            self.cleanup(sync, d, &sets.old)?;
        }
        self.sync_deployment_status(sync, d, &sets)
    }

    pub(super) fn check_paused_conditions(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
    ) -> SyncResult {
        let current = conditions::get(&d.status, PROGRESSING).map(|c| c.reason.as_str());
        if !has_progress_deadline(d) || current == Some(conditions::TIMED_OUT) {
            return Ok(());
        }
        let says_paused = current == Some(conditions::PAUSED);
        let (reason, message) = match (d.spec.paused, says_paused) {
            (true, false) => (conditions::PAUSED, "Deployment is paused"),
            (false, true) => (conditions::RESUMED, "Deployment is resumed"),
            _ => return Ok(()),
        };
        let unknown = ConditionStatus::Unknown;
        let now = sync.ctx.time();
        conditions::set(&mut d.status, condition(PROGRESSING, unknown, reason, message, now));
        sync.ctx.api.update_status(d.clone())?;
        Ok(())
    }

    /// Sorts the ReplicaSets and brings the revision numbers up to date; makes the new one if it
    /// is missing and wanted.
    pub(super) fn all_replica_sets(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
        create: bool,
    ) -> Result<ReplicaSets, SyncError> {
        let mut sets = split(d, list);
        let new_revision = max_revision(sets.old.iter()).saturating_add(1);
        sets.new = match sets.new.take() {
            Some(existing) => Some(self.refresh_new(sync, d, existing, new_revision)?),
            None if create => Some(self.create_new(sync, d, &sets.old, new_revision)?),
            None => None,
        };
        Ok(sets)
    }

    /// Annotations and `minReadySeconds` of an existing new ReplicaSet, and the deployment's
    /// revision.
    fn refresh_new(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        existing: Arc<ReplicaSet>,
        new_revision: i64,
    ) -> Result<Arc<ReplicaSet>, SyncError> {
        let mut copy = (*existing).clone();
        let annotated = set_new_replica_set_annotations(d, &mut copy, new_revision, true);
        if annotated || copy.spec.min_ready_seconds != d.spec.min_ready_seconds {
            copy.spec.min_ready_seconds = d.spec.min_ready_seconds;
            return Ok(sync.ctx.api.update(copy)?);
        }
        let revision = SmolStr::from(existing.metadata.annotation(REVISION).unwrap_or_default());
        let mut changed = set_deployment_revision(d, &revision);
        if has_progress_deadline(d) && conditions::get(&d.status, PROGRESSING).is_none() {
            let message = format!("Found new replica set {:?}", existing.metadata.name);
            let reason = conditions::FOUND_NEW_REPLICA_SET;
            let now = sync.ctx.time();
            let found = condition(PROGRESSING, ConditionStatus::True, reason, message, now);
            conditions::set(&mut d.status, found);
            changed = true;
        }
        if changed {
            sync.ctx.api.update_status(d.clone())?;
        }
        Ok(existing)
    }

    fn create_new(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        old: &[Arc<ReplicaSet>],
        new_revision: i64,
    ) -> Result<Arc<ReplicaSet>, SyncError> {
        let mut new = make_replica_set(d);
        let total = old.iter().map(|rs| size(rs)).sum();
        let count = new_replica_set_replicas(d, total, 0)
            .map_err(|error| SyncError::other(error.to_string()))?;
        new.spec.replicas = Some(count);
        set_new_replica_set_annotations(d, &mut new, new_revision, false);
        let key = Key::of(&new.metadata);
        let (created, existed) = match sync.ctx.api.create(new) {
            Ok(created) => (created, false),
            Err(status) if status.is_already_exists() => {
                (self.resolve_collision(sync, d, &key, status)?, true)
            }
            Err(status) => {
                self.report_create_error(sync, d, &key, &status);
                return Err(status.into());
            }
        };
        if !existed && count > 0 {
            let name = &created.metadata.name;
            let message = format!("Scaled up replica set {name} from 0 to {count}");
            self.tell(sync, d, "ScalingReplicaSet", &message);
        }
        let mut changed = set_deployment_revision(d, &format_smolstr!("{new_revision}"));
        if !existed && has_progress_deadline(d) {
            let message = format!("Created new replica set {:?}", created.metadata.name);
            let reason = conditions::NEW_REPLICA_SET_CREATED;
            let now = sync.ctx.time();
            let made = condition(PROGRESSING, ConditionStatus::True, reason, message, now);
            conditions::set(&mut d.status, made);
            changed = true;
        }
        if changed {
            sync.ctx.api.update_status(d.clone())?;
        }
        Ok(created)
    }

    /// A ReplicaSet of that name exists: it is the right one behind a slow cache, or another
    /// template has the same hash, and then the next try hashes differently.
    fn resolve_collision(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        key: &Key,
        status: Box<Status>,
    ) -> Result<Arc<ReplicaSet>, SyncError> {
        let Some(found) = sync.informers.replica_sets.get(key) else {
            let resource = ReplicaSet::INFO.resource;
            return Err(Status::not_found(&resource, &key.name).into());
        };
        let owned = found.metadata.controller().is_some_and(|c| c.uid == d.metadata.uid);
        if owned && equal_ignore_hash(&d.spec.template, &found.spec.template) {
            return Ok(Arc::clone(found));
        }
        let count = d.status.collision_count.unwrap_or(0);
        d.status.collision_count = Some(count.saturating_add(1));
        let _ = sync.ctx.api.update_status(d.clone());
        Err(status.into())
    }

    fn report_create_error(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        key: &Key,
        status: &Status,
    ) {
        if namespace_terminating(status) {
            return;
        }
        let message = format!("Failed to create new replica set {:?}: {status}", key.name);
        let reason = conditions::REPLICA_SET_CREATE_ERROR;
        if has_progress_deadline(d) {
            let now = sync.ctx.time();
            let failed =
                condition(PROGRESSING, ConditionStatus::False, reason, message.as_str(), now);
            conditions::set(&mut d.status, failed);
            let _ = sync.ctx.api.update_status(d.clone());
        }
        self.warn(sync, d, reason, &message);
    }

    /// Whether the deployment's size is another than the one its active ReplicaSets were made for.
    pub(super) fn is_scaling_event(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: &[Arc<ReplicaSet>],
    ) -> Result<bool, SyncError> {
        let sets = self.all_replica_sets(sync, d, list.to_vec(), false)?;
        let mut desired = sets.active().filter_map(|rs| annotated_number(rs, DESIRED_REPLICAS));
        Ok(desired.any(|desired| desired != replicas(d)))
    }

    /// Deletes the oldest empty ReplicaSets beyond the history limit.
    pub(super) fn cleanup(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &Deployment,
        old: &[Arc<ReplicaSet>],
    ) -> SyncResult {
        let Some(limit) = d.spec.revision_history_limit.filter(|limit| *limit != i32::MAX) else {
            return Ok(());
        };
        let mut alive: Vec<_> = old.iter().filter(|rs| !rs.metadata.is_deleting()).collect();
        let excess = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        alive.sort_by(|a, b| match (revision(a), revision(b)) {
            (Some(x), Some(y)) if x != y => x.cmp(&y),
            _ => by_creation(a, b),
        });
        for rs in alive.into_iter().take(excess) {
            let seen = rs.metadata.generation <= rs.status.observed_generation;
            if rs.status.replicas != 0 || size(rs) != 0 || !seen {
                continue;
            }
            let Key { namespace, name } = Key::of(&rs.metadata);
            let options = DeleteOptions::default();
            match sync.ctx.api.delete::<ReplicaSet>(&namespace, &name, options) {
                Err(status) if !status.is_not_found() => return Err(status.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
