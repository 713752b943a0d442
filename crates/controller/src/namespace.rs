//! The namespace controller: empties a namespace that is being deleted, pods first, and lets it go
//! when nothing is left. Models pkg/controller/namespace.

mod conditions;

use std::collections::BTreeMap;

use api::{Kind, Namespace, Pod};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::{Reason, Status};
use client::{ApiExt, Body, DeleteOptions, List, Propagation, Request, Verb};
use clock::Duration;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};
use conditions::Remaining;

/// Upstream waits for slower API servers to hear of the deletion too.
const DELETION_DELAY: Duration = Duration::from_secs(5);
/// What is assumed when finalizers hold something.
const FINALIZER_ESTIMATE_SECS: i64 = 15;

pub const FINALIZER: &str = "kubernetes";

pub struct NamespaceController {
    /// All namespaced resources beside pods.
    resources: Vec<GroupResource>,
}

impl Default for NamespaceController {
    fn default() -> Self {
        let kinds = api::kinds::kinds().into_iter().filter(|kind| kind.info.namespaced);
        let resources = kinds.map(|kind| kind.info.resource).filter(|r| *r != Pod::INFO.resource);
        NamespaceController { resources: resources.collect() }
    }
}

/// Deletes all objects of a resource; how many are left, and in how many seconds they may go.
fn delete_all(
    sync: &mut Sync<'_, '_>,
    resource: &GroupResource,
    namespace: &str,
    remaining: &mut Remaining,
) -> Result<i64, Box<Status>> {
    if list(sync, resource, namespace)?.items.is_empty() {
        return Ok(0);
    }
    let options =
        DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    let body = Body::Delete(options);
    let request = Request::new(Verb::DeleteCollection, resource.clone(), namespace, "");
    let request = request.body(body.clone());
    match sync.ctx.api.call(request) {
        Err(status) if status.reason == Reason::MethodNotAllowed => {
            for item in list(sync, resource, namespace)?.items {
                let name = &item.meta().name;
                let one = Request::new(Verb::Delete, resource.clone(), namespace, name);
                match sync.ctx.api.call(one.body(body.clone())) {
                    Err(status) if !status.is_not_found() => return Err(status),
                    _ => {}
                }
            }
        }
        Err(status) => return Err(status),
        Ok(_) => {}
    }
    let left = list(sync, resource, namespace)?.items;
    let mut estimate = 0;
    for item in &left {
        let meta = item.meta();
        if !meta.finalizers().is_empty() {
            estimate = estimate.max(FINALIZER_ESTIMATE_SECS);
        }
        estimate = estimate.max(meta.deletion_grace_period_seconds().unwrap_or(0));
        for finalizer in meta.finalizers() {
            *remaining.finalizers.entry(finalizer.clone()).or_insert(0) += 1;
        }
    }
    if !left.is_empty() {
        let count = u32::try_from(left.len()).unwrap_or(u32::MAX);
        remaining.resources.insert(resource.clone(), count);
    }
    Ok(estimate)
}

fn list(
    sync: &mut Sync<'_, '_>,
    resource: &GroupResource,
    namespace: &str,
) -> Result<List, Box<Status>> {
    let request = Request::new(Verb::List, resource.clone(), namespace, "");
    Ok(sync.ctx.api.call(request)?.list().unwrap_or_default())
}

impl NamespaceController {
    /// In how many seconds the rest may be gone; zero if nothing holds anything.
    fn delete_content(
        &self,
        sync: &mut Sync<'_, '_>,
        namespace: &Namespace,
    ) -> Result<(i64, Remaining), SyncError> {
        let name = &namespace.metadata.name;
        let mut remaining = Remaining::default();
        let pods = delete_all(sync, &Pod::INFO.resource, name, &mut remaining);
        let mut estimate = pods.unwrap_or_else(|status| remaining.failed(&status));
        // Nothing else goes while pods may still need it.
        if remaining.resources.is_empty() {
            let custom = sync.ctx.api.custom_resources();
            let custom = custom.iter().filter(|resource| resource.namespaced);
            let custom: Vec<GroupResource> =
                custom.map(|it| GroupResource::fixed(it.group, it.plural)).collect();
            for resource in self.resources.iter().chain(&custom) {
                let result = delete_all(sync, resource, name, &mut remaining);
                let one = result.unwrap_or_else(|status| remaining.failed(&status));
                estimate = estimate.max(one);
            }
        } else {
            remaining.only_pods = true;
        }
        Ok((estimate, remaining))
    }
}

impl Controller for NamespaceController {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Namespace]
    }

    fn workers(&self) -> usize {
        10
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        let Change::Namespace(delta) = change else { return };
        if !delta.is_deleted() && delta.new.metadata.is_deleting() {
            notice.queue.add_at(notice.now + DELETION_DELAY, Key::of(&delta.new.metadata));
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let namespace = match sync.ctx.api.get::<Namespace>("", &key.name) {
            Err(status) if status.is_not_found() => return Ok(()),
            other => other?,
        };
        let held = namespace.spec.finalizers.iter().any(|finalizer| finalizer == FINALIZER);
        if !namespace.metadata.is_deleting() || !held {
            return Ok(());
        }
        let (estimate, remaining) = self.delete_content(sync, &namespace)?;
        let mut copy = (*namespace).clone();
        if conditions::update(&mut copy.status, &remaining, sync.ctx.time()) {
            copy = (*sync.ctx.api.update_status(copy)?).clone();
        }
        if let Some(error) = remaining.errors.first() {
            return Err(SyncError::other(error.as_str()));
        }
        if !remaining.resources.is_empty() {
            let seconds = u64::try_from(estimate / 2 + 1).unwrap_or(1);
            sync.requeue_in(key, Duration::from_secs(seconds));
            return Ok(());
        }
        copy.spec.finalizers.retain(|finalizer| finalizer != FINALIZER);
        match sync.ctx.api.put(copy, "finalize") {
            Err(status) if !status.is_not_found() => Err(status.into()),
            _ => Ok(()),
        }
    }
}

/// Counts by name.
pub type Counts = BTreeMap<SmolStr, u32>;
