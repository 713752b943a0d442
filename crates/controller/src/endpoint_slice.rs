//! The endpoint slice controller: the addresses behind each service, 100 to a slice.
//! Models pkg/controller/endpointslice and k8s.io/endpointslice.

mod reconcile;

use std::collections::BTreeMap;

use api::core::reference::ObjectReference;
use api::core::service::ServicePort;
use api::discovery::endpoint_slice::{Endpoint, EndpointConditions, EndpointPort};
use api::{EndpointSlice, Pod, Service};
use apimachinery::meta::Key;
use client::Delta;
use smol_str::SmolStr;

use crate::controllers::{Controller, Notice, Sync, SyncError, SyncResult};
use crate::informers::{Change, Informers, Resource};
use crate::service_pods::{
    COST_PER_POD, enqueue_services, find_port, has_endpoints, is_headless, pods_of,
    should_set_hostname, trigger_time,
};
use reconcile::Wanted;

const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
const MANAGER: &str = "endpointslice-controller.k8s.io";

/// What was written and is not yet in the cache: a revision, or nothing for a deletion.
type Written = BTreeMap<Key, Option<u64>>;

#[derive(Default)]
pub struct EndpointSliceController {
    /// By service.
    written: BTreeMap<Key, Written>,
    /// The trigger time that each service's slices last told of.
    told: BTreeMap<Key, apimachinery::time::Time>,
}

fn service_of(slice: &EndpointSlice) -> Option<Key> {
    let name = slice.metadata.label(SERVICE_NAME_LABEL)?;
    let ours = slice.metadata.label(MANAGED_BY_LABEL) == Some(MANAGER);
    ours.then(|| Key::new(slice.metadata.namespace.clone(), name))
}

impl EndpointSliceController {
    /// Somebody else's change of a slice is put right again; our own is only noted.
    fn on_slice(&mut self, notice: &mut Notice<'_>, delta: &Delta<EndpointSlice>) {
        let slice = &*delta.new;
        let Some(service) = service_of(slice) else {
            if let Some(service) = delta.old.as_deref().and_then(service_of) {
                notice.queue.add(service);
            }
            return;
        };
        let key = Key::of(&slice.metadata);
        let version = slice.metadata.resource_version;
        let Some(written) = self.written.get_mut(&service) else {
            notice.queue.add(service);
            return;
        };
        let expected = match written.get(&key) {
            Some(None) => delta.is_deleted(),
            Some(Some(ours)) => !delta.is_deleted() && version <= *ours,
            None => false,
        };
        match written.get(&key) {
            Some(None) if delta.is_deleted() => drop(written.remove(&key)),
            Some(Some(ours)) if version >= *ours => drop(written.remove(&key)),
            _ => {}
        }
        if written.is_empty() {
            self.written.remove(&service);
        }
        if !expected {
            notice.queue.add(service);
        }
    }

    fn wanted(
        &self,
        informers: &Informers,
        service: &Service,
        pods: &[&std::sync::Arc<Pod>],
    ) -> Wanted {
        let mut wanted = Wanted::default();
        for pod in pods {
            let node = informers.nodes.named("", &pod.spec.node_name);
            if node.is_none() && !service.spec.publish_not_ready_addresses {
                wanted.missing_nodes = true;
                continue;
            }
            let zone = node.and_then(|n| n.metadata.label("topology.kubernetes.io/zone"));
            let ports = endpoint_ports(service, pod);
            wanted.insert(ports, pod.metadata.uid, endpoint(service, pod, zone));
        }
        wanted
    }
}

