//! What the scheduler does to the pods that must go for another.
//! Models pkg/scheduler/framework/preemption/executor.go.

use std::sync::Arc;

use api::Pod;
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, Why};
use apimachinery::status::Status;
use client::{ApiExt, Ctx, DeleteOptions};
use smol_str::SmolStr;

use crate::events::Saying;
use crate::framework::Nomination;
use crate::plugins::BY_SCHEDULER;
use crate::scheduler::Scheduler;
use crate::template::PodInfo;

impl Scheduler {
    /// Makes the victims go, and takes the node from less important pods that wait for it.
    pub(crate) fn preempt(&mut self, ctx: &mut Ctx<'_>, pod: &PodInfo, nomination: &Nomination) {
        let going = nomination.victims.iter().filter(|victim| !victim.pod.metadata.is_deleting());
        let going: Vec<&PodInfo> = going.collect();
        if going.is_empty() {
            return;
        }
        let priority = pod.template.priority();
        let waiting = self.nominated.on(&nomination.node).iter();
        let lesser: Vec<PodInfo> =
            waiting.filter(|other| other.template.priority() < priority).cloned().collect();
        for other in lesser {
            self.nominated.remove(other.uid());
            write_status(ctx, &other.pod, |pod| {
                let changed = !pod.status.nominated_node_name.is_empty();
                pod.status.nominated_node_name = SmolStr::default();
                changed
            });
        }
        for victim in going {
            if end(ctx, &pod.pod, &victim.pod).is_ok() {
                let (uid, node) = (pod.uid(), &nomination.node);
                let note = format!("Preempted by pod {uid} on node {node}");
                let (type_, reason, action) = ("Normal", "Preempted", "Preempting");
                let saying = Saying { type_, reason, action, note: &note };
                let Some(framework) = self.framework_mut(&pod.pod) else { continue };
                framework.recorder.say_related(ctx, &victim.pod, &saying, Some(&pod.pod));
            }
        }
    }
}

/// Says on the victim why it goes, and deletes it.
fn end(ctx: &mut Ctx<'_>, preemptor: &Pod, victim: &Pod) -> Result<(), Box<Status>> {
    let scheduler = &preemptor.spec.scheduler_name;
    let now = ctx.time();
    write_status(ctx, victim, |pod| {
        let type_ = PodConditionType::DisruptionTarget;
        let mut condition = PodCondition::new(type_, ConditionStatus::True, now);
        condition.observed_generation = pod.metadata.generation;
        condition.why = Some(Arc::new(Why {
            reason: SmolStr::new_static(BY_SCHEDULER),
            message: format!("{scheduler}: preempting to accommodate a higher priority pod").into(),
        }));
        pod.status.set_condition(condition)
    });
    let meta = &victim.metadata;
    ctx.api.delete::<Pod>(&meta.namespace, &meta.name, DeleteOptions::default()).map(|_| ())
}

/// Changes the status of a pod as the API server has it, if there is anything to change.
fn write_status(ctx: &mut Ctx<'_>, pod: &Pod, change: impl FnOnce(&mut Pod) -> bool) {
    let Ok(fresh) = ctx.api.get::<Pod>(&pod.metadata.namespace, &pod.metadata.name) else { return };
    let mut copy = (*fresh).clone();
    if copy.metadata.uid == pod.metadata.uid && change(&mut copy) {
        // A pod that has just gone needs no words any more.
        let _ = ctx.api.update_status(copy);
    }
}
