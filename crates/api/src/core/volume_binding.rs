//! What binds volumes and claims: the annotations, and which volume fits which claim. The binder
//! and the scheduler share it. Models component-helpers/storage/volume/pv_helpers.go.

use std::sync::Arc;

use apimachinery::labels::{Requirement, Selector};
use apimachinery::meta::Key;
use apimachinery::quantity::Quantity;
use apimachinery::wire::StringMap;
use smol_str::{SmolStr, format_smolstr};

use super::node_selector::requirement;
use super::persistent_volume::PersistentVolume;
use super::persistent_volume_claim::PersistentVolumeClaim;
use super::pod::Pod;
use super::reference::ObjectReference;
use super::storage_names::{CLASS_ANNOTATION, class_name};
use super::volume::Volume;

pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
pub const STORAGE_PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
pub const BETA_STORAGE_PROVISIONER: &str = "volume.beta.kubernetes.io/storage-provisioner";
/// Provisioner of classes whose volumes are all made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";
/// The binding mode of classes that wait for a pod.
pub const WAIT_FOR_FIRST_CONSUMER: &str = "WaitForFirstConsumer";

impl PersistentVolume {
    pub fn class(&self) -> &str {
        class_name(&self.metadata, Some(&self.spec.storage_class_name))
    }

    pub fn capacity(&self) -> Quantity {
        self.spec.capacity.get("storage").cloned().unwrap_or_else(Quantity::zero)
    }

    /// Whether it is promised to this claim, by name and, if it says one, by uid.
    pub fn is_bound_to(&self, claim: &PersistentVolumeClaim) -> bool {
        self.spec.claim_ref.as_ref().is_some_and(|reference| {
            reference.name == claim.metadata.name
                && reference.namespace == claim.metadata.namespace
                && (reference.uid.is_unset() || reference.uid == claim.metadata.uid)
        })
    }

    /// Whether it names this very claim, and so needs no further promise.
    fn names_exactly(&self, claim: &PersistentVolumeClaim) -> bool {
        let uid = self.spec.claim_ref.as_ref().map(|reference| reference.uid);
        self.is_bound_to(claim) && uid == Some(claim.metadata.uid)
    }

    /// The key of the claim that it is promised to.
    pub fn claim_key(&self) -> Option<Key> {
        let reference = self.spec.claim_ref.as_ref()?;
        Some(Key::new(reference.namespace.clone(), reference.name.clone()))
    }

    /// The volume as it is once promised to the claim; `None` if it is already.
    pub fn promised_to(&self, claim: &PersistentVolumeClaim) -> Option<PersistentVolume> {
        let mark =
            !self.is_bound_to(claim) && self.metadata.annotation(BOUND_BY_CONTROLLER).is_none();
        if self.names_exactly(claim) && !mark {
            return None;
        }
        let mut copy = self.clone();
        if !self.names_exactly(claim) {
            copy.spec.claim_ref = Some(Box::new(ObjectReference::to(claim)));
        }
        if mark {
            copy.metadata.set_annotation(BOUND_BY_CONTROLLER, "yes");
        }
        Some(copy)
    }

    /// The name under which node status reports it as attached; only CSI volumes have one.
    /// Models GetUniqueVolumeNameFromSpec of pkg/volume/util/util.go.
    pub fn attached_as(&self) -> Option<SmolStr> {
        let source = self.spec.extra.get("csi")?;
        let (driver, handle) = (source["driver"].as_str()?, source["volumeHandle"].as_str()?);
        Some(format_smolstr!("kubernetes.io/csi/{driver}^{handle}"))
    }

    /// What makes its disk the same disk, seen from a node: a local one is another on each.
    pub fn disk(&self, node: &str) -> SmolStr {
        let text = |field: &str, name: &str| {
            let source = self.spec.extra.get(field)?;
            Some(SmolStr::from(source[name].as_str().unwrap_or_default()))
        };
        if let Some(name) = self.attached_as() {
            return name;
        }
        match (text("nfs", "server"), text("nfs", "path"), text("local", "path")) {
            (Some(server), Some(path), _) => format_smolstr!("nfs/{server}:{path}"),
            (_, _, Some(path)) => format_smolstr!("local/{node}:{path}"),
            _ => format_smolstr!("volume/{}", self.metadata.name),
        }
    }

    /// Whether a node with these labels reaches it.
    pub fn reachable_from(&self, labels: &StringMap) -> bool {
        let required = self.spec.node_affinity.as_ref().and_then(|all| all.required.as_ref());
        let Some(required) = required else { return true };
        required.node_selector_terms.iter().any(|term| {
            let rules: Option<Vec<Requirement>> =
                term.match_expressions.iter().map(requirement).collect();
            rules.is_some_and(|rules| {
                !rules.is_empty() && Selector::from_requirements(rules).matches(labels)
            })
        })
    }
}

