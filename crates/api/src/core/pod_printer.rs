//! A pod in one line: how many containers are ready, one word for its state, restarts.
// Models printPod of pkg/printers/internalversion/printers.go.

use apimachinery::time::Time;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use super::container::Container;
use super::pod::Pod;
use super::pod_status::{
    ConditionStatus, ContainerState, ContainerStateTerminated, ContainerStatus, PodConditionType,
};
use crate::object::{Column, age, since};

pub static COLUMNS: [Column; 9] = [
    Column::text("Name"),
    Column::text("Ready"),
    Column::text("Status"),
    Column::text("Restarts"),
    Column::text("Age"),
    Column::wide("IP"),
    Column::wide("Node"),
    Column::wide("Nominated Node"),
    Column::wide("Readiness Gates"),
];

/// What a line says of a pod's containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSummary {
    /// `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating`, …
    pub word: SmolStr,
    pub ready: u32,
    pub total: u32,
    pub restarts: i64,
    pub last_restart: Option<Time>,
}

/// One word for the state of a pod, as `kubectl get pods` shows it.
pub fn status_word(pod: &Pod) -> SmolStr {
    summary(pod).word
}

pub fn summary(pod: &Pod) -> PodSummary {
    let status = &pod.status;
    let sidecars = pod.spec.init_containers.iter().filter(|c| is_sidecar(c)).count();
    let mut word = SmolStr::new_static(status.phase.as_str());
    if !status.reason.is_empty() {
        word = status.reason.clone();
    }
    let scheduled = PodConditionType::PodScheduled;
    let gated = |c: &&super::pod_status::PodCondition| c.type_ == scheduled;
    if status.conditions.iter().filter(gated).any(|c| c.reason() == "SchedulingGated") {
        word = SmolStr::new_static("SchedulingGated");
    }
    let mut line = PodSummary {
        word,
        ready: 0,
        total: (pod.spec.containers.len() + sidecars) as u32,
        restarts: 0,
        last_restart: None,
    };
    let init = add_init_containers(&mut line, pod);
    let initialized = status
        .condition(&PodConditionType::Initialized)
        .is_some_and(|condition| condition.status == ConditionStatus::True);
    if !init.initializing || initialized {
        line.restarts = init.sidecar_restarts;
        line.last_restart = init.last_sidecar_restart;
        add_containers(&mut line, pod);
    }
    if pod.metadata.is_deleting() {
        if status.reason == "NodeLost" {
            line.word = SmolStr::new_static("Unknown");
        } else if !status.phase.is_terminal() {
            line.word = SmolStr::new_static("Terminating");
        }
    }
    line
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn last_end(container: &ContainerStatus) -> Option<Time> {
    match &container.last_state {
        ContainerState::Terminated(last) => last.finished_at,
        _ => None,
    }
}

struct InitResult {
    initializing: bool,
    sidecar_restarts: i64,
    last_sidecar_restart: Option<Time>,
}

fn add_init_containers(line: &mut PodSummary, pod: &Pod) -> InitResult {
    let mut result =
        InitResult { initializing: false, sidecar_restarts: 0, last_sidecar_restart: None };
    for (i, container) in pod.status.init_container_statuses.iter().enumerate() {
        let spec = pod.spec.init_containers.iter().find(|spec| spec.name == container.name);
        let sidecar = spec.is_some_and(is_sidecar);
        line.restarts += i64::from(container.restart_count);
        line.last_restart = line.last_restart.max(last_end(container));
        if sidecar {
            result.sidecar_restarts += i64::from(container.restart_count);
            result.last_sidecar_restart = result.last_sidecar_restart.max(last_end(container));
        }
        let word = match &container.state {
            ContainerState::Terminated(end) if end.exit_code == 0 => continue,
            _ if sidecar && container.started == Some(true) => {
                line.ready += u32::from(container.ready);
                continue;
            }
            ContainerState::Terminated(end) => format_smolstr!("Init:{}", end_word(end)),
            ContainerState::Waiting(wait)
                if !wait.reason.is_empty() && wait.reason != "PodInitializing" =>
            {
                format_smolstr!("Init:{}", wait.reason)
            }
            _ => format_smolstr!("Init:{i}/{}", pod.spec.init_containers.len()),
        };
        line.word = word;
        result.initializing = true;
        break;
    }
    result
}

fn end_word(end: &ContainerStateTerminated) -> SmolStr {
    match (end.reason.is_empty(), end.signal) {
        (false, _) => end.reason.clone(),
        (true, 0) => format_smolstr!("ExitCode:{}", end.exit_code),
        (true, signal) => format_smolstr!("Signal:{signal}"),
    }
}

fn add_containers(line: &mut PodSummary, pod: &Pod) {
    let mut has_running = false;
    let mut error = None;
    for container in pod.status.container_statuses.iter().rev() {
        line.restarts += i64::from(container.restart_count);
        line.last_restart = line.last_restart.max(last_end(container));
        match &container.state {
            ContainerState::Waiting(wait) if !wait.reason.is_empty() => {
                line.word = wait.reason.clone();
            }
            ContainerState::Terminated(end) => {
                line.word = end_word(end);
                if end.exit_code != 0 {
                    error = Some(line.word.clone());
                }
            }
            ContainerState::Running(_) if container.ready => {
                has_running = true;
                line.ready += 1;
            }
            _ => {}
        }
    }
    if line.word != "Completed" {
        return;
    }
    if has_running && pod.status.is_ready() {
        line.word = SmolStr::new_static("Running");
    } else if let Some(error) = error {
        line.word = error;
    } else if has_running {
        line.word = SmolStr::new_static("NotReady");
    }
}

fn or_none(text: &str) -> Value {
    if text.is_empty() { "<none>" } else { text }.into()
}

fn readiness_gates(pod: &Pod) -> String {
    let gates = &pod.spec.readiness_gates;
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let holds = |gate: &&Value| {
        let type_ = PodConditionType::from(gate["conditionType"].as_str().unwrap_or_default());
        pod.status.condition(&type_).is_some_and(|c| c.status == ConditionStatus::True)
    };
    format!("{}/{}", gates.iter().filter(holds).count(), gates.len())
}

pub fn row(pod: &Pod, now: Time) -> Vec<Value> {
    let line = summary(pod);
    let restarts = match line.last_restart {
        Some(last) if line.restarts != 0 => {
            format!("{} ({} ago)", line.restarts, since(Some(last), now))
        }
        _ => line.restarts.to_string(),
    };
    vec![
        pod.metadata.name.as_str().into(),
        format!("{}/{}", line.ready, line.total).into(),
        line.word.as_str().into(),
        restarts.into(),
        age(&pod.metadata, now).into(),
        or_none(&pod.status.pod_ip),
        or_none(&pod.spec.node_name),
        or_none(&pod.status.nominated_node_name),
        readiness_gates(pod).into(),
    ]
}
