//! What a watcher last knew of a kind: a cache by name with an index of owners.
//! Models client-go/tools/cache: the store behind a shared informer and its lister.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::Kind;
use apimachinery::meta::{Key, ObjectMeta, Uid};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::watch::{WatchEvent, WatchKind};

/// One change of an object, typed. `new` is the object as it is now, or as it was last.
#[derive(Clone, Debug)]
pub struct Delta<K> {
    pub kind: WatchKind,
    pub new: Arc<K>,
    pub old: Option<Arc<K>>,
}

impl<K: Kind> Delta<K> {
    pub fn of(event: &WatchEvent) -> Option<Self> {
        let new = event.object::<K>()?;
        Some(Delta { kind: event.kind, new, old: event.previous::<K>() })
    }

    pub fn is_deleted(&self) -> bool {
        self.kind == WatchKind::Deleted
    }
}

/// The objects of one kind.
#[derive(Clone, Debug)]
pub struct Store<K> {
    objects: BTreeMap<Key, Arc<K>>,
    by_owner: IndexMap<Uid, BTreeSet<Key>, FxBuildHasher>,
}

impl<K> Default for Store<K> {
    fn default() -> Self {
        Store { objects: BTreeMap::new(), by_owner: IndexMap::default() }
    }
}

/// The owners; nobody (zero) where none of them is the controller.
fn owners(meta: &ObjectMeta) -> impl Iterator<Item = Uid> {
    let nobody = meta.controller().is_none().then_some(Uid(0));
    meta.owner_references.iter().map(|owner| owner.uid).chain(nobody)
}

impl<K: Kind> Store<K> {
    pub fn apply(&mut self, delta: &Delta<K>) {
        let key = Key::of(Kind::meta(&*delta.new));
        let known = if delta.is_deleted() {
            self.objects.remove(&key)
        } else {
            self.objects.insert(key.clone(), Arc::clone(&delta.new))
        };
        let meta = Kind::meta(&*delta.new);
        if let Some(known) = &known {
            let known = Kind::meta(&**known);
            if !delta.is_deleted() && known.owner_references.same(&meta.owner_references) {
                return;
            }
            for owner in owners(known) {
                self.forget_owner(owner, &key);
            }
        }
        if !delta.is_deleted() {
            for owner in owners(meta) {
                self.by_owner.entry(owner).or_default().insert(key.clone());
            }
        }
    }

    fn forget_owner(&mut self, owner: Uid, key: &Key) {
        if let Some(keys) = self.by_owner.get_mut(&owner) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_owner.swap_remove(&owner);
            }
        }
    }

    pub fn get(&self, key: &Key) -> Option<&Arc<K>> {
        self.objects.get(key)
    }

    pub fn named(&self, namespace: &str, name: &str) -> Option<&Arc<K>> {
        self.objects.get(&Key::new(namespace, name))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<K>> {
        self.objects.values()
    }

    pub fn namespace(&self, namespace: &str) -> impl Iterator<Item = &Arc<K>> {
        let namespace = SmolStr::from(namespace);
        self.objects
            .range(Key::new(namespace.clone(), "")..)
            .take_while(move |(key, _)| key.namespace == namespace)
            .map(|(_, object)| object)
    }

    /// Objects that name this owner, as controller or not, ordered by name.
    pub fn owned_by(&self, owner: Uid) -> impl Iterator<Item = &Arc<K>> {
        self.by_owner
            .get(&owner)
            .into_iter()
            .flat_map(|keys| keys.iter().filter_map(|key| self.objects.get(key)))
    }

    /// Objects without a controller, of all namespaces, ordered by name.
    pub fn orphans(&self) -> impl Iterator<Item = &Arc<K>> {
        self.owned_by(Uid(0))
    }

    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}
