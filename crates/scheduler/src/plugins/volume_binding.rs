//! A pod's claims must be bound to volumes that its node reaches, or be bindable there.
//! Models pkg/scheduler/framework/plugins/volumebinding/volume_binding.go.

mod binder;

use std::sync::Arc;

use api::core::volume_binding::WAIT_FOR_FIRST_CONSUMER;
use api::{Node, PersistentVolumeClaim};

use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, Plugin, PreBind, PreFilter, PreFiltered,
    Reserve, Scope, Status, Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::template::PodInfo;
use crate::volumes::{Assumed, StorageChange, not_for_pod, uses_claim};

pub struct VolumeBinding;

/// A pod's claims, by what is left to do.
#[derive(Clone, Debug, Default)]
struct PodClaims {
    bound: Vec<Arc<PersistentVolumeClaim>>,
    /// Of classes that wait for the pod.
    delayed: Vec<Arc<PersistentVolumeClaim>>,
    /// That the binder should have bound by now.
    immediate: bool,
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn reserve(&self) -> Option<&dyn Reserve> {
        Some(self)
    }
    fn pre_bind(&self) -> Option<&dyn PreBind> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD | kind::NODE_LABEL | kind::STORAGE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        match event {
            ClusterEvent::NodeAdd(_) | ClusterEvent::NodeUpdate { .. } => true,
            ClusterEvent::Storage(change) => helps(pod, change),
            _ => false,
        }
    }
}

fn helps(pod: &PodInfo, change: &StorageChange) -> bool {
    match change {
        StorageChange::Volume(delta) => !delta.is_deleted(),
        StorageChange::Claim(delta) => !delta.is_deleted() && uses_claim(&pod.pod, &delta.new),
        StorageChange::Class(delta) => {
            let old = delta.old.as_ref();
            let changed = |old: &Arc<api::StorageClass>| {
                old.allowed_topologies != delta.new.allowed_topologies
            };
            !delta.is_deleted() && old.is_none_or(changed)
        }
        StorageChange::Node(delta) => !delta.is_deleted() && delta.old.is_none(),
        StorageChange::Capacity(delta) => {
            let (old, new) = (delta.old.as_ref().map(|old| old.limit()), delta.new.limit());
            let grew = old.is_none_or(|old| new.is_some_and(|new| old.is_none_or(|old| new > old)));
            !delta.is_deleted() && grew
        }
        StorageChange::Driver(_) | StorageChange::Attachment(_) => false,
    }
}

/// Whether all claims are there and live; false if there are none.
fn has_claims(cycle: &Cycle<'_>) -> Result<bool, String> {
    let pod = &*cycle.pod.pod;
    let mut any = false;
    for volume in &pod.spec.volumes {
        let Some(name) = volume.claim_name(pod) else { continue };
        any = true;
        let ephemeral = volume.ephemeral().is_some();
        let found = cycle.lookup.volumes.claim(&pod.metadata.namespace, &name);
        let Some(claim) = found else {
            return Err(match ephemeral {
                true => format!(
                    "waiting for ephemeral volume controller to create the \
                     persistentvolumeclaim {name:?}"
                ),
                false => format!("persistentvolumeclaim {name:?} not found"),
            });
        };
        if claim.status.phase == "Lost" {
            let volume = &claim.spec.volume_name;
            return Err(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
            ));
        }
        if claim.metadata.is_deleting() {
            return Err(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        if let Some(why) = not_for_pod(pod, claim).filter(|_| ephemeral) {
            return Err(why);
        }
    }
    Ok(any)
}

fn claims_of(cycle: &Cycle<'_>) -> PodClaims {
    let (pod, volumes) = (&*cycle.pod.pod, &cycle.lookup.volumes);
    let mut claims = PodClaims::default();
    for name in pod.claims() {
        let Some(claim) = volumes.claim(&pod.metadata.namespace, &name) else { continue };
        let class = volumes.class_of(claim);
        let waits = class.is_some_and(|class| {
            class.volume_binding_mode.as_deref() == Some(WAIT_FOR_FIRST_CONSUMER)
        });
        if claim.is_fully_bound() {
            claims.bound.push(Arc::clone(claim));
        } else if waits && claim.spec.volume_name.is_empty() {
            claims.delayed.push(Arc::clone(claim));
        } else {
            claims.immediate = true;
        }
    }
    claims
}

impl PreFilter for VolumeBinding {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        match has_claims(cycle) {
            Ok(false) => return PreFiltered::Skip,
            Ok(true) => {}
            Err(why) => {
                let code = Code::UnschedulableAndUnresolvable;
                return PreFiltered::Refused(Status::new(code, why));
            }
        }
        let claims = claims_of(cycle);
        if claims.immediate {
            let why = "pod has unbound immediate PersistentVolumeClaims";
            return PreFiltered::Refused(Status::unresolvable(why));
        }
        state.put(claims);
        PreFiltered::All
    }
}

impl Filter for VolumeBinding {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> Verdict {
        let (Some(claims), Some(node)) = (state.get::<PodClaims>(), &info.node) else {
            return Ok(());
        };
        binder::find(&cycle.lookup.volumes, claims, node).map(|_| ())
    }
}

impl Reserve for VolumeBinding {
    fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> Result<Vec<Assumed>, Status> {
        let claims = claims_of(cycle);
        let found = binder::find(&cycle.lookup.volumes, &claims, node)?;
        Ok(found.decisions(&node.metadata.name))
    }
}

impl PreBind for VolumeBinding {
    fn is_done(&self, lookup: &Lookup, node: &Node, all: &[Assumed]) -> Result<bool, Status> {
        let done = all
            .iter()
            .try_fold(true, |done, one| Ok(binder::is_bound(&lookup.volumes, node, one)? && done));
        done.map_err(|why: String| Status::new(Code::Error, format!("binding volumes: {why}")))
    }
}
