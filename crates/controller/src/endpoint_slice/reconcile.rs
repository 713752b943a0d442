//! From the slices that are to the endpoints that should be, with as few writes as upstream makes.
//! Models k8s.io/endpointslice/reconciler.go.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use api::discovery::endpoint_slice::{Endpoint, EndpointPort};
use api::{EndpointSlice, Service};
use apimachinery::meta::{Key, ObjectMeta, Uid};
use apimachinery::time::Time;
use apimachinery::wire::Shared;
use client::{ApiExt, Ctx, DeleteOptions};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::{SmolStr, format_smolstr};

use super::{Written, slice_labels};
use crate::controllers::{SyncResult, namespace_terminating};
use crate::pod_control::controller_reference;
use crate::service_pods::LAST_CHANGE_TRIGGER_TIME;

const ENDPOINTS_PER_SLICE_MAX: usize = 100;

type PortKey = Vec<(SmolStr, i32, SmolStr, SmolStr)>;
/// By pod; an endpoint that has found its place is taken out.
type Endpoints = IndexMap<Uid, Option<Endpoint>, FxBuildHasher>;

/// Endpoints by the ports they have.
#[derive(Default)]
pub struct Wanted {
    by_ports: BTreeMap<PortKey, (Vec<EndpointPort>, Endpoints)>,
    /// Some pods' nodes are unknown: come back later.
    pub missing_nodes: bool,
}

impl Wanted {
    pub fn insert(&mut self, ports: Vec<EndpointPort>, pod: Uid, endpoint: Endpoint) {
        let key = port_key(&ports);
        let (_, endpoints) =
            self.by_ports.entry(key).or_insert_with(|| (ports, Endpoints::default()));
        endpoints.insert(pod, Some(endpoint));
    }
}

/// Ports regardless of their order.
fn port_key(ports: &[EndpointPort]) -> PortKey {
    let text = |text: &Option<SmolStr>| text.clone().unwrap_or_default();
    let one = |p: &EndpointPort| {
        (text(&p.name), p.port.unwrap_or(0), text(&p.protocol), text(&p.app_protocol))
    };
    let mut key: PortKey = ports.iter().map(one).collect();
    key.sort();
    key
}

#[derive(Default)]
pub struct Plan {
    create: Vec<EndpointSlice>,
    update: Vec<EndpointSlice>,
    delete: Vec<Arc<EndpointSlice>>,
}

fn new_slice(service: &Service, ports: Vec<EndpointPort>) -> EndpointSlice {
    let mut metadata = ObjectMeta::named(&service.metadata.namespace, "");
    metadata.generate_name = format_smolstr!("{}-", service.metadata.name);
    metadata.labels = slice_labels(service);
    metadata.owner_references = Shared::new(vec![controller_reference(service)]);
    EndpointSlice {
        metadata,
        address_type: SmolStr::new_static("IPv4"),
        ports,
        ..EndpointSlice::default()
    }
}

pub fn plan(service: &Service, existing: &[Arc<EndpointSlice>], wanted: Wanted) -> Plan {
    let mut plan = Plan::default();
    let mut by_ports: BTreeMap<PortKey, Vec<&Arc<EndpointSlice>>> = BTreeMap::new();
    for slice in existing {
        by_ports.entry(port_key(&slice.ports)).or_default().push(slice);
    }
    for (key, (ports, endpoints)) in wanted.by_ports {
        let slices = by_ports.remove(&key).unwrap_or_default();
        plan_ports(&mut plan, service, &slices, ports, endpoints);
    }
    plan.delete.extend(by_ports.into_values().flatten().cloned());
    // Without any endpoint one empty slice stands for the service.
    if existing.len() == plan.delete.len() && plan.create.is_empty() {
        let empty = new_slice(service, Vec::new());
        let is_it = |slice: &Arc<EndpointSlice>| {
            slice.endpoints.is_empty()
                && slice.ports.is_empty()
                && slice.metadata.labels == empty.metadata.labels
        };
        match plan.delete.as_slice() {
            [only] if is_it(only) => plan.delete.clear(),
            _ => plan.create.push(empty),
        }
    }
    // A slice that would go becomes one that would come.
    while !plan.delete.is_empty() {
        let Some(mut made) = plan.create.pop() else { break };
        let spare = plan.delete.remove(0);
        made.metadata.name = spare.metadata.name.clone();
        made.metadata.resource_version = spare.metadata.resource_version;
        plan.update.push(made);
    }
    plan
}

