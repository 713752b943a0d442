//! Finds a node on which a pod would fit if less important pods were not there.
//! Models pkg/scheduler/framework/{plugins/defaultpreemption,preemption}.

mod budgets;
mod dry_run;
mod pick;

use api::Pod;
use api::core::pod_status::{ConditionStatus, PodConditionType};
use smol_str::SmolStr;

use self::budgets::Budgets;
use self::dry_run::DryRun;
use crate::cache::NodeId;
use crate::diagnosis::{fit_message, histogram};
use crate::framework::{
    Code, Cycle, CycleState, NoHelp, Nomination, Plugin, PostFilter, Refusals, Status,
};
use crate::template::PodInfo;

/// Why a victim of the scheduler ends.
pub const BY_SCHEDULER: &str = "PreemptionByScheduler";

/// So many nodes are looked at for victims, at least and as a share.
const CANDIDATES_MIN: usize = 100;
const CANDIDATES_PERCENTAGE: usize = 10;

const NOT_HELPFUL: Status = Status::unresolvable("Preemption is not helpful for scheduling");
const NO_VICTIMS: Status = Status::unresolvable("No preemption victims found for incoming pod");

/// A node, the pods on it that would have to go, and how many of them budgets protect.
pub struct Candidate {
    node: SmolStr,
    victims: Vec<PodInfo>,
    violations: i64,
}

pub struct DefaultPreemption;

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }
    fn post_filter(&self) -> Option<&dyn PostFilter> {
        Some(self)
    }
}

/// Why a pod may not make others go.
fn ineligible(cycle: &Cycle<'_>, refusals: &Refusals<'_>) -> Option<&'static str> {
    if cycle.template().body.preemption_policy.as_deref() == Some("Never") {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let node = &cycle.pod.pod.status.nominated_node_name;
    if node.is_empty() {
        return None;
    }
    let id = cycle.cache.named(node)?;
    if refusals.of(id).is_some_and(|said| said.code == Code::UnschedulableAndUnresolvable) {
        return None;
    }
    let priority = cycle.template().priority();
    let leaves = |p: &PodInfo| p.template.priority() < priority && leaves_by_preemption(&p.pod);
    let waits = cycle.cache.node(id).is_some_and(|info| info.pods.iter().any(leaves));
    waits.then_some("not eligible due to a terminating pod on the nominated node.")
}

fn leaves_by_preemption(pod: &Pod) -> bool {
    let condition = pod.status.condition(&PodConditionType::DisruptionTarget);
    pod.metadata.is_deleting()
        && condition
            .is_some_and(|c| c.status == ConditionStatus::True && c.reason() == BY_SCHEDULER)
}

/// What was found on the nodes where removing pods could help.
struct Found {
    candidates: Vec<Candidate>,
    refusals: Vec<(Status, usize)>,
}

fn find(cycle: &Cycle<'_>, state: &mut CycleState, refusals: &mut Refusals<'_>) -> Found {
    let nodes: Vec<NodeId> = refusals.resolvable(cycle);
    let mut found = Found { candidates: Vec::new(), refusals: Vec::new() };
    let priority = cycle.template().priority();
    let Some(filters) = refusals.filters.filter(|_| cycle.cache.any_pod_below(priority)) else {
        found.refusals.push((NO_VICTIMS, nodes.len()));
        return found;
    };
    let budgets = Budgets::of(cycle.lookup.budgets.iter().map(|budget| &**budget));
    let dry_run = DryRun { profile: refusals.profile, cycle, filters, budgets: &budgets };
    let wanted = (nodes.len() * CANDIDATES_PERCENTAGE / 100).max(CANDIDATES_MIN);
    let offset = match nodes.len() {
        0 => 0,
        len => refusals.rng.below(len as u64) as usize,
    };
    let turns = nodes.iter().skip(offset).chain(nodes.iter().take(offset));
    for info in turns.filter_map(|id| cycle.cache.node(*id)) {
        match dry_run.victims(state, info) {
            Ok(candidate) => found.candidates.push(candidate),
            Err(status) => match found.refusals.iter_mut().find(|(known, _)| *known == status) {
                Some((_, count)) => *count += 1,
                None => found.refusals.push((status, 1)),
            },
        }
        let harmless = found.candidates.iter().any(|candidate| candidate.violations == 0);
        if harmless && found.candidates.len() >= wanted {
            break;
        }
    }
    found
}

impl PostFilter for DefaultPreemption {
    fn post_filter(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        refusals: &mut Refusals<'_>,
    ) -> Result<Nomination, NoHelp> {
        let refused =
            |message: String| Status::new(Code::Unschedulable, format!("preemption: {message}"));
        if let Some(why) = ineligible(cycle, refusals) {
            return Err(NoHelp { status: refused(why.to_owned()), clears: false });
        }
        let found = find(cycle, state, refusals);
        if found.candidates.is_empty() {
            let looked: usize = found.refusals.iter().map(|(_, nodes)| nodes).sum();
            let others = (&NOT_HELPFUL, refusals.total - looked.min(refusals.total));
            let counted = found.refusals.iter().map(|(status, nodes)| (status, *nodes));
            let reasons = histogram(counted.chain([others]));
            let status = refused(fit_message(refusals.total, &reasons, ""));
            return Err(NoHelp { status, clears: true });
        }
        let mut best = pick::best(found.candidates);
        let tie: Vec<SmolStr> = best.iter().map(|candidate| candidate.node.clone()).collect();
        let at = refusals.rng.below(best.len() as u64) as usize;
        let Candidate { node, victims, .. } = best.swap_remove(at);
        Ok(Nomination { node, victims, tie })
    }
}