fn endpoint(service: &Service, pod: &Pod, zone: Option<&str>) -> Endpoint {
    let serving = pod.status.is_ready();
    let terminating = pod.metadata.is_deleting();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    Endpoint {
        addresses: vec![pod.status.pod_ip.clone()],
        conditions: EndpointConditions {
            ready: Some(ready),
            serving: Some(serving),
            terminating: Some(terminating),
            ..EndpointConditions::default()
        },
        hostname: should_set_hostname(pod, service).then(|| pod.spec.hostname.clone()),
        node_name: (!pod.spec.node_name.is_empty()).then(|| pod.spec.node_name.clone()),
        target_ref: Some(Box::new(ObjectReference {
            kind: SmolStr::new_static("Pod"),
            namespace: pod.metadata.namespace.clone(),
            name: pod.metadata.name.clone(),
            uid: pod.metadata.uid,
            ..ObjectReference::default()
        })),
        zone: zone.filter(|zone| !zone.is_empty()).map(SmolStr::from),
        ..Endpoint::default()
    }
}

/// A headless service may have no ports; a port that the pod does not have is left out.
fn endpoint_ports(service: &Service, pod: &Pod) -> Vec<EndpointPort> {
    let make = |port: &ServicePort| {
        Some(EndpointPort {
            name: Some(port.name.clone()),
            port: Some(find_port(pod, port)?),
            protocol: Some(port.protocol.clone()),
            app_protocol: port.app_protocol.clone(),
            ..EndpointPort::default()
        })
    };
    service.spec.ports.iter().filter_map(make).collect()
}

impl Controller for EndpointSliceController {
    fn name(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn resources(&self) -> &'static [Resource] {
        &[Resource::EndpointSlice, Resource::Pod, Resource::Service]
    }

    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change) {
        match change {
            Change::EndpointSlice(delta) => self.on_slice(notice, delta),
            Change::Pod(delta) => enqueue_services(notice, delta),
            Change::Service(delta) => notice.queue.add(Key::of(&delta.new.metadata)),
            _ => {}
        }
    }

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult {
        let informers = sync.informers;
        let Some(service) = informers.services.get(key) else {
            self.written.remove(key);
            self.told.remove(key);
            return Ok(());
        };
        if !has_endpoints(service) {
            return Ok(());
        }
        if self.written.contains_key(key) {
            return Err(SyncError::other("EndpointSlice informer cache is out of date"));
        }
        let pods = pods_of(informers, service);
        sync.cost += COST_PER_POD * u32::try_from(pods.len()).unwrap_or(u32::MAX);
        let wanted = self.wanted(informers, service, &pods);
        let missing_nodes = wanted.missing_nodes;
        let latest = trigger_time(service, &pods);
        let news = latest.filter(|time| self.told.get(key).is_none_or(|told| told < time));
        let existing: Vec<_> = informers
            .endpoint_slices
            .owned_by(service.metadata.uid)
            .filter(|slice| service_of(slice).as_ref() == Some(key))
            .filter(|slice| !slice.metadata.is_deleting())
            .cloned()
            .collect();
        let plan = reconcile::plan(service, &existing, wanted);
        let written = reconcile::write(sync.ctx, service, plan, news);
        let (written, result) = written;
        if !written.is_empty() {
            self.written.insert(key.clone(), written);
            if let Some(time) = news {
                self.told.insert(key.clone(), time);
            }
        }
        result?;
        if missing_nodes {
            return Err(SyncError::other(format!("skipping pods of {key}: node not found")));
        }
        Ok(())
    }
}

/// The labels of a service's slices: its own and those that mark whose they are.
fn slice_labels(service: &Service) -> apimachinery::wire::StringMap {
    let reserved = [HEADLESS, MANAGED_BY_LABEL, SERVICE_NAME_LABEL];
    let own = service.metadata.labels.iter().filter(|(key, _)| !reserved.contains(&key.as_str()));
    let own = own.map(|(key, value)| (key.clone(), value.clone()));
    let headless = is_headless(service).then(|| (HEADLESS.into(), SmolStr::default()));
    let marks = [
        (SmolStr::new_static(MANAGED_BY_LABEL), SmolStr::new_static(MANAGER)),
        (SmolStr::new_static(SERVICE_NAME_LABEL), service.metadata.name.clone()),
    ];
    own.chain(headless).chain(marks).collect()
}

const HEADLESS: &str = crate::service_pods::HEADLESS_LABEL;
