//! Which volumes should be attached to a node: those of the pods on it.
//! Models pkg/controller/volume/attachdetach/populator.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{PersistentVolume, Pod};
use apimachinery::meta::Key;
use smol_str::SmolStr;

use crate::informers::Informers;
use crate::persistent_volume::is_terminated;

/// A volume that pods of a node need.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub volume: Arc<PersistentVolume>,
    pub driver: SmolStr,
    handle: SmolStr,
    pub pods: Vec<Arc<Pod>>,
}

impl Wanted {
    /// Whether several nodes may have it. Models IsMultiAttachAllowed.
    pub fn is_shared(&self) -> bool {
        let modes = &self.volume.spec.access_modes;
        modes.is_empty() || modes.iter().any(|m| m == "ReadWriteMany" || m == "ReadOnlyMany")
    }

    pub fn attachment_name(&self, node: &str) -> SmolStr {
        super::attachment_name(&self.handle, &self.driver, node)
    }
}

/// The attachable volume behind a claim of a pod.
fn attachable(informers: &Informers, pod: &Pod, claim: &str) -> Option<Wanted> {
    let claim = informers.persistent_volume_claims.named(&pod.metadata.namespace, claim)?;
    if claim.status.phase != "Bound" {
        return None;
    }
    let volume = informers.persistent_volumes.named("", &claim.spec.volume_name)?;
    let source = volume.spec.extra.get("csi")?;
    let driver = source["driver"].as_str()?;
    if informers.csi_drivers.named("", driver).is_some_and(|driver| !driver.attaches()) {
        return None;
    }
    let handle = source["volumeHandle"].as_str()?.into();
    Some(Wanted { volume: Arc::clone(volume), driver: driver.into(), handle, pods: Vec::new() })
}

pub fn wanted_on(informers: &Informers, node: &str) -> Vec<Wanted> {
    let mut all: BTreeMap<SmolStr, Wanted> = BTreeMap::new();
    for pod in informers.pods.on_node(node).filter(|pod| !is_terminated(pod)) {
        for wanted in pod.claims().filter_map(|claim| attachable(informers, pod, &claim)) {
            let name = wanted.volume.metadata.name.clone();
            all.entry(name).or_insert(wanted).pods.push(Arc::clone(pod));
        }
    }
    all.into_values().collect()
}

/// Pods on these nodes that use the volume.
pub fn users(informers: &Informers, volume: &PersistentVolume, nodes: &[SmolStr]) -> Vec<Key> {
    let Some(claim) = volume.claim_key() else { return Vec::new() };
    let pods = informers.pods.using_claim(&claim);
    let mut keys: Vec<Key> = pods
        .filter(|pod| nodes.contains(&pod.spec.node_name) && !is_terminated(pod))
        .map(|pod| Key::of(&pod.metadata))
        .collect();
    keys.sort();
    keys
}

/// Models reportMultiAttachError of pkg/controller/volume/attachdetach/reconciler/reconciler.go.
pub fn who_has_it(others: &[Key], namespace: &str) -> String {
    if others.is_empty() {
        return "Volume is already exclusively attached to one node and can't be attached to another"
            .to_owned();
    }
    let ours: Vec<&str> = others
        .iter()
        .filter(|key| key.namespace == namespace)
        .map(|key| key.name.as_str())
        .collect();
    let strangers = others.len() - ours.len();
    match (ours.is_empty(), strangers) {
        (true, count) => {
            format!("Volume is already used by {count} pod(s) in different namespaces")
        }
        (false, 0) => format!("Volume is already used by pod(s) {}", ours.join(", ")),
        (false, count) => format!(
            "Volume is already used by pod(s) {} and {count} pod(s) in different namespaces",
            ours.join(", ")
        ),
    }
}
