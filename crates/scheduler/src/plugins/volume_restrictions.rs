//! Disks that only one pod may use at a time, and claims that only one pod may use at all.
//! Models pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go.

use api::Pod;
use api::core::volume::Volume;
use apimachinery::meta::Key;
use serde_json::Value;

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, Plugin, PreFilter, PreFiltered, Scope, Status,
    Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use crate::volumes::{StorageChange, uses_claim};

pub struct VolumeRestrictions;

/// Claims with ReadWriteOncePod that other pods use already.
struct Conflicts(Vec<Key>);

/// Sources that name a disk: the field of its name, and whether readers may share it.
const DISKS: [(&str, &str, bool); 4] = [
    ("awsElasticBlockStore", "volumeID", false),
    ("gcePersistentDisk", "pdName", true),
    ("iscsi", "iqn", true),
    ("rbd", "image", true),
];

fn disk(volume: &Volume) -> Option<(&'static str, &Value)> {
    DISKS.iter().find_map(|(field, _, _)| Some((*field, volume.extra.get(field)?)))
}

fn same_disk(a: &Volume, b: &Volume) -> bool {
    let (Some((field, a)), Some((other, b))) = (disk(a), disk(b)) else { return false };
    let rule = DISKS.iter().find(|(name, _, _)| *name == field);
    let Some((_, name, readers_share)) = rule.filter(|_| field == other) else { return false };
    let both_read = a["readOnly"] == true && b["readOnly"] == true;
    let same = a[*name] == b[*name] && (field != "rbd" || same_pool(a, b));
    same && !(*readers_share && both_read)
}

fn same_pool(a: &Value, b: &Value) -> bool {
    let monitors = |value: &Value| value["monitors"].as_array().cloned().unwrap_or_default();
    a["pool"] == b["pool"] && monitors(a).iter().any(|one| monitors(b).contains(one))
}

fn disks_conflict(pod: &Pod, other: &Pod) -> bool {
    let others = &other.spec.volumes;
    pod.spec.volumes.iter().any(|volume| others.iter().any(|other| same_disk(volume, other)))
}

fn claim_name(volume: &Volume) -> Option<&str> {
    volume.persistent_volume_claim.as_ref()?["claimName"].as_str()
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::POD_DELETE | kind::STORAGE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        match event {
            ClusterEvent::NodeAdd(_) => true,
            ClusterEvent::AssignedPodDelete(gone) => {
                let shares = |volume: &Volume| {
                    claim_name(volume).is_some_and(|name| {
                        gone.spec.volumes.iter().any(|v| claim_name(v) == Some(name))
                    })
                };
                gone.metadata.namespace == pod.pod.metadata.namespace
                    && (disks_conflict(&pod.pod, gone) || pod.pod.spec.volumes.iter().any(shares))
            }
            ClusterEvent::Storage(StorageChange::Claim(delta)) => {
                delta.old.is_none() && !delta.is_deleted() && uses_claim(&pod.pod, &delta.new)
            }
            _ => false,
        }
    }
}

impl PreFilter for VolumeRestrictions {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        let pod = &cycle.pod.pod;
        if pod.spec.volumes.is_empty() {
            return PreFiltered::Skip;
        }
        let mut conflicts = Vec::new();
        for name in pod.spec.volumes.iter().filter_map(claim_name) {
            let namespace = &pod.metadata.namespace;
            let Some(claim) = cycle.lookup.volumes.claim(namespace, name) else {
                let why = format!("persistentvolumeclaim {name:?} not found");
                let code = Code::UnschedulableAndUnresolvable;
                return PreFiltered::Refused(Status::new(code, why));
            };
            let key = Key::new(namespace.clone(), name);
            let alone = claim.spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod");
            if alone && cycle.cache.is_claim_used(&key) {
                conflicts.push(key);
            }
        }
        if conflicts.is_empty() && !pod.spec.volumes.iter().any(|v| disk(v).is_some()) {
            return PreFiltered::Skip;
        }
        state.put(Conflicts(conflicts));
        PreFiltered::All
    }
}

impl Filter for VolumeRestrictions {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> Verdict {
        if info.pods.iter().any(|other| disks_conflict(&cycle.pod.pod, &other.pod)) {
            return Err(Status::unschedulable("node(s) had no available disk"));
        }
        if state.get::<Conflicts>().is_some_and(|conflicts| !conflicts.0.is_empty()) {
            return Err(Status::unschedulable(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access \
                 mode already in-use by another pod",
            ));
        }
        Ok(())
    }
}
