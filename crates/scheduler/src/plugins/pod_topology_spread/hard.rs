//! `DoNotSchedule`: the skew after placing the pod must not exceed what is allowed.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/filtering.go.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{PodTopologySpread, hard_constraints, has_all_keys, matching};
use crate::framework::{Cycle, CycleState, Filter, PreFilter, PreFiltered, Scope, Status, Verdict};
use crate::node_info::NodeInfo;
use crate::spread::Constraint;

/// One constraint with the matching pods of every domain.
struct Counted {
    constraint: Constraint,
    domains: BTreeMap<SmolStr, i64>,
    least: i64,
    self_match: i64,
}

struct HardState(Vec<Counted>);

impl PreFilter for PodTopologySpread {
    fn pre_filter(&self, cycle: &Cycle<'_>, state: &mut CycleState) -> PreFiltered {
        let constraints = hard_constraints(cycle.pod);
        if constraints.is_empty() {
            return PreFiltered::Skip;
        }
        let mut domains: Vec<BTreeMap<SmolStr, i64>> = vec![BTreeMap::new(); constraints.len()];
        let namespace = &cycle.pod.pod.metadata.namespace;
        for info in cycle.cache.infos().filter(|info| has_all_keys(&constraints, info)) {
            let Some(node) = &info.node else { continue };
            for (constraint, domains) in constraints.iter().zip(&mut domains) {
                if !constraint.includes(cycle.template(), node) {
                    continue;
                }
                let Some(value) = info.label(&constraint.topology_key) else { continue };
                let count = matching(info, &constraint.selector, namespace);
                match domains.get_mut(value) {
                    Some(sum) => *sum += count,
                    None => {
                        domains.insert(value.clone(), count);
                    }
                }
            }
        }
        let labels = &cycle.pod.pod.metadata.labels;
        let counted = constraints.into_iter().zip(domains).map(|(constraint, domains)| {
            let few = (domains.len() as i64) < constraint.min_domains;
            let least = domains.values().copied().min().unwrap_or(i64::from(i32::MAX));
            let self_match = i64::from(constraint.selector.matches(labels));
            Counted { constraint, domains, least: if few { 0 } else { least }, self_match }
        });
        state.put(HardState(counted.collect()));
        PreFiltered::All
    }
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
            let Some(value) = info.label(&counted.constraint.topology_key) else {
                return Err(NO_LABEL);
            };
            let here = counted.domains.get(value).copied().unwrap_or(0);
            if here + counted.self_match - counted.least > counted.constraint.max_skew {
                return Err(TOO_SKEWED);
            }
        }
        Ok(())
    }
}
