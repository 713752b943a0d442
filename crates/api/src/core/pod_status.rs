//! How a pod is. Kept small: a large cluster has 150,000 of these.

use std::fmt;
use std::sync::Arc;

use apimachinery::time::Time;
use apimachinery::wire::{Extra, Wire, WireError, take_field, take_object};
use apimachinery::wire_struct;
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::container::ResourceRequirements;

/// Where a pod stands in its life. `Unset` is what a status without a phase has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodPhase {
    #[default]
    Unset,
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl PodPhase {
    pub const fn as_str(self) -> &'static str {
        match self {
            PodPhase::Unset => "",
            PodPhase::Pending => "Pending",
            PodPhase::Running => "Running",
            PodPhase::Succeeded => "Succeeded",
            PodPhase::Failed => "Failed",
            PodPhase::Unknown => "Unknown",
        }
    }

    /// Whether the pod will run no more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, PodPhase::Succeeded | PodPhase::Failed)
    }
}

impl fmt::Display for PodPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Wire for PodPhase {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let text = String::from_value(value)?;
        [
            PodPhase::Unset,
            PodPhase::Pending,
            PodPhase::Running,
            PodPhase::Succeeded,
            PodPhase::Failed,
            PodPhase::Unknown,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == text)
        .ok_or_else(|| WireError::new(format!("{text:?} is not a pod phase")))
    }
    fn to_value(&self) -> Value {
        self.as_str().into()
    }
    fn is_empty(&self) -> bool {
        *self == PodPhase::Unset
    }
}

/// True, False or Unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionStatus {
    True,
    False,
    #[default]
    Unknown,
}

impl ConditionStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        }
    }

    pub const fn of(yes: bool) -> Self {
        if yes { ConditionStatus::True } else { ConditionStatus::False }
    }
}

impl fmt::Display for ConditionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Wire for ConditionStatus {
    fn from_value(value: Value) -> Result<Self, WireError> {
        match String::from_value(value)?.as_str() {
            "True" => Ok(ConditionStatus::True),
            "False" => Ok(ConditionStatus::False),
            "Unknown" => Ok(ConditionStatus::Unknown),
            other => Err(WireError::new(format!("{other:?} is not a condition status"))),
        }
    }
    fn to_value(&self) -> Value {
        self.as_str().into()
    }
}

/// The type of a pod condition; the kubelet's and scheduler's own cost nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodConditionType {
    PodScheduled,
    PodReadyToStartContainers,
    Initialized,
    Ready,
    ContainersReady,
    DisruptionTarget,
    /// Boxed twice, so that the known ones stay small.
    #[allow(clippy::box_collection)]
    Other(Box<String>),
}

impl PodConditionType {
    pub fn as_str(&self) -> &str {
        match self {
            PodConditionType::PodScheduled => "PodScheduled",
            PodConditionType::PodReadyToStartContainers => "PodReadyToStartContainers",
            PodConditionType::Initialized => "Initialized",
            PodConditionType::Ready => "Ready",
            PodConditionType::ContainersReady => "ContainersReady",
            PodConditionType::DisruptionTarget => "DisruptionTarget",
            PodConditionType::Other(name) => name,
        }
    }
}

impl From<&str> for PodConditionType {
    fn from(text: &str) -> Self {
        match text {
            "PodScheduled" => PodConditionType::PodScheduled,
            "PodReadyToStartContainers" => PodConditionType::PodReadyToStartContainers,
            "Initialized" => PodConditionType::Initialized,
            "Ready" => PodConditionType::Ready,
            "ContainersReady" => PodConditionType::ContainersReady,
            "DisruptionTarget" => PodConditionType::DisruptionTarget,
            other => PodConditionType::Other(Box::new(other.to_owned())),
        }
    }
}

/// Why a condition is as it is; shared between pods in the same state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    pub reason: SmolStr,
    pub message: SmolStr,
}

