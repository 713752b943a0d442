//! Keeps a pod out of the queue as long as it has scheduling gates.
//! Models pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go.

use api::Pod;
use serde_json::Value;

use crate::framework::kind;
use crate::framework::{ClusterEvent, Code, Plugin, PodChange, PreEnqueue, Status, Verdict};
use crate::lookup::Lookup;
use crate::template::PodInfo;

pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }
    fn pre_enqueue(&self) -> Option<&dyn PreEnqueue> {
        Some(self)
    }
    fn events(&self) -> u16 {
        kind::SELF_UPDATE
    }
    fn hint(&self, pod: &PodInfo, event: &ClusterEvent<'_>, _: &Lookup) -> bool {
        matches!(event, ClusterEvent::PodUpdate { new, change: PodChange::GatesEliminated, .. }
            if new.metadata.uid == pod.uid())
    }
}

impl PreEnqueue for SchedulingGates {
    fn pre_enqueue(&self, pod: &Pod) -> Verdict {
        let gates = &pod.spec.scheduling_gates;
        if gates.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> =
            gates.iter().filter_map(|gate| gate.get("name").and_then(Value::as_str)).collect();
        let reason = format!("waiting for scheduling gates: [{}]", names.join(" "));
        Err(Status::new(Code::UnschedulableAndUnresolvable, reason))
    }
}
