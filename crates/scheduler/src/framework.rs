//! What a plugin is: a name and the extension points at which it takes part.
//! Models kube-scheduler/framework/interface.go.

use std::any::Any;
use std::sync::Arc;

use api::{Node, Pod};
use clock::Rng;
use smol_str::SmolStr;

use crate::cache::{Cache, NodeId};
use crate::lookup::Lookup;
use crate::node_info::NodeInfo;
use crate::nominated::Nominated;
use crate::profile::{Filters, Profile};
use crate::template::{PodInfo, Template};
use crate::volumes::{Assumed, StorageChange};

pub const MAX_NODE_SCORE: i64 = 100;

/// How a plugin refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Removing pods could help.
    Unschedulable,
    /// Nothing done on this node would help.
    UnschedulableAndUnresolvable,
    /// Something went wrong; the pod is tried again after a back-off.
    Error,
}

/// A refusal with its reasons, in Kubernetes' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: Code,
    pub reason: SmolStr,
    /// Further reasons; most refusals have one.
    pub more: Vec<SmolStr>,
}

impl Status {
    pub const fn unschedulable(reason: &'static str) -> Self {
        let reason = SmolStr::new_static(reason);
        Status { code: Code::Unschedulable, reason, more: Vec::new() }
    }

    pub const fn unresolvable(reason: &'static str) -> Self {
        let reason = SmolStr::new_static(reason);
        Status { code: Code::UnschedulableAndUnresolvable, reason, more: Vec::new() }
    }

    pub fn new(code: Code, reason: impl Into<SmolStr>) -> Self {
        Status { code, reason: reason.into(), more: Vec::new() }
    }

    pub fn reasons(&self) -> impl Iterator<Item = &SmolStr> {
        std::iter::once(&self.reason).chain(&self.more)
    }

    pub fn message(&self) -> String {
        self.reasons().map(SmolStr::as_str).collect::<Vec<_>>().join(", ")
    }
}

pub type Verdict = std::result::Result<(), Status>;

/// One attempt to place one pod.
#[derive(Clone, Copy)]
pub struct Cycle<'a> {
    pub pod: &'a PodInfo,
    pub cache: &'a Cache,
    pub lookup: &'a Lookup,
    pub nominated: &'a Nominated,
}

impl<'a> Cycle<'a> {
    pub fn template(&self) -> &'a Template {
        &self.pod.template
    }
}

/// What plugins remember between the extension points of one cycle, by type.
#[derive(Default)]
pub struct CycleState {
    entries: Vec<Box<dyn Any>>,
}

impl CycleState {
    pub fn put<T: Any>(&mut self, value: T) {
        self.entries.retain(|entry| !entry.is::<T>());
        self.entries.push(Box::new(value));
    }

    pub fn get<T: Any>(&self) -> Option<&T> {
        self.entries.iter().find_map(|entry| entry.downcast_ref::<T>())
    }

    pub fn get_mut<T: Any>(&mut self) -> Option<&mut T> {
        self.entries.iter_mut().find_map(|entry| entry.downcast_mut::<T>())
    }
}

/// What `PreFilter` says.
pub enum PreFiltered {
    /// Run the filter on all nodes.
    All,
    /// The filter has nothing to say of this pod.
    Skip,
    /// Only these nodes are left, by name.
    Nodes(Vec<SmolStr>),
    /// No node will do.
    Refused(Status),
}

/// Whether a plugin's filter or score looks at one node alone (so that its answer holds as long as
/// the node does not change) or at the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Node,
    Cluster,
}

