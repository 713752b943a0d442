//! `ScheduleAnyway`: the fewer matching pods in a node's domains, the better.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/scoring.go.

use std::rc::Rc;

use super::{HOSTNAME, PodTopologySpread, soft_constraints};
use crate::cache::NodeId;
use crate::framework::{Cycle, CycleState, MAX_NODE_SCORE, PreScore, Scope, Score};
use crate::node_info::NodeInfo;
use crate::numeric::ln;
use crate::spread::Constraint;
use crate::topology::Domains;

/// One wish with the matching pods of the domains of feasible nodes.
struct Counted {
    constraint: Constraint,
    domains: Rc<Domains>,
    /// By domain; by place for the host name, where every node is its own domain.
    sums: Vec<i64>,
    /// Keeps few large domains from weighing less than many small ones.
    weight: f64,
}

struct SoftState {
    counted: Vec<Counted>,
    /// Nodes that lack a label score nothing, unless the wishes are the system's.
    require_all: bool,
}

impl SoftState {
    fn ignores(&self, info: &NodeInfo) -> bool {
        self.require_all && self.counted.iter().any(|c| c.domains.of(info.id).is_none())
    }
}

impl PreScore for PodTopologySpread {
    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> bool {
        let constraints = soft_constraints(cycle.pod, cycle.lookup);
        if constraints.is_empty() {
            return false;
        }
        let require_all = !cycle.template().spread.is_empty();
        let all: Vec<Rc<Domains>> = constraints
            .iter()
            .map(|c| cycle.cache.topology.domains(cycle.cache, &c.topology_key))
            .collect();
        let judged = |id: NodeId| !require_all || all.iter().all(|d| d.of(id).is_some());
        let counted = constraints
            .into_iter()
            .zip(&all)
            .map(|(constraint, domains)| count(cycle, constraint, domains, nodes, &judged))
            .collect();
        state.put(SoftState { counted, require_all });
        true
    }
}

/// Counts the pods of all nodes, feasible or not, in the domains of the feasible ones. Nodes
/// without the label are a domain of their own, the last.
fn count(
    cycle: &Cycle<'_>,
    constraint: Constraint,
    domains: &Rc<Domains>,
    nodes: &[&NodeInfo],
    judged: &dyn Fn(NodeId) -> bool,
) -> Counted {
    let namespace = &cycle.pod.pod.metadata.namespace;
    let counts = cycle.cache.topology.counts(cycle.cache, namespace, &constraint.selector);
    let feasible = nodes.iter().filter(|info| judged(info.id));
    let by_host = constraint.topology_key == HOSTNAME;
    let mut size = 0;
    let mut sums = counts;
    if by_host {
        size = feasible.count();
    } else {
        let counts = std::mem::replace(&mut sums, vec![0; domains.len + 1]);
        let mut present = vec![false; domains.len + 1];
        let domain_of = |id: NodeId| domains.of(id).unwrap_or(domains.len);
        for info in feasible {
            if let Some(present) = present.get_mut(domain_of(info.id)).filter(|known| !**known) {
                *present = true;
                size += 1;
            }
        }
        for id in cycle.cache.order() {
            let domain = domain_of(*id);
            let counts_here = present.get(domain).copied().unwrap_or(false)
                && judged(*id)
                && constraint.includes_node(cycle, *id);
            if let Some(sum) = sums.get_mut(domain).filter(|_| counts_here) {
                *sum += counts.get(*id as usize).copied().unwrap_or(0);
            }
        }
    }
    let weight = ln(u32::try_from(size + 2).unwrap_or(u32::MAX));
    Counted { constraint, domains: Rc::clone(domains), sums, weight }
}

impl Score for PodTopologySpread {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn score(&self, _: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> i64 {
        let Some(state) = state.get::<SoftState>() else { return 0 };
        if state.ignores(info) {
            return 0;
        }
        let mut score = 0.0;
        for Counted { constraint, domains, sums, weight } in &state.counted {
            let Some(domain) = domains.of(info.id) else { continue };
            let by_host = constraint.topology_key == HOSTNAME;
            let place = if by_host { info.id as usize } else { domain };
            let count = sums.get(place).copied().unwrap_or(0);
            score += count as f64 * weight + (constraint.max_skew - 1) as f64;
        }
        f64::round(score) as i64
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, state: &CycleState, nodes: &[&NodeInfo], scores: &mut [i64]) {
        let Some(state) = state.get::<SoftState>() else { return };
        let judged = || nodes.iter().zip(scores.iter()).filter(|(node, _)| !state.ignores(node));
        let min = judged().map(|(_, score)| *score).min().unwrap_or(i64::MAX);
        let max = judged().map(|(_, score)| *score).max().unwrap_or(0).max(0);
        for (node, score) in nodes.iter().zip(scores.iter_mut()) {
            *score = if state.ignores(node) {
                0
            } else if max == 0 {
                MAX_NODE_SCORE
            } else {
                MAX_NODE_SCORE * (max + min - *score) / max
            };
        }
    }
}