/// One condition of a pod. `lastProbeTime` shows as `null`, as the kubelet leaves it.
#[derive(Clone, Debug, PartialEq)]
pub struct PodCondition {
    pub type_: PodConditionType,
    pub status: ConditionStatus,
    pub last_transition_time: Option<Time>,
    pub why: Option<Arc<Why>>,
    pub observed_generation: i64,
    pub extra: Extra,
}

impl PodCondition {
    pub fn new(type_: PodConditionType, status: ConditionStatus, since: Time) -> Self {
        PodCondition {
            type_,
            status,
            last_transition_time: Some(since),
            why: None,
            observed_generation: 0,
            extra: Extra::default(),
        }
    }

    pub fn reason(&self) -> &str {
        self.why.as_ref().map_or("", |why| &why.reason)
    }

    pub fn message(&self) -> &str {
        self.why.as_ref().map_or("", |why| &why.message)
    }
}

impl Wire for PodCondition {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        let type_: String = take_field(&mut map, "type")?;
        let why = Why {
            reason: take_field(&mut map, "reason")?,
            message: take_field(&mut map, "message")?,
        };
        Ok(PodCondition {
            type_: PodConditionType::from(type_.as_str()),
            status: take_field(&mut map, "status")?,
            last_transition_time: take_field(&mut map, "lastTransitionTime")?,
            why: if why == Why::default() { None } else { Some(Arc::new(why)) },
            observed_generation: take_field(&mut map, "observedGeneration")?,
            extra: Extra::keep(map),
        })
    }

    fn to_value(&self) -> Value {
        let mut map = match &self.extra.0 {
            Some(extra) => (**extra).clone(),
            None => Map::new(),
        };
        map.entry("lastProbeTime").or_insert(Value::Null);
        map.insert("lastTransitionTime".into(), self.last_transition_time.to_value());
        if !self.message().is_empty() {
            map.insert("message".into(), self.message().into());
        }
        if self.observed_generation != 0 {
            map.insert("observedGeneration".into(), self.observed_generation.into());
        }
        if !self.reason().is_empty() {
            map.insert("reason".into(), self.reason().into());
        }
        map.insert("status".into(), self.status.to_value());
        map.insert("type".into(), self.type_.as_str().into());
        Value::Object(map)
    }
}

wire_struct! {
    /// Not running yet, and why.
    pub struct ContainerStateWaiting {
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
    }
}

wire_struct! {
    /// Running since.
    pub struct ContainerStateRunning {
        pub started_at: Option<Time> => "startedAt" keep,
    }
}

wire_struct! {
    /// Ended, how and when.
    pub struct ContainerStateTerminated {
        pub container_id: SmolStr => "containerID",
        pub exit_code: i32 => "exitCode" keep,
        pub finished_at: Option<Time> => "finishedAt" keep,
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub signal: i32 => "signal",
        pub started_at: Option<Time> => "startedAt" keep,
    }
}

/// The state of a container; `None` only before the kubelet has seen it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ContainerState {
    #[default]
    None,
    Waiting(Box<ContainerStateWaiting>),
    Running(Time),
    Terminated(Box<ContainerStateTerminated>),
}

impl ContainerState {
    pub fn waiting(reason: &str, message: &str) -> Self {
        ContainerState::Waiting(Box::new(ContainerStateWaiting {
            reason: reason.into(),
            message: message.into(),
            ..ContainerStateWaiting::default()
        }))
    }
}

impl Wire for ContainerState {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        let waiting: Option<Box<ContainerStateWaiting>> = take_field(&mut map, "waiting")?;
        let running: Option<ContainerStateRunning> = take_field(&mut map, "running")?;
        let terminated: Option<Box<ContainerStateTerminated>> = take_field(&mut map, "terminated")?;
        Ok(match (waiting, running, terminated) {
            (_, _, Some(terminated)) => ContainerState::Terminated(terminated),
            (_, Some(running), _) => {
                ContainerState::Running(running.started_at.unwrap_or_default())
            }
            (Some(waiting), _, _) => ContainerState::Waiting(waiting),
            _ => ContainerState::None,
        })
    }

    fn to_value(&self) -> Value {
        let mut map = Map::new();
        match self {
            ContainerState::None => {}
            ContainerState::Waiting(waiting) => {
                map.insert("waiting".into(), waiting.to_value());
            }
            ContainerState::Running(since) => {
                let running = ContainerStateRunning {
                    started_at: Some(*since),
                    ..ContainerStateRunning::default()
                };
                map.insert("running".into(), running.to_value());
            }
            ContainerState::Terminated(terminated) => {
                map.insert("terminated".into(), terminated.to_value());
            }
        }
        Value::Object(map)
    }

    fn is_empty(&self) -> bool {
        *self == ContainerState::None
    }
}

