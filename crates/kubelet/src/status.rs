//! A pod's status as the kubelet tells it, and telling it.
//! Models pkg/kubelet/kubelet_pods.go `getPhase`, status/generate.go and status/status_manager.go.

use std::sync::Arc;

use api::core::pod_status::{
    ConditionStatus, ContainerState, ContainerStatus, PodCondition, PodConditionType, PodPhase,
    PodStatus,
};
use api::{Pod, core::container::Container};
use apimachinery::duration::Duration as GoDuration;
use apimachinery::time::Time;
use client::{ApiExt, Ctx};
use smol_str::{SmolStr, format_smolstr};

use crate::eviction::EVICTED;
use crate::exit::container_id;
use crate::kubelet::{Keep, Shared};
use crate::worker::{Stage, State, Work, Worker};

/// The verdict of one condition: status, reason, message.
type Verdict = (bool, &'static str, SmolStr);

fn names_of<'a>(names: impl Iterator<Item = &'a SmolStr>) -> String {
    names.map(SmolStr::as_str).collect::<Vec<_>>().join(" ")
}

impl Worker {
    /// Tells the status if it changed, and deletes a pod whose last word is said.
    pub(crate) fn flush(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        if !std::mem::take(&mut self.dirty) {
            return Keep::Yes;
        }
        for _ in 0..3 {
            let status = self.status(shared, ctx.time());
            if status == self.pod.status {
                break;
            }
            let mut pod = Pod::clone(&self.pod);
            pod.status = status;
            match ctx.api.update_status(pod) {
                Ok(pod) => {
                    self.pod = pod;
                    break;
                }
                Err(error) if error.is_conflict() => {
                    let meta = &self.pod.metadata;
                    match ctx.api.get::<Pod>(&meta.namespace, &meta.name) {
                        Ok(pod) if pod.metadata.uid == meta.uid => self.pod = pod,
                        _ => break,
                    }
                }
                Err(_) => break,
            }
        }
        let deleting = self.pod.metadata.is_deleting();
        if self.stage == Stage::Finished && deleting {
            self.delete_for_good(ctx);
        } else if deleting && !self.is_ending() {
            // The re-read pod is going: a watch event will not tell it again.
            return self.terminate(shared, ctx);
        }
        Keep::Yes
    }

    fn status(&self, shared: &mut Shared, now: Time) -> PodStatus {
        let old = &self.pod.status;
        let generation = self.pod.metadata.generation;
        let mut status = PodStatus {
            conditions: Vec::with_capacity(5),
            qos_class: old.qos_class.clone(),
            nominated_node_name: SmolStr::default(),
            observed_generation: generation,
            start_time: Some(self.start_time),
            extra: old.extra.clone(),
            ..PodStatus::default()
        };
        if let Some(why) = &self.failed {
            (status.reason, status.message) = (why.0.clone(), why.1.clone());
        }
        if self.rejected() {
            status.phase = PodPhase::Failed;
            status.conditions = old.conditions.clone();
            return status;
        }
        if self.stage == Stage::Finished && old.phase.is_terminal() && !self.admitted_once() {
            return old.clone();
        }
        // The lists of addresses are derived when the status is written out.
        status.host_ip = shared.address.clone();
        if let Some(ip) = self.ip() {
            status.pod_ip = format_smolstr!("{ip}");
        }
        let (init, main) = self.works.split_at(self.init_count().min(self.works.len()));
        let waiting = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
        status.init_container_statuses.reserve_exact(init.len());
        status.container_statuses.reserve_exact(main.len());
        for (work, container) in init.iter().zip(&self.pod.spec.init_containers) {
            status.init_container_statuses.push(self.container_status(work, container, waiting));
        }
        for (work, container) in main.iter().zip(&self.pod.spec.containers) {
            let mut one = self.container_status(work, container, waiting);
            if work.seed != 0 {
                one.resources = Some(shared.resources(&container.resources));
            }
            status.container_statuses.push(one);
        }
        for (index, one) in status.init_container_statuses.iter_mut().enumerate() {
            if shared.knobs().as_recorded {
                one.image_id = SmolStr::default();
            }
            // An init container is ready when it has done its work.
            if !self.is_sidecar(index) {
                one.ready = init.get(index).is_some_and(|work| work.ended() == Some(0));
            }
        }
        status.phase = match &self.failed {
            Some(_) => PodPhase::Failed,
            None => self.phase(),
        };
        self.conditions(&mut status, shared, now);
        status
    }

