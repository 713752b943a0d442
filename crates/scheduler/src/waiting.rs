//! Pods that have their node and wait for their volumes before they are bound.
//! Models the part of bindingCycle in pkg/scheduler/schedule_one.go that waits in PreBind.

use std::sync::Arc;

use api::Pod;
use apimachinery::meta::Uid;
use client::{ApiExt, Ctx};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::algorithm::Decision;
use crate::framework::{Code, Status};
use crate::queue::QueuedPod;
use crate::scheduler::{Scheduler, WAIT, framework_of};
use crate::volumes::Assumed;

/// How often it is looked whether the volumes are there.
const LOOK: Duration = Duration::from_secs(1);
/// How long a pod waits at most (`bindTimeoutSeconds`).
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct WaitingPod {
    pod: QueuedPod,
    node: SmolStr,
    decision: Decision,
    written: Vec<Assumed>,
    look_at: SimTime,
    until: SimTime,
}

/// Writes the node that the pod is going to be bound to; empty takes it back.
fn nominate(ctx: &mut Ctx<'_>, pod: &Pod, node: &str) {
    let Ok(fresh) = ctx.api.get::<Pod>(&pod.metadata.namespace, &pod.metadata.name) else { return };
    let same = fresh.metadata.uid == pod.metadata.uid;
    if same && fresh.status.nominated_node_name != node {
        let mut copy = (*fresh).clone();
        copy.status.nominated_node_name = node.into();
        let _ = ctx.api.update_status(copy);
    }
}

fn write(ctx: &mut Ctx<'_>, decided: &Assumed) -> Result<Assumed, Status> {
    let written = match decided {
        Assumed::Volume(volume) => ctx.api.update((**volume).clone()).map(Assumed::Volume),
        Assumed::Claim(claim) => ctx.api.update((**claim).clone()).map(Assumed::Claim),
    };
    written.map_err(|status| {
        let why = format!("running PreBind plugin \"VolumeBinding\": {status}");
        Status::new(Code::Error, why)
    })
}

impl Scheduler {
    /// Writes what was decided and waits until others have done it.
    pub(crate) fn wait_for(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod: QueuedPod,
        node: SmolStr,
        decision: Decision,
        mut all: Vec<Assumed>,
    ) {
        self.lookup.volumes.assume(&all);
        nominate(ctx, &pod.info.pod, &node);
        for one in &mut all {
            match write(ctx, one) {
                Ok(written) => *one = written,
                Err(status) => {
                    self.lookup.volumes.restore(&all);
                    self.reject(ctx, pod, decision, status);
                    return;
                }
            }
        }
        self.lookup.volumes.assume(&all);
        let (look_at, until) = (ctx.now + LOOK, ctx.now + PATIENCE);
        let uid = pod.info.uid();
        let waiting = WaitingPod { pod, node, decision, written: all, look_at, until };
        self.waiting.insert(uid, waiting);
        ctx.timers.at(look_at, WAIT);
    }

    /// Looks after the pods whose turn it is.
    pub(crate) fn look_after_waiting(&mut self, ctx: &mut Ctx<'_>) {
        let due = self.waiting.iter().filter(|(_, waiting)| waiting.look_at <= ctx.now);
        let due: Vec<Uid> = due.map(|(uid, _)| *uid).collect();
        for uid in due {
            let Some(mut waiting) = self.waiting.remove(&uid) else { continue };
            if !self.cache.is_assumed(uid) {
                self.lookup.volumes.restore(&waiting.written);
                continue;
            }
            match self.is_done(&waiting, ctx.now) {
                Ok(true) => self.finish(ctx, waiting.pod, waiting.node, waiting.decision),
                Ok(false) => {
                    waiting.look_at = ctx.now + LOOK;
                    ctx.timers.at(waiting.look_at, WAIT);
                    self.waiting.insert(uid, waiting);
                }
                Err(status) => {
                    self.lookup.volumes.restore(&waiting.written);
                    nominate(ctx, &waiting.pod.info.pod, "");
                    self.reject(ctx, waiting.pod, waiting.decision, status);
                }
            }
        }
    }

    fn is_done(&self, waiting: &WaitingPod, now: SimTime) -> Result<bool, Status> {
        let failed = |why: String| {
            let why = format!("running PreBind plugin \"VolumeBinding\": binding volumes: {why}");
            Status::new(Code::Error, why)
        };
        let id = self.cache.named(&waiting.node);
        let info = id.and_then(|id| self.cache.node(id)).and_then(|info| info.node.as_ref());
        let Some(node) = info.map(Arc::clone) else {
            let node = &waiting.node;
            return Err(failed(format!("failed to get node {node:?}: node {node:?} not found")));
        };
        let Some(framework) = framework_of(&self.frameworks, &waiting.pod.info.pod) else {
            return Ok(true);
        };
        let done = framework.profile.is_done(&self.lookup, &node, &waiting.written)?;
        if !done && now >= waiting.until {
            return Err(failed("context deadline exceeded".to_owned()));
        }
        Ok(done)
    }
}
