//! What a cluster's API server is started with.

use std::net::Ipv4Addr;

use client::User;
use smol_str::SmolStr;

/// Flags of the server. Models cmd/kube-apiserver/app/options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `--service-cluster-ip-range`: the address and the length of its prefix.
    pub service_network: (Ipv4Addr, u8),
    /// `--service-node-port-range`, both ends included.
    pub node_ports: (u16, u16),
    /// Where the server itself listens.
    pub advertise_address: Ipv4Addr,
    pub secure_port: u16,
    /// How long events are kept (`--event-ttl`), in seconds.
    pub event_ttl_seconds: u32,
    /// How many changes are kept at most between compactions.
    pub history_limit: u32,
    /// `--token-auth-file`
    pub static_tokens: Vec<StaticToken>,
}

/// A token that is somebody for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticToken {
    pub token: SmolStr,
    pub user: User,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            service_network: (Ipv4Addr::new(10, 96, 0, 0), 12),
            node_ports: (30000, 32767),
            advertise_address: Ipv4Addr::new(192, 0, 2, 1),
            secure_port: 16443,
            event_ttl_seconds: 3600,
            history_limit: 16_384,
            static_tokens: Vec::new(),
        }
    }
}
