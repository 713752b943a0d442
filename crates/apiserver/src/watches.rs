//! Who is told of which change. A write looks only at the watchers that it concerns: those of the
//! whole table, and by index those of its node, its namespace and its name.

use std::collections::VecDeque;
use std::sync::Arc;

use api::Obj;
use apimachinery::meta::Key;
use client::{WatchEvent, WatchFilter, WatchKind};
use clock::SimTime;
use etcd::TableId;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::resources::Resource;

/// A watch that is open. Ids are dense and not given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatcherId(pub u32);

/// A watcher that sleeps keeps room for so many events.
const PENDING_KEPT: usize = 16;

type Index<K> = IndexMap<K, Vec<WatcherId>, FxBuildHasher>;

/// In which form a watcher wants the objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Set if the objects are not delivered as they are kept.
    pub resource: Option<Arc<Resource>>,
    pub managed_fields: bool,
}

#[derive(Debug)]
struct Watcher {
    table: TableId,
    asked: Asked,
    filter: WatchFilter,
    pending: VecDeque<(SimTime, WatchEvent)>,
    awake: bool,
}

#[derive(Debug, Default)]
struct Routes {
    all: Vec<WatcherId>,
    by_node: Index<SmolStr>,
    by_namespace: Index<SmolStr>,
    by_name: Index<Key>,
}

#[derive(Debug, Default)]
pub(crate) struct Watches {
    watchers: Vec<Option<Box<Watcher>>>,
    routes: Vec<Routes>,
    wakes: Vec<WatcherId>,
}

fn remove<K: std::hash::Hash + Eq>(index: &mut Index<K>, key: &K, id: WatcherId) {
    if let Some(list) = index.get_mut(key) {
        list.retain(|other| *other != id);
        if list.is_empty() {
            index.swap_remove(key);
        }
    }
}

impl Watches {
    fn routes_mut(&mut self, table: TableId) -> &mut Routes {
        let at = usize::from(table.0);
        if self.routes.len() <= at {
            self.routes.resize_with(at + 1, Routes::default);
        }
        &mut self.routes[at]
    }

    /// Opens a watch on a table; `existing` is delivered first.
    pub fn open(
        &mut self,
        (table, asked): (TableId, Asked),
        filter: &WatchFilter,
        at: SimTime,
        existing: impl Iterator<Item = Obj>,
    ) -> WatcherId {
        let id = WatcherId(self.watchers.len() as u32);
        let routes = self.routes_mut(table);
        match filter {
            WatchFilter::All => routes.all.push(id),
            WatchFilter::Node(node) => routes.by_node.entry(node.clone()).or_default().push(id),
            WatchFilter::Namespace(namespace) => {
                routes.by_namespace.entry(namespace.clone()).or_default().push(id);
            }
            WatchFilter::Name { namespace, name } => {
                let key = Key::new(namespace.clone(), name.clone());
                routes.by_name.entry(key).or_default().push(id);
            }
        }
        let added = |object| (at, WatchEvent { kind: WatchKind::Added, object, previous: None });
        let pending: VecDeque<_> = existing.map(added).collect();
        let awake = !pending.is_empty();
        if awake {
            self.wakes.push(id);
        }
        let filter = filter.clone();
        self.watchers.push(Some(Box::new(Watcher { table, asked, filter, pending, awake })));
        id
    }

    pub fn close(&mut self, id: WatcherId) {
        let Some(watcher) = self.watchers.get_mut(id.0 as usize).and_then(Option::take) else {
            return;
        };
        let routes = self.routes_mut(watcher.table);
        match &watcher.filter {
            WatchFilter::All => routes.all.retain(|other| *other != id),
            WatchFilter::Node(node) => remove(&mut routes.by_node, node, id),
            WatchFilter::Namespace(namespace) => remove(&mut routes.by_namespace, namespace, id),
            WatchFilter::Name { namespace, name } => {
                let key = Key::new(namespace.clone(), name.clone());
                remove(&mut routes.by_name, &key, id);
            }
        }
    }

    pub fn take_wakes(&mut self, into: &mut Vec<WatcherId>) {
        into.append(&mut self.wakes);
    }

