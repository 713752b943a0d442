//! Objects beside pods and nodes that decide where a pod goes: services and a pod's owner give the
//! selector of default spreading, namespaces their labels, budgets protect victims.

use api::{
    Namespace, Pod, PodDisruptionBudget, ReplicaSet, ReplicationController, Service, StatefulSet,
};
use apimachinery::labels::{Labels, Selector};
use client::{Delta, Store, WatchEvent};

use crate::pod_terms::NamespaceLabels;
use crate::volumes::Volumes;

#[derive(Debug, Default)]
pub struct Lookup {
    services: Store<Service>,
    replica_sets: Store<ReplicaSet>,
    replication_controllers: Store<ReplicationController>,
    stateful_sets: Store<StatefulSet>,
    pub namespaces: NamespaceLabels,
    pub volumes: Volumes,
    pub budgets: Store<PodDisruptionBudget>,
}

impl Lookup {
    pub fn apply(&mut self, event: &WatchEvent) {
        if let Some(delta) = Delta::<Service>::of(event) {
            self.services.apply(&delta);
        } else if let Some(delta) = Delta::<ReplicaSet>::of(event) {
            self.replica_sets.apply(&delta);
        } else if let Some(delta) = Delta::<ReplicationController>::of(event) {
            self.replication_controllers.apply(&delta);
        } else if let Some(delta) = Delta::<StatefulSet>::of(event) {
            self.stateful_sets.apply(&delta);
        } else if let Some(delta) = Delta::<PodDisruptionBudget>::of(event) {
            self.budgets.apply(&delta);
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
        let owned = self.owner_selector(pod);
        let Some(owned) = owned else { return selector };
        let all = selector.requirements().iter().chain(owned.requirements()).cloned();
        Selector::from_requirements(all.collect())
    }

    /// What the controller of a pod selects, if it is one that spreads its pods.
    fn owner_selector(&self, pod: &Pod) -> Option<Selector> {
        let (owner, namespace) = (pod.metadata.controller()?, &pod.metadata.namespace);
        let selector = match owner.kind.as_str() {
            "ReplicaSet" => &self.replica_sets.named(namespace, &owner.name)?.spec.selector,
            "StatefulSet" => &self.stateful_sets.named(namespace, &owner.name)?.spec.selector,
            "ReplicationController" => {
                let rc = self.replication_controllers.named(namespace, &owner.name)?;
                return Some(Selector::from_labels(&rc.spec.selector));
            }
            _ => return None,
        };
        selector.as_ref()?.to_selector().ok()
    }
}