    fn admitted_once(&self) -> bool {
        self.works.iter().any(|work| !matches!(work.state, State::Waiting))
    }

    fn phase(&self) -> PodPhase {
        let old = self.pod.status.phase;
        if old.is_terminal() {
            return old;
        }
        let init = self.init_count();
        let mut pending_init = false;
        let mut failed_init = false;
        for (index, work) in self.works.iter().enumerate().take(init) {
            if self.is_sidecar(index) {
                pending_init |= !work.started && work.ended().is_none() && work.last.is_none();
                continue;
            }
            match work.ended().or(work.last.as_ref().map(|last| last.exit_code)) {
                Some(0) => {}
                Some(_) if self.pod.spec.restart_policy == "Never" => failed_init = true,
                _ => pending_init = true,
            }
        }
        let (mut running, mut waiting, mut stopped, mut failed) = (0, 0, 0, 0);
        for work in self.works.iter().skip(init) {
            match &work.state {
                State::Running { .. } => running += 1,
                State::Exited { end, .. } => {
                    stopped += 1;
                    failed += u32::from(end.exit_code != 0);
                }
                State::CrashLoop { .. } => stopped += 1,
                _ if work.last.is_some() => stopped += 1,
                _ => waiting += 1,
            }
        }
        let ending = self.is_ending();
        if failed_init {
            return PodPhase::Failed;
        }
        if pending_init && !ending {
            return PodPhase::Pending;
        }
        if waiting > 0 {
            return PodPhase::Pending;
        }
        if running > 0 || stopped == 0 {
            return PodPhase::Running;
        }
        let for_good = ending || self.mains_done();
        match self.pod.spec.restart_policy.as_str() {
            "Always" if !ending => PodPhase::Running,
            _ if !for_good => PodPhase::Running,
            _ if failed == 0 => PodPhase::Succeeded,
            _ => PodPhase::Failed,
        }
    }

    fn conditions(&self, status: &mut PodStatus, shared: &mut Shared, now: Time) {
        let old = &self.pod.status;
        let generation = self.pod.metadata.generation;
        // Scheduler's and others' conditions stand as they are.
        for condition in &old.conditions {
            let own = matches!(
                condition.type_,
                PodConditionType::PodReadyToStartContainers
                    | PodConditionType::Initialized
                    | PodConditionType::Ready
                    | PodConditionType::ContainersReady
            );
            if !own && condition.type_ == PodConditionType::PodScheduled {
                status.conditions.push(condition.clone());
            }
        }
        let sandbox = matches!(self.stage, Stage::Active | Stage::Terminating);
        let ready = self.containers_ready(status);
        let all = [
            (PodConditionType::PodReadyToStartContainers, (sandbox, "", SmolStr::default())),
            (PodConditionType::Initialized, self.initialized(status)),
            (PodConditionType::Ready, self.pod_ready(&ready)),
            (PodConditionType::ContainersReady, ready),
        ];
        for (type_, (good, reason, message)) in all {
            let before = old.condition(&type_);
            let (mut reason, mut message) = (SmolStr::new_static(reason), message);
            if shared.knobs().as_recorded
                && let Some(before) = before
            {
                if reason.is_empty() {
                    reason = before.reason().into();
                }
                if message.is_empty() {
                    message = before.message().into();
                }
            }
            let state = ConditionStatus::of(good);
            let since = before
                .filter(|before| before.status == state)
                .and_then(|before| before.last_transition_time)
                .unwrap_or(now);
            let mut condition = PodCondition::new(type_, state, since);
            condition.observed_generation = generation;
            if !reason.is_empty() || !message.is_empty() {
                condition.why = match before.and_then(|before| before.why.as_ref()) {
                    Some(why) if why.reason == reason && why.message == message => {
                        Some(Arc::clone(why))
                    }
                    _ => Some(shared.why(&reason, &message)),
                };
            }
            status.conditions.push(condition);
        }
        let others = old.conditions.iter().filter(|condition| {
            matches!(
                condition.type_,
                PodConditionType::DisruptionTarget | PodConditionType::Other(_)
            )
        });
        status.conditions.extend(others.cloned());
        if let Some(why) = self.failed.as_ref().filter(|why| why.0 == EVICTED) {
            let type_ = PodConditionType::DisruptionTarget;
            let since = old.condition(&type_).and_then(|before| before.last_transition_time);
            status.conditions.retain(|condition| condition.type_ != type_);
            let mut condition =
                PodCondition::new(type_, ConditionStatus::of(true), since.unwrap_or(now));
            condition.observed_generation = generation;
            condition.why = Some(shared.why("TerminationByKubelet", &why.1));
            status.conditions.push(condition);
        }
    }

