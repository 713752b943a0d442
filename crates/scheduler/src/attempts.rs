//! What happened in each attempt to place a pod: which plugin refused which node and why, what
//! every plugin scored, who won and who tied. Bounded, so that history costs little.

use std::collections::VecDeque;
use std::sync::Arc;

use apimachinery::meta::{Key, Uid};
use clock::SimTime;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::framework::{Nomination, Status};

pub const ATTEMPTS_PER_POD_MAX: usize = 16;
pub const ATTEMPTS_MAX: usize = 2_000;
/// Nodes with scores or verdicts that all attempts together keep; older ones keep their summary.
const ROWS_MAX: usize = 10_000;
/// On clusters above this size only a summary and the best nodes are kept, unless asked for more.
pub const DETAILED_NODES_MAX: usize = 500;
pub const BEST_NODES: usize = 10;
/// Attempts that are no longer among the latest keep so many.
const AGED_NODES: usize = 4;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Bound {
        node: SmolStr,
    },
    /// No node will do. The message of the FailedScheduling event.
    Unschedulable {
        message: String,
    },
    /// Something else went wrong.
    Error {
        message: String,
    },
}

/// A plugin refused a node.
#[derive(Clone, Debug)]
pub struct NodeRefusal {
    pub node: SmolStr,
    /// Points into `Attempt::refusals`.
    pub refusal: u32,
}

/// One refusal and how many nodes got it.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub plugin: &'static str,
    pub status: Arc<Status>,
    pub nodes: u32,
}

/// What one plugin said of one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginScore {
    pub raw: i64,
    /// 0 to 100.
    pub normalized: i32,
    pub weighted: i32,
}

/// What the plugins said of one node; all nodes of an attempt share one allocation.
#[derive(Clone)]
pub struct PluginScores {
    all: Arc<[PluginScore]>,
    from: u32,
    len: u32,
}

impl PluginScores {
    /// `row` of a table that is `width` wide.
    pub(crate) fn row(all: &Arc<[PluginScore]>, row: usize, width: usize) -> Self {
        PluginScores { all: Arc::clone(all), from: (row * width) as u32, len: width as u32 }
    }
}

impl std::ops::Deref for PluginScores {
    type Target = [PluginScore];
    fn deref(&self) -> &[PluginScore] {
        let from = self.from as usize;
        self.all.get(from..from + self.len as usize).unwrap_or_default()
    }
}

impl std::fmt::Debug for PluginScores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A feasible node with its scores, in the order of `Attempt::plugins`.
#[derive(Clone, Debug)]
pub struct NodeScore {
    pub node: SmolStr,
    pub total: i64,
    pub plugins: PluginScores,
}

/// One attempt to place one pod.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub at: SimTime,
    pub pod: Key,
    pub uid: Uid,
    /// Counted from one.
    pub number: u32,
    pub nodes: u32,
    /// Nodes that were looked at before enough were found.
    pub evaluated: u32,
    pub feasible: u32,
    pub outcome: Outcome,
    /// A plugin that refused the pod before any node was looked at.
    pub pre_filter: Option<Refusal>,
    pub refusals: Vec<Refusal>,
    /// Empty where only the summary is kept.
    pub refused_nodes: Vec<NodeRefusal>,
    /// The plugins that scored. None did if only one node was feasible.
    pub plugins: Arc<[&'static str]>,
    /// Feasible nodes, the best first where only the best are kept.
    pub scores: Vec<NodeScore>,
    /// How many nodes had the highest total, and the first of them.
    pub tied: u32,
    pub tie: Vec<SmolStr>,
    /// What the pod was promised instead of a node.
    pub nomination: Option<Arc<Nomination>>,
}

impl Attempt {
    fn rows(&self) -> usize {
        self.refused_nodes.len() + self.scores.len()
    }

    /// The summary and the best nodes.
    fn compacted(&self) -> Attempt {
        let mut best: Vec<&NodeScore> = self.scores.iter().collect();
        best.sort_by_key(|score| std::cmp::Reverse(score.total));
        best.truncate(AGED_NODES);
        let width = self.plugins.len();
        let all: Arc<[PluginScore]> = best.iter().flat_map(|s| s.plugins.iter()).copied().collect();
        let kept = best.iter().enumerate().map(|(row, score)| NodeScore {
            plugins: PluginScores::row(&all, row, width),
            node: score.node.clone(),
            total: score.total,
        });
        Attempt {
            pod: self.pod.clone(),
            outcome: self.outcome.clone(),
            pre_filter: self.pre_filter.clone(),
            refusals: self.refusals.clone(),
            refused_nodes: Vec::new(),
            plugins: Arc::clone(&self.plugins),
            scores: kept.collect(),
            tie: self.tie.iter().take(AGED_NODES).cloned().collect(),
            nomination: self.nomination.clone(),
            ..*self
        }
    }
}

/// The last attempts, oldest first.
#[derive(Debug, Default)]
pub struct Attempts {
    all: VecDeque<Arc<Attempt>>,
    by_pod: IndexMap<Key, VecDeque<Arc<Attempt>>, FxBuildHasher>,
    rows: usize,
    /// How many of the oldest are summaries already.
    compacted: usize,
}

impl Attempts {
    pub fn push(&mut self, attempt: Attempt) {
        let attempt = Arc::new(attempt);
        self.rows += attempt.rows();
        let of_pod = self.by_pod.entry(attempt.pod.clone()).or_default();
        of_pod.push_back(Arc::clone(&attempt));
        if of_pod.len() > ATTEMPTS_PER_POD_MAX {
            of_pod.pop_front();
        }
        self.all.push_back(attempt);
        while self.all.len() > ATTEMPTS_MAX {
            self.forget_oldest();
        }
        while self.rows > ROWS_MAX && self.compacted + 1 < self.all.len() {
            self.compact_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.all.pop_front() else { return };
        self.rows -= oldest.rows();
        self.compacted = self.compacted.saturating_sub(1);
        let Some(of_pod) = self.by_pod.get_mut(&oldest.pod) else { return };
        if of_pod.front().is_some_and(|first| Arc::ptr_eq(first, &oldest)) {
            of_pod.pop_front();
        }
        if of_pod.is_empty() {
            self.by_pod.swap_remove(&oldest.pod);
        }
    }

    fn compact_oldest(&mut self) {
        let at = self.compacted;
        self.compacted += 1;
        let Some(full) = self.all.get_mut(at) else { return };
        let small = Arc::new(full.compacted());
        self.rows = self.rows + small.rows() - full.rows();
        let of_pod = self.by_pod.get_mut(&small.pod).into_iter().flatten();
        for known in of_pod.filter(|known| Arc::ptr_eq(known, full)) {
            *known = Arc::clone(&small);
        }
        *full = small;
    }

    /// The attempts of a pod, oldest first.
    pub fn of(&self, pod: Key) -> impl Iterator<Item = &Attempt> {
        self.by_pod.get(&pod).into_iter().flatten().map(|attempt| &**attempt)
    }

    /// All that are kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.all.iter().map(|attempt| &**attempt)
    }
}
