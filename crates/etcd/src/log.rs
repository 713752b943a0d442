//! The history: every change in revision order, from the last compaction on.

use std::collections::VecDeque;
use std::fmt;

use crate::table::{Item, TableId};

/// One write. Without a value it was a delete.
#[derive(Clone, Debug)]
pub struct Change<K, V> {
    pub table: TableId,
    pub revision: u64,
    /// When it was committed, in nanoseconds of virtual time.
    pub time: u64,
    pub key: K,
    pub value: Option<V>,
    pub previous: Option<Item<V>>,
}

/// The revision asked for is older than the history that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub wanted: u64,
    pub oldest: u64,
}

impl fmt::Display for Compacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too old resource version: {} ({})", self.wanted, self.oldest)
    }
}

impl std::error::Error for Compacted {}

/// Revisions are dense, so a change is found by its distance from the oldest one.
#[derive(Debug)]
pub(crate) struct Log<K, V> {
    changes: VecDeque<Change<K, V>>,
    compacted: u64,
    last_time: u64,
}

impl<K, V> Default for Log<K, V> {
    fn default() -> Self {
        Log { changes: VecDeque::new(), compacted: 1, last_time: 0 }
    }
}

impl<K, V> Log<K, V> {
    pub fn revision(&self) -> u64 {
        self.compacted + self.changes.len() as u64
    }

    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    pub fn len(&self) -> usize {
        self.changes.len()
    }

    pub fn last_time(&self) -> u64 {
        self.last_time
    }

    pub fn push(&mut self, change: Change<K, V>) {
        self.last_time = change.time;
        self.changes.push_back(change);
    }

    pub fn get(&self, revision: u64) -> Option<&Change<K, V>> {
        let at = revision.checked_sub(self.compacted + 1)?;
        self.changes.get(at as usize)
    }

    pub fn check(&self, revision: u64) -> Result<(), Compacted> {
        if revision < self.compacted {
            return Err(Compacted { wanted: revision, oldest: self.compacted });
        }
        Ok(())
    }

    pub fn since(
        &self,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change<K, V>>, Compacted> {
        self.check(revision)?;
        let from = (revision - self.compacted).min(self.changes.len() as u64);
        Ok(self.changes.range(from as usize..))
    }

    pub fn revision_at(&self, time: u64) -> u64 {
        self.compacted + self.changes.partition_point(|change| change.time <= time) as u64
    }

    pub fn compact(&mut self, revision: u64) {
        let revision = revision.min(self.revision());
        let old = revision.saturating_sub(self.compacted);
        self.changes.drain(..old as usize);
        give_back(&mut self.changes);
        self.compacted = self.compacted.max(revision);
    }
}

/// After a burst: gives most of the empty room back.
pub(crate) fn give_back<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() / 4 > queue.len() {
        queue.shrink_to(queue.len() * 2);
    }
}
