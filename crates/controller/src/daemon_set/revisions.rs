//! The revision that a DaemonSet's template is, and the old ones.
//! Models constructHistory, snapshot and cleanupHistory in pkg/controller/daemon/update.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::apps::controller_revision::CONTROLLER_REVISION_HASH;
use api::{ControllerRevision, DaemonSet, Pod};
use apimachinery::labels::Selector;
use apimachinery::template_hash::pod_template_hash;
use apimachinery::wire::Wire;
use client::{ApiExt, Ctx, PatchType};
use serde_json::{Value, json};

use crate::controller_ref::Claim;
use crate::controllers::{Sync, SyncError, SyncResult};
use crate::history::{self, Revisions};

/// The revision of the template as it is, and all others.
pub struct History {
    pub current: Arc<ControllerRevision>,
    pub old: Revisions,
}

impl History {
    /// What the pods of the current revision carry.
    pub fn hash(&self) -> &str {
        self.current.metadata.label(CONTROLLER_REVISION_HASH).unwrap_or_default()
    }
}

pub fn find(
    sync: &mut Sync<'_, '_>,
    ds: &DaemonSet,
    selector: &Selector,
    pods: &[Arc<Pod>],
) -> Result<History, SyncError> {
    let store = &sync.informers.controller_revisions;
    let orphans = store.orphans().filter(|one| one.metadata.namespace == ds.metadata.namespace);
    let data = history::patch_of(&ds.spec.template);
    let mut claim = Claim::new(ds, selector);
    let (mut same, mut old) = (Revisions::new(), Revisions::new());
    for revision in store.owned_by(ds.metadata.uid).chain(orphans) {
        if !claim.claim(sync.ctx, &**revision)? {
            continue;
        }
        let labelled = revision.metadata.labels.contains_key(CONTROLLER_REVISION_HASH);
        let revision = if labelled { Arc::clone(revision) } else { label(sync.ctx, revision)? };
        if revision.data == data { same.push(revision) } else { old.push(revision) }
    }
    let newest = old.iter().map(|one| one.revision).max().unwrap_or(0).max(0);
    let number = newest.saturating_add(1);
    if same.is_empty() {
        let current = snapshot(sync.ctx, ds, data, number)?;
        return Ok(History { current, old });
    }
    let current = dedup(sync.ctx, same, pods)?;
    if current.revision < number {
        history::renumber(sync.ctx, &current, number)?;
    }
    Ok(History { current, old })
}

/// A revision without a hash carries its name instead.
fn label(
    ctx: &mut Ctx<'_>,
    revision: &ControllerRevision,
) -> Result<Arc<ControllerRevision>, SyncError> {
    let mut copy = revision.clone();
    copy.metadata.set_label(CONTROLLER_REVISION_HASH, &revision.metadata.name);
    Ok(ctx.api.update(copy)?)
}

/// Keeps the newest of several equal revisions and gives the pods its hash.
fn dedup(
    ctx: &mut Ctx<'_>,
    mut same: Revisions,
    pods: &[Arc<Pod>],
) -> Result<Arc<ControllerRevision>, SyncError> {
    history::sort(&mut same);
    let Some(keep) = same.pop() else { return Err(SyncError::other("no revision to keep")) };
    if same.is_empty() {
        return Ok(keep);
    }
    let hash = keep.metadata.label(CONTROLLER_REVISION_HASH);
    for pod in pods.iter().filter(|pod| pod.metadata.label(CONTROLLER_REVISION_HASH) != hash) {
        let meta = &pod.metadata;
        let patch = json!({"metadata": {"labels": {CONTROLLER_REVISION_HASH: hash}}});
        let kind = PatchType::Merge;
        let _: Arc<Pod> = ctx.api.patch(&meta.namespace, &meta.name, "", kind, patch)?;
    }
    for extra in &same {
        history::delete(ctx, extra)?;
    }
    Ok(keep)
}

fn snapshot(
    ctx: &mut Ctx<'_>,
    ds: &DaemonSet,
    data: Value,
    number: i64,
) -> Result<Arc<ControllerRevision>, SyncError> {
    let template = &ds.spec.template;
    let hash = pod_template_hash(&template.to_value(), ds.status.collision_count);
    let labels = (CONTROLLER_REVISION_HASH, hash.as_str());
    let revision = history::new_revision(ds, template, data.clone(), number, labels);
    let name = revision.metadata.name.clone();
    let status = match ctx.api.create(revision) {
        Err(status) if status.is_already_exists() => status,
        other => return Ok(other?),
    };
    let there: Arc<ControllerRevision> = ctx.api.get(&ds.metadata.namespace, &name)?;
    if there.data == data {
        return Ok(there);
    }
    // Two templates with one hash: the next try counts a collision more.
    let fresh: Arc<DaemonSet> = ctx.api.get(&ds.metadata.namespace, &ds.metadata.name)?;
    if fresh.status.collision_count == ds.status.collision_count {
        let mut copy = (*fresh).clone();
        let count = copy.status.collision_count.unwrap_or(0).saturating_add(1);
        copy.status.collision_count = Some(count);
        ctx.api.update_status(copy)?;
    }
    Err(status.into())
}

/// Deletes the oldest revisions of which no pod is.
pub fn clean_up(
    ctx: &mut Ctx<'_>,
    ds: &DaemonSet,
    mut old: Revisions,
    pods: &[Arc<Pod>],
) -> SyncResult {
    let limit = usize::try_from(ds.spec.revision_history_limit.unwrap_or(10)).unwrap_or(0);
    let too_many = old.len().saturating_sub(limit);
    if too_many == 0 {
        return Ok(());
    }
    let hash = |pod: &'_ Arc<Pod>| pod.metadata.labels.get(CONTROLLER_REVISION_HASH).cloned();
    let live: BTreeSet<_> = pods.iter().filter_map(hash).collect();
    history::sort(&mut old);
    let unused = old.iter().filter(|one| {
        let hash = one.metadata.labels.get(CONTROLLER_REVISION_HASH);
        hash.is_none_or(|hash| !live.contains(hash))
    });
    for revision in unused.take(too_many) {
        history::delete(ctx, revision).map_err(|error| {
            SyncError::other(format!("failed to clean up revisions of DaemonSet: {error}"))
        })?;
    }
    Ok(())
}
