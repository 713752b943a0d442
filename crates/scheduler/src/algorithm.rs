//! One scheduling cycle: which nodes will do, what they score, which one wins.
//! Models pkg/scheduler/schedule_one.go.

use std::cmp::Reverse;
use std::sync::Arc;

use clock::Rng;
use smol_str::SmolStr;

use crate::attempts::{NodeRefusal, NodeScore, PluginScore, PluginScores, Refusal};
use crate::cache::NodeId;
use crate::config::Config;
use crate::diagnosis::{fit_message, histogram, pre_filter_message};
use crate::framework::{Cycle, CycleState, Nomination, Refusals, Scope, Status};
use crate::node_info::NodeInfo;
use crate::nominated;
use crate::profile::{Filters, PluginIndex, Profile, Scorer, bit};
use crate::queue::PluginSet;
use crate::reuse::{Reuse, raw_scores};
use crate::verdicts::Verdicts;

/// Below this many nodes all are looked at.
const MIN_FEASIBLE_NODES: usize = 100;
const MIN_FEASIBLE_PERCENTAGE: usize = 5;

pub const NO_NODES: &str = "no nodes available to schedule pods";

/// How a cycle ended, and all that was learned on the way.
#[derive(Debug, Default)]
pub struct Decision {
    pub node: Option<NodeId>,
    pub message: String,
    pub refused_by: PluginSet,
    pub nodes: u32,
    pub evaluated: u32,
    pub feasible: u32,
    pub pre_filter: Option<Refusal>,
    pub refusals: Vec<Refusal>,
    pub refused_nodes: Vec<NodeRefusal>,
    pub plugins: Arc<[&'static str]>,
    pub scores: Vec<NodeScore>,
    pub tied: u32,
    pub tie: Vec<SmolStr>,
    /// The node that gets room once its victims are gone.
    pub nomination: Option<Nomination>,
    /// Whether the pod loses the node that it was nominated to before.
    pub clears_nomination: bool,
}

/// What of the details a decision keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    pub nodes: bool,
    /// How many of the best nodes, if not all.
    pub best: usize,
}

#[derive(Default)]
pub struct Algorithm {
    /// Where the search goes on: every node gets its turn.
    next_start: usize,
    reuse: Reuse,
    scratch: Scratch,
}

/// Buffers that live from cycle to cycle.
#[derive(Default)]
struct Scratch {
    feasible: Vec<NodeId>,
    totals: Vec<i64>,
    /// Raw and normalised scores, plugin by plugin.
    raw: Vec<Vec<i64>>,
    normalized: Vec<Vec<i64>>,
}

/// How many feasible nodes are enough.
pub fn enough(percentage: u32, nodes: usize) -> usize {
    if nodes < MIN_FEASIBLE_NODES {
        return nodes;
    }
    let percentage = match percentage {
        0 => 50usize.saturating_sub(nodes / 125).max(MIN_FEASIBLE_PERCENTAGE),
        given => given as usize,
    };
    (nodes * percentage / 100).max(MIN_FEASIBLE_NODES)
}

impl Algorithm {
    pub fn decide(
        &mut self,
        profile: &Profile,
        config: &Config,
        cycle: &Cycle<'_>,
        rng: &mut Rng,
        detail: Detail,
    ) -> Decision {
        let nodes = cycle.cache.order().len();
        let mut decision = Decision { nodes: nodes as u32, ..Decision::default() };
        if nodes == 0 {
            decision.message = NO_NODES.to_owned();
            return decision;
        }
        let mut state = CycleState::default();
        match profile.pre_filter(cycle, &mut state) {
            Err((plugin, status)) => {
                let failed = Failed { profile, cycle, state: &mut state, rng };
                refused_at_once(failed, plugin, status, &mut decision);
            }
            Ok(filters) => {
                let mut verdicts = self.find(profile, config, cycle, &mut state, &filters);
                verdicts.tell(profile, cycle, detail.nodes, &mut decision);
                if self.scratch.feasible.is_empty() {
                    let failed = Failed { profile, cycle, state: &mut state, rng };
                    explain(failed, &filters, &verdicts, &mut decision);
                } else {
                    let known = &mut verdicts;
                    self.choose(profile, cycle, &mut state, known, rng, detail, &mut decision);
                }
                self.reuse.give_back(verdicts);
            }
        }
        decision
    }

