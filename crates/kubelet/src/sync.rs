//! Brings a pod forward: sandbox, init containers in order, sidecars, containers, restarts.
//! Models pkg/kubelet/kuberuntime/kuberuntime_manager.go `SyncPod` and `computePodActions`.

use std::net::Ipv4Addr;

use apimachinery::meta::Key;
use client::Ctx;
use client::fabric::{Next, Place, Process, Sandbox, World};
use clock::{Duration, SimTime};

use crate::kubelet::{Keep, Shared};
use crate::token::Kind;
use crate::volumes::Mounted;
use crate::worker::{Stage, State, Work, Worker};

const COMMAND_NOT_FOUND: i32 = 127;

impl Worker {
    /// Does whatever is due. Called at every timer of the pod; doing it once more does nothing.
    pub(crate) fn sync(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        if self.overdue(ctx) {
            return self.fail_deadline(shared, ctx);
        }
        match self.stage {
            Stage::Sandbox { due } if due <= ctx.now => self.make_sandbox(shared, ctx),
            Stage::Sandbox { .. } => return Keep::Yes,
            Stage::Terminating => return self.reap(shared, ctx),
            Stage::Teardown { due } if due <= ctx.now => return self.finish(shared, ctx),
            Stage::Teardown { .. } | Stage::Finished => return Keep::Yes,
            Stage::Active => {}
        }
        if self.stage == Stage::Active {
            self.advance(shared, ctx);
            return self.settle(shared, ctx);
        }
        Keep::Yes
    }

    fn make_sandbox(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        let node = shared.node.clone();
        let Mounted { own: volumes, shared: outliving } =
            match self.mount_volumes(shared, ctx, node.as_deref()) {
                Ok(mounted) => mounted,
                Err(missing) => return self.wait_for_volume(shared, ctx, &missing),
            };
        let host = self.pod.spec.host_network;
        let address = if host {
            Some(shared.config.address)
        } else {
            shared.ipam.as_mut().and_then(|ipam| ipam.take())
        };
        let Some(address) = address else { return self.no_network(shared, ctx) };
        self.address = address;
        let before = ctx.fabric.remove_sandbox(self.uid());
        let is_new = before.is_none();
        let (old, kept) = before.map(|one| (one.processes, one.volumes)).unwrap_or_default();
        let mut processes = Vec::with_capacity(self.works.len());
        let containers = (0..self.works.len()).filter_map(|index| self.container(index));
        // What ran before leaves its logs.
        processes.extend(old);
        processes.extend(
            containers.skip(processes.len()).map(|container| Process {
                container: container.name.clone(),
                ..Process::default()
            }),
        );
        let sandbox = Sandbox {
            place: Place {
                pod: Key::of(&self.pod.metadata),
                node: shared.config.name.clone(),
                address,
                host_network: host,
                body: self.pod.spec.body.clone(),
            },
            processes,
            volumes: kept.or((!volumes.is_empty()).then(|| Box::new(volumes))),
            shared: (!outliving.is_empty()).then(|| Box::new(outliving)),
            settings: None,
        };
        ctx.fabric.add_sandbox(self.uid(), sandbox);
        self.stage = Stage::Active;
        if !is_new {
            self.begin_anew(shared, ctx);
        }
    }

    fn no_network(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        let due = ctx.now + Duration::from_secs(2);
        self.stage = Stage::Sandbox { due };
        ctx.timers.at(due, self.token(Kind::Sync, 0));
        if let Some(ipam) = &shared.ipam {
            let pod = self.pod.clone();
            let message = format!(
                "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup \
                 network for sandbox: plugin type=\"bridge\" failed (add): failed to allocate for \
                 range 0: no IP addresses available in range set: {}",
                ipam.range()
            );
            shared.event(ctx, &pod, None, "Warning", "FailedCreatePodSandBox", &message);
        }
    }

    /// Starts what may start now, in the spec's order.
    fn advance(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        for index in 0..self.works.len() {
            if index >= self.init_count() || self.main_begun() {
                break;
            }
            self.push_on(shared, ctx, index);
            if !self.init_done(index) {
                return;
            }
        }
        // One start at a time: the next container's image is pulled when this one has started. The
        // emulated kubelets of the recordings started all at once.
        let in_turn = !shared.knobs().as_recorded;
        let busy = self.works.iter().position(Work::is_coming_up);
        for index in busy.into_iter().chain(0..self.works.len()) {
            if index >= self.init_count() || self.is_sidecar(index) {
                self.push_on(shared, ctx, index);
            }
            if in_turn && self.works.get(index).is_some_and(Work::is_coming_up) {
                return;
            }
        }
    }

    fn main_begun(&self) -> bool {
        self.works.iter().skip(self.init_count()).any(|work| !matches!(work.state, State::Waiting))
    }

    fn init_done(&self, index: usize) -> bool {
        let Some(work) = self.works.get(index) else { return false };
        if self.is_sidecar(index) { work.started } else { work.ended() == Some(0) }
    }

    /// Moves one container to its next state, if that is due.
    fn push_on(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let now = ctx.now;
        let Some(work) = self.works.get_mut(index) else { return };
        match &work.state {
            State::Waiting => self.want_image(shared, ctx, index),
            State::Pulling { due, .. } if *due <= now => self.pulled(shared, ctx, index),
            State::NoImage { retry_at, .. } if *retry_at <= now => {
                self.want_again(shared, ctx, index);
            }
            State::NoImage { reason, backoff_at, .. }
                if *backoff_at <= now && *reason == "ErrImagePull" =>
            {
                self.pull_backed_off(shared, ctx, index);
            }
            State::Starting { due } if *due <= now => self.started(shared, ctx, index),
            State::Exited { restart_at: Some(at), .. } if *at <= now => {
                self.restart(shared, ctx, index);
            }
            State::CrashLoop { until, .. } if *until <= now => self.restart(shared, ctx, index),
            _ => {}
        }
    }

