//! The end of a pod: hooks, SIGTERM, the grace period, SIGKILL, and the last word to the API.
//! Models pkg/kubelet/kuberuntime/kuberuntime_container.go `killContainer`.

use api::Pod;
use api::core::pod_status::ContainerStateTerminated;
use client::fabric::{Client, Stop, World, travel};
use client::{ApiExt, Ctx, DeleteOptions};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::kubelet::{Keep, Shared};
use crate::token::Kind;
use crate::worker::{Stage, State, Worker};

pub(crate) const SIGKILL: i32 = 137;
const STOP_SECONDS: &str = "fake/stop-seconds";
const DEFAULT_GRACE_SECS: i64 = 30;

impl Worker {
    /// The pod is to go. A second call with a shorter grace period hurries.
    pub(crate) fn terminate(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        let grace = self.pod.metadata.deletion_grace_period_seconds().unwrap_or(DEFAULT_GRACE_SECS);
        let end = ctx.now + Duration::from_secs(u64::try_from(grace).unwrap_or(0).max(1));
        match self.stage {
            Stage::Finished | Stage::Teardown { .. } => return Keep::Yes,
            Stage::Terminating if self.deadline.is_some_and(|deadline| deadline <= end) => {
                return Keep::Yes;
            }
            Stage::Terminating => {
                self.deadline = Some(end);
                self.hurry(ctx, end);
                return Keep::Yes;
            }
            Stage::Sandbox { .. } | Stage::Active => {}
        }
        self.deadline = Some(end);
        self.stop_all(shared, ctx);
        self.stage = Stage::Terminating;
        self.reap(shared, ctx)
    }

    fn hurry(&mut self, ctx: &mut Ctx<'_>, end: SimTime) {
        for index in 0..self.works.len() {
            let token = self.token(Kind::Killed, index);
            let Some(work) = self.works.get_mut(index) else { continue };
            if work.kill.is_some_and(|(at, _)| at > end) {
                work.kill = Some((end, SIGKILL));
                ctx.timers.at(end, token);
            }
        }
    }

    /// Tells everything to stop; sidecars after the others.
    pub(crate) fn stop_all(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        let grace = self.pod.spec.termination_grace_period_seconds.unwrap_or(DEFAULT_GRACE_SECS);
        let end = self
            .deadline
            .unwrap_or(ctx.now + Duration::from_secs(u64::try_from(grace).unwrap_or(0).max(1)));
        self.deadline = Some(end);
        let mut last = ctx.now;
        for index in (0..self.works.len()).rev() {
            if self.is_sidecar(index) {
                continue;
            }
            self.stop(shared, ctx, index, end, ctx.now, "Stopping container");
            if let Some((at, _)) = self.works.get(index).and_then(|work| work.kill) {
                last = last.max(at);
            }
        }
        for index in (0..self.init_count()).rev() {
            if self.is_sidecar(index) {
                // The emulated kubelets of the recordings stopped all at once.
                let from = if shared.knobs().as_recorded { ctx.now } else { last };
                self.stop(shared, ctx, index, end, from, "Stopping container");
                if let Some((at, _)) = self.works.get(index).and_then(|work| work.kill) {
                    last = last.max(at);
                }
            }
        }
    }

    /// Stops one container from `from` on; it is dead at `end` at the latest.
    pub(crate) fn stop(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        end: SimTime,
        from: SimTime,
        words: &str,
    ) {
        let Some(name) = self.container(index).map(|c| c.name.clone()) else { return };
        if !self.works.get(index).is_some_and(|work| work.is_running() && work.kill.is_none()) {
            return;
        }
        let message = match words {
            "Stopping container" => format!("Stopping container {name}"),
            why => why.to_owned(),
        };
        self.container_event(shared, ctx, index, "Normal", "Killing", &message);
        let hook = self.pre_stop(shared, ctx, index);
        let process = ctx.fabric.process(self.uid(), index);
        let stop = process.and_then(|process| process.program.as_ref()).map(|p| p.stop());
        let told = self.told_to_stop_in(shared).map(|span| Stop::After(span, 0));
        let (at, code) = match told.or(stop) {
            Some(Stop::After(span, code)) => (from + hook + span, code),
            Some(Stop::Ignored) => (end, SIGKILL),
            None => (from, SIGKILL),
        };
        let (at, code) = if at >= end { (end, SIGKILL) } else { (at, code) };
        ctx.timers.at(at, self.token(Kind::Killed, index));
        if let Some(work) = self.works.get_mut(index) {
            work.kill = Some((at, code));
        }
    }

    /// The emulated kubelets of the recordings let an annotation say how long a pod's stop takes.
    fn told_to_stop_in(&self, shared: &Shared) -> Option<Duration> {
        let seconds = self.pod.metadata.annotation(STOP_SECONDS)?;
        shared.knobs().as_recorded.then(|| seconds.parse().map(Duration::from_secs).ok())?
    }

