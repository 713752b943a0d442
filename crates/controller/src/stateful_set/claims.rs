//! Who owns the claims of a StatefulSet, so that they go with the set or with a pod too many, if
//! its retention policy says so.
//! Models the claim owner functions of stateful_set_utils.go and stateful_pod_control.go.

use std::sync::Arc;

use api::{Kind, PersistentVolumeClaim, Pod, StatefulSet};
use apimachinery::meta::{OwnerReference, Uid};
use client::ApiExt;

use super::control::Control;
use super::identity;
use crate::controllers::{SyncError, SyncResult};
use crate::informers::Resource;
use crate::pod_control::controller_reference;

/// What the policy says of the set and of the pods: whether claims go with them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Policy {
    with_set: bool,
    with_pod: bool,
}

impl Policy {
    fn of(set: &StatefulSet) -> Self {
        let policy = set.spec.pvc_retention_policy.as_ref();
        Policy {
            with_set: policy.is_some_and(|policy| policy.when_deleted == "Delete"),
            with_pod: policy.is_some_and(|policy| policy.when_scaled == "Delete"),
        }
    }

    /// Whether the set and whether the pod should own the claims of a pod.
    fn owners(self, condemned: bool) -> (bool, bool) {
        let pod = self.with_pod && condemned;
        (self.with_set && !pod, pod)
    }
}

/// Whether the reference is to this object, or to one of its name that was before it.
fn names<K: Kind>(reference: &OwnerReference, object: &K) -> bool {
    reference.api_version == K::INFO.gvk.api_version()
        && reference.kind == K::INFO.gvk.kind
        && reference.name == object.meta().name
}

fn is_stale<K: Kind>(claim: &PersistentVolumeClaim, object: &K) -> bool {
    let mut references = claim.metadata.owner_references.iter();
    let named = references.find(|reference| names(reference, object));
    named.is_some_and(|reference| reference.uid != object.meta().uid)
}

fn is_owned_by(claim: &PersistentVolumeClaim, owner: Uid) -> bool {
    claim.metadata.owner_references.iter().any(|reference| reference.uid == owner)
}

/// Whether somebody else controls the claim, which matters only if it may be deleted.
fn has_other_controller(claim: &PersistentVolumeClaim, set: &StatefulSet, pod: &Pod) -> bool {
    let policy = Policy::of(set);
    (policy.with_set || policy.with_pod)
        && claim.metadata.owner_references.iter().any(|reference| {
            if names(reference, set) {
                reference.uid != set.metadata.uid
            } else if names(reference, pod) {
                reference.uid != pod.metadata.uid
            } else {
                reference.controller == Some(true)
            }
        })
}

fn is_up_to_date(claim: &PersistentVolumeClaim, set: &StatefulSet, pod: &Pod) -> bool {
    if is_stale(claim, set) || is_stale(claim, pod) {
        return true;
    }
    let (set_uid, pod_uid) = (set.metadata.uid, pod.metadata.uid);
    let owned = (is_owned_by(claim, set_uid), is_owned_by(claim, pod_uid));
    if has_other_controller(claim, set, pod) {
        return owned == (false, false);
    }
    let ours = |reference: &&OwnerReference| reference.uid == set_uid || reference.uid == pod_uid;
    let mut references = claim.metadata.owner_references.iter().filter(ours);
    let condemned = !identity::ordinals(set).contains(&identity::ordinal(pod));
    references.all(|reference| reference.controller == Some(true))
        && owned == Policy::of(set).owners(condemned)
}

/// The claim with the owners that the policy wants.
fn with_owners(
    claim: &PersistentVolumeClaim,
    set: &StatefulSet,
    pod: &Pod,
) -> PersistentVolumeClaim {
    let mut copy = claim.clone();
    let references = copy.metadata.owner_references.make_mut();
    references.retain(|reference| !names(reference, set) && !names(reference, pod));
    if !has_other_controller(claim, set, pod) {
        let condemned = !identity::ordinals(set).contains(&identity::ordinal(pod));
        let (of_set, of_pod) = Policy::of(set).owners(condemned);
        references.extend(of_set.then(|| controller_reference(set)));
        references.extend(of_pod.then(|| controller_reference(pod)));
    }
    copy
}

impl<'c> Control<'_, 'c, '_> {
    pub fn claim(&self, name: &str) -> Option<&'c Arc<PersistentVolumeClaim>> {
        let claims = &self.sync.informers.persistent_volume_claims;
        claims.named(&self.set.metadata.namespace, name)
    }

    fn claims_of(&self, pod: &Pod) -> Vec<&'c Arc<PersistentVolumeClaim>> {
        let number = identity::ordinal(pod);
        let templates = self.set.spec.volume_claim_templates.iter();
        let names = templates.map(|template| identity::claim_name(self.set, template, number));
        names.filter_map(|name| self.claim(&name)).collect()
    }

    pub fn claims_match(&self, pod: &Pod) -> bool {
        self.claims_of(pod).into_iter().all(|claim| is_up_to_date(claim, self.set, pod))
    }

    /// Whether a claim is left over from an earlier pod of the number and about to go.
    pub fn has_stale_claim(&self, pod: &Pod) -> bool {
        Policy::of(self.set).with_pod
            && self.claims_of(pod).into_iter().any(|claim| is_stale(claim, pod))
    }

    /// Gives the claims of a pod the owners that the policy wants.
    pub fn update_claims(&mut self, pod: &Pod) -> SyncResult {
        for claim in self.claims_of(pod) {
            let name = &claim.metadata.name;
            if has_other_controller(claim, self.set, pod) {
                let text = format!(
                    "PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a \
                     manging controller, the retention policy is ignored for this claim"
                );
                self.tell("Warning", "ConflictingController", &text);
            }
            if is_up_to_date(claim, self.set, pod) {
                continue;
            }
            let updated = self.sync.ctx.api.update(with_owners(claim, self.set, pod));
            let updated = updated.map_err(|status| {
                SyncError::other(format!(
                    "could not update claim {name} for delete policy ownerRefs: {status}"
                ))
            })?;
            self.wrote(Resource::PersistentVolumeClaim, updated.metadata.resource_version);
        }
        Ok(())
    }
}
