//! Rollback by annotation, as old clients asked for it.
//! Models pkg/controller/deployment/rollback.go.

use std::sync::Arc;

use api::{Deployment, ReplicaSet};
use client::ApiExt;
use smol_str::SmolStr;

use super::DeploymentController;
use super::replica_sets::{HASH_LABEL, equal_ignore_hash};
use super::revision::{ROLLBACK_TO, is_own, last_revision, revision};
use crate::controllers::{Sync, SyncResult};

const REVISION_NOT_FOUND: &str = "DeploymentRollbackRevisionNotFound";
const TEMPLATE_UNCHANGED: &str = "DeploymentRollbackTemplateUnchanged";
const DONE: &str = "DeploymentRollback";

/// The revision that is asked for; zero means the last one.
pub fn rollback_to(d: &Deployment) -> Option<i64> {
    d.metadata.annotation(ROLLBACK_TO)?.parse().ok()
}

/// The ReplicaSet's template without its hash, and its annotations beside the deployment's own.
fn take_template(d: &mut Deployment, rs: &ReplicaSet) {
    d.spec.template = rs.spec.template.clone();
    if d.spec.template.metadata.labels.contains_key(HASH_LABEL) {
        d.spec.template.metadata.labels.make_mut().remove(HASH_LABEL);
    }
    let own = d.metadata.annotations.iter().filter(|(key, _)| is_own(key));
    let theirs = rs.metadata.annotations.iter().filter(|(key, _)| !is_own(key));
    let merged = own.chain(theirs).map(|(key, value)| (key.clone(), value.clone())).collect();
    d.metadata.annotations = merged;
}

impl DeploymentController {
    pub(super) fn rollback(
        &mut self,
        sync: &mut Sync<'_, '_>,
        d: &mut Deployment,
        list: Vec<Arc<ReplicaSet>>,
    ) -> SyncResult {
        let sets = self.all_replica_sets(sync, d, list, true)?;
        let wanted = match rollback_to(d) {
            Some(0) | None => last_revision(sets.all()),
            Some(wanted) => wanted,
        };
        if wanted == 0 {
            self.warn(sync, d, REVISION_NOT_FOUND, "Unable to find last revision.");
            return clear(sync, d);
        }
        let Some(rs) = sets.all().find(|rs| revision(rs) == Some(wanted)).cloned() else {
            let message = "Unable to find the revision to rollback to.";
            self.warn(sync, d, REVISION_NOT_FOUND, message);
            return clear(sync, d);
        };
        let name = SmolStr::from(d.metadata.name.as_str());
        if equal_ignore_hash(&d.spec.template, &rs.spec.template) {
            let message = format!(
                "The rollback revision contains the same template as current deployment {name:?}"
            );
            self.warn(sync, d, TEMPLATE_UNCHANGED, &message);
            return clear(sync, d);
        }
        take_template(d, &rs);
        clear(sync, d)?;
        let message = format!("Rolled back deployment {name:?} to revision {wanted}");
        self.tell(sync, d, DONE, &message);
        Ok(())
    }
}

/// Writes the deployment without the annotation that asks for the rollback.
fn clear(sync: &mut Sync<'_, '_>, d: &mut Deployment) -> SyncResult {
    d.metadata.annotations.make_mut().remove(ROLLBACK_TO);
    sync.ctx.api.update(d.clone())?;
    Ok(())
}
