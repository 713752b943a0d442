//! How many pods a budget stands for: those there are, or those that their controllers want.

use api::PodDisruptionBudget;
use apimachinery::gvk::GroupResource;
use apimachinery::int_or_string::{IntOrString, Round};
use apimachinery::meta::OwnerReference;
use client::{ReplyBody, Request, Verb};

use super::{Selected, count};
use crate::controllers::{Sync, SyncError};

pub struct Expected {
    pub pods: i32,
    /// So many of them must be healthy.
    pub healthy: i32,
    /// There are pods without a controller, which nobody wants in any number.
    pub unmanaged: bool,
}

pub fn expected(
    sync: &mut Sync<'_, '_>,
    budget: &PodDisruptionBudget,
    groups: &[Selected<'_>],
) -> Result<Expected, SyncError> {
    let spec = &budget.spec;
    let scaled = |value: &IntOrString, pods: i32| {
        let scaled = value.scaled_value(i64::from(pods), Round::Up);
        let scaled = scaled.map_err(|error| SyncError::other(error.to_string()))?;
        Ok::<i32, SyncError>(i32::try_from(scaled).unwrap_or(i32::MAX))
    };
    match (&spec.max_unavailable, &spec.min_available) {
        (Some(most), _) => {
            let (pods, unmanaged) = wanted(sync, budget, groups)?;
            let healthy = pods.saturating_sub(scaled(most, pods)?).max(0);
            Ok(Expected { pods, healthy, unmanaged })
        }
        (None, Some(least @ IntOrString::String(_))) => {
            let (pods, unmanaged) = wanted(sync, budget, groups)?;
            Ok(Expected { pods, healthy: scaled(least, pods)?, unmanaged })
        }
        (None, Some(IntOrString::Int(least))) => {
            let pods = count(groups.iter().map(Selected::len).sum());
            Ok(Expected { pods, healthy: *least, unmanaged: false })
        }
        (None, None) => Ok(Expected { pods: 0, healthy: 0, unmanaged: false }),
    }
}

/// How many pods the controllers of these pods want together.
fn wanted(
    sync: &mut Sync<'_, '_>,
    budget: &PodDisruptionBudget,
    groups: &[Selected<'_>],
) -> Result<(i32, bool), SyncError> {
    let namespace = &budget.metadata.namespace;
    let mut scales = std::collections::BTreeMap::new();
    let mut unmanaged = false;
    for group in groups {
        let Some(pod) = group.pods().next() else { continue };
        let Some(owner) = pod.metadata.controller() else {
            unmanaged = true;
            continue;
        };
        let Some((uid, scale)) = controller_scale(sync, namespace, owner)? else {
            let why = format!("found no controllers for pod {:?}", pod.metadata.name);
            return Err(SyncError::other(why));
        };
        scales.insert(uid, scale);
    }
    Ok((scales.values().fold(0, |sum: i32, scale| sum.saturating_add(*scale)), unmanaged))
}

type Scale = Option<(String, i32)>;

/// The size that a controller has, or that the Deployment behind a ReplicaSet has.
fn controller_scale(
    sync: &mut Sync<'_, '_>,
    namespace: &str,
    owner: &OwnerReference,
) -> Result<Scale, SyncError> {
    let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    if owner.kind == "ReplicaSet" && group == "apps" {
        let informers = sync.informers;
        let Some(set) = informers.replica_sets.named(namespace, &owner.name) else {
            return Ok(None);
        };
        if set.metadata.uid != owner.uid {
            return Ok(None);
        }
        let Some(above) = set.metadata.controller().filter(|o| o.kind == "Deployment") else {
            return Ok(Some((owner.uid.to_string(), set.spec.replicas.unwrap_or(1))));
        };
        let deployment = informers.deployments.named(namespace, &above.name);
        return Ok(deployment
            .filter(|deployment| deployment.metadata.uid == above.uid)
            .map(|deployment| (above.uid.to_string(), deployment.spec.replicas.unwrap_or(1))));
    }
    let resource = match (group, owner.kind.as_str()) {
        ("apps", "StatefulSet") => GroupResource::fixed("apps", "statefulsets"),
        ("apps", "DaemonSet") => GroupResource::fixed("apps", "daemonsets"),
        ("", "ReplicationController") => GroupResource::fixed("", "replicationcontrollers"),
        ("", "Node") => GroupResource::fixed("", "nodes"),
        ("batch", "Job") => GroupResource::fixed("batch", "jobs"),
        _ => {
            let version = &owner.api_version;
            let why = format!("no matches for kind {:?} in version {version:?}", owner.kind);
            return Err(SyncError::other(why));
        }
    };
    let name = resource.to_string();
    let request = Request::new(Verb::Get, resource, namespace, &owner.name).subresource("scale");
    match sync.ctx.api.call(request) {
        Ok(reply) => Ok(match reply.body {
            ReplyBody::Json(scale) if scale["metadata"]["uid"] == owner.uid.to_string() => {
                let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
                Some((owner.uid.to_string(), i32::try_from(replicas).unwrap_or(i32::MAX)))
            }
            _ => None,
        }),
        // Either the controller is not there, or its kind has no scale at all.
        Err(status) if status.is_not_found() && !status.name.is_empty() => Ok(None),
        Err(status) if status.is_not_found() => {
            let why = format!("{name} does not implement the scale subresource");
            Err(SyncError::other(why))
        }
        Err(status) => Err(status.into()),
    }
}
