//! The taints that follow from a node's conditions: NoSchedule at once, NoExecute as fast as the
//! zone's state allows. Models doNoScheduleTaintingPass, processTaintBaseEviction and
//! doNoExecuteTaintingPass in node_lifecycle_controller.go.

use api::Node;
use api::core::node::Taint;
use api::core::pod_status::ConditionStatus;
use apimachinery::time::Time;
use client::{ApiExt, Ctx};
use clock::Duration;
use smol_str::SmolStr;

use super::NodeLifecycleController;
use crate::controllers::{Sync, SyncError, SyncResult};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const NO_SCHEDULE: &str = "NoSchedule";
const NO_EXECUTE: &str = "NoExecute";

/// How often it is looked whose turn it is.
pub(super) const TAINT_PERIOD: Duration = Duration::from_millis(100);

/// `(condition, status, taint)`.
const BY_CONDITION: [(&str, ConditionStatus, &str); 6] = [
    ("Ready", ConditionStatus::False, NOT_READY),
    ("Ready", ConditionStatus::Unknown, UNREACHABLE),
    ("MemoryPressure", ConditionStatus::True, "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", ConditionStatus::True, "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", ConditionStatus::True, "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", ConditionStatus::True, "node.kubernetes.io/pid-pressure"),
];

/// Changes a node as the API has it now; a write in between is tried again.
pub fn update_node(ctx: &mut Ctx<'_>, name: &str, change: impl Fn(&mut Node, Time)) -> SyncResult {
    let now = ctx.time();
    let mut last = None;
    for _ in 0..5 {
        let node = ctx.api.get::<Node>("", name)?;
        let mut copy = (*node).clone();
        change(&mut copy, now);
        if copy == *node {
            return Ok(());
        }
        match ctx.api.update(copy) {
            Ok(_) => return Ok(()),
            Err(status) if status.is_conflict() => last = Some(status),
            Err(status) => return Err(status.into()),
        }
    }
    last.map_or(Ok(()), |status| Err(SyncError::from(status)))
}

fn wanted_no_schedule(node: &Node) -> Vec<&'static str> {
    let mut wanted: Vec<&'static str> = Vec::new();
    for condition in &node.status.conditions {
        let fits = |(type_, status, _): &&(&str, ConditionStatus, &'static str)| {
            condition.type_ == *type_ && condition.status == *status
        };
        wanted.extend(BY_CONDITION.iter().find(fits).map(|(_, _, taint)| *taint));
    }
    if node.spec.unschedulable {
        wanted.push(UNSCHEDULABLE);
    }
    wanted
}

/// Whether the controller puts and takes this taint by itself.
fn is_managed(taint: &Taint) -> bool {
    taint.effect == NO_SCHEDULE
        && (taint.key == UNSCHEDULABLE || BY_CONDITION.iter().any(|(_, _, key)| taint.key == *key))
}

pub fn no_schedule_differs(node: &Node) -> bool {
    let wanted = wanted_no_schedule(node);
    let managed = || node.spec.taints.iter().filter(|taint| is_managed(taint));
    managed().count() != wanted.len()
        || managed().any(|taint| !wanted.contains(&taint.key.as_str()))
}

fn taint(key: &'static str, effect: &'static str, now: Time) -> Taint {
    Taint {
        key: SmolStr::new_static(key),
        effect: SmolStr::new_static(effect),
        time_added: Some(now),
        ..Taint::default()
    }
}

/// New taints come last, as upstream adds them.
pub fn set_no_schedule(node: &mut Node, now: Time) {
    let wanted = wanted_no_schedule(node);
    let keep = |taint: &Taint| !is_managed(taint) || wanted.contains(&taint.key.as_str());
    node.spec.taints.retain(keep);
    for key in wanted {
        let has = |taint: &Taint| taint.key == key && taint.effect == NO_SCHEDULE;
        if !node.spec.taints.iter().any(has) {
            node.spec.taints.push(taint(key, NO_SCHEDULE, now));
        }
    }
}

fn has_no_execute(node: &Node, key: &str) -> bool {
    node.spec.taints.iter().any(|taint| taint.key == key && taint.effect == NO_EXECUTE)
}

/// The NoExecute taint for a Ready condition, and the one that it replaces.
fn no_execute_for(status: ConditionStatus) -> Option<(&'static str, &'static str)> {
    match status {
        ConditionStatus::False => Some((NOT_READY, UNREACHABLE)),
        ConditionStatus::Unknown => Some((UNREACHABLE, NOT_READY)),
        ConditionStatus::True => None,
    }
}

fn swap(node: &mut Node, add: &'static str, drop: &'static str, now: Time) {
    node.spec.taints.retain(|taint| taint.key != drop || taint.effect != NO_EXECUTE);
    if !has_no_execute(node, add) {
        node.spec.taints.push(taint(add, NO_EXECUTE, now));
    }
}

impl NodeLifecycleController {
    /// Replaces the wrong NoExecute taint at once, and takes them away from a ready node. A first
    /// taint has to wait for its zone's turn.
    pub(super) fn swap_no_execute(
        &mut self,
        sync: &mut Sync<'_, '_>,
        node: &Node,
        current: ConditionStatus,
    ) {
        let name = &node.metadata.name;
        match no_execute_for(current) {
            None if has_no_execute(node, NOT_READY) || has_no_execute(node, UNREACHABLE) => {
                let _ = self.remove_no_execute(sync, name);
            }
            Some((add, drop)) if has_no_execute(node, drop) => {
                let _ = update_node(sync.ctx, name, |node, now| swap(node, add, drop, now));
            }
            _ => {}
        }
    }

    pub(super) fn remove_no_execute(&mut self, sync: &mut Sync<'_, '_>, node: &str) -> SyncResult {
        update_node(sync.ctx, node, |node, _| {
            node.spec.taints.retain(|taint| {
                taint.effect != NO_EXECUTE || (taint.key != NOT_READY && taint.key != UNREACHABLE)
            });
        })
    }

    /// Taints the nodes whose zone's turn has come.
    pub(super) fn taint_waiting(&mut self, sync: &mut Sync<'_, '_>) {
        let now = sync.ctx.now;
        for name in self.zones.due(now) {
            let result = update_node(sync.ctx, &name, |node, now| {
                let ready = node.status.condition("Ready").map(|ready| ready.status);
                if let Some((add, drop)) = ready.and_then(no_execute_for) {
                    swap(node, add, drop, now);
                }
            });
            if result.is_ok() {
                self.zones.forget(&name);
            }
        }
        if let Some(at) = self.zones.next_turn() {
            sync.queue.add_at(at.max(now + TAINT_PERIOD), super::taint_key());
        }
    }
}
