//! What the two endpoints controllers share: which pods stand behind a service, on which ports,
//! and which changes of a pod matter to it.
//! Models k8s.io/endpointslice/util/controller_utils.go.

use std::sync::Arc;

use api::core::service::ServicePort;
use api::{Pod, Service};
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::Labels;
use apimachinery::meta::Key;
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use clock::Duration;

use crate::controllers::Notice;
use crate::informers::Informers;
use crate::pod_store::{PodDelta, same_labels};
use crate::pods;

pub const HEADLESS_LABEL: &str = "service.kubernetes.io/headless";
pub const LAST_CHANGE_TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// What looking at one pod costs in virtual time: a service of thousands is not synced at each
/// change, as upstream's takes its time too.
pub const COST_PER_POD: Duration = Duration::from_micros(10);

pub fn selects(selector: &StringMap, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Whether endpoints are made for it at all.
pub fn has_endpoints(service: &Service) -> bool {
    !service.spec.selector.is_empty() && service.spec.type_ != "ExternalName"
}

pub fn is_headless(service: &Service) -> bool {
    service.spec.cluster_ip == "None"
}

/// The pods that the selector matches and that have not ended and have an address.
pub fn pods_of<'c>(informers: &'c Informers, service: &Service) -> Vec<&'c Arc<Pod>> {
    let selector = &service.spec.selector;
    let mut found = Vec::new();
    for group in informers.pods.groups_in(&service.metadata.namespace) {
        let selected = group.varieties.iter().filter(|v| selects(selector, &v.labels)).count();
        if group.totals.odd == 0 && selected == 0 {
            continue;
        }
        let all = group.totals.odd == 0 && selected == group.varieties.len();
        found.extend(group.pods.values().filter(|pod| {
            (all || selects(selector, &pod.metadata.labels))
                && !pod.status.phase.is_terminal()
                && !pod.status.pod_ip.is_empty()
        }));
    }
    found
}

/// The number behind a service's port in this pod.
pub fn find_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    match &port.target_port {
        None => Some(port.port),
        Some(IntOrString::Int(0)) => Some(port.port),
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(name)) => {
            let sidecars = pod.spec.init_containers.iter();
            let sidecars = sidecars.filter(|c| c.restart_policy.as_deref() == Some("Always"));
            let containers = pod.spec.containers.iter().chain(sidecars);
            let declared = containers.flat_map(|container| &container.ports);
            let protocol = |text: &str| if text.is_empty() { "TCP" } else { text }.to_owned();
            let mut fitting = declared.filter(|p| {
                p.name == name.as_str() && protocol(&p.protocol) == protocol(&port.protocol)
            });
            fitting.next().map(|p| p.container_port)
        }
    }
}

pub fn should_set_hostname(pod: &Pod, service: &Service) -> bool {
    !pod.spec.hostname.is_empty()
        && pod.spec.subdomain == service.metadata.name
        && pod.metadata.namespace == service.metadata.namespace
}

/// The latest moment at which one of the pods became ready, or the service was made.
pub fn trigger_time(service: &Service, pods: &[&Arc<Pod>]) -> Option<Time> {
    let ready = pods.iter().filter_map(|pod| pods::ready_since(pod));
    ready.chain(service.metadata.creation_timestamp).max()
}

fn endpoint_changed(old: &Pod, new: &Pod) -> bool {
    let terminating = |pod: &Pod| pod.metadata.is_deleting();
    pods::ready_since(old).is_some() != pods::ready_since(new).is_some()
        || terminating(old) != terminating(new)
        || old.status.phase.is_terminal() != new.status.phase.is_terminal()
        || old.status.pod_ips != new.status.pod_ips
        || old.status.pod_ip != new.status.pod_ip
        || old.spec.node_name != new.spec.node_name
}

/// Wakes the services whose endpoints a pod's change touches.
pub fn enqueue_services(notice: &mut Notice<'_>, delta: &PodDelta) {
    let pod = &delta.new;
    let old = delta.old.as_ref().filter(|_| !delta.is_deleted());
    let changed = old.is_none_or(|old| endpoint_changed(old, pod));
    let relabelled = old.filter(|old| !same_labels(&old.metadata.labels, &pod.metadata.labels));
    if (!changed && relabelled.is_none()) || (old.is_none() && pod.status.pod_ip.is_empty()) {
        return;
    }
    for service in notice.informers.services.namespace(&pod.metadata.namespace) {
        if !has_endpoints(service) {
            continue;
        }
        let selector = &service.spec.selector;
        let now = selects(selector, &pod.metadata.labels);
        let before = relabelled.is_some_and(|old| selects(selector, &old.metadata.labels));
        let touched = if changed { now || before } else { now != before };
        if touched {
            notice.queue.add(Key::of(&service.metadata));
        }
    }
}
