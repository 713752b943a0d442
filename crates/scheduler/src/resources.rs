//! Amounts as the scheduler counts them: plain integers, and what a pod asks for in all.
//! Models pkg/scheduler/framework/types.go and component-helpers/resource/helpers.go.

use std::collections::BTreeMap;

use api::core::container::{Container, ResourceList};
use api::core::pod_spec::PodBody;
use apimachinery::quantity::{Format, Quantity};
use apimachinery::wire::Wire;
use smol_str::SmolStr;

/// What a container that asks for nothing counts as in scores.
const DEFAULT_MILLI_CPU: i64 = 100;
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts of a node or of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    pub milli_cpu: i64,
    pub memory: i64,
    pub ephemeral_storage: i64,
    pub pods: i64,
    /// Extended resources, huge pages, attachable volumes.
    pub scalars: BTreeMap<SmolStr, i64>,
}

impl Resource {
    pub fn of(list: &ResourceList) -> Self {
        let mut resource = Resource::default();
        for (name, amount) in list {
            match name.as_str() {
                "cpu" => resource.milli_cpu = amount.milli_value(),
                "memory" => resource.memory = amount.value(),
                "ephemeral-storage" => resource.ephemeral_storage = amount.value(),
                "pods" => resource.pods = amount.value(),
                other if is_scalar(other) => {
                    resource.scalars.insert(name.clone(), amount.value());
                }
                _ => {}
            }
        }
        resource
    }

    pub fn add(&mut self, other: &Resource) {
        self.milli_cpu = self.milli_cpu.saturating_add(other.milli_cpu);
        self.memory = self.memory.saturating_add(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.saturating_add(other.ephemeral_storage);
        for (name, amount) in &other.scalars {
            let sum = self.scalars.entry(name.clone()).or_insert(0);
            *sum = sum.saturating_add(*amount);
        }
    }

    pub fn sub(&mut self, other: &Resource) {
        self.milli_cpu = self.milli_cpu.saturating_sub(other.milli_cpu);
        self.memory = self.memory.saturating_sub(other.memory);
        self.ephemeral_storage = self.ephemeral_storage.saturating_sub(other.ephemeral_storage);
        for (name, amount) in &other.scalars {
            if let Some(sum) = self.scalars.get_mut(name) {
                *sum = sum.saturating_sub(*amount);
            }
        }
    }

    pub fn scalar(&self, name: &str) -> i64 {
        self.scalars.get(name).copied().unwrap_or(0)
    }
}

/// Names outside `kubernetes.io`, huge pages and attachable volumes.
fn is_scalar(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    let extended = !native && !name.starts_with("requests.");
    extended
        || name.starts_with("hugepages-")
        || (name.contains("kubernetes.io/") && name.contains('/'))
        || name.starts_with("attachable-volumes-")
}

/// What all pods of one template ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodRequests {
    pub asked: Resource,
    /// With defaults for containers that ask for nothing.
    pub nonzero_milli_cpu: i64,
    pub nonzero_memory: i64,
}

impl PodRequests {
    pub fn of(body: &PodBody) -> Self {
        let requests = pod_requests(body, &ResourceList::new());
        let asked = Resource::of(&requests);
        let mut missing = ResourceList::new();
        missing.insert("cpu".into(), Quantity::from_milli(DEFAULT_MILLI_CPU, Format::DecimalSI));
        missing.insert("memory".into(), Quantity::from_i64(DEFAULT_MEMORY, Format::DecimalSI));
        if !pod_level_requests(body).is_empty() {
            missing.retain(|name, _| !requests.contains_key(name));
        }
        let nonzero = Resource::of(&pod_requests(body, &missing));
        PodRequests { asked, nonzero_milli_cpu: nonzero.milli_cpu, nonzero_memory: nonzero.memory }
    }
}

/// Containers run together, init containers one after another beside the sidecars started so far.
fn pod_requests(body: &PodBody, missing: &ResourceList) -> ResourceList {
    let mut sum = ResourceList::new();
    for container in &body.containers {
        add(&mut sum, &container_requests(container, missing));
    }
    let mut sidecars = ResourceList::new();
    let mut init = ResourceList::new();
    for container in &body.init_containers {
        let mut asked = container_requests(container, missing);
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut sum, &asked);
            add(&mut sidecars, &asked);
            asked = sidecars.clone();
        } else {
            add(&mut asked, &sidecars);
        }
        max(&mut init, &asked);
    }
    max(&mut sum, &init);
    for (name, amount) in pod_level_requests(body) {
        sum.insert(name, amount);
    }
    add(&mut sum, &body.overhead);
    sum
}

/// `spec.resources.requests` of the names that may stand there.
fn pod_level_requests(body: &PodBody) -> ResourceList {
    let requests = body.extra.get("resources").and_then(|resources| resources.get("requests"));
    let mut list = requests
        .and_then(|requests| ResourceList::from_value(requests.clone()).ok())
        .unwrap_or_default();
    list.retain(|name, _| name == "cpu" || name == "memory" || name.starts_with("hugepages-"));
    list
}

fn container_requests(container: &Container, missing: &ResourceList) -> ResourceList {
    let mut requests = container.resources.requests.clone();
    for (name, amount) in missing {
        if !requests.contains_key(name) {
            requests.insert(name.clone(), amount.clone());
        }
    }
    requests
}

fn add(sum: &mut ResourceList, more: &ResourceList) {
    for (name, amount) in more {
        match sum.get_mut(name) {
            Some(known) => known.add(amount),
            None => {
                sum.insert(name.clone(), amount.clone());
            }
        }
    }
}

fn max(most: &mut ResourceList, other: &ResourceList) {
    for (name, amount) in other {
        match most.get_mut(name) {
            Some(known) if *known >= *amount => {}
            Some(known) => *known = amount.clone(),
            None => {
                most.insert(name.clone(), amount.clone());
            }
        }
    }
}
