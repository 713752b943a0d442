//! `ScheduleAnyway`: the fewer matching pods in a node's domains, the better.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/scoring.go.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::{HOSTNAME, PodTopologySpread, has_all_keys, matching, soft_constraints};
use crate::framework::{Cycle, CycleState, MAX_NODE_SCORE, PreScore, Scope, Score};
use crate::node_info::NodeInfo;
use crate::numeric::ln;
use crate::spread::Constraint;

/// One wish with the matching pods of the domains of feasible nodes.
struct Counted {
    constraint: Constraint,
    domains: BTreeMap<SmolStr, i64>,
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
        let lacks = |c: &Counted| info.label(&c.constraint.topology_key).is_none();
        self.require_all && self.counted.iter().any(lacks)
    }
}

impl PreScore for PodTopologySpread {
    fn pre_score(&self, cycle: &Cycle<'_>, state: &mut CycleState, nodes: &[&NodeInfo]) -> bool {
        let constraints = soft_constraints(cycle.pod, cycle.lookup);
        if constraints.is_empty() {
            return false;
        }
        let require_all = !cycle.template().spread.is_empty();
        let counted = |info: &&&NodeInfo| !require_all || has_all_keys(&constraints, info);
        let judged: Vec<&NodeInfo> = nodes.iter().filter(counted).copied().collect();
        let mut all = Vec::with_capacity(constraints.len());
        for constraint in &constraints {
            let mut domains: BTreeMap<SmolStr, i64> = BTreeMap::new();
            let mut size = judged.len();
            if constraint.topology_key != HOSTNAME {
                for info in &judged {
                    let value = info.label(&constraint.topology_key).cloned().unwrap_or_default();
                    domains.entry(value).or_insert(0);
                }
                size = domains.len();
            }
            let weight = ln(u32::try_from(size + 2).unwrap_or(u32::MAX));
            all.push(Counted { constraint: constraint.clone(), domains, weight });
        }
        count_domains(cycle, &mut all, &constraints, require_all);
        state.put(SoftState { counted: all, require_all });
        true
    }
}

/// Counts the pods of all nodes, feasible or not, in the domains of the feasible ones.
fn count_domains(
    cycle: &Cycle<'_>,
    all: &mut [Counted],
    constraints: &[Constraint],
    require_all: bool,
) {
    if all.iter().all(|counted| counted.domains.is_empty()) {
        return;
    }
    let namespace = &cycle.pod.pod.metadata.namespace;
    for info in cycle.cache.infos() {
        let Some(node) = &info.node else { continue };
        if require_all && !has_all_keys(constraints, info) {
            continue;
        }
        for counted in all.iter_mut().filter(|counted| !counted.domains.is_empty()) {
            if !counted.constraint.includes(cycle.template(), node) {
                continue;
            }
            let none = SmolStr::default();
            let value = info.label(&counted.constraint.topology_key).unwrap_or(&none);
            if let Some(sum) = counted.domains.get_mut(value) {
                *sum += matching(info, &counted.constraint.selector, namespace);
            }
        }
    }
}

impl Score for PodTopologySpread {
    fn scope(&self) -> Scope {
        Scope::Cluster
    }

    fn score(&self, cycle: &Cycle<'_>, state: &CycleState, info: &NodeInfo) -> i64 {
        let Some(state) = state.get::<SoftState>() else { return 0 };
        if state.ignores(info) {
            return 0;
        }
        let namespace = &cycle.pod.pod.metadata.namespace;
        let mut score = 0.0;
        for Counted { constraint, domains, weight } in &state.counted {
            let Some(value) = info.label(&constraint.topology_key) else { continue };
            let count = if constraint.topology_key == HOSTNAME {
                matching(info, &constraint.selector, namespace)
            } else {
                domains.get(value).copied().unwrap_or(0)
            };
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
