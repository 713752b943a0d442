//! What others do to a pod's processes: a kill, a dead sandbox, a machine without power.
//! Models pkg/kubelet/kuberuntime/kuberuntime_manager.go `computePodActions` for a changed sandbox.

use client::Ctx;

use crate::kubelet::{Keep, Shared};
use crate::terminate::SIGKILL;
use crate::worker::{Stage, State, Work, Worker};

/// The exit code that containerd gives a container it lost.
pub(crate) const LOST_WITH_MACHINE: i32 = 255;

impl Worker {
    /// Somebody else killed a container's process; an empty name is the first one's.
    pub(crate) fn shot(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, name: &str) -> Keep {
        let first = self.init_count();
        let index = (0..self.works.len()).find(|index| match name {
            "" => *index >= first,
            name => self.container(*index).is_some_and(|container| container.name == name),
        });
        match index {
            Some(index) => {
                self.lose(shared, ctx, index, SIGKILL);
                self.after_exit(shared, ctx)
            }
            None => Keep::Yes,
        }
    }

    fn lose(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>, index: usize, code: i32) {
        let work = self.works.get_mut(index).filter(|work| work.is_running());
        if let Some(work) = work {
            // A signal, and not the kernel's want of memory.
            work.kill = Some((ctx.now, code));
            self.exited(shared, ctx, index, code);
        }
    }

    /// Every process of the pod has ended with its sandbox. What is to go on gets a new one.
    pub(crate) fn sandbox_lost(
        &mut self,
        shared: &mut Shared,
        ctx: &mut Ctx<'_>,
        code: i32,
    ) -> Keep {
        for index in 0..self.works.len() {
            self.lose(shared, ctx, index, code);
        }
        if self.stage == Stage::Active && !self.is_done() {
            let due = ctx.now + shared.knobs().relist + shared.knobs().sandbox;
            self.stage = Stage::Sandbox { due };
            self.release_address(shared, ctx);
            self.address = std::net::Ipv4Addr::UNSPECIFIED;
            self.dirty = true;
            self.wake(ctx, due);
        }
        self.after_exit(shared, ctx)
    }

    /// A new sandbox stands in for one that was lost: init containers run again, then the others.
    pub(crate) fn begin_anew(&mut self, shared: &mut Shared, ctx: &mut Ctx<'_>) {
        let pod = self.pod.clone();
        let message = "Pod sandbox changed, it will be killed and re-created.";
        shared.event(ctx, &pod, None, "Normal", "SandboxChanged", message);
        self.dirty = true;
        let init = self.init_count();
        let knobs = shared.knobs();
        let (initial, max) = (knobs.backoff_initial_secs, knobs.backoff_max_secs);
        for (index, work) in self.works.iter_mut().enumerate() {
            if matches!(work.state, State::Starting { .. }) {
                work.state = State::Waiting;
            }
            let State::Exited { at, restart_at, .. } = &work.state else { continue };
            if restart_at.is_none() && index >= init {
                continue;
            }
            work.backoff.next(*at, ctx.now, initial, max);
            work.begin_again();
        }
    }
}

impl Work {
    /// What has ended is history; its turn comes again.
    pub(crate) fn begin_again(&mut self) {
        if let State::Exited { end, .. } | State::CrashLoop { end, .. } =
            std::mem::replace(&mut self.state, State::Waiting)
        {
            self.last = Some(end);
        }
        self.restarts += 1;
    }
}
