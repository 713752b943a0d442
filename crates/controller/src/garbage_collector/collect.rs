//! What becomes of one object: nothing, some of its owner references go, or it goes itself.
//! Models attemptToDeleteItem, processDeletingDependentsItem and attemptToOrphan.

use std::collections::BTreeSet;

use api::{Obj, make_mut};
use apimachinery::meta::{Key, OwnerReference, Uid};
use client::{Body, DeleteOptions, Propagation, Request, Verb};

use super::{FOREGROUND, GarbageCollector, Item, ORPHAN, graph, has_finalizer, item_of, queue_key};
use super::{orphans_dependents, waits_for_dependents};
use crate::controllers::{Sync, SyncError, SyncResult};

/// How an owner reference stands.
enum Owner {
    /// The owner is there, or cannot be judged.
    Solid,
    Dangling,
    /// The owner is being deleted and waits for this object to go first.
    Waiting,
}

fn get(sync: &mut Sync<'_, '_>, item: &Item) -> Result<Option<Obj>, SyncError> {
    let Key { namespace, name } = &item.key;
    let request = Request::new(Verb::Get, item.resource.clone(), namespace, name);
    match sync.ctx.api.call(request) {
        Ok(reply) => Ok(reply.object().filter(|object| object.meta().uid == item.uid)),
        Err(status) if status.is_not_found() => Ok(None),
        Err(status) => Err(status.into()),
    }
}

fn update(sync: &mut Sync<'_, '_>, item: &Item, object: Obj) -> SyncResult {
    let Key { namespace, name } = &item.key;
    let request = Request::new(Verb::Update, item.resource.clone(), namespace, name);
    match sync.ctx.api.call(request.body(Body::Object(object))) {
        Err(status) if !status.is_not_found() => Err(status.into()),
        _ => Ok(()),
    }
}

fn delete(sync: &mut Sync<'_, '_>, item: &Item, propagation: Propagation) -> SyncResult {
    let options = DeleteOptions {
        propagation: Some(propagation),
        precondition_uid: Some(item.uid),
        ..DeleteOptions::default()
    };
    let Key { namespace, name } = &item.key;
    let request = Request::new(Verb::Delete, item.resource.clone(), namespace, name);
    match sync.ctx.api.call(request.body(Body::Delete(options))) {
        Err(status) if status.is_not_found() || status.is_conflict() => Ok(()),
        Err(status) => Err(status.into()),
        Ok(_) => Ok(()),
    }
}

/// Writes the object without a finalizer.
fn drop_finalizer(sync: &mut Sync<'_, '_>, item: &Item, mut object: Obj, name: &str) -> SyncResult {
    let meta = make_mut(&mut object).meta_mut();
    meta.rare_mut().finalizers.retain(|finalizer| finalizer != name);
    meta.tidy();
    update(sync, item, object)
}

/// Writes the object without the references to these owners.
fn drop_owners(
    sync: &mut Sync<'_, '_>,
    item: &Item,
    mut object: Obj,
    owners: &BTreeSet<Uid>,
) -> SyncResult {
    let references = make_mut(&mut object).meta_mut().owner_references.make_mut();
    references.retain(|owner| !owners.contains(&owner.uid));
    update(sync, item, object)
}

impl GarbageCollector {
    pub(super) fn attempt(&mut self, sync: &mut Sync<'_, '_>, item: &Item) -> SyncResult {
        let Some(latest) = get(sync, item)? else { return Ok(()) };
        if orphans_dependents(latest.meta()) {
            return self.orphan(sync, item, latest);
        }
        if waits_for_dependents(latest.meta()) {
            return self.delete_dependents_first(sync, item, latest);
        }
        if latest.meta().is_deleting() || latest.meta().owner_references.is_empty() {
            return Ok(());
        }
        let (mut solid, mut dangling, mut waiting) = (0, BTreeSet::new(), BTreeSet::new());
        let owners = latest.meta().owner_references.clone();
        for owner in owners.iter() {
            match self.classify(sync, &item.key.namespace, owner)? {
                Owner::Solid => solid += 1,
                Owner::Dangling => drop(dangling.insert(owner.uid)),
                Owner::Waiting => drop(waiting.insert(owner.uid)),
            }
        }
        if solid > 0 {
            if dangling.is_empty() && waiting.is_empty() {
                return Ok(());
            }
            dangling.append(&mut waiting);
            return drop_owners(sync, item, latest, &dangling);
        }
        if !waiting.is_empty() && graph::has_dependents(sync.informers, item.uid) {
            return delete(sync, item, Propagation::Foreground);
        }
        let meta = latest.meta();
        let propagation = if has_finalizer(meta, ORPHAN) {
            Propagation::Orphan
        } else if has_finalizer(meta, FOREGROUND) {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        delete(sync, item, propagation)
    }

    fn classify(
        &mut self,
        sync: &mut Sync<'_, '_>,
        namespace: &str,
        owner: &OwnerReference,
    ) -> Result<Owner, SyncError> {
        if self.absent.contains(&owner.uid) {
            return Ok(Owner::Dangling);
        }
        // An owner of a kind that is not served cannot be judged.
        let Some(kind) = self.kind_of(owner) else { return Ok(Owner::Solid) };
        let namespace = if kind.namespaced { namespace } else { "" };
        let key = Key::new(namespace, owner.name.clone());
        let found = get(sync, &Item { resource: kind.resource.clone(), key, uid: owner.uid })?;
        let Some(found) = found else {
            self.remember_absent(owner.uid);
            return Ok(Owner::Dangling);
        };
        let blocks = owner.block_owner_deletion == Some(true);
        Ok(if waits_for_dependents(found.meta()) && blocks { Owner::Waiting } else { Owner::Solid })
    }

    /// The owner goes when none is left that blocks it.
    fn delete_dependents_first(
        &mut self,
        sync: &mut Sync<'_, '_>,
        item: &Item,
        latest: Obj,
    ) -> SyncResult {
        let blocks = |object: &&Obj| {
            let mut owners = object.meta().owner_references.iter();
            owners.any(|owner| owner.uid == item.uid && owner.block_owner_deletion == Some(true))
        };
        let dependents = graph::dependents(sync.informers, item.uid);
        let blocking: Vec<&Obj> = dependents.iter().filter(blocks).collect();
        if blocking.is_empty() {
            return drop_finalizer(sync, item, latest, FOREGROUND);
        }
        for dependent in blocking.into_iter().filter(|object| !object.meta().is_deleting()) {
            let dependent = item_of(&**dependent);
            let key = queue_key(&dependent);
            self.items.insert(key.clone(), dependent);
            sync.queue.add(key);
        }
        Ok(())
    }

    /// Cuts the dependents loose, then lets the owner go.
    fn orphan(&mut self, sync: &mut Sync<'_, '_>, item: &Item, latest: Obj) -> SyncResult {
        let owner = BTreeSet::from([item.uid]);
        for dependent in graph::dependents(sync.informers, item.uid) {
            let dependent_item = item_of(&*dependent);
            if let Some(fresh) = get(sync, &dependent_item)? {
                drop_owners(sync, &dependent_item, fresh, &owner)?;
            }
        }
        drop_finalizer(sync, item, latest, ORPHAN)
    }
}
