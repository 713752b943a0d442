//! Which volumes a pod's claims get on a node, and whether they have got them.
//! Models pkg/scheduler/framework/plugins/volumebinding/binder.go.

use std::sync::Arc;

use api::core::volume_binding::{NO_PROVISIONER, SELECTED_NODE, Search, find_matching};
use api::{Node, PersistentVolume, PersistentVolumeClaim, StorageClass};
use apimachinery::meta::Key;
use apimachinery::wire::StringMap;
use serde_json::Value;
use smol_str::SmolStr;

use super::PodClaims;
use crate::framework::{Code, Status};
use crate::volumes::{Assumed, Volumes};

const BIND_CONFLICT: &str = "node(s) didn't find available persistent volumes to bind";
const NODE_CONFLICT: &str = "node(s) didn't match PersistentVolume's node affinity";
const NOT_ENOUGH_SPACE: &str = "node(s) did not have enough free storage";
const VOLUME_MISSING: &str =
    "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/// What is to be done for a pod's claims on a node.
#[derive(Debug, Default)]
pub struct Found {
    matches: Vec<(Arc<PersistentVolumeClaim>, Arc<PersistentVolume>)>,
    provisions: Vec<Arc<PersistentVolumeClaim>>,
}

impl Found {
    /// The objects to write: volumes promised to claims, and claims told their node.
    pub fn decisions(self, node: &str) -> Vec<Assumed> {
        let promises = self.matches.into_iter().map(|(claim, volume)| {
            let promised = volume.promised_to(&claim).map(Arc::new);
            Assumed::Volume(promised.unwrap_or(volume))
        });
        let provisions = self.provisions.into_iter().map(|claim| {
            let mut copy = (*claim).clone();
            copy.metadata.set_annotation(SELECTED_NODE, node);
            Assumed::Claim(Arc::new(copy))
        });
        promises.chain(provisions).collect()
    }
}

/// Models FindPodVolumes.
pub fn find(volumes: &Volumes, claims: &PodClaims, node: &Node) -> Result<Found, Status> {
    let labels = &node.metadata.labels;
    let mut reasons: Vec<&'static str> = Vec::new();
    for claim in &claims.bound {
        let reason = match volumes.volume(&claim.spec.volume_name) {
            None => VOLUME_MISSING,
            Some(volume) if !volume.reachable_from(labels) => NODE_CONFLICT,
            Some(_) => continue,
        };
        reasons.push(reason);
        break;
    }
    match find_delayed(volumes, claims, node)? {
        Ok(found) if reasons.is_empty() => return Ok(found),
        Ok(_) => {}
        Err(reason) => reasons.push(reason),
    }
    // Upstream names a missing volume last.
    reasons.sort_by_key(|reason| *reason == VOLUME_MISSING);
    let mut reasons = reasons.into_iter().map(SmolStr::new_static);
    let first = reasons.next().unwrap_or_default();
    let code = Code::UnschedulableAndUnresolvable;
    Err(Status { more: reasons.collect(), ..Status::new(code, first) })
}

fn find_delayed(
    volumes: &Volumes,
    claims: &PodClaims,
    node: &Node,
) -> Result<Result<Found, &'static str>, Status> {
    let mut found = Found::default();
    let mut to_match: Vec<&Arc<PersistentVolumeClaim>> = Vec::new();
    for claim in &claims.delayed {
        match claim.metadata.annotation(SELECTED_NODE) {
            Some(selected) if selected != node.metadata.name => return Ok(Err(BIND_CONFLICT)),
            Some(_) => found.provisions.push(Arc::clone(claim)),
            None => to_match.push(claim),
        }
    }
    to_match.sort_by_key(|claim| claim.requested());
    for claim in to_match {
        let taken: Vec<_> = found.matches.iter().map(|(_, v)| v.metadata.name.clone()).collect();
        let class = claim.class();
        let free = volumes
            .volumes
            .iter()
            .filter(|volume| volume.class() == class && !taken.contains(&volume.metadata.name));
        let search = Search { claim, node: Some(&node.metadata.labels), delayed: true };
        match find_matching(&search, free) {
            Some(volume) => found.matches.push((Arc::clone(claim), Arc::clone(volume))),
            None => found.provisions.push(Arc::clone(claim)),
        }
    }
    for claim in &found.provisions {
        if let Some(reason) = cannot_provision(volumes, claim, node)? {
            return Ok(Err(reason));
        }
    }
    Ok(Ok(found))
}