impl PersistentVolumeClaim {
    pub fn class(&self) -> &str {
        class_name(&self.metadata, self.spec.storage_class_name.as_deref())
    }

    /// Whether it names a class; the empty one is a name too.
    pub fn has_class(&self) -> bool {
        self.metadata.annotation(CLASS_ANNOTATION).is_some()
            || self.spec.storage_class_name.is_some()
    }

    pub fn requested(&self) -> Quantity {
        self.spec.resources.requests.get("storage").cloned().unwrap_or_else(Quantity::zero)
    }

    /// Whether the binder has done all it does.
    pub fn is_bind_completed(&self) -> bool {
        self.metadata.annotation(BIND_COMPLETED).is_some()
    }

    /// Whether it has its volume for good.
    pub fn is_fully_bound(&self) -> bool {
        !self.spec.volume_name.is_empty() && self.is_bind_completed()
    }
}

pub fn same_volume_mode(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    fn mode(mode: &Option<SmolStr>) -> &str {
        mode.as_deref().unwrap_or("Filesystem")
    }
    mode(&claim.spec.volume_mode) == mode(&volume.spec.volume_mode)
}

pub fn same_attributes_class(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    let name = |name: &Option<SmolStr>| name.clone().unwrap_or_default();
    name(&claim.spec.volume_attributes_class_name)
        == name(&volume.spec.volume_attributes_class_name)
}

/// Whether the volume can be used in all the ways that the claim asks for.
pub fn offers_access_modes(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    claim.spec.access_modes.iter().all(|mode| volume.spec.access_modes.contains(mode))
}

/// For whom a volume is sought.
pub struct Search<'a> {
    pub claim: &'a PersistentVolumeClaim,
    /// Labels of the node that must reach it: the scheduler's question.
    pub node: Option<&'a StringMap>,
    /// The claim waits for a pod, so without a node only a volume promised to it will do.
    pub delayed: bool,
}

/// The volume promised to the claim, or else the smallest that fits; the first of equal ones.
pub fn find_matching<'v>(
    search: &Search<'_>,
    volumes: impl Iterator<Item = &'v Arc<PersistentVolume>>,
) -> Option<&'v Arc<PersistentVolume>> {
    let claim = search.claim;
    let (wanted, class) = (claim.requested(), claim.class());
    let selector = match &claim.spec.selector {
        Some(selector) => Some(selector.to_selector().ok()?),
        None => None,
    };
    let mut smallest: Option<(&Arc<PersistentVolume>, Quantity)> = None;
    for volume in volumes {
        let promised = volume.is_bound_to(claim);
        let size = volume.capacity();
        if (volume.spec.claim_ref.is_some() && !promised)
            || size < wanted
            || !same_volume_mode(claim, volume)
            || !same_attributes_class(claim, volume)
            || volume.metadata.is_deleting()
        {
            continue;
        }
        let reachable = search.node.is_none_or(|labels| volume.reachable_from(labels));
        if promised {
            return reachable.then_some(volume);
        }
        let fits = (search.node.is_some() || !search.delayed)
            && volume.status.phase == "Available"
            && selector.as_ref().is_none_or(|all| all.matches(&volume.metadata.labels))
            && volume.class() == class
            && reachable
            && (search.node.is_none() || offers_access_modes(volume, claim));
        if fits && smallest.as_ref().is_none_or(|(_, least)| size < *least) {
            smallest = Some((volume, size));
        }
    }
    smallest.map(|(volume, _)| volume)
}

impl Volume {
    /// The claim behind this volume of a pod; generic ephemeral volumes have one of their own.
    /// Models ephemeral.VolumeClaimName of component-helpers/storage/ephemeral.
    pub fn claim_name(&self, pod: &Pod) -> Option<SmolStr> {
        if let Some(source) = &self.persistent_volume_claim {
            return source["claimName"].as_str().map(SmolStr::from);
        }
        self.ephemeral().map(|_| format_smolstr!("{}-{}", pod.metadata.name, self.name))
    }

    /// The source of a generic ephemeral volume.
    pub fn ephemeral(&self) -> Option<&serde_json::Value> {
        self.extra.get("ephemeral")
    }
}

impl Pod {
    /// Names of the claims that its volumes stand on.
    pub fn claims(&self) -> impl Iterator<Item = SmolStr> {
        self.spec.volumes.iter().filter_map(|volume| volume.claim_name(self))
    }
}
