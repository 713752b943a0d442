//! A volume with a zone or a region in its labels can be used only there.
//! Models pkg/scheduler/framework/plugins/volumezone/volume_zone.go.

use api::PersistentVolume;
use smol_str::SmolStr;

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, Plugin, PreFilter, PreFiltered, Scope, Status,
    Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use crate::volumes::{StorageChange, uses_claim};

pub struct VolumeZone;

/// Labels of places, each with its name of today.
const PLACES: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// A label that the node must have, with its possible values.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    key: &'static str,
    today: &'static str,
    values: Vec<SmolStr>,
}

struct Places(Vec<Place>);

/// Several zones stand in one label, parted by `__`.
fn places(volume: &PersistentVolume) -> impl Iterator<Item = Place> {
    PLACES.iter().filter_map(|(key, today)| {
        let label = volume.metadata.label(key)?;
        let values: Vec<SmolStr> = label.split("__").map(|one| one.trim().into()).collect();
        let valid = values.iter().all(|value| !value.is_empty());
        valid.then_some(Place { key, today, values })
    })
}

fn unresolvable(why: impl Into<SmolStr>) -> Status {
    Status::new(Code::UnschedulableAndUnresolvable, why)
}

fn places_of_pod(cycle: &Cycle<'_>) -> Result<Vec<Place>, Status> {
    let (pod, volumes) = (&*cycle.pod.pod, &cycle.lookup.volumes);
    let mut found = Vec::new();
    for volume in &pod.spec.volumes {
        let Some(source) = &volume.persistent_volume_claim else { continue };
        let name = source["claimName"].as_str().unwrap_or_default();
        let claim = volumes
            .claim(&pod.metadata.namespace, name)
            .ok_or_else(|| unresolvable(format!("persistentvolumeclaim {name:?} not found")))?;
        if claim.spec.volume_name.is_empty() {
            let class = claim.class();
            if class.is_empty() {
                let why = "PersistentVolumeClaim had no pv name and storageClass name";
                return Err(unresolvable(why));
            }
            let found = volumes.class_of(claim).ok_or_else(|| {
                unresolvable(format!("storageclass.storage.k8s.io {class:?} not found"))
            })?;
            if !found.waits_for_consumer() {
                return Err(unresolvable("PersistentVolume had no name"));
            }
            continue;
        }
        let name = &claim.spec.volume_name;
        let volume = volumes
            .volume(name)
            .ok_or_else(|| unresolvable(format!("persistentvolume {name:?} not found")))?;
        found.extend(places(volume));
    }
    Ok(found)
}

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::NODE_LABEL | kind::STORAGE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        let ClusterEvent::Storage(change) = event else {
            return matches!(event, ClusterEvent::NodeAdd(_) | ClusterEvent::NodeUpdate { .. });
        };
        match change {
            StorageChange::Class(delta) => delta.old.is_none() && delta.new.waits_for_consumer(),
            StorageChange::Claim(delta) => !delta.is_deleted() && uses_claim(&pod.pod, &delta.new),
            StorageChange::Volume(delta) => {
                let old = delta.old.as_ref();
                !delta.is_deleted() && old.is_none_or(|old| places(old).ne(places(&delta.new)))
            }
            _ => false,
        }
    }
}

impl PreFilter for VolumeZone {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        match places_of_pod(cycle) {
            Err(status) => PreFiltered::Refused(status),
            Ok(places) if places.is_empty() => PreFiltered::Skip,
            Ok(places) => {
                state.put(Places(places));
                PreFiltered::All
            }
        }
    }
}

impl Filter for VolumeZone {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, _: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> Verdict {
        let Some(Places(places)) = state.get::<Places>() else { return Ok(()) };
        if PLACES.iter().all(|(key, _)| info.label(key).is_none()) {
            return Ok(());
        }
        let fits = |place: &Place| {
            let label = info.label(place.key).or_else(|| info.label(place.today));
            label.is_some_and(|label| place.values.contains(label))
        };
        match places.iter().all(fits) {
            true => Ok(()),
            false => Err(Status::unresolvable("node(s) had no available volume zone")),
        }
    }
}
