//! Says whether removing pods of lower priority would make room.
//! Models pkg/scheduler/framework/{plugins/defaultpreemption,preemption}.

use smol_str::SmolStr;

use crate::diagnosis::{fit_message, histogram};
use crate::framework::{Code, Cycle, CycleState, Plugin, PostFilter, Refusals, Status};

pub struct DefaultPreemption;

const NOT_HELPFUL: Status = Status::unresolvable("Preemption is not helpful for scheduling");
const NO_VICTIMS: Status = Status::unresolvable("No preemption victims found for incoming pod");

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }
    fn post_filter(&self) -> Option<&dyn PostFilter> {
        Some(self)
    }
}

impl PostFilter for DefaultPreemption {
    fn post_filter(
        &self,
        cycle: &Cycle<'_>,
        _: &CycleState,
        refusals: &Refusals<'_>,
    ) -> Result<SmolStr, Status> {
        let policy = cycle.template().body.preemption_policy.as_deref();
        if policy == Some("Never") {
            let reason = "preemption: not eligible due to preemptionPolicy=Never.";
            return Err(Status::unschedulable(reason));
        }
        let resolvable = |status: &Status| status.code == Code::Unschedulable;
        let mut candidates = refusals.nodes.iter().filter(|(_, s)| resolvable(s)).count();
        if refusals.others.is_some_and(resolvable) {
            candidates += refusals.total - refusals.nodes.len();
        }
        let counted = [(&NO_VICTIMS, candidates), (&NOT_HELPFUL, refusals.total - candidates)];
        let message = fit_message(refusals.total, &histogram(counted), "");
        Err(Status::new(Code::Unschedulable, format!("preemption: {message}")))
    }
}
