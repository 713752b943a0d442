//! Pods: derived once a change, and a slot on their node that only their own coming and going
//! moves.

use std::sync::Arc;

use api::{Event, Pod};
use apimachinery::meta::Key;
use clock::SimTime;
use smol_str::SmolStr;

use super::{MOVE_MS, Model, PodId};
use crate::account::Fact;
use crate::phase::{Glance, Phase, glance};

/// A pod as the picture knows it.
#[derive(Debug, Default)]
pub struct PodState {
    pub key: Key,
    pub pod: Arc<Pod>,
    pub glance: Glance,
    /// Its image is on the way.
    pub pulling: bool,
    /// A part of the cluster itself, drawn as its component: no card.
    pub system: bool,
    pub cpu_requested: u64,
    pub memory_requested: u64,
    pub(crate) pull_since: SimTime,
    /// The node on which it has its slot; empty among the pending.
    pub(crate) place: SmolStr,
    pub(crate) born: f64,
    pub(crate) gone: Option<f64>,
    pub(crate) slot: u32,
    pub(crate) slot_before: u32,
    pub(crate) moved: f64,
}

impl PodState {
    pub fn phase(&self) -> Phase {
        self.glance.phase
    }

    pub fn node(&self) -> &str {
        &self.pod.spec.node_name
    }

    pub fn controller(&self) -> Option<&SmolStr> {
        self.pod.metadata.controller().map(|owner| &owner.name)
    }
}

/// Static pods, proxies and the DNS have their own places in the picture.
fn is_system(pod: &Pod) -> bool {
    let meta = &pod.metadata;
    meta.namespace == "kube-system"
        && (meta.label("tier") == Some("control-plane")
            || matches!(meta.label("k8s-app"), Some("kube-proxy" | "kube-dns")))
}

/// Milli-CPU and bytes that the pod's containers ask for.
fn requests(pod: &Pod) -> (u64, u64) {
    let sum = |name: &str, scale: i32| -> u64 {
        let amounts = pod.spec.containers.iter().filter_map(|c| c.resources.requests.get(name));
        amounts.map(|amount| u64::try_from(amount.scaled_value(scale)).unwrap_or(0)).sum()
    };
    (sum("cpu", -3), sum("memory", 0))
}

impl Model {
    pub(super) fn put_pod(&mut self, pod: Arc<Pod>) {
        let key = Key::of(&pod.metadata);
        let known = self.by_key.get(&key).copied();
        match known {
            Some(id) if self.same_uid(id, &pod) => self.update_pod(id, pod),
            Some(_) => {
                self.remove_pod(&key);
                self.add_pod(key, pod);
            }
            None => self.add_pod(key, pod),
        }
    }

    fn same_uid(&self, id: PodId, pod: &Pod) -> bool {
        self.pods.get(id as usize).is_some_and(|old| old.pod.metadata.uid == pod.metadata.uid)
    }

