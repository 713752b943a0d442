//! Verdicts and raw scores of nodes that have not changed since a pod of the same template was
//! looked at. They are exactly what the plugins would say again: only plugins that look at one node
//! alone take part.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::cache::NodeId;
use crate::framework::{Cycle, CycleState, Scope};
use crate::node_info::NodeInfo;
use crate::profile::Scorer;
use crate::template::Template;
use crate::verdicts::Verdicts;

/// How many templates are remembered.
const TEMPLATES_MAX: usize = 16;

#[derive(Clone, Copy, Default)]
struct Cell {
    /// The node's generation when it was last looked at; zero is never.
    filtered: u64,
    scored: u64,
    verdict: u32,
    /// The weighted sum of the raw scores that nothing normalises.
    fixed: i64,
}

/// What is known for one template, place by place.
#[derive(Default)]
pub struct Cells {
    cells: Vec<Cell>,
    /// Raw scores of the plugins that look at one node alone, `width` a place.
    scores: Vec<i64>,
    width: usize,
    /// Scores of images look at other nodes too, through this stamp.
    image_stamp: u64,
}

impl Cells {
    pub fn verdict(&self, id: NodeId, generation: u64) -> Option<u32> {
        self.cells.get(id as usize).filter(|c| c.filtered == generation).map(|c| c.verdict)
    }

    pub fn set_verdict(&mut self, id: NodeId, generation: u64, verdict: u32) {
        if let Some(cell) = self.cells.get_mut(id as usize) {
            cell.filtered = generation;
            cell.verdict = verdict;
        }
    }
}

impl Cells {
    /// Brings the raw scores of one node by all `Scope::Node` scorers up to date; only a node that
    /// changed is asked about again.
    fn refresh(
        &mut self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        scorers: &[&Scorer<'_>],
        id: NodeId,
        info: &NodeInfo,
    ) {
        let from = id as usize * self.width;
        let Some(scores) = self.scores.get_mut(from..from + self.width) else { return };
        let Some(cell) = self.cells.get_mut(id as usize) else { return };
        cell.scored = info.generation;
        cell.fixed = 0;
        for (score, scorer) in scores.iter_mut().zip(scorers) {
            *score = scorer.score.score(cycle, state, info);
            if !scorer.normalizes {
                cell.fixed += *score * scorer.weight;
            }
        }
    }

    fn fit(&mut self, width: usize) {
        if self.width != width {
            self.width = width;
            self.cells.iter_mut().for_each(|cell| cell.scored = 0);
        }
        self.scores.resize(self.cells.len() * width, 0);
    }

    /// The raw score of a node by the n-th `Scope::Node` scorer.
    pub fn raw(&self, id: NodeId, scorer: usize) -> i64 {
        self.scores.get(id as usize * self.width + scorer).copied().unwrap_or(0)
    }
}

/// Fills `raw` with the raw scores of the feasible nodes, plugin by plugin. What only adds a fixed
/// amount to a node's total goes into `totals` at once, and its column stays empty.
pub fn raw_scores(
    cells: Option<&mut Cells>,
    cycle: &Cycle<'_>,
    state: &CycleState,
    scorers: &[Scorer<'_>],
    nodes: (&[NodeId], &[&NodeInfo]),
    (raw, totals): (&mut [Vec<i64>], &mut Vec<i64>),
) {
    totals.clear();
    totals.resize(nodes.1.len(), 0);
    let reused = |scorer: &Scorer<'_>| cells.is_some() && scorer.scope == Scope::Node;
    let local: Vec<&Scorer<'_>> = scorers.iter().filter(|s| reused(s)).collect();
    let mut columns: Vec<(usize, &mut Vec<i64>)> = Vec::with_capacity(local.len());
    let mut place = 0;
    for (scorer, column) in scorers.iter().zip(raw) {
        column.clear();
        if !reused(scorer) {
            column.extend(nodes.1.iter().map(|info| scorer.score.score(cycle, state, info)));
            continue;
        }
        if scorer.normalizes {
            columns.push((place, column));
        }
        place += 1;
    }
    let Some(cells) = cells else { return };
    cells.fit(local.len());
    let generations = cycle.cache.generations();
    for ((id, info), total) in nodes.0.iter().zip(nodes.1).zip(totals) {
        let known = cells.cells.get(*id as usize).zip(generations.get(*id as usize));
        if known.is_none_or(|(cell, generation)| cell.scored != *generation) {
            cells.refresh(cycle, state, &local, *id, info);
        }
        *total = cells.cells.get(*id as usize).map_or(0, |cell| cell.fixed);
        for (place, column) in &mut columns {
            column.push(cells.raw(*id, *place));
        }
    }
}

struct Entry {
    template: Arc<Template>,
    verdicts: Verdicts,
    used: u64,
}

#[derive(Default)]
pub struct Reuse {
    known: IndexMap<usize, Entry, FxBuildHasher>,
    current: Option<(usize, Arc<Template>)>,
    clock: u64,
}

impl Reuse {
    /// The verdicts to fill in this cycle, with what is known of this template.
    pub fn begin(&mut self, reuse: bool, cycle: &Cycle<'_>) -> Verdicts {
        self.current = None;
        if !reuse {
            return Verdicts::default();
        }
        let template = &cycle.pod.template;
        let address = Arc::as_ptr(template).addr();
        let known = self.known.swap_remove(&address);
        let known = known.filter(|entry| Arc::ptr_eq(&entry.template, template));
        let known = known.map(|entry| entry.verdicts);
        let mut verdicts = known.unwrap_or_default();
        verdicts.clear();
        let cells = verdicts.cells.get_or_insert_default();
        cells.cells.resize(cycle.cache.places(), Cell::default());
        let stamp = cycle.cache.image_stamp(&template.images);
        if cells.image_stamp != stamp {
            cells.image_stamp = stamp;
            cells.cells.iter_mut().for_each(|cell| cell.scored = 0);
        }
        self.current = Some((address, Arc::clone(template)));
        verdicts
    }

    /// Keeps the verdicts for the next pod of this template.
    pub fn give_back(&mut self, verdicts: Verdicts) {
        let Some((address, template)) = self.current.take() else { return };
        if self.known.len() >= TEMPLATES_MAX {
            let oldest = self.known.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.swap_remove(&oldest);
            }
        }
        self.clock += 1;
        self.known.insert(address, Entry { template, verdicts, used: self.clock });
    }
}