/// Why no volume can be made for the claim on the node. Models checkVolumeProvisions.
fn cannot_provision(
    volumes: &Volumes,
    claim: &PersistentVolumeClaim,
    node: &Node,
) -> Result<Option<&'static str>, Status> {
    let Some(class) = volumes.class_of(claim) else {
        let why = format!("failed to find storage class {:?}", claim.class());
        return Err(Status::new(Code::Error, why));
    };
    let labels = &node.metadata.labels;
    if class.provisioner == NO_PROVISIONER || !topology_allows(&class.allowed_topologies, labels) {
        return Ok(Some(BIND_CONFLICT));
    }
    Ok((!has_room(volumes, claim, class, labels)).then_some(NOT_ENOUGH_SPACE))
}

/// Models hasEnoughCapacity: only drivers that publish their capacity are held to it.
fn has_room(
    volumes: &Volumes,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    labels: &StringMap,
) -> bool {
    let driver = volumes.csi_drivers.named("", &class.provisioner);
    if driver.is_none_or(|driver| driver.spec.storage_capacity != Some(true)) {
        return true;
    }
    let wanted = claim.requested();
    volumes.capacities.iter().any(|capacity| {
        capacity.storage_class_name == class.metadata.name
            && capacity.limit().is_some_and(|limit| *limit >= wanted)
            && capacity.reaches(labels)
    })
}

/// Models MatchTopologySelectorTerms of pkg/apis/core/v1/helper/helpers.go.
fn topology_allows(terms: &[Value], labels: &StringMap) -> bool {
    let all = |term: &Value| {
        let rules = term["matchLabelExpressions"].as_array().map_or(&[][..], Vec::as_slice);
        !rules.is_empty()
            && rules.iter().all(|rule| {
                let label = rule["key"].as_str().and_then(|key| labels.get(key));
                let values = rule["values"].as_array().map_or(&[][..], Vec::as_slice);
                label.is_some_and(|label| values.iter().any(|value| value == label.as_str()))
            })
    };
    terms.is_empty() || terms.iter().any(all)
}

/// Whether the binder has done what was decided; an error if somebody undid it.
/// Models checkBindings.
pub fn is_bound(volumes: &Volumes, node: &Node, decided: &Assumed) -> Result<bool, String> {
    match decided {
        Assumed::Volume(decided) => is_volume_bound(volumes, node, decided),
        Assumed::Claim(decided) => is_claim_bound(volumes, node, decided),
    }
}

fn is_volume_bound(
    volumes: &Volumes,
    node: &Node,
    decided: &PersistentVolume,
) -> Result<bool, String> {
    let name = &decided.metadata.name;
    let Some(volume) = volumes.volumes.confirmed(&Key::of(&decided.metadata)) else {
        return Err(format!(
            "failed to check binding: could not find v1.PersistentVolume {name:?}"
        ));
    };
    if volume.metadata.resource_version < decided.metadata.resource_version {
        return Ok(false);
    }
    check_reach(volume, node)?;
    let reference = volume.spec.claim_ref.as_ref().filter(|claim| !claim.uid.is_unset());
    let Some(reference) = reference else {
        return Err(format!("ClaimRef got reset for pv {name:?}"));
    };
    let key = Key::new(reference.namespace.clone(), reference.name.clone());
    let claim = volumes.claims.confirmed(&key).ok_or_else(|| no_claim("failed to check", &key))?;
    Ok(claim.is_fully_bound())
}

fn is_claim_bound(
    volumes: &Volumes,
    node: &Node,
    decided: &PersistentVolumeClaim,
) -> Result<bool, String> {
    let key = Key::of(&decided.metadata);
    let found = volumes.claims.confirmed(&key);
    let claim = found.ok_or_else(|| no_claim("failed to check provisioning pvc", &key))?;
    if claim.metadata.resource_version < decided.metadata.resource_version {
        return Ok(false);
    }
    match claim.metadata.annotation(SELECTED_NODE) {
        Some(selected) if selected == node.metadata.name => {}
        _ => return Err(format!("provisioning failed for PVC {:?}", claim.metadata.name)),
    }
    if !claim.spec.volume_name.is_empty() {
        let Some(volume) = volumes.volume(&claim.spec.volume_name) else { return Ok(false) };
        check_reach(volume, node)?;
    }
    Ok(claim.is_fully_bound())
}

fn check_reach(volume: &PersistentVolume, node: &Node) -> Result<(), String> {
    if volume.reachable_from(&node.metadata.labels) {
        return Ok(());
    }
    let (volume, node) = (&volume.metadata.name, &node.metadata.name);
    Err(format!(
        "pv {volume:?} node affinity doesn't match node {node:?}: no matching NodeSelectorTerms"
    ))
}

fn no_claim(doing: &str, key: &Key) -> String {
    format!("{doing}: could not find v1.PersistentVolumeClaim \"{}/{}\"", key.namespace, key.name)
}
