//! `DoNotSchedule`: the skew after placing the pod must not exceed what is allowed.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/filtering.go.

use std::rc::Rc;

use super::{PodTopologySpread, hard_constraints};
use crate::framework::{Cycle, CycleState, Filter, PreFilter, PreFiltered, Scope, Status, Verdict};
use crate::node_info::NodeInfo;
use crate::spread::Constraint;
use crate::template::PodInfo;
use crate::topology::Domains;

/// One constraint with the matching pods of every domain.
struct Counted {
    constraint: Constraint,
    domains: Rc<Domains>,
    /// By domain; `None` for domains without a node that takes part.
    sums: Vec<Option<i64>>,
    least: i64,
    self_match: i64,
}

impl Counted {
    /// The fewest matching pods that a domain has; none if there are too few domains.
    fn find_least(&mut self) {
        let found = self.sums.iter().flatten();
        let few = (found.clone().count() as i64) < self.constraint.min_domains;
        let least = found.copied().min().unwrap_or(i64::from(i32::MAX));
        self.least = if few { 0 } else { least };
    }
}

struct HardState(Vec<Counted>);

impl PreFilter for PodTopologySpread {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        let constraints = hard_constraints(cycle.pod);
        if constraints.is_empty() {
            return PreFiltered::Skip;
        }
        let all: Vec<Rc<Domains>> = constraints
            .iter()
            .map(|c| cycle.cache.topology.domains(cycle.cache, &c.topology_key))
            .collect();
        let labels = &cycle.pod.pod.metadata.labels;
        let counted = constraints.into_iter().zip(&all).map(|(constraint, domains)| {
            let sums = count(cycle, &constraint, domains, &all);
            let mut counted = Counted {
                self_match: i64::from(constraint.selector.matches(labels)),
                domains: Rc::clone(domains),
                least: 0,
                sums,
                constraint,
            };
            counted.find_least();
            counted
        });
        let counted = counted.collect();
        state.put(HardState(counted));
        PreFiltered::All
    }

    // Models updateWithPod.
    fn change(
        &self,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        pod: &PodInfo,
        info: &NodeInfo,
        by: i64,
    ) {
        let (meta, own) = (&pod.pod.metadata, &cycle.pod.pod.metadata);
        let Some(HardState(all)) = state.get_mut::<HardState>() else { return };
        let outside = all.iter().any(|counted| counted.domains.of(info.id).is_none());
        if meta.namespace != own.namespace || outside {
            return;
        }
        for counted in all {
            let selector = &counted.constraint.selector;
            let matches = !selector.is_everything() && selector.matches(&meta.labels);
            if !matches || !counted.constraint.includes_node(cycle, info.id) {
                continue;
            }
            let domain = counted.domains.of(info.id);
            let sum = domain.and_then(|domain| counted.sums.get_mut(domain));
            if let Some(Some(sum)) = sum {
                *sum += by;
                counted.find_least();
            }
        }
    }
}

/// Nodes count that have the labels of all constraints.
fn count(
    cycle: &Cycle<'_>,
    constraint: &Constraint,
    domains: &Domains,
    all: &[Rc<Domains>],
) -> Vec<Option<i64>> {
    let namespace = &cycle.pod.pod.metadata.namespace;
    let counts = cycle.cache.topology.counts(cycle.cache, namespace, &constraint.selector);
    let mut sums = vec![None; domains.len];
    for id in cycle.cache.order() {
        let Some(domain) = domains.of(*id) else { continue };
        if !constraint.includes_node(cycle, *id) || all.iter().any(|d| d.of(*id).is_none()) {
            continue;
        }
        if let Some(sum) = sums.get_mut(domain) {
            *sum = Some(sum.unwrap_or(0) + counts.get(*id as usize).copied().unwrap_or(0));
        }
    }
    sums
}

const TOO_SKEWED: Status =
    Status::unschedulable("node(s) didn't match pod topology spread constraints");
const NO_LABEL: Status = Status::unresolvable(
    "node(s) didn't match pod topology spread constraints (missing required label)",
);

impl Filter for PodTopologySpread {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn filter(&self, _: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> Verdict {
        let Some(HardState(all)) = state.get::<HardState>() else { return Ok(()) };
        for counted in all {
            let Some(domain) = counted.domains.of(info.id) else { return Err(NO_LABEL) };
            let here = counted.sums.get(domain).copied().flatten().unwrap_or(0);
            if here + counted.self_match - counted.least > counted.constraint.max_skew {
                return Err(TOO_SKEWED);
            }
        }
        Ok(())
    }
}
