//! Which revision a StatefulSet is at and which it goes to, and how many old ones it keeps.
//! Models getStatefulSetRevisions and truncateHistory in stateful_set_control.go.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::core::pod::PodTemplateSpec;
use api::core::pod_defaults;
use api::{ControllerRevision, Pod, StatefulSet};
use client::{ApiExt, Ctx};

use super::identity;
use crate::controllers::{SyncError, SyncResult};
use crate::history::{self, Revisions};

const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// The two revisions between which a StatefulSet stands; often one and the same.
pub struct Standing {
    pub current: Arc<ControllerRevision>,
    pub update: Arc<ControllerRevision>,
    pub collisions: i32,
}

impl Standing {
    /// The template of the current revision.
    pub fn current_template(&self, set: &StatefulSet) -> Result<PodTemplateSpec, SyncError> {
        if self.current.metadata.uid == self.update.metadata.uid {
            return Ok(set.spec.template.clone());
        }
        history::template_of(&self.current).ok_or_else(|| {
            let name = &self.current.metadata.name;
            SyncError::other(format!("ControllerRevision {name} keeps no template"))
        })
    }
}

/// Whether a revision says the same once defaults are filled in.
fn means_the_same(revision: &ControllerRevision, data: &serde_json::Value) -> bool {
    history::template_of(revision).is_some_and(|mut template| {
        pod_defaults::default_template(&mut template.spec);
        history::patch_of(&template) == *data
    })
}

pub fn find(
    ctx: &mut Ctx<'_>,
    set: &StatefulSet,
    revisions: &Revisions,
) -> Result<Standing, SyncError> {
    let mut collisions = set.status.collision_count.unwrap_or(0);
    let template = &set.spec.template;
    let data = history::patch_of(template);
    let next = revisions.last().map_or(1, |last| last.revision.saturating_add(1));
    let equal = revisions.iter().rev().find(|one| one.data == data);
    let update = match (equal, revisions.last()) {
        (Some(equal), Some(last)) if equal.data == last.data => Arc::clone(last),
        (Some(equal), _) => history::renumber(ctx, equal, next)?,
        (None, Some(last)) if means_the_same(last, &data) => Arc::clone(last),
        (None, _) => loop {
            let hash = history::hash(&data, collisions);
            let label = (HASH_LABEL, hash.as_str());
            let revision = history::new_revision(set, template, data.clone(), next, label);
            let name = revision.metadata.name.clone();
            match ctx.api.create(revision) {
                Ok(created) => break created,
                Err(status) if status.is_already_exists() => {}
                Err(status) => return Err(status.into()),
            }
            let there: Arc<ControllerRevision> = ctx.api.get(&set.metadata.namespace, &name)?;
            if there.data == data {
                break there;
            }
            collisions = collisions.saturating_add(1);
        },
    };
    let named = |one: &&Arc<ControllerRevision>| one.metadata.name == set.status.current_revision;
    let current = revisions.iter().find(named).unwrap_or(&update);
    Ok(Standing { current: Arc::clone(current), update, collisions })
}

/// Deletes the oldest revisions that nothing uses any more.
pub fn truncate(
    ctx: &mut Ctx<'_>,
    set: &StatefulSet,
    pods: &[Arc<Pod>],
    revisions: &Revisions,
    standing: Option<&Standing>,
) -> SyncResult {
    let standing = standing.into_iter().flat_map(|s| [&s.current, &s.update]);
    let mut live: BTreeSet<&str> = standing.map(|one| one.metadata.name.as_str()).collect();
    live.extend(pods.iter().map(|pod| identity::revision(pod)));
    let is_old = |one: &&Arc<ControllerRevision>| !live.contains(one.metadata.name.as_str());
    let old: Vec<&Arc<ControllerRevision>> = revisions.iter().filter(is_old).collect();
    let Ok(limit) = usize::try_from(set.spec.revision_history_limit.unwrap_or(10)) else {
        return Ok(());
    };
    for revision in old.iter().take(old.len().saturating_sub(limit)) {
        history::delete(ctx, revision)?;
    }
    Ok(())
}
