//! Objects beside pods and nodes that decide where a pod goes: services and ReplicaSets give the
//! selector of default spreading, namespaces their labels.

use api::{Namespace, Pod, ReplicaSet, Service};
use apimachinery::labels::{Labels, Selector};
use client::{Delta, Store, WatchEvent};

use crate::pod_terms::NamespaceLabels;
use crate::volumes::Volumes;

#[derive(Debug, Default)]
pub struct Lookup {
    services: Store<Service>,
    replica_sets: Store<ReplicaSet>,
    pub namespaces: NamespaceLabels,
    pub volumes: Volumes,
}

impl Lookup {
    pub fn apply(&mut self, event: &WatchEvent) {
        if let Some(delta) = Delta::<Service>::of(event) {
            self.services.apply(&delta);
        } else if let Some(delta) = Delta::<ReplicaSet>::of(event) {
            self.replica_sets.apply(&delta);
        } else if let Some(delta) = Delta::<Namespace>::of(event) {
            let meta = &delta.new.metadata;
            if delta.is_deleted() {
                self.namespaces.remove(&meta.name);
            } else {
                self.namespaces.insert(meta.name.clone(), (*meta.labels).clone());
            }
        }
    }

    /// What the services and the owner of a pod select.
    /// Models pkg/scheduler/framework/plugins/helper/spread.go `DefaultSelector`.
    pub fn default_selector(&self, pod: &Pod) -> Selector {
        let mut labels = Labels::new();
        for service in self.services.namespace(&pod.metadata.namespace) {
            let wanted = &service.spec.selector;
            let all = |(key, value)| pod.metadata.labels.get(key) == Some(value);
            if !wanted.is_empty() && wanted.iter().all(all) {
                labels.extend(wanted.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
        let selector = Selector::from_labels(&labels);
        let Some(owner) = pod.metadata.controller().filter(|owner| owner.kind == "ReplicaSet")
        else {
            return selector;
        };
        let owner = self.replica_sets.named(&pod.metadata.namespace, &owner.name);
        let owned = owner.and_then(|set| set.spec.selector.as_ref()?.to_selector().ok());
        let Some(owned) = owned else { return selector };
        let all = selector.requirements().iter().chain(owned.requirements()).cloned();
        Selector::from_requirements(all.collect())
    }
}
