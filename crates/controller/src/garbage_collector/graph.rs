//! Who owns whom, as the shared caches know it.
//! Models pkg/controller/garbagecollector/graph.go.

use std::sync::Arc;

use api::{Kind, Obj};
use apimachinery::meta::{OwnerReference, Uid};
use client::Store;

use crate::informers::Informers;

fn owned<K: Kind>(store: &Store<K>, owner: Uid, into: &mut Vec<Obj>) {
    into.extend(store.owned_by(owner).map(|object| Arc::clone(object) as Obj));
}

/// Everything that names this owner.
pub fn dependents(informers: &Informers, owner: Uid) -> Vec<Obj> {
    let mut found: Vec<Obj> = Vec::new();
    found.extend(informers.pods.owned_by(owner).map(|pod| Arc::clone(pod) as Obj));
    owned(&informers.replica_sets, owner, &mut found);
    owned(&informers.deployments, owner, &mut found);
    owned(&informers.endpoint_slices, owner, &mut found);
    owned(&informers.endpoints, owner, &mut found);
    owned(&informers.services, owner, &mut found);
    owned(&informers.config_maps, owner, &mut found);
    owned(&informers.leases, owner, &mut found);
    owned(&informers.service_accounts, owner, &mut found);
    owned(&informers.controller_revisions, owner, &mut found);
    owned(&informers.cron_jobs, owner, &mut found);
    owned(&informers.jobs, owner, &mut found);
    owned(&informers.horizontal_pod_autoscalers, owner, &mut found);
    owned(&informers.daemon_sets, owner, &mut found);
    owned(&informers.persistent_volume_claims, owner, &mut found);
    owned(&informers.replication_controllers, owner, &mut found);
    owned(&informers.stateful_sets, owner, &mut found);
    found
}

pub fn has_dependents(informers: &Informers, owner: Uid) -> bool {
    informers.pods.owned_by(owner).next().is_some()
        || informers.replica_sets.owned_by(owner).next().is_some()
        || informers.endpoint_slices.owned_by(owner).next().is_some()
        || !dependents(informers, owner).is_empty()
}

fn known<K: Kind>(store: &Store<K>, namespace: &str, owner: &OwnerReference) -> Option<Obj> {
    let found = store.named(namespace, &owner.name)?;
    (Kind::meta(&**found).uid == owner.uid).then(|| Arc::clone(found) as Obj)
}

/// The owner that a reference of an object in this namespace points at, if the cache has it.
pub fn find_owner(informers: &Informers, namespace: &str, owner: &OwnerReference) -> Option<Obj> {
    match owner.kind.as_str() {
        "ReplicaSet" => known(&informers.replica_sets, namespace, owner),
        "Job" => known(&informers.jobs, namespace, owner),
        "CronJob" => known(&informers.cron_jobs, namespace, owner),
        "DaemonSet" => known(&informers.daemon_sets, namespace, owner),
        "Deployment" => known(&informers.deployments, namespace, owner),
        "ReplicationController" => known(&informers.replication_controllers, namespace, owner),
        "StatefulSet" => known(&informers.stateful_sets, namespace, owner),
        "ControllerRevision" => known(&informers.controller_revisions, namespace, owner),
        "PersistentVolumeClaim" => known(&informers.persistent_volume_claims, namespace, owner),
        "Service" => known(&informers.services, namespace, owner),
        "Node" => known(&informers.nodes, "", owner),
        "Namespace" => known(&informers.namespaces, "", owner),
        "ConfigMap" => known(&informers.config_maps, namespace, owner),
        "Endpoints" => known(&informers.endpoints, namespace, owner),
        "EndpointSlice" => known(&informers.endpoint_slices, namespace, owner),
        "Lease" => known(&informers.leases, namespace, owner),
        "ServiceAccount" => known(&informers.service_accounts, namespace, owner),
        _ => None,
    }
}