/// A change in the cluster that may help a pod that was refused.
pub enum ClusterEvent<'a> {
    NodeAdd(&'a Node),
    NodeUpdate {
        old: &'a Node,
        new: &'a Node,
        change: NodeChange,
    },
    NodeDelete(&'a Node),
    AssignedPodAdd(&'a Pod),
    AssignedPodUpdate {
        old: &'a Pod,
        new: &'a Pod,
        change: PodChange,
    },
    AssignedPodDelete(&'a Arc<Pod>),
    /// The waiting pod itself.
    PodUpdate {
        old: &'a Pod,
        new: &'a Pod,
        change: PodChange,
    },
    /// A claim, a volume or what else volumes hang on.
    Storage(&'a StorageChange),
}

/// Kinds of cluster events, as bits.
pub mod kind {
    pub const NODE_ADD: u16 = 1;
    pub const NODE_DELETE: u16 = 1 << 1;
    pub const NODE_ALLOCATABLE: u16 = 1 << 2;
    pub const NODE_LABEL: u16 = 1 << 3;
    pub const NODE_TAINT: u16 = 1 << 4;
    pub const NODE_OTHER: u16 = 1 << 5;
    pub const POD_ADD: u16 = 1 << 6;
    pub const POD_UPDATE: u16 = 1 << 7;
    pub const POD_DELETE: u16 = 1 << 8;
    /// An update of the waiting pod itself.
    pub const SELF_UPDATE: u16 = 1 << 9;
    /// Claims, volumes, classes and drivers.
    pub const STORAGE: u16 = 1 << 10;
}

impl ClusterEvent<'_> {
    pub fn kind(&self) -> u16 {
        match self {
            ClusterEvent::NodeAdd(_) => kind::NODE_ADD,
            ClusterEvent::NodeDelete(_) => kind::NODE_DELETE,
            ClusterEvent::NodeUpdate { change, .. } => match change {
                NodeChange::Allocatable => kind::NODE_ALLOCATABLE,
                NodeChange::Label => kind::NODE_LABEL,
                NodeChange::Taint => kind::NODE_TAINT,
                NodeChange::Condition | NodeChange::Annotation => kind::NODE_OTHER,
            },
            ClusterEvent::AssignedPodAdd(_) => kind::POD_ADD,
            ClusterEvent::AssignedPodUpdate { .. } => kind::POD_UPDATE,
            ClusterEvent::AssignedPodDelete(_) => kind::POD_DELETE,
            ClusterEvent::PodUpdate { .. } => kind::SELF_UPDATE,
            ClusterEvent::Storage(_) => kind::STORAGE,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    Allocatable,
    Label,
    Taint,
    Condition,
    Annotation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodChange {
    Label,
    ScaleDown,
    GatesEliminated,
    Toleration,
    Other,
}

/// A plugin. Each of the later methods gives the plugin at one extension point.
pub trait Plugin: Send + Sync {
    fn name(&self) -> &'static str;

    /// The kinds of events for which `hint` is worth asking.
    fn events(&self) -> u16 {
        0
    }

    /// Whether a pod that this plugin refused should be tried again after this event: its queueing
    /// hint.
    fn hint(&self, _pod: &PodInfo, _event: &ClusterEvent<'_>, _lookup: &Lookup) -> bool {
        false
    }

    fn queue_sort(&self) -> Option<&dyn QueueSort> {
        None
    }
    fn pre_enqueue(&self) -> Option<&dyn PreEnqueue> {
        None
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        None
    }
    fn filter(&self) -> Option<&dyn Filter> {
        None
    }
    fn post_filter(&self) -> Option<&dyn PostFilter> {
        None
    }
    fn pre_score(&self) -> Option<&dyn PreScore> {
        None
    }
    fn score(&self) -> Option<&dyn Score> {
        None
    }
    fn reserve(&self) -> Option<&dyn Reserve> {
        None
    }
    fn permit(&self) -> Option<&dyn Permit> {
        None
    }
    fn pre_bind(&self) -> Option<&dyn PreBind> {
        None
    }
    fn bind(&self) -> Option<&dyn Bind> {
        None
    }
    fn post_bind(&self) -> Option<&dyn PostBind> {
        None
    }
}

/// Orders the active queue: smaller goes first; equal ones in the order of their waiting.
pub trait QueueSort {
    fn rank(&self, pod: &PodInfo) -> i64;
}

/// Whether a pod may wait for scheduling at all.
pub trait PreEnqueue {
    fn pre_enqueue(&self, pod: &Pod) -> Verdict;
}

pub trait PreFilter {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered;

    /// Brings the state up to date with a pod that is thought to come to a node, or to leave it
    /// (`by` is -1).
    fn change(&self, _: &Cycle<'_>, _: &mut CycleState, _pod: &PodInfo, _: &NodeInfo, _by: i64) {}
}

pub trait Filter {
    fn scope(&self) -> Scope {
        Scope::Node
    }
    /// `node` has its `Node`: nodes that are not known are never asked about.
    fn filter(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> Verdict;
}

/// What was found about the nodes before `PostFilter`, and what it may use.
pub struct Refusals<'a> {
    /// Of the nodes that were looked at.
    pub nodes: &'a [(NodeId, &'a Status)],
    /// Of all others.
    pub others: Option<&'a Status>,
    pub total: usize,
    pub profile: &'a Profile,
    /// None where a plugin refused before any node was looked at.
    pub filters: Option<&'a Filters<'a>>,
    pub rng: &'a mut Rng,
}

impl Refusals<'_> {
    pub fn of(&self, node: NodeId) -> Option<&Status> {
        let known = self.nodes.iter().find(|(id, _)| *id == node);
        known.map(|(_, status)| *status).or(self.others)
    }

    /// The nodes on which removing pods could help.
    pub fn resolvable(&self, cycle: &Cycle<'_>) -> Vec<NodeId> {
        let helps = |status: &Status| status.code == Code::Unschedulable;
        let looked = self.nodes.iter().filter(|(_, status)| helps(status)).map(|(id, _)| *id);
        if !self.others.is_some_and(helps) {
            return looked.collect();
        }
        let order = cycle.cache.order().iter().copied();
        order.filter(|id| self.of(*id).is_some_and(helps)).collect()
    }
}

/// A node that gets room for the pod once the victims are gone.
#[derive(Clone, Debug)]
pub struct Nomination {
    pub node: SmolStr,
    pub victims: Vec<PodInfo>,
    /// The nodes that were as good.
    pub tie: Vec<SmolStr>,
}

/// What could not be done, in words for the message.
pub struct NoHelp {
    pub status: Status,
    /// Whether a node that the pod was nominated to before is not its any more.
    pub clears: bool,
}

pub trait PostFilter {
    fn post_filter(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        refusals: &mut Refusals<'_>,
    ) -> std::result::Result<Nomination, NoHelp>;
}

pub trait PreScore {
    /// False: the score has nothing to say of this pod.
    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> bool;
}

pub trait Score {
    fn scope(&self) -> Scope {
        Scope::Node
    }
    /// The raw score of a feasible node.
    fn score(&self, cycle: &Cycle<'_>, state: &CycleState, node: &NodeInfo) -> i64;

    /// Whether `normalize` does anything.
    fn normalizes(&self) -> bool {
        false
    }

    /// Brings the raw scores of all feasible nodes into 0 to 100; leaves them if they are.
    fn normalize(&self, _state: &CycleState, _nodes: &[&NodeInfo], _scores: &mut [i64]) {}
}

pub trait Reserve {
    /// What must be written before the pod is bound to the node; taken as done from now on.
    fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> std::result::Result<Vec<Assumed>, Status>;
}

pub trait Permit {
    fn permit(&self, pod: &PodInfo, node: &str) -> Verdict;
}

pub trait PreBind {
    /// Whether others have done what `all`, now written, asks of them.
    fn is_done(
        &self,
        lookup: &Lookup,
        node: &Node,
        all: &[Assumed],
    ) -> std::result::Result<bool, Status>;
}

pub trait Bind {
    /// `None`: this plugin does not bind such a pod.
    fn bind(&self, api: &mut dyn client::Api, pod: &PodInfo, node: &str) -> Option<Verdict>;
}

pub trait PostBind {
    fn post_bind(&self, pod: &PodInfo, node: &str);
}

/// Scales so that the largest becomes 100, and turns the order round if asked.
/// Models pkg/scheduler/framework/plugins/helper/normalize_score.go.
pub fn default_normalize(reverse: bool, scores: &mut [i64]) {
    let max = scores.iter().copied().max().unwrap_or(0).max(0);
    for score in scores {
        *score = match (max, reverse) {
            (0, true) => MAX_NODE_SCORE,
            (0, false) => *score,
            (_, false) => MAX_NODE_SCORE * *score / max,
            (_, true) => MAX_NODE_SCORE - MAX_NODE_SCORE * *score / max,
        };
    }
}
