//! The endpoints controller: the old form of endpoint slices, one object a service, 1000 addresses
//! at most. Models pkg/controller/endpoint/endpoints_controller.go.

use std::collections::BTreeMap;

use api::core::endpoints::{EndpointAddress, EndpointPort, EndpointSubset};
use api::core::reference::ObjectReference;
use api::{Endpoints, Pod, Service};
use apimachinery::meta::{Key, ObjectMeta};
use client::{ApiExt, DeleteOptions};
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Resource};
use crate::service_pods::{
    COST_PER_POD, HEADLESS_LABEL, LAST_CHANGE_TRIGGER_TIME, enqueue_services, find_port,
    has_endpoints, is_headless, pods_of, should_set_hostname, trigger_time,
};

const MANAGED_BY_LABEL: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
const ADDRESSES_MAX: usize = 1000;

#[derive(Default)]
pub struct EndpointsController {
    /// Revisions that were written over and may still be in the cache.
    stale: BTreeMap<Key, u64>,
}

fn address(service: &Service, pod: &Pod) -> EndpointAddress {
    let hostname = if should_set_hostname(pod, service) { &pod.spec.hostname } else { "" };
    EndpointAddress {
        ip: pod.status.pod_ip.clone(),
        hostname: hostname.into(),
        node_name: (!pod.spec.node_name.is_empty()).then(|| pod.spec.node_name.clone()),
        target_ref: Some(Box::new(ObjectReference {
            kind: SmolStr::new_static("Pod"),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid,
            ..ObjectReference::default()
        })),
        ..EndpointAddress::default()
    }
}

fn ports(service: &Service, pod: &Pod) -> Vec<(SmolStr, i32, SmolStr, Option<SmolStr>)> {
    let numbered = service.spec.ports.iter().filter_map(|port| {
        let number = find_port(pod, port)?;
        Some((port.name.clone(), number, port.protocol.clone(), port.app_protocol.clone()))
    });
    numbered.collect()
}

/// Addresses grouped by the ports they have, in order of address.
fn subsets(service: &Service, pods: &[&std::sync::Arc<Pod>]) -> Vec<EndpointSubset> {
    let mut groups: BTreeMap<Vec<_>, EndpointSubset> = BTreeMap::new();
    let publish = service.spec.publish_not_ready_addresses;
    for pod in pods.iter().filter(|pod| publish || !pod.metadata.is_deleting()) {
        let ports = ports(service, pod);
        if ports.is_empty() && !(service.spec.ports.is_empty() && is_headless(service)) {
            continue;
        }
        let subset = groups.entry(ports).or_default();
        let list = if publish || pod.status.is_ready() {
            &mut subset.addresses
        } else {
            &mut subset.not_ready_addresses
        };
        list.push(address(service, pod));
    }
    let port = |(name, port, protocol, app_protocol)| EndpointPort {
        name,
        port,
        protocol,
        app_protocol,
        ..EndpointPort::default()
    };
    let finish = |(ports, mut subset): (Vec<_>, EndpointSubset)| {
        let order = |a: &EndpointAddress, b: &EndpointAddress| a.ip.cmp(&b.ip);
        subset.addresses.sort_by(order);
        subset.not_ready_addresses.sort_by(order);
        subset.ports = ports.into_iter().map(port).collect();
        subset
    };
    groups.into_iter().map(finish).collect()
}

/// Keeps ready addresses first. True if there were too many.
fn truncate(subsets: &mut Vec<EndpointSubset>) -> bool {
    let count = |s: &EndpointSubset| s.addresses.len() + s.not_ready_addresses.len();
    if subsets.iter().map(count).sum::<usize>() <= ADDRESSES_MAX {
        return false;
    }
    let mut room = ADDRESSES_MAX;
    for subset in subsets.iter_mut() {
        subset.addresses.truncate(room);
        room -= subset.addresses.len();
    }
    for subset in subsets.iter_mut() {
        subset.not_ready_addresses.truncate(room);
        room -= subset.not_ready_addresses.len();
    }
    subsets.retain(|subset| count(subset) > 0);
    true
}

fn set_labels(service: &Service, meta: &mut ObjectMeta) {
    meta.labels = service.metadata.labels.clone();
    let labels = meta.labels.make_mut();
    labels.remove(HEADLESS_LABEL);
    if is_headless(service) {
        labels.insert(HEADLESS_LABEL.into(), SmolStr::default());
    }
    labels.insert(MANAGED_BY_LABEL.into(), MANAGER.into());
}

impl Controller for EndpointsController {
    fn name(&self) -> &'static str {
        "endpoint-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::Endpoints, Resource::Pod, Resource::Service]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::Endpoints(delta) if delta.is_deleted() => {
                notice.queue.add(Key::of(&delta.new.metadata));
            }
            Change::Pod(delta) => enqueue_services(notice, delta),
            Change::Service(delta) => notice.queue.add(Key::of(&delta.new.metadata)),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let informers = sync.informers;
        let Some(service) = informers.services.get(key) else {
            self.stale.remove(key);
            return match sync.ctx.api.delete::<Endpoints>(
                &key.namespace,
                &key.name,
                DeleteOptions::default(),
            ) {
                Err(status) if !status.is_not_found() => Err(status.into()),
                _ => Ok(()),
            };
        };
        if !has_endpoints(service) {
            return Ok(());
        }
        let current = informers.endpoints.get(key);
        if let Some(current) = current {
            let version = current.metadata.resource_version;
            if self.stale.get(key).is_some_and(|stale| version <= *stale) {
                return Err(SyncError::other("endpoints informer cache is out of date"));
            }
        }
        let pods = pods_of(informers, service);
        sync.cost += COST_PER_POD * u32::try_from(pods.len()).unwrap_or(u32::MAX);
        let mut wanted = current.map(|current| (**current).clone()).unwrap_or_else(|| Endpoints {
            metadata: ObjectMeta::named(&key.namespace, &key.name),
            ..Endpoints::default()
        });
        wanted.subsets = subsets(service, &pods);
        let over = truncate(&mut wanted.subsets);
        set_labels(service, &mut wanted.metadata);
        if current.is_some_and(|current| **current == wanted) {
            return Ok(());
        }
        let annotations = wanted.metadata.annotations.make_mut();
        annotations.remove(OVER_CAPACITY);
        if over {
            annotations.insert(OVER_CAPACITY.into(), "truncated".into());
        }
        if let Some(time) = trigger_time(service, &pods) {
            let time = SmolStr::from(time.to_string());
            annotations.insert(LAST_CHANGE_TRIGGER_TIME.into(), time);
        }
        match current {
            Some(current) => {
                let before = current.metadata.resource_version;
                let updated = sync.ctx.api.update(wanted)?;
                if updated.metadata.resource_version != before {
                    self.stale.insert(key.clone(), before);
                }
            }
            None => drop(sync.ctx.api.create(wanted)?),
        }
        Ok(())
    }
}