    fn restart(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let knobs = shared.knobs().clone();
        let Some(work) = self.works.get_mut(index) else { return };
        let ended_at = match &work.state {
            State::Exited { at, .. } | State::CrashLoop { at, .. } => *at,
            _ => return,
        };
        let (initial, max) = (knobs.backoff_initial_secs, knobs.backoff_max_secs);
        work.backoff.next(ended_at, ctx.now, initial, max);
        work.begin_again();
        self.want_image(shared, ctx, index);
    }

    /// The image is there: the container is made, and starts a moment later.
    pub(crate) fn create(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        if !self.env_ready(shared, ctx, index) {
            return;
        }
        let again = self.works.get(index).is_some_and(|work| work.restarts > 0);
        // The emulated kubelets of the recordings needed no time for an init container.
        let at_once = again || (shared.knobs().as_recorded && index < self.init_count());
        let span = if at_once {
            Duration::from_millis(5)
        } else if shared.knobs().as_recorded {
            shared.knobs().container_start + shared.knobs().jitter
        } else {
            shared.about(ctx, shared.knobs().container_start)
        };
        let due = ctx.now + span;
        self.container_event(shared, ctx, index, "Normal", "Created", "Container created");
        ctx.timers.at(due, self.token(Kind::Sync, index));
        if let Some(work) = self.works.get_mut(index) {
            work.state = State::Starting { due };
        }
    }

    fn started(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let Some(container) = self.container(index) else { return };
        let (startup, readiness) =
            (container.startup_probe.is_some(), container.readiness_probe.is_some());
        let Some(program) = ctx.fabric.registry.program(container) else { return };
        let uid = self.uid();
        if let Some(process) = ctx.fabric.process_mut(uid, index) {
            process.restart(program, ctx.now);
        }
        let since = ctx.time();
        let seed = ctx.rng.next_u64() | 1;
        let Some(work) = self.works.get_mut(index) else { return };
        work.state = State::Running { since };
        work.seed = seed;
        work.kill = None;
        work.started = !startup;
        work.ready = work.started && !readiness;
        self.dirty = true;
        self.container_event(shared, ctx, index, "Normal", "Started", "Container started");
        self.arm_probes(shared, ctx, index);
        self.act(shared, ctx, index);
    }

    /// A program's wait is over.
    pub(crate) fn step(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) -> Keep {
        let due = self.works.get(index).and_then(|work| work.step_due);
        if due.is_some_and(|due| due <= ctx.now) {
            self.act(shared, ctx, index);
            return self.after_exit(shared, ctx);
        }
        Keep::Yes
    }

    /// Lets the program act, and remembers when it wants to act again.
    fn act(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) {
        let uid = self.uid();
        let program = ctx.fabric.process(uid, index).and_then(|process| process.program.clone());
        let Some(program) = program else { return };
        let mut world = World {
            fabric: ctx.fabric,
            uid,
            container: index,
            now: ctx.now,
            epoch: ctx.epoch,
            rng: ctx.rng,
        };
        let next = program.step(&mut world);
        let Some(work) = self.works.get_mut(index) else { return };
        work.step_due = None;
        match next {
            Next::Wait(span) => {
                let due = ctx.now + span.max(Duration::from_micros(1));
                work.step_due = Some(due);
                ctx.timers.at(due, self.token(Kind::Step, index));
            }
            Next::Serve(span) => {
                let at = ctx.now + span;
                if let Some(process) = ctx.fabric.process_mut(uid, index) {
                    process.listening = at;
                }
            }
            // The emulated kubelets of the recordings took any command for one that stays.
            Next::Exit(COMMAND_NOT_FOUND) if shared.knobs().as_recorded => {}
            Next::Exit(code) => self.exited(shared, ctx, index, code),
        }
    }

    /// What a process's end leads to.
    pub(crate) fn after_exit(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        match shared.alive {
            false => Keep::Yes,
            true if self.is_ending() => self.reap(shared, ctx),
            true => self.sync(shared, ctx),
        }
    }

    pub(crate) fn container_event(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        type_: &'static str,
        reason: &str,
        message: &str,
    ) {
        let pod = self.pod.clone();
        let Some(name) = self.container(index).map(|container| container.name.clone()) else {
            return;
        };
        // The emulated kubelets of the recordings told init containers and others alike, and of
        // sidecars only that they start.
        let emulated = shared.knobs().as_recorded;
        if emulated && reason != "Started" && self.is_sidecar(index) {
            return;
        }
        let init = index < self.init_count() && !emulated;
        shared.event(ctx, &pod, Some((&name, init)), type_, reason, message);
    }

    /// The address as the status tells it; none yet is `None`.
    pub(crate) fn ip(&self) -> Option<Ipv4Addr> {
        (self.address != Ipv4Addr::UNSPECIFIED).then_some(self.address)
    }

    pub(crate) fn wake(&self, ctx: &mut Ctx<'_>, at: SimTime) {
        ctx.timers.at(at, self.token(Kind::Sync, 0));
    }
}
