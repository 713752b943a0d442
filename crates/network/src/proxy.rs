//! kube-proxy on all nodes: one table, which every node applies a little later.
//! Models pkg/proxy/{topology.go,nftables/proxier.go}.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

use api::core::service::ServicePort;
use api::discovery::endpoint_slice::Endpoint;
use api::{EndpointSlice, Service};
use apimachinery::meta::Key;
use client::fabric::{FxIndexMap, ProxyEndpoint, ProxyTable, ServiceRule};
use client::{Component, Ctx, User, WatchEvent, WatchSpec};
use clock::{Duration, SimTime};
use smol_str::SmolStr;

use crate::endpoints::Cache;

/// Changes within this span are applied together.
const BATCH: Duration = Duration::from_millis(10);
const MIN_SYNC_PERIOD: Duration = Duration::from_secs(1);
const AFFINITY_DEFAULT_SECS: u32 = 10_800;

/// kube-proxy, for the whole cluster.
#[derive(Debug, Default)]
pub struct KubeProxy {
    cache: Cache,
    rules: FxIndexMap<Key, Vec<Arc<ServiceRule>>>,
    dirty: BTreeSet<Key>,
    revision: u64,
    synced: Option<SimTime>,
    armed: bool,
}

impl KubeProxy {
    pub fn new() -> Self {
        KubeProxy::default()
    }

    /// How many rules there are: ports of services.
    pub fn rule_count(&self) -> usize {
        self.rules.values().map(Vec::len).sum()
    }

    fn sync(&mut self, ctx: &mut Ctx<'_>) {
        self.armed = false;
        self.synced = Some(ctx.now);
        self.revision += 1;
        let mut table = ctx
            .fabric
            .proxy
            .newest()
            .map_or_else(ProxyTable::default, |newest| ProxyTable::clone(newest));
        table.revision = self.revision;
        table.published = ctx.now;
        for key in std::mem::take(&mut self.dirty) {
            for rule in self.rules.swap_remove(&key).unwrap_or_default() {
                remove(&mut table, &rule);
            }
            let rules = self.rules_of(&key);
            for rule in &rules {
                insert(&mut table, rule);
            }
            if !rules.is_empty() {
                self.rules.insert(key, rules);
            }
        }
        ctx.fabric.proxy.publish(table);
    }

    fn rules_of(&self, key: &Key) -> Vec<Arc<ServiceRule>> {
        let Some(service) = self.cache.services.get(key) else { return Vec::new() };
        let spec = &service.spec;
        if spec.type_ == "ExternalName" || spec.cluster_ip == "None" {
            return Vec::new();
        }
        let tcp = |port: &&ServicePort| port.protocol.is_empty() || port.protocol == "TCP";
        spec.ports.iter().filter(tcp).map(|port| Arc::new(self.rule(key, service, port))).collect()
    }

    fn rule(&self, key: &Key, service: &Service, port: &ServicePort) -> ServiceRule {
        let spec = &service.spec;
        let balanced = service.status.load_balancer.ingress.iter().map(|ingress| &ingress.ip);
        let external = spec.external_ips.iter().chain(balanced).filter_map(|ip| ip.parse().ok());
        let local = "Local";
        ServiceRule {
            service: key.clone(),
            port_name: port.name.clone(),
            cluster_ip: spec.cluster_ip.parse().ok(),
            port: number(port.port),
            node_port: number(port.node_port),
            external: external.collect(),
            affinity_secs: affinity(service),
            internal_local: spec.internal_traffic_policy.as_deref() == Some(local),
            external_local: spec.external_traffic_policy == local,
            endpoints: self.endpoints(key, &port.name),
        }
    }

    /// The ready endpoints; if there are none, those that still serve while they terminate.
    fn endpoints(&self, key: &Key, port_name: &str) -> Arc<[ProxyEndpoint]> {
        let (mut ready, mut leaving) = (Vec::new(), Vec::new());
        for slice in self.cache.slices(key) {
            let same = |name: &Option<SmolStr>| name.as_deref().unwrap_or("") == port_name;
            let port = slice.ports.iter().find(|port| same(&port.name)).and_then(|port| port.port);
            let Some(port) = port.map(number) else { continue };
            for endpoint in &slice.endpoints {
                let Some(target) = target(endpoint, port) else { continue };
                let conditions = &endpoint.conditions;
                if conditions.ready.unwrap_or(true) {
                    ready.push(target);
                } else if conditions.serving == Some(true) && conditions.terminating == Some(true) {
                    leaving.push(target);
                }
            }
        }
        if ready.is_empty() { leaving.into() } else { ready.into() }
    }
}

fn number(port: i32) -> u16 {
    u16::try_from(port).unwrap_or(0)
}

fn target(endpoint: &Endpoint, port: u16) -> Option<ProxyEndpoint> {
    let address: Ipv4Addr = endpoint.addresses.first()?.parse().ok()?;
    Some(ProxyEndpoint { address, port, node: endpoint.node_name.clone().unwrap_or_default() })
}

fn affinity(service: &Service) -> u32 {
    if service.spec.session_affinity != "ClientIP" {
        return 0;
    }
    let config = service.spec.session_affinity_config.as_ref();
    config
        .and_then(|config| config["clientIP"]["timeoutSeconds"].as_u64())
        .and_then(|secs| u32::try_from(secs).ok())
        .unwrap_or(AFFINITY_DEFAULT_SECS)
}

fn addresses(rule: &ServiceRule) -> impl Iterator<Item = (Ipv4Addr, u16)> {
    rule.cluster_ip.iter().chain(&rule.external).map(|ip| (*ip, rule.port))
}

fn remove(table: &mut ProxyTable, rule: &ServiceRule) {
    for address in addresses(rule) {
        table.by_address.swap_remove(&address);
    }
    table.by_node_port.swap_remove(&rule.node_port);
}

fn insert(table: &mut ProxyTable, rule: &Arc<ServiceRule>) {
    for address in addresses(rule) {
        table.by_address.insert(address, Arc::clone(rule));
    }
    if rule.node_port != 0 {
        table.by_node_port.insert(rule.node_port, Arc::clone(rule));
    }
}

impl Component for KubeProxy {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("kube-proxy")
    }

    fn user(&self) -> User {
        User::new("system:kube-proxy", &["system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        vec![WatchSpec::all::<Service>(), WatchSpec::all::<EndpointSlice>()]
    }

    fn start(&mut self, _: &mut Ctx<'_>) {}

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        self.dirty.extend(events.iter().filter_map(|event| self.cache.take(event)));
        if !self.dirty.is_empty() && !std::mem::replace(&mut self.armed, true) {
            let soon = ctx.now + BATCH;
            let at = self.synced.map_or(soon, |synced| soon.max(synced + MIN_SYNC_PERIOD));
            ctx.timers.at(at, 0);
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, _token: u64) {
        if !self.dirty.is_empty() {
            self.sync(ctx);
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