    fn add_pod(&mut self, key: Key, pod: Arc<Pod>) {
        let (cpu_requested, memory_requested) = requests(&pod);
        let state = PodState {
            glance: glance(&pod),
            system: is_system(&pod),
            born: if self.quiet { f64::NEG_INFINITY } else { self.wall },
            moved: f64::NEG_INFINITY,
            place: pod.spec.node_name.clone(),
            cpu_requested,
            memory_requested,
            key: key.clone(),
            pod,
            ..PodState::default()
        };
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.pods.push(PodState::default());
                PodId::try_from(self.pods.len() - 1).unwrap_or(PodId::MAX)
            }
        };
        self.count_phase(state.glance.phase, 1);
        self.tell(&state);
        let (system, place) = (state.system, state.place.clone());
        if let Some(slot) = self.pods.get_mut(id as usize) {
            *slot = state;
        }
        self.by_key.insert(key, id);
        self.reserve(&place, cpu_requested, memory_requested, true);
        if !system {
            self.seat(id, &place);
        }
        self.changed();
    }

    fn update_pod(&mut self, id: PodId, pod: Arc<Pod>) {
        let Some(state) = self.pods.get_mut(id as usize) else { return };
        let old = std::mem::replace(&mut state.glance, glance(&pod));
        let spec_changed = !Arc::ptr_eq(&state.pod.spec.body, &pod.spec.body);
        state.pod = pod;
        if state.glance.phase != Phase::Creating {
            state.pulling = false;
        }
        let (phase, changed) = (state.glance.phase, state.glance != old);
        let before = (state.cpu_requested, state.memory_requested);
        if spec_changed {
            (state.cpu_requested, state.memory_requested) = requests(&state.pod);
        }
        let after = (state.cpu_requested, state.memory_requested);
        let (from, to) = (state.place.clone(), state.pod.spec.node_name.clone());
        let (fact, system) = (fact(state), state.system);
        if from != to || before != after {
            self.reserve(&from, before.0, before.1, false);
            self.reserve(&to, after.0, after.1, true);
        }
        if from != to && !system {
            self.unseat(id, &from);
            self.seat(id, &to);
        }
        if from != to
            && let Some(state) = self.pods.get_mut(id as usize)
        {
            state.place = to;
            state.born = self.wall;
        }
        self.count_phase(old.phase, -1);
        self.count_phase(phase, 1);
        if (changed || from.is_empty() != self.pods_place_is_empty(id)) && !system {
            self.facts.push(fact);
        }
        self.changed();
    }

    fn pods_place_is_empty(&self, id: PodId) -> bool {
        self.pods.get(id as usize).is_none_or(|pod| pod.place.is_empty())
    }

    pub(super) fn remove_pod(&mut self, key: &Key) {
        let Some(id) = self.by_key.swap_remove(key) else { return };
        let Some(state) = self.pods.get_mut(id as usize) else { return };
        state.gone = Some(self.wall);
        let phase = std::mem::replace(&mut state.glance.phase, Phase::Terminating);
        let place = state.place.clone();
        let (cpu, memory, system) = (state.cpu_requested, state.memory_requested, state.system);
        self.count_phase(phase, -1);
        self.reserve(&place, cpu, memory, false);
        if system {
            self.release(id);
        } else {
            self.facts.push(Fact::PodGone(key.clone()));
            self.dying.push(id);
        }
        self.changed();
    }

    fn count_phase(&mut self, phase: Phase, by: i32) {
        if let Some(count) = self.counts.get_mut(phase as usize) {
            *count = count.saturating_add_signed(by);
        }
    }

    fn changed(&mut self) {
        if self.quiet {
            self.state += 1;
        } else {
            self.animate();
        }
    }

    fn tell(&mut self, state: &PodState) {
        if !self.quiet && !state.system {
            self.facts.push(fact(state));
        }
    }

    /// Events tell what the status does not: when an image is being pulled.
    pub(super) fn hear(&mut self, event: &Event) {
        let pulling = match event.reason.as_str() {
            "Pulling" => true,
            "Pulled" | "Failed" | "BackOff" => false,
            _ => return,
        };
        let about = &event.involved_object;
        let key = Key::new(about.namespace.clone(), about.name.clone());
        let Some(id) = self.by_key.get(&key).copied() else { return };
        let now = self.stats.now;
        let Some(state) = self.pods.get_mut(id as usize) else { return };
        let pulling = pulling && state.glance.phase == Phase::Creating;
        if state.pulling == pulling {
            return;
        }
        state.pulling = pulling;
        state.pull_since = now;
        if pulling && !self.quiet {
            let fact = fact(state);
            self.facts.push(fact);
        }
        self.state += 1;
    }

    fn seat(&mut self, id: PodId, place: &SmolStr) {
        let slot = if place.is_empty() {
            self.waited = self.waited.wrapping_add(1);
            self.pending.insert(self.waited, id);
            self.waited
        } else {
            let index = self.node_place(place);
            let Some(node) = self.nodes.get_mut(index) else { return };
            node.pods.push(id);
            u32::try_from(node.pods.len() - 1).unwrap_or(u32::MAX)
        };
        if let Some(pod) = self.pods.get_mut(id as usize) {
            pod.slot = slot;
            pod.slot_before = slot;
        }
    }

    /// Takes the pod's seat away; those behind it on the node move up.
    fn unseat(&mut self, id: PodId, place: &SmolStr) {
        if place.is_empty() {
            let slot = self.pods.get(id as usize).map_or(0, |pod| pod.slot);
            self.pending.remove(&slot);
            return;
        }
        let node = self.node_index.get(place).and_then(|index| self.nodes.get_mut(*index));
        let Some(node) = node else { return };
        let Some(at) = node.pods.iter().position(|seat| *seat == id) else { return };
        node.pods.remove(at);
        self.shape += u64::from(node.pods.is_empty() && node.node.is_none());
        for (slot, seat) in node.pods.iter().enumerate().skip(at) {
            self.touched += 1;
            if let Some(pod) = self.pods.get_mut(*seat as usize) {
                pod.slot_before = pod.slot;
                pod.slot = u32::try_from(slot).unwrap_or(u32::MAX);
                pod.moved = self.wall;
            }
        }
    }

    fn release(&mut self, id: PodId) {
        if let Some(state) = self.pods.get_mut(id as usize) {
            *state = PodState::default();
        }
        self.free.push(id);
    }

    /// Lets pods that have faded away make room.
    pub(crate) fn bury(&mut self, wall: f64) {
        self.wall = self.wall.max(wall);
        let mut over = std::mem::take(&mut self.dying);
        over.retain(|id| {
            let Some(pod) = self.pods.get(*id as usize) else { return false };
            if pod.gone.is_some_and(|at| wall - at < MOVE_MS) {
                return true;
            }
            let place = pod.place.clone();
            self.unseat(*id, &place);
            self.release(*id);
            self.animate();
            false
        });
        self.dying = over;
    }

    pub(crate) fn is_animated(&self, wall: f64) -> bool {
        wall < self.animated_until || !self.dying.is_empty()
    }
}

fn fact(state: &PodState) -> Fact {
    Fact::Pod {
        key: state.key.clone(),
        phase: state.glance.phase,
        pulling: state.pulling,
        reason: state.glance.reason.clone(),
        node: state.pod.spec.node_name.clone(),
    }
}
