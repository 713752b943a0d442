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
    /// The raw scores of one node by all `Scope::Node` scorers, asked again only if it changed.
    fn node_scores(
        &mut self,
        cycle: &Cycle<'_>,
        state: &CycleState,
        scorers: &[&Scorer<'_>],
        id: NodeId,
        info: &NodeInfo,
    ) -> &[i64] {
        let from = id as usize * self.width;
        let Some(scores) = self.scores.get_mut(from..from + self.width) else { return &[] };
        if let Some(cell) = self.cells.get_mut(id as usize).filter(|c| c.scored != info.generation)
        {
            cell.scored = info.generation;
            for (score, scorer) in scores.iter_mut().zip(scorers) {
                *score = scorer.score.score(cycle, state, info);
            }
        }
        scores
    }

    fn fit(&mut self, width: usize) {
        if self.width != width {
            self.width = width;
            self.cells.iter_mut().for_each(|cell| cell.scored = 0);
        }
        self.scores.resize(self.cells.len() * width, 0);
    }
}

/// Fills `raw` with the raw scores of the feasible nodes, plugin by plugin.
pub fn raw_scores(
    cells: Option<&mut Cells>,
    cycle: &Cycle<'_>,
    state: &CycleState,
    scorers: &[Scorer<'_>],
    nodes: (&[NodeId], &[&NodeInfo]),
    raw: &mut [Vec<i64>],
) {
    let reused = |scorer: &Scorer<'_>| cells.is_some() && scorer.scope == Scope::Node;
    let local: Vec<&Scorer<'_>> = scorers.iter().filter(|s| reused(s)).collect();
    let mut columns: Vec<&mut Vec<i64>> = Vec::with_capacity(local.len());
    for (scorer, column) in scorers.iter().zip(raw) {
        column.clear();
        if reused(scorer) {
            columns.push(column);
        } else {
            column.extend(nodes.1.iter().map(|info| scorer.score.score(cycle, state, info)));
        }
    }
    let Some(cells) = cells else { return };
    cells.fit(local.len());
    for (id, info) in nodes.0.iter().zip(nodes.1) {
        let scores = cells.node_scores(cycle, state, &local, *id, info);
        for (column, score) in columns.iter_mut().zip(scores) {
            column.push(*score);
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
