//! The resource quota controller: counts what a namespace has where the API server cannot know,
//! which is when a quota is new or changed and when something goes away.
//! Models pkg/controller/resourcequota.

use std::collections::BTreeMap;

use api::core::container::ResourceList;
use api::core::resource_list::{add, mask};
use api::quota::{Evaluator, counted_resource};
use api::{Pod, ResourceQuota, Service};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::quantity::Quantity;
use client::{ApiExt, Request, Verb};
use clock::Duration;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};

/// `--resource-quota-sync-period`
const PERIOD: Duration = Duration::from_secs(300);
/// Whose sync puts all quotas into the queue again.
const ALL: Key = Key { namespace: SmolStr::new_static(""), name: SmolStr::new_static("") };

#[derive(Default)]
pub struct ResourceQuotaController;

/// Whether a change makes room in a quota. Models the update filter of the quota monitor.
fn makes_room(change: &Change) -> bool {
    if change.is_deleted() {
        return true;
    }
    match change {
        Change::Pod(delta) => {
            let ended = |pod: &Pod| pod.status.phase.is_terminal();
            delta.old.as_ref().is_some_and(|old| !ended(old) && ended(&delta.new))
        }
        Change::Service(delta) => {
            let weighs = |service: &Service| match service.spec.type_.as_str() {
                type_ @ ("NodePort" | "LoadBalancer") => SmolStr::new(type_),
                _ => SmolStr::default(),
            };
            delta.old.as_ref().is_some_and(|old| weighs(old) != weighs(&delta.new))
        }
        Change::PersistentVolumeClaim(delta) => delta.old.as_ref().is_some_and(|old| {
            old.status.allocated_resources != delta.new.status.allocated_resources
        }),
        _ => false,
    }
}

/// What there is of everything that a quota bounds.
fn usage(sync: &mut Sync<'_, '_>, quota: &ResourceQuota) -> Result<ResourceList, SyncError> {
    let mut resources: BTreeMap<GroupResource, ResourceList> = BTreeMap::new();
    for name in quota.spec.hard.keys() {
        if let Some(resource) = counted_resource(name) {
            let bounds = resources.entry(resource).or_default();
            bounds.insert(name.clone(), Quantity::zero());
        }
    }
    let mut used = ResourceList::new();
    for (resource, mut sum) in resources {
        let Some(evaluator) = Evaluator::of(&resource) else { continue };
        let request = Request::new(Verb::List, resource, &quota.metadata.namespace, "");
        let items = match sync.ctx.api.call(request) {
            Ok(reply) => reply.list().map(|list| list.items).unwrap_or_default(),
            Err(status) if status.is_not_found() => continue,
            Err(status) => return Err(status.into()),
        };
        let now = sync.ctx.time();
        for object in items.iter().filter(|object| evaluator.in_scope(quota, object.as_ref())) {
            let weight = mask(&evaluator.usage(object.as_ref(), now), &sum);
            add(&mut sum, &weight);
        }
        used.extend(sum);
    }
    Ok(used)
}

impl Controller for ResourceQuotaController {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        Resource::ALL
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        if notice.informers.resource_quotas.is_empty()
            && !matches!(change, Change::ResourceQuota(_))
        {
            return;
        }
        if let Change::ResourceQuota(delta) = change {
            let same_bounds = |old: &ResourceQuota| old.spec.hard == delta.new.spec.hard;
            if !delta.is_deleted() && !delta.old.as_ref().is_some_and(|old| same_bounds(old)) {
                notice.queue.add(Key::of(&delta.new.metadata));
                notice.queue.add_at(notice.now + PERIOD, ALL);
            }
        }
        if !makes_room(change) {
            return;
        }
        let object = change.object();
        let Some(evaluator) = Evaluator::of(&object.info().resource) else { return };
        for quota in notice.informers.resource_quotas.namespace(&object.meta().namespace) {
            if quota.status.hard.keys().any(|name| evaluator.measures(name)) {
                notice.queue.add(Key::of(&quota.metadata));
            }
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        if *key == ALL {
            for quota in sync.informers.resource_quotas.iter() {
                sync.queue.add(Key::of(&quota.metadata));
            }
            if !sync.informers.resource_quotas.is_empty() {
                sync.requeue_in(key, PERIOD);
            }
            return Ok(());
        }
        let Some(quota) = sync.informers.resource_quotas.get(key) else { return Ok(()) };
        let hard = quota.spec.hard.clone();
        let mut used = quota.status.used.clone();
        used.extend(usage(sync, quota)?);
        let used = mask(&used, &hard);
        if quota.status.hard == hard && quota.status.used == used {
            return Ok(());
        }
        let mut changed = (**quota).clone();
        changed.status.hard = hard;
        changed.status.used = used;
        sync.ctx.api.update_status(changed)?;
        Ok(())
    }
}
