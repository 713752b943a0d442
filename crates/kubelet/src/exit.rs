//! The end of a container, and whether it starts again.

use api::core::pod_status::ContainerStateTerminated;
use client::Ctx;
use smol_str::{SmolStr, format_smolstr};

use crate::kubelet::{Keep, Shared};
use crate::lost::LOST_WITH_MACHINE;
use crate::token::Kind;
use crate::worker::{Stage, State, Worker};

impl Worker {
    /// A process has ended.
    pub(crate) fn exited(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        code: i32,
    ) {
        let uid = self.uid();
        if let Some(process) = ctx.fabric.process_mut(uid, index) {
            process.ended.get_or_insert(ctx.now);
        }
        let again = !self.is_ending() && self.restarts(index, code);
        let now = ctx.now;
        let time = ctx.time();
        let knobs = shared.knobs().clone();
        let Some(work) = self.works.get_mut(index) else { return };
        let State::Running { since } = work.state else { return };
        let reason = match code {
            0 => "Completed",
            137 if work.kill.is_none() => "OOMKilled",
            LOST_WITH_MACHINE => "Unknown",
            _ => "Error",
        };
        let end = Box::new(ContainerStateTerminated {
            container_id: container_id(work.seed),
            exit_code: code,
            reason: SmolStr::new_static(reason),
            started_at: Some(since),
            finished_at: Some(time),
            ..ContainerStateTerminated::default()
        });
        work.ready = false;
        work.started = false;
        work.step_due = None;
        work.kill = None;
        work.probes = None;
        let waits = again.then(|| work.backoff.until(now, knobs.backoff_max_secs)).flatten();
        let restart_at = again.then(|| now + knobs.relist);
        self.dirty = true;
        if !shared.alive {
            let restart_at = waits.or(restart_at);
            work.state = State::Exited { end, at: now, restart_at };
            return;
        }
        match waits {
            None => {
                work.state = State::Exited { end, at: now, restart_at };
                if let Some(at) = restart_at {
                    ctx.timers.at(at, self.token(Kind::Sync, index));
                }
            }
            Some(until) => {
                work.state = State::Exited { end, at: now, restart_at: None };
                // The end is told by itself before the back-off is.
                let _ = self.flush(shared, ctx);
                self.back_off(shared, ctx, index, until);
            }
        }
    }

    fn back_off(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        index: usize,
        until: clock::SimTime,
    ) {
        let Some(work) = self.works.get_mut(index) else { return };
        match std::mem::replace(&mut work.state, State::Waiting) {
            State::Exited { end, at, .. } => work.state = State::CrashLoop { end, until, at },
            other => work.state = other,
        }
        ctx.timers.at(until, self.token(Kind::Sync, index));
        let name = self.container(index).map(|c| c.name.clone()).unwrap_or_default();
        let message =
            format!("Back-off restarting failed container {name} in pod {}", self.full_name());
        self.container_event(shared, ctx, index, "Warning", "BackOff", &message);
        self.dirty = true;
    }

    /// `web_default(uid)`, as the kubelet's texts name pods.
    pub(crate) fn full_name(&self) -> SmolStr {
        let meta = &self.pod.metadata;
        format_smolstr!("{}_{}({})", meta.name, meta.namespace, meta.uid)
    }

    /// Models `ShouldContainerBeRestarted` and the init containers' own rule.
    fn restarts(&self, index: usize, code: i32) -> bool {
        let policy = self.pod.spec.restart_policy.as_str();
        if self.is_sidecar(index) {
            return !self.mains_done();
        }
        if index < self.init_count() {
            return code != 0 && policy != "Never";
        }
        match policy {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => true,
        }
    }

    /// Whether every container has ended for good.
    pub(crate) fn mains_done(&self) -> bool {
        self.works
            .iter()
            .skip(self.init_count())
            .all(|work| matches!(work.state, State::Exited { restart_at: None, .. }))
    }

    fn init_failed(&self) -> bool {
        self.pod.spec.restart_policy == "Never"
            && (0..self.init_count()).any(|index| {
                !self.is_sidecar(index)
                    && self.works.get(index).and_then(|w| w.ended()).is_some_and(|code| code != 0)
            })
    }

    pub(crate) fn is_done(&self) -> bool {
        !self.works.is_empty() && (self.mains_done() || self.init_failed())
    }

    /// Ends the pod when its work is done or has failed for good.
    pub(crate) fn settle(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) -> Keep {
        if !self.is_done() || self.stage != Stage::Active {
            return Keep::Yes;
        }
        self.stop_all(shared, ctx);
        self.stage = Stage::Terminating;
        self.reap(shared, ctx)
    }
}

/// `containerd://` and 64 digits.
pub(crate) fn container_id(seed: u64) -> SmolStr {
    use client::fabric::registry::mix;
    if seed == 0 {
        return SmolStr::default();
    }
    let parts = [seed, mix(seed), mix(seed ^ 0x5bd1_e995), mix(seed.rotate_left(23))];
    let [a, b, c, d] = parts;
    format_smolstr!("containerd://{a:016x}{b:016x}{c:016x}{d:016x}")
}
