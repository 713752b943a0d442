//! CoreDNS: keeps the zone's records as services and endpoints have them.

use std::net::Ipv4Addr;

use api::{EndpointSlice, Service};
use apimachinery::meta::Key;
use client::fabric::ServiceRecord;
use client::{Component, Ctx, User, WatchEvent, WatchSpec};
use smol_str::SmolStr;

use crate::endpoints::Cache;

/// The cluster's DNS.
#[derive(Debug, Default)]
pub struct CoreDns {
    cache: Cache,
}

impl CoreDns {
    pub fn new() -> Self {
        CoreDns::default()
    }

    fn record(&self, key: &Key) -> Option<ServiceRecord> {
        let service = self.cache.services.get(key)?;
        let spec = &service.spec;
        let cluster_ip: Option<Ipv4Addr> = spec.cluster_ip.parse().ok();
        let external = spec.type_ == "ExternalName";
        if cluster_ip.is_none() && spec.cluster_ip != "None" && !external {
            return None;
        }
        let mut endpoints = Vec::new();
        for slice in self.cache.slices(key) {
            for endpoint in &slice.endpoints {
                let answers =
                    endpoint.conditions.ready.unwrap_or(true) || spec.publish_not_ready_addresses;
                let address = endpoint.addresses.first().and_then(|address| address.parse().ok());
                if let Some(address) = address.filter(|_| answers) {
                    endpoints.push((endpoint.hostname.clone().unwrap_or_default(), address));
                }
            }
        }
        let external_name = if external { spec.external_name.clone() } else { SmolStr::default() };
        Some(ServiceRecord { cluster_ip, endpoints: endpoints.into(), external_name })
    }
}

impl Component for CoreDns {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("coredns")
    }

    fn user(&self) -> User {
        let name = SmolStr::new_static("system:serviceaccount:kube-system:coredns");
        User::new(name, &["system:serviceaccounts", "system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        vec![WatchSpec::all::<Service>(), WatchSpec::all::<EndpointSlice>()]
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        ctx.fabric.dns.serving = true;
    }

    fn on_watch(&mut self, ctx: &mut Ctx<'_>, events: &[WatchEvent]) {
        for event in events {
            let Some(key) = self.cache.take(event) else { continue };
            match self.record(&key) {
                Some(record) => {
                    ctx.fabric.dns.services.insert(key, record);
                }
                None => {
                    ctx.fabric.dns.services.swap_remove(&key);
                }
            }
        }
    }

    fn on_timer(&mut self, _: &mut Ctx<'_>, _: u64) {}

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}
