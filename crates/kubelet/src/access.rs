//! What the API server asks of a kubelet by its own port: logs, exec, figures.

use std::collections::BTreeMap;

use api::Pod;
use api::core::pod_status::ContainerStatus;
use apimachinery::meta::Key;
use apimachinery::status::{Reason, Status};
use apimachinery::time::MicroTime;
use client::Fabric;
use client::fabric::{Output, World, sandbox};
use clock::{Rng, SimTime};
use smol_str::SmolStr;

use crate::kubelet::Kubelet;

/// What part of a log is wanted.
#[derive(Clone, Debug, Default)]
pub struct LogRequest {
    /// Must name a container of the pod.
    pub container: SmolStr,
    pub previous: bool,
    pub tail_lines: Option<u64>,
    pub since_seconds: Option<i64>,
    pub timestamps: bool,
    pub limit_bytes: Option<u64>,
}

fn status_of<'a>(pod: &'a Pod, container: &str) -> Option<&'a ContainerStatus> {
    let status = &pod.status;
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses);
    all.find(|one| one.name == container)
}

/// The log of one container. Errors carry the kubelet's words.
pub fn logs(
    fabric: &Fabric,
    pod: &Pod,
    request: &LogRequest,
    now: SimTime,
    epoch: i64,
) -> Result<String, Box<Status>> {
    let (name, meta) = (&request.container, &pod.metadata);
    reachable(fabric, pod)?;
    let lines = fabric.logs(meta.uid, name, request.previous, now, epoch);
    let Some(mut lines) = lines else {
        return Err(Status::bad_request(if request.previous {
            format!("previous terminated container \"{name}\" in pod \"{}\" not found", meta.name)
        } else {
            use api::core::pod_status::ContainerState::Waiting;
            let reason = match status_of(pod, name).map(|one| &one.state) {
                Some(Waiting(waiting)) => waiting.reason.clone(),
                _ => SmolStr::new_static("ContainerCreating"),
            };
            let pod = &meta.name;
            match reason.as_str() {
                "ErrImagePull" | "ImagePullBackOff" => format!(
                    "container \"{name}\" in pod \"{pod}\" is waiting to start: trying and \
                     failing to pull image"
                ),
                "InvalidImageName" => {
                    format!("container \"{name}\" in pod \"{pod}\" is waiting to start: {reason}")
                }
                reason => {
                    format!("container \"{name}\" in pod \"{pod}\" is waiting to start: {reason}")
                }
            }
        }));
    };
    if let Some(secs) = request.since_seconds {
        let span = clock::Duration::from_secs(u64::try_from(secs).unwrap_or(0));
        lines.retain(|line| now.since(line.at) <= span);
    }
    if let Some(tail) = request.tail_lines {
        let skip = lines.len().saturating_sub(usize::try_from(tail).unwrap_or(usize::MAX));
        lines.drain(..skip);
    }
    let mut text = String::new();
    for line in &lines {
        if request.timestamps {
            text.push_str(&stamp(line.at, epoch));
            text.push(' ');
        }
        text.push_str(&line.text);
        text.push('\n');
    }
    if let Some(limit) = request.limit_bytes {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    Ok(text)
}

/// `2026-11-20T12:34:56.123456789Z`
fn stamp(at: SimTime, epoch: i64) -> String {
    let time = MicroTime(epoch.saturating_mul(1_000_000)).time();
    let secs = apimachinery::time::Time(time.0.saturating_add((at.nanos() / 1_000_000_000) as i64));
    let c = secs.civil();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z",
        c.year,
        c.month,
        c.day,
        c.hour,
        c.minute,
        c.second,
        at.nanos() % 1_000_000_000
    )
}

/// The API server reaches the kubelet by its machine's address.
fn reachable(fabric: &Fabric, pod: &Pod) -> Result<(), Box<Status>> {
    let node = &pod.spec.node_name;
    if node.is_empty() || fabric.is_governed(node) {
        return Ok(());
    }
    let address = fabric.machines.get(node).map(|m| m.address.to_string()).unwrap_or_default();
    let why = format!("dial tcp {address}:10250: connect: no route to host");
    Err(Status::new(Reason::InternalError, format!("Get \"https://{address}:10250\": {why}")))
}

/// Runs a command in a running container.
pub fn exec(
    fabric: &mut Fabric,
    pod: &Pod,
    container: &str,
    command: &[SmolStr],
    now: SimTime,
    epoch: i64,
    rng: &mut Rng,
) -> Result<Output, Box<Status>> {
    reachable(fabric, pod)?;
    let uid = pod.metadata.uid;
    let index = fabric.sandboxes.get(&uid).and_then(|sandbox| {
        sandbox.processes.iter().position(|p| p.container == container && p.is_running())
    });
    let Some(index) = index else {
        return Err(Status::new(
            Reason::InternalError,
            format!("unable to upgrade connection: container not found (\"{container}\")"),
        ));
    };
    let argv: Vec<&str> = command.iter().map(SmolStr::as_str).collect();
    let mut world = World { fabric, uid, container: index, now, epoch, rng };
    Ok(crate::shell::run_command(&mut world, &argv))
}

/// What a container takes, as cAdvisor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub pod: Key,
    pub container: SmolStr,
    /// CPU time since the container started: the difference of two readings is the rate.
    pub cpu_nanos: u64,
    pub memory_bytes: u64,
}

/// What one running process takes.
pub(crate) fn usage_of(
    sandbox: &sandbox::Sandbox,
    process: &sandbox::Process,
    now: SimTime,
) -> Option<Usage> {
    let profile = process.program.as_ref().filter(|_| process.is_running())?.profile();
    let ran = now.since(process.started).as_nanos() as u64;
    let idle = ran / 1000 * u64::from(profile.idle_cpu_milli);
    let busy = process.served * u64::from(profile.cpu_micros_per_request) * 1000;
    let log: u64 = process.log.iter().map(|line| line.text.len() as u64).sum();
    Some(Usage {
        pod: sandbox.place.pod.clone(),
        container: process.container.clone(),
        cpu_nanos: idle.saturating_add(busy).saturating_add(process.spun(now)),
        memory_bytes: profile.memory_bytes + log + process.served.min(4096) * 256,
    })
}

/// CPU time so far and memory of all running containers, by node, in one look over the machines.
pub fn usage_by_node(fabric: &Fabric, now: SimTime) -> BTreeMap<SmolStr, (u64, u64)> {
    let mut nodes: BTreeMap<SmolStr, (u64, u64)> = BTreeMap::new();
    for sandbox in fabric.sandboxes.values() {
        let node = nodes.entry(sandbox.place.node.clone()).or_default();
        for process in &sandbox.processes {
            let Some(usage) = usage_of(sandbox, process, now) else { continue };
            node.0 = node.0.saturating_add(usage.cpu_nanos);
            node.1 = node.1.saturating_add(usage.memory_bytes);
        }
    }
    nodes
}

impl Kubelet {
    /// Figures of all running containers of this node.
    pub fn usage(&self, fabric: &Fabric, now: SimTime) -> Vec<Usage> {
        let here = |sandbox: &&sandbox::Sandbox| sandbox.place.node == self.node_name();
        let sandboxes = fabric.sandboxes.values().filter(here);
        sandboxes
            .flat_map(|sandbox| {
                sandbox.processes.iter().filter_map(move |one| usage_of(sandbox, one, now))
            })
            .collect()
    }
}
