//! Refuses nodes without room for the pod, and prefers those with the most room left, or the least.
//! Models pkg/scheduler/framework/plugins/noderesources/fit.go.

mod strategy;

use api::Node;
use smol_str::{SmolStr, format_smolstr};

use crate::config::ScoringStrategy;
use crate::framework::kind;
use crate::framework::{
    ClusterEvent, Code, Cycle, CycleState, Filter, NodeChange, Plugin, PodChange, Score, Status,
    Verdict,
};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::resources::{PodRequests, Resource};
use crate::template::PodInfo;

pub struct NodeResourcesFit {
    pub strategy: ScoringStrategy,
}

/// What a node lacks: one reason a resource.
fn lacking(asked: &Resource, pods: i64, room: &Resource, taken: &Resource) -> Option<Status> {
    let mut reasons: Vec<SmolStr> = Vec::new();
    let mut code = Code::Unschedulable;
    if pods >= room.pods {
        reasons.push(SmolStr::new_static("Too many pods"));
    }
    let plain = [
        ("Insufficient cpu", asked.milli_cpu, room.milli_cpu, taken.milli_cpu),
        ("Insufficient memory", asked.memory, room.memory, taken.memory),
        (
            "Insufficient ephemeral-storage",
            asked.ephemeral_storage,
            room.ephemeral_storage,
            taken.ephemeral_storage,
        ),
    ];
    for (reason, asked, room, taken) in plain {
        if asked > 0 && asked > room - taken {
            reasons.push(SmolStr::new_static(reason));
            if asked > room {
                code = Code::UnschedulableAndUnresolvable;
            }
        }
    }
    for (name, asked) in &asked.scalars {
        if *asked > 0 && *asked > room.scalar(name) - taken.scalar(name) {
            reasons.push(format_smolstr!("Insufficient {name}"));
            if *asked > room.scalar(name) {
                code = Code::UnschedulableAndUnresolvable;
            }
        }
    }
    let mut reasons = reasons.into_iter();
    let reason = reasons.next()?;
    Some(Status { code, reason, more: reasons.collect() })
}

/// Whether the pod would fit the node if it were empty.
fn fits_empty(asked: &Resource, room: &Resource) -> bool {
    lacking(asked, 0, room, &Resource::default()).is_none()
}

fn more_room(asked: &Resource, old: &Node, new: &Node) -> bool {
    let (old, new) = (Resource::of(&old.status.allocatable), Resource::of(&new.status.allocatable));
    new.pods > old.pods
        || (asked.milli_cpu > 0 && new.milli_cpu > old.milli_cpu)
        || (asked.memory > 0 && new.memory > old.memory)
        || (asked.ephemeral_storage > 0 && new.ephemeral_storage > old.ephemeral_storage)
        || asked.scalars.iter().any(|(name, n)| *n > 0 && new.scalar(name) > old.scalar(name))
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }
    fn filter(&self) -> Option<&dyn Filter> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::NODE_ADD
            | kind::NODE_ALLOCATABLE
            | kind::POD_DELETE
            | kind::POD_UPDATE
            | kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        let asked = &pod.template.requests.asked;
        match event {
            ClusterEvent::AssignedPodDelete(_) => true,
            ClusterEvent::NodeAdd(node) => {
                fits_empty(asked, &Resource::of(&node.status.allocatable))
            }
            ClusterEvent::NodeUpdate { old, new, change: NodeChange::Allocatable } => {
                fits_empty(asked, &Resource::of(&new.status.allocatable))
                    && more_room(asked, old, new)
            }
            ClusterEvent::AssignedPodUpdate { old, new, change: PodChange::ScaleDown } => {
                let (old, new) = (&old.spec.body, &new.spec.body);
                freed(asked, &PodRequests::of(old).asked, &PodRequests::of(new).asked)
            }
            ClusterEvent::PodUpdate { new, change: PodChange::ScaleDown, .. } => {
                new.metadata.uid == pod.uid()
            }
            _ => false,
        }
    }
}

fn freed(asked: &Resource, old: &Resource, new: &Resource) -> bool {
    (asked.milli_cpu > 0 && old.milli_cpu > new.milli_cpu)
        || (asked.memory > 0 && old.memory > new.memory)
        || (asked.ephemeral_storage > 0 && old.ephemeral_storage > new.ephemeral_storage)
        || asked.scalars.iter().any(|(name, n)| *n > 0 && old.scalar(name) > new.scalar(name))
}

impl Filter for NodeResourcesFit {
    fn filter(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> Verdict {
        let (asked, room, taken) =
            (&cycle.template().requests.asked, &info.allocatable, &info.requested);
        let pods = info.pods.len() as i64;
        let plenty = pods < room.pods
            && (asked.milli_cpu == 0 || asked.milli_cpu <= room.milli_cpu - taken.milli_cpu)
            && (asked.memory == 0 || asked.memory <= room.memory - taken.memory)
            && asked.ephemeral_storage == 0
            && asked.scalars.is_empty();
        if plenty {
            return Ok(());
        }
        lacking(asked, pods, room, taken).map_or(Ok(()), Err)
    }
}

impl Score for NodeResourcesFit {
    fn score(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> i64 {
        strategy::score(&self.strategy, &cycle.template().requests, info)
    }
}
