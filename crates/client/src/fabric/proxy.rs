//! The rules that kube-proxy wrote into the machines' kernels. One table is shared by all nodes;
//! a node applies a new one a few milliseconds after the others.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::Arc;

use apimachinery::meta::Key;
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use super::FxIndexMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyEndpoint {
    pub address: Ipv4Addr,
    pub port: u16,
    pub node: SmolStr,
}

/// One port of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRule {
    pub service: Key,
    pub port_name: SmolStr,
    pub cluster_ip: Option<Ipv4Addr>,
    pub port: u16,
    /// Zero: none.
    pub node_port: u16,
    /// External and load balancer addresses.
    pub external: Vec<Ipv4Addr>,
    /// How long a client stays with its endpoint; zero: not at all.
    pub affinity_secs: u32,
    pub internal_local: bool,
    pub external_local: bool,
    /// Those that get traffic: the ready ones, or the serving terminating ones if none is ready.
    pub endpoints: Arc<[ProxyEndpoint]>,
}

#[derive(Clone, Debug, Default)]
pub struct ProxyTable {
    pub revision: u64,
    pub published: SimTime,
    /// By cluster, external or load balancer address and port.
    pub by_address: FxIndexMap<(Ipv4Addr, u16), Arc<ServiceRule>>,
    pub by_node_port: FxIndexMap<u16, Arc<ServiceRule>>,
}

/// The newest tables and which endpoint each sticky client got.
#[derive(Debug, Default)]
pub struct ProxyTables {
    tables: VecDeque<Arc<ProxyTable>>,
    /// `(client, service port) → (endpoint, last use)`.
    pub affinity: FxIndexMap<(Ipv4Addr, Ipv4Addr, u16), (Ipv4Addr, SimTime)>,
    /// Nodes whose kube-proxy is down, with the revision they are stuck at.
    pub frozen: FxIndexMap<SmolStr, u64>,
}

const KEPT: usize = 8;

impl ProxyTables {
    pub fn publish(&mut self, table: ProxyTable) {
        if self.tables.len() >= KEPT && self.frozen.is_empty() {
            self.tables.pop_front();
        }
        self.tables.push_back(Arc::new(table));
    }

    pub fn newest(&self) -> Option<&Arc<ProxyTable>> {
        self.tables.back()
    }

    /// The table that a node's kernel has at `now`.
    pub fn on_node(&self, node: &str, now: SimTime) -> Option<&Arc<ProxyTable>> {
        if let Some(revision) = self.frozen.get(node) {
            return self.tables.iter().rev().find(|table| table.revision <= *revision);
        }
        let lag = sync_lag(node);
        self.tables.iter().rev().find(|table| table.published + lag <= now)
    }

    pub fn synced_revision(&self, node: &str, now: SimTime) -> u64 {
        self.on_node(node, now).map_or(0, |table| table.revision)
    }
}

/// 5 to 45 ms, by name.
pub fn sync_lag(node: &str) -> Duration {
    let sum = node.bytes().fold(7u64, |sum, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
    Duration::from_millis(5 + sum % 41)
}
