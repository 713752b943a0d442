//! Adoption and release: a controller takes what its selector matches and nobody controls, and
//! lets go of what it controls and its selector no longer matches.
//! Models pkg/controller/controller_ref_manager.go.

use std::sync::Arc;

use api::Kind;
use apimachinery::labels::Selector;
use apimachinery::status::Reason;
use client::{ApiExt, Ctx};

use crate::controllers::SyncError;
use crate::pod_control::controller_reference;

/// Claims objects for one controller during one sync.
pub struct Claim<'o, O> {
    owner: &'o O,
    selector: &'o Selector,
    /// Whether the API was asked if the owner may still adopt, and what it said.
    can_adopt: Option<Result<(), String>>,
}

impl<'o, O: Kind> Claim<'o, O> {
    pub fn new(owner: &'o O, selector: &'o Selector) -> Self {
        Claim { owner, selector, can_adopt: None }
    }

    /// Whether the object belongs to the owner now, after adopting or releasing it if need be.
    pub fn claim<K: Kind>(&mut self, ctx: &mut Ctx<'_>, object: &K) -> Result<bool, SyncError> {
        self.claim_if(ctx, object, true)
    }

    /// The same where the selector alone does not decide: an object that is not fit is none that
    /// the selector matches.
    pub fn claim_if<K: Kind>(
        &mut self,
        ctx: &mut Ctx<'_>,
        object: &K,
        fit: bool,
    ) -> Result<bool, SyncError> {
        let (meta, owner) = (object.meta(), self.owner.meta());
        let matches = fit && self.selector.matches(&meta.labels);
        if let Some(controller) = meta.controller() {
            if controller.uid != owner.uid || matches {
                return Ok(controller.uid == owner.uid);
            }
            if !owner.is_deleting() {
                self.release(ctx, object)?;
            }
            return Ok(false);
        }
        if owner.is_deleting()
            || !matches
            || meta.is_deleting()
            || owner.namespace != meta.namespace
        {
            return Ok(false);
        }
        self.adopt(ctx, object)
    }

    fn adopt<K: Kind>(&mut self, ctx: &mut Ctx<'_>, object: &K) -> Result<bool, SyncError> {
        if self.can_adopt.is_none() {
            self.can_adopt = Some(self.recheck_deletion(ctx));
        }
        let (kind, meta) = (K::INFO.gvk.kind, object.meta());
        if let Some(Err(why)) = &self.can_adopt {
            let what = format!("{kind} {}/{} ({})", meta.namespace, meta.name, meta.uid);
            return Err(SyncError::other(format!("can't adopt {what}: {why}")));
        }
        let mut copy = object.clone();
        let owners = copy.meta_mut().owner_references.make_mut();
        owners.retain(|owner| owner.uid != self.owner.meta().uid);
        owners.push(controller_reference(self.owner));
        match ctx.api.update(copy) {
            Ok(_) => Ok(true),
            Err(status) if status.is_not_found() => Ok(false),
            Err(status) => Err(status.into()),
        }
    }

    fn release<K: Kind>(&self, ctx: &mut Ctx<'_>, object: &K) -> Result<(), SyncError> {
        let mut copy = object.clone();
        let uid = self.owner.meta().uid;
        copy.meta_mut().owner_references.make_mut().retain(|owner| owner.uid != uid);
        match ctx.api.update(copy) {
            Ok(_) => Ok(()),
            Err(status) if matches!(status.reason, Reason::NotFound | Reason::Invalid) => Ok(()),
            Err(status) => Err(status.into()),
        }
    }

    /// Asks the API, not the cache, whether the owner is still there.
    fn recheck_deletion(&self, ctx: &mut Ctx<'_>) -> Result<(), String> {
        let (kind, meta) = (O::INFO.gvk.kind, self.owner.meta());
        let fresh: Arc<O> = ctx
            .api
            .get(&meta.namespace, &meta.name)
            .map_err(|status| format!("can't recheck DeletionTimestamp: {status}"))?;
        let fresh = Kind::meta(&*fresh);
        if fresh.uid != meta.uid {
            return Err(format!(
                "can't recheck DeletionTimestamp: original {kind} {}/{} is gone: got uid {}, \
                 wanted {}",
                meta.namespace, meta.name, fresh.uid, meta.uid
            ));
        }
        match fresh.deletion_timestamp() {
            Some(at) => {
                Err(format!("{}/{} has just been deleted at {at}", meta.namespace, meta.name))
            }
            None => Ok(()),
        }
    }
}
