//! What happened since somebody last looked: the page's only view of the cluster.

use client::{Trace, WatchEvent};

/// A reader's place. Start with `Feed::default()`: the first update tells of everything.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    pub(crate) revision: Option<u64>,
    pub(crate) trace: u64,
}

/// Changes of objects in the order of their revisions, and messages in the order of their start.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// The reader was too far behind (or is new): `changes` is a whole listing, as `Added`.
    pub relisted: bool,
    pub changes: Vec<WatchEvent>,
    pub traces: Vec<Trace>,
}

/// Recent messages, bounded.
#[derive(Debug)]
pub(crate) struct TraceLog {
    pub on: bool,
    first: u64,
    ring: std::collections::VecDeque<Trace>,
}

const KEPT_TRACES_MAX: usize = 8192;

impl TraceLog {
    pub fn new(on: bool) -> Self {
        TraceLog { on, first: 0, ring: std::collections::VecDeque::new() }
    }

    pub fn push(&mut self, trace: Trace) {
        if self.ring.len() == KEPT_TRACES_MAX {
            self.ring.pop_front();
            self.first += 1;
        }
        self.ring.push_back(trace);
    }

    pub fn count(&self) -> u64 {
        self.first + self.ring.len() as u64
    }

    /// Appends everything from number `from` on; returns where to go on.
    pub fn since(&self, from: u64, out: &mut Vec<Trace>) -> u64 {
        let skip = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        out.extend(self.ring.iter().skip(skip).cloned());
        self.count()
    }
}
