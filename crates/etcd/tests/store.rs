//! The store's promises: dense revisions, a readable past, watches from a revision, compaction.

use etcd::{Compacted, Store, TableId};

type Texts = Store<&'static str, &'static str>;

fn written() -> (Texts, TableId, TableId) {
    let mut store = Texts::default();
    let (a, b) = (store.add_table(), store.add_table());
    assert_eq!(store.put(a, "x", 10, "x1"), 2);
    assert_eq!(store.put(b, "x", 10, "other"), 3);
    assert_eq!(store.put(a, "y", 20, "y1"), 4);
    assert_eq!(store.put(a, "x", 30, "x2"), 5);
    assert_eq!(store.delete(a, &"y", 40), Some(6));
    assert_eq!(store.delete(a, &"y", 40), None);
    (store, a, b)
}

#[test]
fn keeps_create_and_mod_revisions() {
    let (store, a, b) = written();
    let item = store.get(a, &"x").unwrap();
    assert_eq!((item.value, item.create_revision, item.mod_revision), ("x2", 2, 5));
    assert_eq!(store.get(b, &"x").unwrap().value, "other");
    assert_eq!((store.len(a), store.len(b), store.revision()), (1, 1, 6));
}

#[test]
fn reads_the_past() {
    let (store, a, _) = written();
    let at = |revision| -> Vec<(&str, &str)> {
        let items = store.range_at(a, revision).unwrap();
        items.into_iter().map(|(key, item)| (key, item.value)).collect()
    };
    assert_eq!(at(1), []);
    assert_eq!(at(3), [("x", "x1")]);
    assert_eq!(at(4), [("x", "x1"), ("y", "y1")]);
    assert_eq!(at(5), [("x", "x2"), ("y", "y1")]);
    assert_eq!(at(6), [("x", "x2")]);
    assert_eq!(store.get_at(a, &"y", 5).unwrap().unwrap().value, "y1");
    assert!(store.get_at(a, &"y", 3).unwrap().is_none());
}

#[test]
fn watches_from_a_revision() {
    let (store, a, _) = written();
    let changes: Vec<_> = store
        .table_changes_since(a, 4)
        .unwrap()
        .map(|c| (c.revision, c.key, c.value, c.previous.as_ref().map(|item| item.value)))
        .collect();
    assert_eq!(changes, [(5, "x", Some("x2"), Some("x1")), (6, "y", None, Some("y1"))]);
    let all: Vec<u64> = store.changes_since(2).unwrap().map(|c| c.revision).collect();
    assert_eq!(all, [3, 4, 5, 6]);
    assert_eq!(store.changes_since(99).unwrap().count(), 0);
}

#[test]
fn compaction_forgets_the_past_only() {
    let (mut store, a, _) = written();
    assert_eq!([5, 10, 29, 99].map(|time| store.revision_at(time)), [1, 3, 4, 6]);
    store.compact(4);
    assert_eq!(store.range_at(a, 3).unwrap_err(), Compacted { wanted: 3, oldest: 4 });
    assert_eq!(store.range_at(a, 4).unwrap().len(), 2);
    assert_eq!(store.get(a, &"x").unwrap().create_revision, 2);
    assert_eq!(store.put(a, "z", 50, "z1"), 7);
    store.compact(3);
    store.compact(99);
    assert_eq!((store.revision(), store.compacted(), store.history_len()), (7, 7, 0));
    assert_eq!(
        store.changes_since(6).err().unwrap().to_string(),
        "too old resource version: 6 (7)"
    );
}
