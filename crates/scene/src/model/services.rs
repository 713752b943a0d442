//! Services, the pods behind them and how long their answers take.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use api::{EndpointSlice, Service};
use apimachinery::meta::Key;
use client::fabric::Packet;

use super::Model;
use crate::account::Fact;

const LATENCIES_MAX: usize = 128;

/// A service as the picture knows it.
#[derive(Debug, Default)]
pub struct ServiceState {
    /// `None` while only its slices are known.
    pub service: Option<Arc<Service>>,
    /// By slice: the pods and whether they take requests.
    slices: BTreeMap<Key, Vec<(Key, bool)>>,
    latencies_us: VecDeque<u32>,
    p95_us: u32,
    stale: bool,
    pub answered: u64,
    pub failed: u64,
}

impl ServiceState {
    pub fn endpoints(&self) -> impl Iterator<Item = &(Key, bool)> {
        self.slices.values().flatten()
    }

    pub fn ready_endpoints(&self) -> u32 {
        self.slices.values().flatten().map(|(_, ready)| u32::from(*ready)).sum()
    }

    /// Milliseconds; `None` before the first answer.
    pub fn p95_ms(&self) -> Option<f64> {
        (!self.latencies_us.is_empty()).then(|| f64::from(self.p95_us) / 1000.0)
    }
}

/// The cluster's own services are part of its components.
pub(super) fn is_shown(key: &Key) -> bool {
    key.namespace != "kube-system" && !(key.namespace == "default" && key.name == "kubernetes")
}

impl Model {
    pub(super) fn put_service(&mut self, key: Key, service: Arc<Service>) {
        let state = self.services.entry(key).or_default();
        self.shape += u64::from(state.service.is_none());
        state.service = Some(service);
        self.state += 1;
    }

    pub(super) fn remove_service(&mut self, key: &Key) {
        if self.services.remove(key).is_some() {
            self.shape += 1;
            self.state += 1;
        }
    }

    pub(super) fn put_slice(&mut self, slice: &EndpointSlice, gone: bool) {
        let Some(name) = slice.metadata.label("kubernetes.io/service-name") else { return };
        let service = Key::new(slice.metadata.namespace.clone(), name);
        let slice_key = Key::of(&slice.metadata);
        if gone {
            if let Some(state) = self.services.get_mut(&service) {
                state.slices.remove(&slice_key);
                if state.service.is_none() && state.slices.is_empty() {
                    self.services.remove(&service);
                }
            }
            self.state += 1;
            return;
        }
        let endpoints = slice.endpoints.iter().filter_map(|endpoint| {
            let pod = endpoint.target_ref.as_ref()?;
            let key = Key::new(pod.namespace.clone(), pod.name.clone());
            Some((key, endpoint.conditions.ready != Some(false)))
        });
        let state = self.services.entry(service.clone()).or_default();
        let before = state.ready_endpoints();
        state.slices.insert(slice_key, endpoints.collect());
        let ready = state.ready_endpoints();
        if before != ready && !self.quiet && is_shown(&service) {
            self.facts.push(Fact::Service { key: service, ready });
        }
        self.state += 1;
    }

    /// Counts a request into its service's numbers.
    pub(super) fn measure(&mut self, packet: &Packet) {
        let Some(state) = self.services.get_mut(&packet.service) else { return };
        let weight = u64::from(packet.weight.max(1));
        if packet.status == 0 || packet.status >= 500 {
            state.failed += weight;
            return;
        }
        state.answered += weight;
        if state.latencies_us.len() >= LATENCIES_MAX {
            state.latencies_us.pop_front();
        }
        let took = packet.end.since(packet.start).as_micros();
        state.latencies_us.push_back(u32::try_from(took).unwrap_or(u32::MAX));
        state.stale = true;
    }

    /// Works out the percentiles of the services that answered.
    pub(super) fn summarize(&mut self) {
        for state in self.services.values_mut().filter(|state| state.stale) {
            state.stale = false;
            let mut sorted: Vec<u32> = state.latencies_us.iter().copied().collect();
            sorted.sort_unstable();
            let p95 = sorted.get((sorted.len() * 95).div_ceil(100).saturating_sub(1));
            let p95 = p95.copied().unwrap_or(0);
            self.state += u64::from(p95 / 1000 != state.p95_us / 1000);
            state.p95_us = p95;
        }
    }
}