/// Slices with these ports: first drops and refreshes what they hold, then places the rest.
fn plan_ports(
    plan: &mut Plan,
    service: &Service,
    slices: &[&Arc<EndpointSlice>],
    ports: Vec<EndpointPort>,
    mut rest: Endpoints,
) {
    let labels = slice_labels(service);
    let (mut changed, mut unchanged): (Vec<EndpointSlice>, Vec<&Arc<EndpointSlice>>) =
        (Vec::new(), Vec::new());
    for slice in slices {
        let mut kept = Vec::with_capacity(slice.endpoints.len());
        let mut updated = false;
        for endpoint in &slice.endpoints {
            let uid = endpoint.target_ref.as_ref().map_or(Uid(0), |target| target.uid);
            let same_place = |wanted: &mut Endpoint| {
                wanted.addresses == endpoint.addresses && wanted.hostname == endpoint.hostname
            };
            let place = rest.get_mut(&uid);
            if let Some(wanted) = place.and_then(|place| place.take_if(same_place)) {
                updated |= wanted != *endpoint;
                kept.push(wanted);
            }
        }
        let shrunk = kept.len() != slice.endpoints.len();
        if (updated || shrunk) && kept.is_empty() {
            plan.delete.push(Arc::clone(slice));
        } else if updated || shrunk || slice.metadata.labels != labels {
            let mut copy = (***slice).clone();
            copy.endpoints = kept;
            copy.metadata.labels = labels.clone();
            changed.push(copy);
        } else {
            unchanged.push(slice);
        }
    }
    changed.sort_by_key(|slice| std::cmp::Reverse(slice.endpoints.len()));
    let mut rest: VecDeque<Endpoint> = rest.into_values().flatten().collect();
    for slice in &mut changed {
        fill(slice, &mut rest);
    }
    while !rest.is_empty() {
        match fitting(&unchanged, rest.len()) {
            Some(index) => {
                let mut copy = (**unchanged.remove(index)).clone();
                fill(&mut copy, &mut rest);
                changed.push(copy);
            }
            None => {
                let mut slice = new_slice(service, ports.clone());
                fill(&mut slice, &mut rest);
                plan.create.push(slice);
            }
        }
    }
    plan.update.append(&mut changed);
}

fn fill(slice: &mut EndpointSlice, rest: &mut VecDeque<Endpoint>) {
    while slice.endpoints.len() < ENDPOINTS_PER_SLICE_MAX {
        let Some(endpoint) = rest.pop_front() else { break };
        slice.endpoints.push(endpoint);
    }
}

/// The fullest slice that takes all of the rest.
fn fitting(slices: &[&Arc<EndpointSlice>], count: usize) -> Option<usize> {
    let sizes = slices.iter().map(|slice| slice.endpoints.len()).enumerate();
    let fits = sizes.filter(|(_, size)| size + count <= ENDPOINTS_PER_SLICE_MAX);
    fits.max_by_key(|(_, size)| *size).map(|(index, _)| index)
}

fn set_trigger_time(slice: &mut EndpointSlice, time: Option<Time>) {
    match time {
        Some(time) => slice.metadata.set_annotation(LAST_CHANGE_TRIGGER_TIME, &time.to_string()),
        None if slice.metadata.annotation(LAST_CHANGE_TRIGGER_TIME).is_some() => {
            slice.metadata.annotations.make_mut().remove(LAST_CHANGE_TRIGGER_TIME);
        }
        None => {}
    }
}

/// Carries the plan out; what was written even if something failed.
pub fn write(
    ctx: &mut Ctx<'_>,
    service: &Service,
    plan: Plan,
    time: Option<Time>,
) -> (Written, SyncResult) {
    let mut written = Written::new();
    let result = write_all(ctx, service, plan, time, &mut written);
    (written, result)
}

fn write_all(
    ctx: &mut Ctx<'_>,
    service: &Service,
    plan: Plan,
    time: Option<Time>,
    written: &mut Written,
) -> SyncResult {
    let mut note = |slice: &EndpointSlice| {
        written.insert(Key::of(&slice.metadata), Some(slice.metadata.resource_version));
    };
    for mut slice in plan.create {
        if service.metadata.is_deleting() {
            break;
        }
        set_trigger_time(&mut slice, time);
        match ctx.api.create(slice) {
            Ok(made) => note(&made),
            Err(status) if namespace_terminating(&status) => return Ok(()),
            Err(status) => return Err(status.into()),
        }
    }
    for mut slice in plan.update {
        set_trigger_time(&mut slice, time);
        let before = slice.metadata.resource_version;
        let updated = ctx.api.update(slice)?;
        if updated.metadata.resource_version != before {
            note(&updated);
        }
    }
    for slice in plan.delete {
        let key = Key::of(&slice.metadata);
        let options = DeleteOptions::default();
        ctx.api.delete::<EndpointSlice>(&key.namespace, &key.name, options)?;
        written.insert(key, None);
    }
    Ok(())
}