    fn initialized(&self, status: &PodStatus) -> Verdict {
        if status.phase == PodPhase::Succeeded {
            return (true, "PodCompleted", SmolStr::default());
        }
        let begun = self.works.iter().skip(self.init_count()).any(|work| work.seed != 0);
        let open: Vec<&SmolStr> = self
            .pod
            .spec
            .init_containers
            .iter()
            .enumerate()
            .filter(|(index, _)| {
                let work = self.works.get(*index);
                !work.is_some_and(|work| {
                    if self.is_sidecar(*index) { work.started } else { work.ended() == Some(0) }
                })
            })
            .map(|(_, container)| &container.name)
            .collect();
        if begun || open.is_empty() {
            return (true, "", SmolStr::default());
        }
        let names = names_of(open.into_iter());
        let message = format_smolstr!("containers with incomplete status: [{names}]");
        (false, "ContainersNotInitialized", message)
    }

    fn containers_ready(&self, status: &PodStatus) -> Verdict {
        match status.phase {
            PodPhase::Succeeded => return (false, "PodCompleted", SmolStr::default()),
            PodPhase::Failed => return (false, "PodFailed", SmolStr::default()),
            _ => {}
        }
        let sidecars = status
            .init_container_statuses
            .iter()
            .enumerate()
            .filter(|(index, one)| self.is_sidecar(*index) && !one.ready)
            .map(|(_, one)| &one.name);
        let mains = status.container_statuses.iter().filter(|one| !one.ready).map(|one| &one.name);
        let names = names_of(sidecars.chain(mains));
        if names.is_empty() {
            return (true, "", SmolStr::default());
        }
        let message = format_smolstr!("containers with unready status: [{names}]");
        (false, "ContainersNotReady", message)
    }

    fn pod_ready(&self, containers: &Verdict) -> Verdict {
        if !containers.0 || self.pod.spec.readiness_gates.is_empty() {
            return containers.clone();
        }
        let mut texts = Vec::new();
        for gate in &self.pod.spec.readiness_gates {
            let name = gate["conditionType"].as_str().unwrap_or_default();
            match self.pod.status.condition(&PodConditionType::from(name)) {
                Some(condition) if condition.status == ConditionStatus::True => {}
                Some(condition) => texts.push(format!(
                    "the status of pod readiness gate \"{name}\" is not \"True\", but {}",
                    condition.status
                )),
                None => texts.push(format!(
                    "corresponding condition of pod readiness gate \"{name}\" does not exist."
                )),
            }
        }
        if texts.is_empty() {
            return containers.clone();
        }
        (false, "ReadinessGatesNotReady", texts.join(", ").into())
    }

    fn container_status(
        &self,
        work: &Work,
        container: &Container,
        waiting: &str,
    ) -> ContainerStatus {
        let state = match &work.state {
            State::Running { since } => ContainerState::Running(*since),
            State::Exited { end, .. } => ContainerState::Terminated(end.clone()),
            State::CrashLoop { .. } => ContainerState::waiting(
                "CrashLoopBackOff",
                &format!(
                    "back-off {} restarting failed container={} pod={}",
                    GoDuration::from_secs(i64::from(work.backoff.secs)),
                    container.name,
                    self.full_name()
                ),
            ),
            State::NoImage { reason, message, .. } => ContainerState::waiting(reason, message),
            // A restart takes a moment: until then the end is what is to be seen.
            _ => match &work.last {
                Some(last) => ContainerState::Terminated(last.clone()),
                None => ContainerState::waiting(waiting, ""),
            },
        };
        let last_state = match (&work.state, &work.last) {
            (State::CrashLoop { end, .. }, _) => ContainerState::Terminated(end.clone()),
            (_, Some(last)) => ContainerState::Terminated(last.clone()),
            (_, None) => ContainerState::None,
        };
        ContainerStatus {
            container_id: container_id(work.seed),
            image: container.image.clone(),
            image_id: if work.seed == 0 { SmolStr::default() } else { work.image_id.clone() },
            last_state,
            name: container.name.clone(),
            ready: work.ready,
            restart_count: i32::try_from(work.restarts).unwrap_or(i32::MAX),
            started: Some(work.started),
            state,
            ..ContainerStatus::default()
        }
    }
}
