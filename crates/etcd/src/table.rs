//! One table: the present by key, and which revisions changed it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// Index of a table; dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId(pub u16);

/// A value with the revisions that made and last changed it.
#[derive(Clone, Debug)]
pub struct Item<V> {
    pub value: V,
    pub create_revision: u64,
    pub mod_revision: u64,
}

#[derive(Debug)]
pub(crate) struct Table<K, V> {
    pub items: BTreeMap<K, Item<V>>,
    pub changes: VecDeque<u64>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { items: BTreeMap::new(), changes: VecDeque::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    /// What stood there before.
    pub fn put(&mut self, key: &K, value: &V, revision: u64) -> Option<Item<V>> {
        let mut new =
            Item { value: value.clone(), create_revision: revision, mod_revision: revision };
        match self.items.entry(key.clone()) {
            Entry::Occupied(mut slot) => {
                new.create_revision = slot.get().create_revision;
                Some(slot.insert(new))
            }
            Entry::Vacant(slot) => {
                slot.insert(new);
                None
            }
        }
    }
}
