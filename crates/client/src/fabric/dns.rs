//! DNS records as the cluster's DNS serves them. Models coredns/plugin/kubernetes.

use std::net::Ipv4Addr;
use std::sync::Arc;

use apimachinery::meta::Key;
use smol_str::SmolStr;

use super::FxIndexMap;

pub const CLUSTER_DOMAIN: &str = "cluster.local";

/// How many names that stand for other names are followed.
const ALIASES_MAX: u32 = 8;

/// What a service's name leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRecord {
    /// `None` for headless services: their name leads to the endpoints.
    pub cluster_ip: Option<Ipv4Addr>,
    /// Ready endpoints: the pod's hostname if it has one, and its address.
    pub endpoints: Arc<[(SmolStr, Ipv4Addr)]>,
    /// Another name to ask for; empty unless the service is an ExternalName.
    pub external_name: SmolStr,
}

#[derive(Clone, Debug, Default)]
pub struct DnsZone {
    pub services: FxIndexMap<Key, ServiceRecord>,
    /// Whether anybody answers.
    pub serving: bool,
}

/// A name without the domain that all names of the cluster share.
fn local_name(name: &str) -> &str {
    let name = name.trim_end_matches('.');
    let name = name.strip_suffix(CLUSTER_DOMAIN).map_or(name, |rest| rest.trim_end_matches('.'));
    name.strip_suffix(".svc").unwrap_or(name)
}

impl DnsZone {
    /// Addresses of a name, asked from a pod in `namespace` (its search path is tried first) or,
    /// with an empty namespace, from elsewhere. Empty: no such host.
    pub fn resolve(&self, name: &str, namespace: &str) -> Vec<Ipv4Addr> {
        if self.serving { self.follow(name, namespace, ALIASES_MAX) } else { Vec::new() }
    }

    /// The whole name that a name stands for, asked from a pod in `namespace`.
    pub fn full_name(name: &str, namespace: &str) -> String {
        let short = local_name(name);
        match short.contains('.') || namespace.is_empty() {
            true => format!("{short}.svc.{CLUSTER_DOMAIN}"),
            false => format!("{short}.{namespace}.svc.{CLUSTER_DOMAIN}"),
        }
    }

    fn follow(&self, name: &str, namespace: &str, left: u32) -> Vec<Ipv4Addr> {
        let name = local_name(name);
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            [service] if !namespace.is_empty() => self.service(namespace, service, None, left),
            [service, ns] => self.service(ns, service, None, left),
            [host, service, ns] => self.service(ns, service, Some(host), left),
            _ => Vec::new(),
        }
    }

    fn service(&self, namespace: &str, name: &str, host: Option<&str>, left: u32) -> Vec<Ipv4Addr> {
        let Some(record) = self.services.get(&Key::new(namespace, name)) else { return Vec::new() };
        if !record.external_name.is_empty() {
            let alias = left.checked_sub(1);
            return alias.map_or(Vec::new(), |left| self.follow(&record.external_name, "", left));
        }
        if let Some(host) = host {
            let same = |(name, ip): &(SmolStr, Ipv4Addr)| {
                name == host || ip.octets().map(|o| o.to_string()).join("-") == host
            };
            return record.endpoints.iter().filter(|e| same(e)).map(|(_, ip)| *ip).collect();
        }
        match record.cluster_ip {
            Some(ip) => vec![ip],
            None => record.endpoints.iter().map(|(_, ip)| *ip).collect(),
        }
    }
}