    /// Looks at nodes in turn until enough will do; leaves those in `scratch.feasible`. A node
    /// that others made room on is taken before all others, if it will do.
    fn find(
        &mut self,
        profile: &Profile,
        config: &Config,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        filters: &Filters<'_>,
    ) -> Verdicts {
        self.scratch.feasible.clear();
        if let Some(node) = nominated_node(profile, cycle, state, filters) {
            self.scratch.feasible.push(node);
            return self.reuse.begin(config.reuse, cycle);
        }
        let all = cycle.cache.order();
        let named: Vec<NodeId>;
        let nodes = match &filters.nodes {
            None => all,
            Some((names, _)) => {
                named = names.iter().filter_map(|name| cycle.cache.named(name)).collect();
                &named
            }
        };
        let wanted = enough(config.percentage_of_nodes_to_score, nodes.len());
        let mut verdicts = self.reuse.begin(config.reuse, cycle);
        let start = if nodes.is_empty() { 0 } else { self.next_start % nodes.len() };
        let turns = nodes.iter().skip(start).chain(nodes.iter().take(start));
        for id in turns {
            let verdict = verdicts.verdict(profile, cycle, state, filters, *id);
            if verdict != Verdicts::FEASIBLE {
                verdicts.refuse(*id, verdict);
                continue;
            }
            self.scratch.feasible.push(*id);
            if self.scratch.feasible.len() >= wanted {
                break;
            }
        }
        let processed = self.scratch.feasible.len() + verdicts.refused().len();
        self.next_start = (self.next_start + processed) % all.len().max(1);
        verdicts
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one cycle")]
    fn choose(
        &mut self,
        profile: &Profile,
        cycle: &Cycle<'_>,
        state: &mut CycleState,
        known: &mut Verdicts,
        rng: &mut Rng,
        detail: Detail,
        decision: &mut Decision,
    ) {
        let feasible = &self.scratch.feasible;
        decision.feasible = feasible.len() as u32;
        if let [only] = feasible.as_slice() {
            decision.node = Some(*only);
            return;
        }
        let infos: Vec<&NodeInfo> =
            feasible.iter().filter_map(|id| cycle.cache.node(*id)).collect();
        let scorers = profile.pre_score(cycle, state, &infos);
        decision.plugins = Profile::names(&scorers);
        self.score(cycle, state, known, &scorers, &infos);
        let totals = &self.scratch.totals;
        let best = totals.iter().copied().max().unwrap_or(0);
        let tied = totals.iter().filter(|total| **total == best).count();
        let pick = if tied > 1 { rng.below(tied as u64) as usize } else { 0 };
        let mut winners = totals.iter().enumerate().filter(|(_, total)| **total == best);
        decision.node = winners.nth(pick).and_then(|(i, _)| self.scratch.feasible.get(i)).copied();
        decision.tied = tied as u32;
        self.tell(&scorers, &infos, known, best, detail, decision);
    }

    /// Leaves raw, normalised and total scores of `infos` in the scratch buffers.
    fn score(
        &mut self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        known: &mut Verdicts,
        scorers: &[Scorer<'_>],
        infos: &[&NodeInfo],
    ) {
        let scratch = &mut self.scratch;
        scratch.raw.resize_with(scorers.len().max(scratch.raw.len()), Vec::new);
        scratch.normalized.resize_with(scratch.raw.len(), Vec::new);
        let Scratch { feasible, totals, raw, normalized } = scratch;
        let cells = known.cells.as_deref_mut();
        raw_scores(cells, cycle, state, scorers, (feasible, infos), (raw, totals));
        for ((scorer, raw), normalized) in scorers.iter().zip(raw).zip(normalized) {
            normalized.clear();
            if raw.is_empty() {
                continue;
            }
            normalized.extend_from_slice(raw);
            if scorer.normalizes {
                scorer.score.normalize(state, infos, normalized);
            }
            for (total, score) in totals.iter_mut().zip(normalized) {
                *total += *score * scorer.weight;
            }
        }
    }

    /// Keeps the scores that the page may ask for.
    fn tell(
        &self,
        scorers: &[Scorer<'_>],
        infos: &[&NodeInfo],
        known: &Verdicts,
        best: i64,
        detail: Detail,
        decision: &mut Decision,
    ) {
        let totals = &self.scratch.totals;
        let named = infos.iter().zip(totals);
        let ties = named.filter(|(_, total)| **total == best).map(|(info, _)| info.name.clone());
        decision.tie = ties.take(detail.best).collect();
        let rows = best_rows(totals, best, decision.tied as usize, detail.best);
        let mut cells = Vec::with_capacity(rows.len() * scorers.len());
        rows.iter().for_each(|row| self.cells(scorers, known, *row, &mut cells));
        let cells: Arc<[PluginScore]> = cells.into();
        decision.scores.reserve_exact(rows.len());
        for (at, row) in rows.into_iter().enumerate() {
            let (Some(info), Some(total)) = (infos.get(row), totals.get(row)) else { continue };
            let plugins = PluginScores::row(&cells, at, scorers.len());
            decision.scores.push(NodeScore { node: info.name.clone(), total: *total, plugins });
        }
    }

    /// What each plugin said of the feasible node of this row.
    fn cells(
        &self,
        scorers: &[Scorer<'_>],
        known: &Verdicts,
        row: usize,
        out: &mut Vec<PluginScore>,
    ) {
        let id = self.scratch.feasible.get(row).copied().unwrap_or(0);
        let mut place = 0;
        let columns = self.scratch.raw.iter().zip(&self.scratch.normalized).zip(scorers);
        let scores = columns.map(|((raw, normalized), scorer)| {
            let reused = known.cells.as_deref().filter(|_| scorer.scope == Scope::Node);
            let fixed = reused.map(|cells| cells.raw(id, place));
            place += usize::from(fixed.is_some());
            let raw = raw.get(row).copied().or(fixed).unwrap_or(0);
            let normalized = normalized.get(row).copied().unwrap_or(raw);
            let weighted = small(normalized * scorer.weight);
            PluginScore { raw, normalized: small(normalized), weighted }
        });
        out.extend(scores);
    }
}

/// Scores are at most a hundred times a weight.
fn small(score: i64) -> i32 {
    i32::try_from(score).unwrap_or(i32::MAX)
}

/// All rows in their order or, if these are too many, the best ones, best first.
fn best_rows(totals: &[i64], best: i64, tied: usize, wanted: usize) -> Vec<usize> {
    if totals.len() <= wanted {
        return (0..totals.len()).collect();
    }
    if tied >= wanted {
        let winners = totals.iter().enumerate().filter(|(_, total)| **total == best);
        return winners.take(wanted).map(|(row, _)| row).collect();
    }
    let key = |row: &usize| (Reverse(totals.get(*row).copied().unwrap_or(0)), *row);
    let mut rows: Vec<usize> = (0..totals.len()).collect();
    rows.select_nth_unstable_by_key(wanted.saturating_sub(1), key);
    rows.truncate(wanted);
    rows.sort_unstable_by_key(key);
    rows
}

/// The node that the pod is nominated to, if it will do now.
/// Models evaluateNominatedNode.
fn nominated_node(
    profile: &Profile,
    cycle: &Cycle<'_>,
    state: &mut CycleState,
    filters: &Filters<'_>,
) -> Option<NodeId> {
    let name = &cycle.pod.pod.status.nominated_node_name;
    if name.is_empty() || filters.nodes.as_ref().is_some_and(|(names, _)| !names.contains(name)) {
        return None;
    }
    let info = cycle.cache.named(name).and_then(|id| cycle.cache.node(id))?;
    let refused = nominated::refusal(profile, cycle, state, filters, info).is_some();
    (!refused).then_some(info.id)
}

/// A cycle that found no node.
struct Failed<'a, 'c> {
    profile: &'a Profile,
    cycle: &'a Cycle<'c>,
    state: &'a mut CycleState,
    rng: &'a mut Rng,
}

impl Failed<'_, '_> {
    /// Asks whether room can be made. Gives the words for the message.
    fn post_filter(
        self,
        nodes: &[(NodeId, &Status)],
        others: Option<&Status>,
        filters: Option<&Filters<'_>>,
        decision: &mut Decision,
    ) -> String {
        let Failed { profile, cycle, state, rng } = self;
        let total = cycle.cache.order().len();
        let mut refusals = Refusals { nodes, others, total, profile, filters, rng };
        match profile.post_filter(cycle, state, &mut refusals) {
            Ok(nomination) => {
                decision.nomination = Some(nomination);
                String::new()
            }
            Err(said) => {
                decision.clears_nomination = said.clears;
                said.status.message()
            }
        }
    }
}

/// `PreFilter` refused: every node counts as refused for that reason.
fn refused_at_once(
    failed: Failed<'_, '_>,
    plugin: PluginIndex,
    status: Status,
    decision: &mut Decision,
) {
    let (profile, total) = (failed.profile, failed.cycle.cache.order().len());
    let post = failed.post_filter(&[], Some(&status), None, decision);
    decision.message = pre_filter_message(total, &status.message(), &post);
    decision.refused_by = bit(plugin);
    let (plugin, nodes) = (profile.name(plugin), total as u32);
    decision.pre_filter = Some(Refusal { plugin, status: Arc::new(status), nodes });
}

/// No node will do: says why, and whether removing pods would help.
fn explain(
    failed: Failed<'_, '_>,
    filters: &Filters<'_>,
    verdicts: &Verdicts,
    decision: &mut Decision,
) {
    let total = failed.cycle.cache.order().len();
    let left_out = filters.nodes.as_ref().map(|(_, by)| {
        let plugins = by.join(" ");
        let reason = format!("node(s) didn't satisfy plugin(s) [{plugins}]");
        Status::new(crate::framework::Code::UnschedulableAndUnresolvable, reason)
    });
    let nodes: Vec<(NodeId, &Status)> = verdicts.statuses().collect();
    let others = left_out.as_ref();
    let post = failed.post_filter(&nodes, others, Some(filters), decision);
    let counted = decision.refusals.iter().map(|r| (&*r.status, r.nodes as usize));
    let others = others.map(|status| (status, total - nodes.len()));
    decision.message = fit_message(total, &histogram(counted.chain(others)), &post);
    decision.refused_by |= verdicts.plugins();
}
