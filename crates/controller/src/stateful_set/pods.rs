//! Making, mending and deleting the pods of a StatefulSet, with what is said about it.
//! Models pkg/controller/statefulset/stateful_pod_control.go.

use std::sync::Arc;

use api::{PersistentVolumeClaim, Pod};
use client::{ApiExt, DeleteOptions};

use super::control::Control;
use super::identity;
use crate::controllers::{SyncError, SyncResult};
use crate::informers::Resource;

impl Control<'_, '_, '_> {
    /// `verb` is `Create`, `Update` or `Delete`.
    fn tell_of_pod(&mut self, verb: &str, pod: &str, result: &SyncResult) {
        let what = format!("{verb} Pod {pod} in StatefulSet {}", self.set.metadata.name);
        match result {
            Ok(()) => {
                let (reason, text) = (format!("Successful{verb}"), format!("{what} successful"));
                self.tell("Normal", &reason, &text);
            }
            Err(error) => {
                let text = format!("{what} failed error: {error}");
                self.tell("Warning", &format!("Failed{verb}"), &text);
            }
        }
    }

    pub fn create_pod(&mut self, pod: &Pod) -> SyncResult {
        let name = &pod.metadata.name;
        if let Err(error) = self.create_claims(pod) {
            let failed = Err(error);
            self.tell_of_pod("Create", name, &failed);
            return failed;
        }
        let created = match self.sync.ctx.api.create(pod.clone()) {
            Ok(created) => {
                self.wrote(Resource::Pod, created.metadata.resource_version);
                Ok(())
            }
            Err(status) if status.is_already_exists() => return Err(status.into()),
            Err(status) => Err(status.into()),
        };
        let claims = self.update_claims(pod);
        claims.or_else(|error| self.failed_update(pod, error))?;
        self.tell_of_pod("Create", name, &created);
        created
    }

    fn failed_update(&mut self, pod: &Pod, error: SyncError) -> SyncResult {
        let failed = Err(error);
        self.tell_of_pod("Update", &pod.metadata.name, &failed);
        failed
    }

    /// Gives a pod back its labels, its volumes and its claims' owners.
    pub fn update_pod(&mut self, pod: &Arc<Pod>) -> SyncResult {
        let mut copy = (**pod).clone();
        if !identity::identity_matches(self.set, pod) {
            identity::update_identity(&mut copy);
        }
        if !identity::storage_matches(self.set, pod) {
            identity::update_storage(self.set, &mut copy);
            let claims = self.create_claims(pod);
            claims.or_else(|error| self.failed_update(pod, error))?;
        }
        if !self.claims_match(pod) {
            let claims = self.update_claims(pod);
            claims.or_else(|error| self.failed_update(pod, error))?;
        }
        let result = match self.sync.ctx.api.update(copy) {
            Ok(updated) => {
                self.wrote(Resource::Pod, updated.metadata.resource_version);
                Ok(())
            }
            Err(status) => Err(status.into()),
        };
        self.tell_of_pod("Update", &pod.metadata.name, &result);
        result
    }

    pub fn delete_pod(&mut self, pod: &Pod) -> SyncResult {
        let (meta, options) = (&pod.metadata, DeleteOptions::default());
        let result = match self.sync.ctx.api.delete::<Pod>(&meta.namespace, &meta.name, options) {
            Err(status) if !status.is_not_found() => Err(status.into()),
            _ => Ok(()),
        };
        self.tell_of_pod("Delete", &meta.name, &result);
        result
    }

    /// Makes the claims of a pod that are not there.
    pub fn create_claims(&mut self, pod: &Pod) -> SyncResult {
        let mut errors: Vec<String> = Vec::new();
        for claim in identity::claims(self.set, identity::ordinal(pod)) {
            let name = claim.metadata.name.clone();
            match self.claim(&name) {
                Some(there) if there.metadata.is_deleting() => {
                    errors.push(format!("pvc {name} is being deleted"));
                }
                Some(_) => {}
                None => errors.extend(self.create_claim(pod, claim)),
            }
        }
        match errors.as_slice() {
            [] => Ok(()),
            [one] => Err(SyncError::other(one.as_str())),
            all => Err(SyncError::other(format!("[{}]", all.join(", ")))),
        }
    }

    /// What went wrong, if anything.
    fn create_claim(&mut self, pod: &Pod, claim: PersistentVolumeClaim) -> Option<String> {
        let (name, of) = (claim.metadata.name.clone(), &pod.metadata.name);
        let set = &self.set.metadata.name;
        match self.sync.ctx.api.create(claim) {
            Ok(created) => {
                let text = format!("Create Claim {name} Pod {of} in StatefulSet {set} success");
                self.wrote(Resource::PersistentVolumeClaim, created.metadata.resource_version);
                self.tell("Normal", "SuccessfulCreate", &text);
                None
            }
            Err(status) => {
                if !status.is_already_exists() {
                    let text = format!(
                        "Create Claim {name} for Pod {of} in StatefulSet {set} failed error: \
                         {status}"
                    );
                    self.tell("Warning", "FailedCreate", &text);
                }
                Some(format!("failed to create PVC {name}: {status}"))
            }
        }
    }
}
