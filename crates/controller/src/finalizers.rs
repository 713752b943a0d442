//! Finalizers that protect what is in use: put on while an object lives, taken off when it is
//! deleted and free. Models pkg/controller/volume/protectionutil.

use std::sync::Arc;

use api::Kind;
use apimachinery::meta::ObjectMeta;
use client::ApiExt;

use crate::controllers::{Sync, SyncResult};

fn has(meta: &ObjectMeta, finalizer: &str) -> bool {
    meta.finalizers().iter().any(|name| name == finalizer)
}

/// Whether the object lives without its finalizer, or is deleted with it.
pub fn is_due(meta: &ObjectMeta, finalizer: &str) -> bool {
    has(meta, finalizer) == meta.is_deleting()
}

/// Puts the finalizer on or takes it off, unless something holds the object.
pub fn settle<K: Kind + Clone>(
    sync: &mut Sync<'_, '_>,
    object: &Arc<K>,
    finalizer: &'static str,
    held: bool,
) -> SyncResult {
    let meta = object.meta();
    if !is_due(meta, finalizer) || (meta.is_deleting() && held) {
        return Ok(());
    }
    let mut copy = (**object).clone();
    let finalizers = &mut copy.meta_mut().rare_mut().finalizers;
    if object.meta().is_deleting() {
        finalizers.retain(|name| name != finalizer);
    } else {
        finalizers.push(finalizer.into());
    }
    match sync.ctx.api.update(copy) {
        Err(status) if !status.is_not_found() => Err(status.into()),
        _ => Ok(()),
    }
}
