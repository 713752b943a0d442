//! A storage driver attaches only so many volumes to a node.
//! Models pkg/scheduler/framework/plugins/nodevolumelimits/csi.go.

use std::collections::{BTreeMap, BTreeSet};

use api::{CSINode, PersistentVolumeClaim, Pod};
use smol_str::{SmolStr, format_smolstr};

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, Plugin, PreFilter, PreFiltered, Scope, Status,
    Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use crate::volumes::{StorageChange, Volumes, not_for_pod, uses_claim};

pub struct NodeVolumeLimits;

/// A volume by driver and handle.
type Attached = BTreeSet<(SmolStr, SmolStr)>;

/// Driver and handle of a claim's volume; one that is still to be made has a handle of its own.
fn driver_volume(volumes: &Volumes, claim: &PersistentVolumeClaim) -> Option<(SmolStr, SmolStr)> {
    if let Some(volume) = volumes.volume(&claim.spec.volume_name) {
        let source = volume.spec.extra.get("csi")?;
        let text = |field: &str| source[field].as_str().filter(|text| !text.is_empty());
        return Some((text("driver")?.into(), text("volumeHandle")?.into()));
    }
    let class = volumes.class_of(claim)?;
    let (namespace, name) = (&claim.metadata.namespace, &claim.metadata.name);
    Some((class.provisioner.clone(), format_smolstr!("\0{namespace}/{name}")))
}

/// The volumes of a pod; an error only matters for the pod that is to be placed.
fn volumes_of(volumes: &Volumes, pod: &Pod, all: &mut Attached) -> Result<(), Status> {
    for volume in &pod.spec.volumes {
        let Some(name) = volume.claim_name(pod) else { continue };
        let namespace = &pod.metadata.namespace;
        let Some(claim) = volumes.claim(namespace, &name) else {
            let why = format!(
                "looking up PVC {namespace}/{name}: persistentvolumeclaim {name:?} not found"
            );
            return Err(Status::new(Code::UnschedulableAndUnresolvable, why));
        };
        if let Some(why) = not_for_pod(pod, claim).filter(|_| volume.ephemeral().is_some()) {
            return Err(Status::new(Code::Error, why));
        }
        all.extend(driver_volume(volumes, claim));
    }
    Ok(())
}

fn limit(node: &CSINode, driver: &str) -> Option<i64> {
    let driver = node.spec.drivers.iter().find(|one| one["name"] == driver)?;
    driver["allocatable"]["count"].as_i64()
}

fn any_limit_grew(old: &CSINode, new: &CSINode) -> bool {
    new.spec
        .drivers
        .iter()
        .filter_map(|driver| driver["name"].as_str())
        .any(|name| limit(new, name).unwrap_or(0) > limit(old, name).unwrap_or(0))
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::POD_DELETE | kind::STORAGE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        match event {
            ClusterEvent::AssignedPodDelete(gone) => gone.claims().next().is_some(),
            ClusterEvent::Storage(StorageChange::Claim(delta)) => {
                delta.old.is_none() && uses_claim(&pod.pod, &delta.new)
            }
            ClusterEvent::Storage(StorageChange::Node(delta)) => {
                let old = delta.old.as_ref();
                !delta.is_deleted() && old.is_none_or(|old| any_limit_grew(old, &delta.new))
            }
            ClusterEvent::Storage(StorageChange::Attachment(delta)) => {
                delta.is_deleted() && pod.pod.claims().next().is_some()
            }
            _ => false,
        }
    }
}

impl PreFilter for NodeVolumeLimits {
    fn pre_filter(&self, cycle: &Cycle<'_>, _: &mut CycleState) -> PreFiltered {
        match cycle.pod.pod.claims().next() {
            Some(_) => PreFiltered::All,
            None => PreFiltered::Skip,
        }
    }
}

impl Filter for NodeVolumeLimits {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let volumes = &cycle.lookup.volumes;
        let mut wanted = Attached::new();
        volumes_of(volumes, &cycle.pod.pod, &mut wanted)?;
        let Some(node) = volumes.csi_nodes.named("", &info.name) else { return Ok(()) };
        wanted.retain(|(driver, _)| limit(node, driver).is_some());
        if wanted.is_empty() {
            return Ok(());
        }
        let mut attached = Attached::new();
        for pod in &info.pods {
            let _ = volumes_of(volumes, &pod.pod, &mut attached);
        }
        for attachment in volumes.attachments_on(&info.name) {
            let volume = attachment.volume_name().and_then(|name| volumes.volume(name));
            let source = volume.and_then(|volume| volume.spec.extra.get("csi"));
            let handle = source.and_then(|source| source["volumeHandle"].as_str());
            attached.extend(handle.map(|h| (attachment.spec.attacher.clone(), h.into())));
        }
        let mut counts: BTreeMap<&SmolStr, i64> = BTreeMap::new();
        for (driver, _) in attached.union(&wanted) {
            *counts.entry(driver).or_default() += 1;
        }
        let new = wanted.difference(&attached);
        let over = |(driver, _): &(SmolStr, SmolStr)| {
            let count = counts.get(driver).copied().unwrap_or(0);
            limit(node, driver).is_some_and(|limit| count > limit)
        };
        match new.into_iter().any(over) {
            true => Err(Status::unschedulable("node(s) exceed max volume count")),
            false => Ok(()),
        }
    }
}
