//! Prefers nodes whose use of cpu and memory the pod brings closer to each other. A pod that makes
//! no difference gives 75, towards 100 for better and towards 50 for worse.
//! Models pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go.

use crate::framework::{Cycle, CycleState, MAX_NODE_SCORE, Plugin, PreScore, Score};
use crate::node_info::NodeInfo;

pub struct NodeResourcesBalancedAllocation;

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }
    fn pre_score(&self) -> Option<&dyn PreScore> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
}

impl PreScore for NodeResourcesBalancedAllocation {
    fn pre_score(&self, cycle: &Cycle<'_>, _: &mut CycleState, _: &[&NodeInfo]) -> bool {
        let asked = &cycle.template().requests.asked;
        asked.milli_cpu != 0 || asked.memory != 0
    }
}

impl Score for NodeResourcesBalancedAllocation {
    fn score(&self, cycle: &Cycle<'_>, _: &CycleState, info: &NodeInfo) -> i64 {
        let (asked, room, taken) =
            (&cycle.template().requests.asked, &info.allocatable, &info.requested);
        let with = balance(
            (taken.milli_cpu + asked.milli_cpu, room.milli_cpu),
            (taken.memory + asked.memory, room.memory),
        );
        let without = balance((taken.milli_cpu, room.milli_cpu), (taken.memory, room.memory));
        let half = MAX_NODE_SCORE / 2;
        half + (half + with - without) / 2
    }
}

/// 100 when both shares are equal, 50 when one is full and the other empty.
fn balance(cpu: (i64, i64), memory: (i64, i64)) -> i64 {
    let share = |(taken, room): (i64, i64)| (taken as f64 / room as f64).min(1.0);
    let deviation =
        if cpu.1 == 0 || memory.1 == 0 { 0.0 } else { ((share(cpu) - share(memory)) / 2.0).abs() };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}
