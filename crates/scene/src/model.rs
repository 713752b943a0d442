//! What the picture knows of the cluster, fed change by change. Objects are shared with the store
//! by pointer; one changed object costs the work of one object.

mod nodes;
mod pods;
mod services;

use std::collections::BTreeMap;

use api::{EndpointSlice, Event, Node, Pod, Service};
use apimachinery::meta::Key;
use client::fabric::Packet;
use client::{Trace, WatchEvent, WatchKind};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use crate::account::Facts;
use crate::frame::Cache;
use crate::motion::Motion;
use crate::phase::{PHASES, Phase};
use crate::stats::Stats;

pub use nodes::NodeState;
pub use pods::PodState;
pub use services::ServiceState;

/// Lookup only: iteration never depends on the hash.
pub(crate) type FxMap<K, V> = IndexMap<K, V, FxBuildHasher>;

/// A pod's place in `Model::pods`.
pub(crate) type PodId = u32;

/// How long a card takes to appear, to leave and to slide, in milliseconds of the wall.
pub(crate) const MOVE_MS: f64 = 260.0;

#[derive(Debug, Default)]
pub struct Model {
    pub(crate) pods: Vec<PodState>,
    free: Vec<PodId>,
    by_key: FxMap<Key, PodId>,
    /// Pods without a node, in the order in which they came; the number is their slot.
    pub(crate) pending: BTreeMap<u32, PodId>,
    waited: u32,
    pub(crate) nodes: Vec<NodeState>,
    /// Places in `nodes`, in the natural order of their names.
    node_order: Vec<u32>,
    node_index: FxMap<SmolStr, usize>,
    pub(crate) services: BTreeMap<Key, ServiceState>,
    counts: [u32; PHASES.len()],
    pub(crate) stats: Stats,
    pub(crate) facts: Facts,
    pub(crate) motion: Motion,
    /// Moves when nodes, services or clients come or go.
    pub(crate) shape: u64,
    /// Moves when anything that is drawn changes.
    pub(crate) state: u64,
    /// The wall's last known moment.
    pub(crate) wall: f64,
    /// Cards are moving until then.
    pub(crate) animated_until: f64,
    dying: Vec<PodId>,
    /// Objects looked at so far: tests hold it against the number of changes.
    pub(crate) touched: u64,
    quiet: bool,
    pub(crate) cache: Cache,
}

impl Model {
    pub fn new() -> Self {
        Model::default()
    }

    /// Takes changes in their order. `relisted`: they are a whole listing, so forget the rest.
    pub fn apply(&mut self, changes: &[WatchEvent], relisted: bool) {
        if relisted {
            self.forget();
        }
        self.quiet = relisted;
        for change in changes {
            self.touched += 1;
            self.change(change);
        }
        self.quiet = false;
    }

    fn change(&mut self, change: &WatchEvent) {
        let gone = change.kind == WatchKind::Deleted;
        if let Some(pod) = change.object::<Pod>() {
            if gone { self.remove_pod(&Key::of(&pod.metadata)) } else { self.put_pod(pod) }
        } else if let Some(node) = change.object::<Node>() {
            if gone { self.remove_node(&node.metadata.name) } else { self.put_node(node) }
        } else if let Some(service) = change.object::<Service>() {
            let key = Key::of(&service.metadata);
            if gone { self.remove_service(&key) } else { self.put_service(key, service) }
        } else if let Some(slice) = change.object::<EndpointSlice>() {
            self.put_slice(&slice, gone);
        } else if let Some(event) = change.object::<Event>()
            && !gone
        {
            self.hear(&event);
        }
    }

    fn forget(&mut self) {
        let kept = Model {
            stats: std::mem::take(&mut self.stats),
            facts: std::mem::take(&mut self.facts),
            motion: std::mem::take(&mut self.motion),
            cache: std::mem::take(&mut self.cache),
            shape: self.shape + 1,
            state: self.state + 1,
            wall: self.wall,
            touched: self.touched,
            ..Model::default()
        };
        *self = kept;
    }

    /// Messages between components, in the order of their start.
    pub fn traces(&mut self, traces: &[Trace], wall_ms: f64) {
        self.wall = self.wall.max(wall_ms);
        for trace in traces {
            self.motion.message(trace, wall_ms);
        }
    }

    /// Requests that travelled.
    pub fn packets(&mut self, packets: &[Packet], wall_ms: f64) {
        self.wall = self.wall.max(wall_ms);
        for packet in packets {
            self.measure(packet);
            self.motion.packet(packet, wall_ms);
        }
        self.summarize();
    }

    pub fn set_stats(&mut self, mut stats: Stats) {
        let old = &self.stats;
        if old.clients.len() != stats.clients.len()
            || old.clients.iter().zip(&stats.clients).any(|(a, b)| a.name != b.name)
        {
            self.shape += 1;
        }
        let seconds = |stats: &Stats| stats.now.millis() / 1000;
        let counting = self.count(Phase::Failed) > 0 && seconds(old) != seconds(&stats);
        let now = std::mem::replace(&mut stats.now, old.now);
        if counting || stats != *old {
            self.state += 1;
        }
        stats.now = now;
        if old.usage != stats.usage {
            for usage in &stats.usage {
                if let Some(node) = self.node_index.get(&usage.node).copied()
                    && let Some(node) = self.nodes.get_mut(node)
                {
                    node.cpu_used = usage.cpu_milli;
                    node.memory_used = usage.memory_bytes;
                }
            }
        }
        self.stats = stats;
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// All pods that are not gone, in no particular order.
    pub fn pods(&self) -> impl Iterator<Item = &PodState> {
        self.by_key.values().filter_map(|id| self.pods.get(*id as usize))
    }

    pub fn pod(&self, key: &Key) -> Option<&PodState> {
        self.pods.get(*self.by_key.get(key)? as usize)
    }

    /// Worker nodes and control-plane nodes, in the natural order of their names.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeState> {
        let all = self.node_order.iter().filter_map(|index| self.nodes.get(*index as usize));
        all.filter(|node| node.is_shown())
    }

    pub fn node(&self, name: &str) -> Option<&NodeState> {
        self.nodes.get(*self.node_index.get(name)?)
    }

    pub fn services(&self) -> impl Iterator<Item = (&Key, &ServiceState)> {
        self.services.iter().filter(|(_, service)| service.service.is_some())
    }

    /// How many pods are in each phase, in the order of `PHASES`.
    pub fn counts(&self) -> [u32; PHASES.len()] {
        self.counts
    }

    pub fn count(&self, phase: Phase) -> u32 {
        self.counts.get(phase as usize).copied().unwrap_or(0)
    }

    /// How many objects were looked at since the model was made: grows with changes, not with the
    /// cluster.
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// Where the account ends: what happens later has this number or more.
    pub fn account_end(&self) -> u64 {
        self.facts.end()
    }

    pub(crate) fn worker_nodes(&self) -> impl Iterator<Item = &NodeState> {
        self.nodes().filter(|node| !node.control_plane)
    }

    pub(crate) fn shown_services(&self) -> impl Iterator<Item = (&Key, &ServiceState)> {
        self.services().filter(|(key, _)| services::is_shown(key))
    }

    /// Pods that have a card, a chip or a cell.
    pub(crate) fn count_shown(&self) -> usize {
        self.pending.len() + self.nodes.iter().map(|node| node.pods.len()).sum::<usize>()
    }

    fn animate(&mut self) {
        self.animated_until = self.animated_until.max(self.wall + MOVE_MS);
        self.state += 1;
    }
}
