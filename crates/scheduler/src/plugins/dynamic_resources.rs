//! Claims of devices. Pods without claims pass, and every node scores zero; a pod with claims is
//! refused, since claims are not kept here.
//! Models the part of pkg/scheduler/framework/plugins/dynamicresources that such pods see.

use crate::framework::{
    Code, Cycle, CycleState, NoHelp, Nomination, Plugin, PostFilter, PreFilter, PreFiltered,
    Refusals, Score, Status,
};
use crate::node_info::NodeInfo;

pub struct DynamicResources;

/// Left behind by `PreFilter`; missing where another plugin refused the pod before.
struct Seen;

impl Plugin for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }
    fn pre_filter(&self) -> Option<&dyn PreFilter> {
        Some(self)
    }
    fn post_filter(&self) -> Option<&dyn PostFilter> {
        Some(self)
    }
    fn score(&self) -> Option<&dyn Score> {
        Some(self)
    }
}

impl PreFilter for DynamicResources {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        state.put(Seen);
        if cycle.template().body.extra.get("resourceClaims").is_none() {
            return PreFiltered::Skip;
        }
        PreFiltered::Refused(Status::unresolvable("resource claims are not supported"))
    }
}

impl PostFilter for DynamicResources {
    fn post_filter(
        &self,
        _: &Cycle<'_>,
        state: &mut CycleState,
        _: &mut Refusals<'_>,
    ) -> Result<Nomination, NoHelp> {
        let status = match state.get::<Seen>() {
            None => Status::new(Code::Error, "not found"),
            Some(_) => Status::unschedulable("no new claims to deallocate"),
        };
        Err(NoHelp { status, clears: false })
    }
}

impl Score for DynamicResources {
    fn score(&self, _: &Cycle<'_>, _: &CycleState, _: &NodeInfo) -> i64 {
        0
    }
}
