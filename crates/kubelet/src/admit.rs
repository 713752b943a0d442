//! Admission at the kubelet: whether a pod fits on the node, once more.
//! Models pkg/kubelet/lifecycle/predicate.go.

use api::core::container::{Container, ResourceList};
use client::Ctx;
use smol_str::SmolStr;

use crate::kubelet::Shared;
use crate::token::Kind;
use crate::worker::{Stage, Worker};

fn amounts(list: &ResourceList) -> (i64, i64) {
    let cpu = list.get("cpu").map_or(0, |amount| amount.milli_value());
    let memory = list.get("memory").map_or(0, |amount| amount.value());
    (cpu, memory)
}

impl Worker {
    /// What the pod asks for: the sum of what runs together, or the largest init container.
    fn pod_requests(&self) -> (i64, i64) {
        let of = |container: &Container| amounts(&container.resources.requests);
        let mut sum = (0i64, 0i64);
        let mut peak = (0i64, 0i64);
        for (index, container) in self.pod.spec.init_containers.iter().enumerate() {
            let (cpu, memory) = of(container);
            peak = (peak.0.max(sum.0 + cpu), peak.1.max(sum.1 + memory));
            if self.is_sidecar(index) {
                sum = (sum.0 + cpu, sum.1 + memory);
            }
        }
        for container in &self.pod.spec.containers {
            let (cpu, memory) = of(container);
            sum = (sum.0.saturating_add(cpu), sum.1.saturating_add(memory));
        }
        let (cpu, memory) = amounts(&self.pod.spec.overhead);
        (sum.0.max(peak.0).saturating_add(cpu), sum.1.max(peak.1).saturating_add(memory))
    }

    /// Counts the pod in, or fails it; pods that have ended or are going are not started.
    pub(crate) fn admit(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        if self.pod.status.phase.is_terminal() || self.pod.metadata.is_deleting() {
            self.stage = Stage::Finished;
            self.dirty = self.pod.metadata.is_deleting();
            return;
        }
        self.requests = self.pod_requests();
        if let Some((reason, message)) = self.misfit(shared, ctx) {
            let pod = self.pod.clone();
            shared.event(ctx, &pod, None, "Warning", &reason, &message);
            let message = smol_str::format_smolstr!("Pod was rejected: {message}");
            self.failed = Some(Box::new((reason, message)));
            self.stage = Stage::Finished;
            return;
        }
        self.admitted = true;
        let used = &mut shared.used;
        *used = (used.0 + self.requests.0, used.1 + self.requests.1, used.2 + 1);
        if let Stage::Sandbox { due } = self.stage {
            ctx.timers.at(due, self.token(Kind::Sync, 0));
        }
        if let Some(seconds) = self.pod.spec.active_deadline_seconds {
            let end = apimachinery::time::Time(self.start_time.0.saturating_add(seconds));
            let at = ctx.sim_time(end).max(ctx.now);
            ctx.timers.at(at, self.token(Kind::Sync, 0));
        }
    }

    fn misfit(&self, shared: &Shared, ctx: &Ctx<'_>) -> Option<(SmolStr, SmolStr)> {
        let (cpu, memory) = self.requests;
        let (used_cpu, used_memory, pods) = shared.used;
        let config = &shared.config;
        let wants = [
            ("pods", 1, i64::from(pods), i64::from(config.pods)),
            ("cpu", cpu, used_cpu, config.cpu.milli_value()),
            ("memory", memory, used_memory, config.memory.value()),
        ];
        let short = |(name, requested, used, capacity): &(&str, i64, i64, i64)| {
            (*requested > 0 && used.saturating_add(*requested) > *capacity).then(|| {
                let message = smol_str::format_smolstr!(
                    "Node didn't have enough resource: {name}, requested: {requested}, \
                     used: {used}, capacity: {capacity}"
                );
                (smol_str::format_smolstr!("OutOf{name}"), message)
            })
        };
        let pressed = self.under_pressure(shared);
        pressed.or_else(|| wants.iter().find_map(short)).or_else(|| self.port_clash(shared, ctx))
    }

    fn port_clash(&self, shared: &Shared, ctx: &Ctx<'_>) -> Option<(SmolStr, SmolStr)> {
        let ports = |containers: &[Container]| -> Vec<i32> {
            let all = containers.iter().flat_map(|container| &container.ports);
            all.map(|port| port.host_port).filter(|port| *port > 0).collect()
        };
        let wanted = ports(&self.pod.spec.containers);
        if wanted.is_empty() {
            return None;
        }
        let taken = ctx.fabric.sandboxes.values().any(|sandbox| {
            sandbox.place.node == shared.config.name
                && sandbox.processes.iter().any(|process| process.ended.is_none())
                && ports(&sandbox.place.body.containers).iter().any(|port| wanted.contains(port))
        });
        let words = "Predicate NodePorts failed: node(s) didn't have free ports for the \
                     requested pod ports";
        taken.then(|| (SmolStr::new_static("NodePorts"), SmolStr::new_static(words)))
    }

    /// Gives back what the pod took of the node's resources. Once.
    pub(crate) fn release(&mut self, shared: &mut Shared) {
        if std::mem::take(&mut self.admitted) {
            let used = &mut shared.used;
            *used = (used.0 - self.requests.0, used.1 - self.requests.1, used.2.saturating_sub(1));
        }
    }

    /// Whether the pod was never let in.
    pub(crate) fn rejected(&self) -> bool {
        self.failed.as_ref().is_some_and(|why| why.1.starts_with("Pod was rejected: "))
    }
}