wire_struct! {
    /// How one container is.
    pub struct ContainerStatus {
        pub container_id: SmolStr => "containerID",
        pub image: SmolStr => "image" keep,
        pub image_id: SmolStr => "imageID" keep,
        pub last_state: ContainerState => "lastState" keep,
        pub name: SmolStr => "name" keep,
        pub ready: bool => "ready" keep,
        /// What the container was given; one value for all pods of a template.
        pub resources: Option<Arc<ResourceRequirements>> => "resources",
        pub restart_count: i32 => "restartCount" keep,
        pub started: Option<bool> => "started",
        pub state: ContainerState => "state" keep,
    }
}

wire_struct! {
    /// One address of a pod or host.
    pub struct PodIp {
        pub ip: SmolStr => "ip" keep,
    }
}

wire_struct! {
    /// How a pod is.
    pub struct PodStatus {
        pub conditions: Vec<PodCondition> => "conditions",
        pub container_statuses: Vec<ContainerStatus> => "containerStatuses",
        pub host_ip: SmolStr => "hostIP",
        pub host_ips: Vec<PodIp> => "hostIPs",
        pub init_container_statuses: Vec<ContainerStatus> => "initContainerStatuses",
        pub message: SmolStr => "message",
        pub nominated_node_name: SmolStr => "nominatedNodeName",
        pub observed_generation: i64 => "observedGeneration",
        pub phase: PodPhase => "phase",
        pub pod_ip: SmolStr => "podIP",
        pub pod_ips: Vec<PodIp> => "podIPs",
        pub qos_class: SmolStr => "qosClass",
        pub reason: SmolStr => "reason",
        pub start_time: Option<Time> => "startTime",
    }
}

impl PodStatus {
    /// Lists of addresses that only repeat the single one are derived when written.
    pub fn drop_repeated_ips(&mut self) {
        let repeats = |list: &[PodIp], ip: &SmolStr| matches!(list, [only] if only.ip == *ip && only.extra.0.is_none());
        if repeats(&self.pod_ips, &self.pod_ip) {
            self.pod_ips = Vec::new();
        }
        if repeats(&self.host_ips, &self.host_ip) {
            self.host_ips = Vec::new();
        }
    }

    /// All addresses of the pod, the first one first.
    pub fn all_pod_ips(&self) -> impl Iterator<Item = &SmolStr> {
        let single = self.pod_ips.is_empty().then_some(&self.pod_ip).filter(|ip| !ip.is_empty());
        self.pod_ips.iter().map(|ip| &ip.ip).chain(single)
    }

    pub fn condition(&self, type_: &PodConditionType) -> Option<&PodCondition> {
        self.conditions.iter().find(|condition| condition.type_ == *type_)
    }

    pub fn is_ready(&self) -> bool {
        self.condition(&PodConditionType::Ready)
            .is_some_and(|condition| condition.status == ConditionStatus::True)
    }

    /// Sets a condition; the transition time moves only when the status does. True if it changed.
    pub fn set_condition(&mut self, mut condition: PodCondition) -> bool {
        match self.conditions.iter_mut().find(|old| old.type_ == condition.type_) {
            Some(old) => {
                if old.status == condition.status {
                    condition.last_transition_time = old.last_transition_time;
                }
                let changed = *old != condition;
                *old = condition;
                changed
            }
            None => {
                self.conditions.push(condition);
                true
            }
        }
    }
}
