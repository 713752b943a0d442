//! The store behind the API server: tables of keys and values under one global revision, with the
//! history of every change until it is compacted. It knows nothing of the values it keeps.

mod log;
mod table;

pub use log::{Change, Compacted};
pub use table::{Item, TableId};

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use log::Log;
use table::Table;

/// A multi-version store. Values are meant to be cheap to clone (pointers).
#[derive(Debug)]
pub struct Store<K, V> {
    tables: Vec<Table<K, V>>,
    log: Log<K, V>,
}

impl<K: Ord + Clone, V: Clone> Default for Store<K, V> {
    fn default() -> Self {
        Store { tables: Vec::new(), log: Log::default() }
    }
}

impl<K: Ord + Clone, V: Clone> Store<K, V> {
    /// A new, empty table. Ids are dense, from zero.
    pub fn add_table(&mut self) -> TableId {
        let id = TableId(self.tables.len() as u16);
        self.tables.push(Table::default());
        id
    }

    /// The revision of the last write; one before the first.
    pub fn revision(&self) -> u64 {
        self.log.revision()
    }

    /// The revision that the next write gets.
    pub fn next_revision(&self) -> u64 {
        self.log.revision() + 1
    }

    /// What is older than this can be read no more.
    pub fn compacted(&self) -> u64 {
        self.log.compacted()
    }

    /// How many changes are kept.
    pub fn history_len(&self) -> usize {
        self.log.len()
    }

    /// When the last write was.
    pub fn last_time(&self) -> u64 {
        self.log.last_time()
    }

    pub fn len(&self, table: TableId) -> usize {
        self.table(table).map_or(0, |table| table.items.len())
    }

    pub fn is_empty(&self, table: TableId) -> bool {
        self.len(table) == 0
    }

    fn table(&self, id: TableId) -> Option<&Table<K, V>> {
        self.tables.get(usize::from(id.0))
    }

    pub fn get(&self, table: TableId, key: &K) -> Option<&Item<V>> {
        self.table(table)?.items.get(key)
    }

    /// In key order.
    pub fn range<R: RangeBounds<K>>(
        &self,
        table: TableId,
        range: R,
    ) -> impl DoubleEndedIterator<Item = (&K, &Item<V>)> {
        self.table(table).map(|table| table.items.range(range)).into_iter().flatten()
    }

    /// Writes a value at a moment and gives the revision of the write.
    pub fn put(&mut self, table: TableId, key: K, time: u64, value: V) -> u64 {
        let revision = self.next_revision();
        let Some(slot) = self.tables.get_mut(usize::from(table.0)) else { return 0 };
        let previous = slot.put(&key, &value, revision);
        slot.changes.push_back(revision);
        self.log.push(Change { table, revision, time, key, value: Some(value), previous });
        revision
    }

    /// Takes a key out; `None` if it was not there.
    pub fn delete(&mut self, table: TableId, key: &K, time: u64) -> Option<u64> {
        let revision = self.next_revision();
        let slot = self.tables.get_mut(usize::from(table.0))?;
        let (key, item) = slot.items.remove_entry(key)?;
        slot.changes.push_back(revision);
        let previous = Some(item);
        self.log.push(Change { table, revision, time, key, value: None, previous });
        Some(revision)
    }

    /// All changes after a revision, oldest first.
    pub fn changes_since(
        &self,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change<K, V>>, Compacted> {
        self.log.since(revision)
    }

    /// The changes of one table after a revision, oldest first: a watch from there.
    pub fn table_changes_since(
        &self,
        table: TableId,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Change<K, V>>, Compacted> {
        self.log.check(revision)?;
        let changes = self.table(table).map(|table| &table.changes);
        let from = changes.map_or(0, |changes| changes.partition_point(|r| *r <= revision));
        let later = changes.map(|changes| changes.range(from..)).into_iter().flatten();
        Ok(later.filter_map(|revision| self.log.get(*revision)))
    }

    /// A key as it was at a revision.
    pub fn get_at(
        &self,
        table: TableId,
        key: &K,
        revision: u64,
    ) -> Result<Option<Item<V>>, Compacted> {
        let later = self.table_changes_since(table, revision)?;
        let mut item = self.get(table, key).cloned();
        for change in later.rev().filter(|change| change.key == *key) {
            item.clone_from(&change.previous);
        }
        Ok(item)
    }

    /// A table as it was at a revision: the present with the changes since taken back.
    pub fn range_at(
        &self,
        table: TableId,
        revision: u64,
    ) -> Result<BTreeMap<K, Item<V>>, Compacted> {
        let later = self.table_changes_since(table, revision)?;
        let mut items = self.table(table).map(|table| table.items.clone()).unwrap_or_default();
        for change in later.rev() {
            match &change.previous {
                Some(item) => items.insert(change.key.clone(), item.clone()),
                None => items.remove(&change.key),
            };
        }
        Ok(items)
    }

    /// The last revision at or before a moment.
    pub fn revision_at(&self, time: u64) -> u64 {
        self.log.revision_at(time)
    }

    /// Forgets the history up to a revision; the present stays.
    pub fn compact(&mut self, revision: u64) {
        self.log.compact(revision);
        let compacted = self.log.compacted();
        for table in &mut self.tables {
            let old = table.changes.partition_point(|r| *r <= compacted);
            table.changes.drain(..old);
            log::give_back(&mut table.changes);
        }
    }
}