    /// The form that a watcher wants, if not the stored one.
    pub fn asked(&self, id: WatcherId) -> Option<Asked> {
        let watcher = self.watchers.get(id.0 as usize)?.as_ref()?;
        watcher.asked.resource.is_some().then(|| watcher.asked.clone())
    }

    /// Events up to a moment; then the time of the next one, or none and the watcher sleeps.
    pub fn poll(
        &mut self,
        id: WatcherId,
        until: SimTime,
        out: &mut Vec<WatchEvent>,
    ) -> Option<SimTime> {
        let watcher = self.watchers.get_mut(id.0 as usize)?.as_mut()?;
        while let Some((at, _)) = watcher.pending.front() {
            if *at > until {
                return Some(*at);
            }
            out.extend(watcher.pending.pop_front().map(|(_, event)| event));
        }
        if watcher.pending.capacity() > PENDING_KEPT {
            watcher.pending = VecDeque::new();
        }
        watcher.awake = false;
        None
    }

    /// Tells everybody concerned that `key` was written.
    pub fn publish(
        &mut self,
        table: TableId,
        key: &Key,
        at: SimTime,
        old: Option<&Obj>,
        new: &Obj,
    ) {
        let kind = if old.is_some() { WatchKind::Modified } else { WatchKind::Added };
        let event = WatchEvent { kind, object: new.clone(), previous: old.cloned() };
        let Some(mut post) = self.post(table, at) else { return };
        post.send(key, &event);
        if post.routes.by_node.is_empty() {
            return;
        }
        // A pod that is bound enters its node's watch; one that leaves is deleted from it.
        let (left, entered) = (old.map_or("", |object| object.node_name()), new.node_name());
        if left == entered {
            post.send_node(entered, &event);
            return;
        }
        post.send_node(left, &WatchEvent { kind: WatchKind::Deleted, ..event.clone() });
        post.send_node(
            entered,
            &WatchEvent { kind: WatchKind::Added, previous: None, ..event.clone() },
        );
    }

    /// Tells everybody concerned that `key` is gone. `last` is `old` with the delete's revision.
    pub fn publish_delete(
        &mut self,
        table: TableId,
        key: &Key,
        at: SimTime,
        old: &Obj,
        last: &Obj,
    ) {
        let kind = WatchKind::Deleted;
        let event = WatchEvent { kind, object: last.clone(), previous: Some(old.clone()) };
        let Some(mut post) = self.post(table, at) else { return };
        post.send(key, &event);
        post.send_node(old.node_name(), &event);
    }

    fn post(&mut self, table: TableId, at: SimTime) -> Option<Post<'_>> {
        let Watches { watchers, routes, wakes } = self;
        Some(Post { routes: routes.get(usize::from(table.0))?, watchers, wakes, at })
    }
}

/// The way to the watchers of one table at one moment.
struct Post<'a> {
    routes: &'a Routes,
    watchers: &'a mut [Option<Box<Watcher>>],
    wakes: &'a mut Vec<WatcherId>,
    at: SimTime,
}

impl Post<'_> {
    fn tell(&mut self, list: &[WatcherId], event: &WatchEvent) {
        for id in list {
            let watcher = self.watchers.get_mut(id.0 as usize).and_then(Option::as_mut);
            let Some(watcher) = watcher else { continue };
            watcher.pending.push_back((self.at, event.clone()));
            if !watcher.awake {
                watcher.awake = true;
                self.wakes.push(*id);
            }
        }
    }

    /// To all but the watchers of a node.
    fn send(&mut self, key: &Key, event: &WatchEvent) {
        let routes = self.routes;
        self.tell(&routes.all, event);
        if let Some(list) = routes.by_namespace.get(&key.namespace) {
            self.tell(list, event);
        }
        if routes.by_name.is_empty() {
            return;
        }
        if let Some(list) = routes.by_name.get(key) {
            self.tell(list, event);
        }
        if !key.namespace.is_empty()
            && let Some(list) = routes.by_name.get(&Key::new("", key.name.clone()))
        {
            self.tell(list, event);
        }
    }

    fn send_node(&mut self, node: &str, event: &WatchEvent) {
        if !node.is_empty()
            && let Some(list) = self.routes.by_node.get(node)
        {
            self.tell(list, event);
        }
    }
}