    /// Runs the hook and says how long it takes.
    fn pre_stop(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) -> Duration {
        let hook = self
            .container(index)
            .and_then(|container| container.lifecycle.as_ref())
            .and_then(|lifecycle| lifecycle.pre_stop.clone());
        let Some(hook) = hook else { return Duration::ZERO };
        if let Some(sleep) = &hook.sleep {
            return Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or(0));
        }
        if let Some(exec) = &hook.exec {
            let argv: Vec<&str> = exec.command.iter().map(SmolStr::as_str).collect();
            let mut world = World {
                fabric: ctx.fabric,
                uid: self.uid(),
                container: index,
                now: ctx.now,
                epoch: ctx.epoch,
                rng: ctx.rng,
            };
            let output = crate::shell::run_command(&mut world, &argv);
            if output.code != 0 {
                self.container_event(
                    shared,
                    ctx,
                    index,
                    "Warning",
                    "FailedPreStopHook",
                    "PreStopHook failed",
                );
            }
            return output.took;
        }
        let Some(get) = &hook.http_get else { return Duration::ZERO };
        let port = self.container(index).and_then(|container| container.port(&get.port));
        let host =
            if get.host.is_empty() { self.address.to_string() } else { get.host.to_string() };
        let url = format!("http://{host}:{}{}", port.unwrap_or(80), get.path);
        let from = Client::Node(shared.config.name.clone());
        let agent = "kube-lifecycle/1.36";
        travel::travel(ctx.fabric, &from, &url, agent, ctx.now, ctx.epoch, ctx.rng).latency
    }

    /// The signal's moment has come.
    pub(crate) fn killed(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize) -> Keep {
        let due = self.works.get(index).and_then(|work| work.kill);
        match due {
            Some((at, code)) if at <= ctx.now => {
                self.exited(shared, ctx, index, code);
                self.after_exit(shared, ctx)
            }
            _ => Keep::Yes,
        }
    }

    /// When the last process has ended, the sandbox is taken down a moment later.
    pub(crate) fn reap(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        if self.stage != Stage::Terminating || self.works.iter().any(|work| work.is_running()) {
            return Keep::Yes;
        }
        let due = ctx.now + shared.knobs().teardown;
        self.stage = Stage::Teardown { due };
        // The end of a pod that is deleted is told once, at its very end.
        self.dirty &= !self.pod.metadata.is_deleting();
        self.wake(ctx, due);
        Keep::Yes
    }

    /// The sandbox is gone: what never ran will not run.
    pub(crate) fn finish(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        self.stage = Stage::Finished;
        self.dirty = true;
        self.release(shared);
        self.release_address(shared, ctx);
        if self.pod.metadata.is_deleting() {
            for work in &mut self.works {
                match std::mem::replace(&mut work.state, State::Waiting) {
                    State::CrashLoop { end, at, .. } | State::Exited { end, at, .. } => {
                        work.state = State::Exited { end, at, restart_at: None };
                    }
                    _ => {
                        let end = Box::new(never_found());
                        work.state = State::Exited { end, at: ctx.now, restart_at: None };
                    }
                }
            }
        }
        Keep::Yes
    }

    pub(crate) fn release_address(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        let uid = self.uid();
        if !self.pod.spec.host_network
            && let Some(address) = self.ip()
            && ctx.fabric.addresses.get(&address) == Some(&uid)
        {
            ctx.fabric.addresses.swap_remove(&address);
            if let Some(ipam) = &mut shared.ipam {
                ipam.release(address);
            }
        }
    }

    /// The API server has forgotten the pod: kill what is left.
    pub(crate) fn vanish(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        for index in 0..self.works.len() {
            if self.stage != Stage::Terminating
                && self.works.get(index).is_some_and(|w| w.is_running())
            {
                let name = self.container(index).map(|c| c.name.clone()).unwrap_or_default();
                let message = format!("Stopping container {name}");
                self.container_event(shared, ctx, index, "Normal", "Killing", &message);
            }
        }
        self.release(shared);
        self.release_address(shared, ctx);
        ctx.fabric.remove_sandbox(self.uid());
        Keep::No
    }

    /// Deletes the pod for good, once its last status is told.
    pub(crate) fn delete_for_good(&mut self, ctx: &mut Ctx<'_>) {
        let meta = &self.pod.metadata;
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            precondition_uid: Some(meta.uid),
            ..DeleteOptions::default()
        };
        let _ = ctx.api.delete::<Pod>(&meta.namespace, &meta.name, options);
    }

    pub(crate) fn overdue(&self, ctx: &Ctx<'_>) -> bool {
        !self.is_ending()
            && self
                .pod
                .spec
                .active_deadline_seconds
                .is_some_and(|seconds| ctx.time().0 >= self.start_time.0.saturating_add(seconds))
    }

    pub(crate) fn fail_deadline(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        let message = "Pod was active on the node longer than the specified deadline";
        let pod = self.pod.clone();
        shared.event(ctx, &pod, None, "Normal", "DeadlineExceeded", message);
        self.failed =
            Some(Box::new((SmolStr::new_static("DeadlineExceeded"), SmolStr::new_static(message))));
        self.dirty = true;
        self.stop_all(shared, ctx);
        self.stage = Stage::Terminating;
        self.reap(shared, ctx)
    }
}

fn never_found() -> ContainerStateTerminated {
    ContainerStateTerminated {
        exit_code: SIGKILL,
        reason: SmolStr::new_static("ContainerStatusUnknown"),
        message: SmolStr::new_static(
            "The container could not be located when the pod was terminated",
        ),
        ..ContainerStateTerminated::default()
    }
}
