//! Machines: an address, power, a wire, and the images on disk.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use clock::SimTime;
use smol_str::SmolStr;

use super::sandbox::Files;

#[derive(Clone, Debug)]
pub struct Machine {
    pub name: SmolStr,
    pub address: Ipv4Addr,
    /// Powered on.
    pub up: bool,
    /// Connected to the network.
    pub reachable: bool,
    /// Image reference → size in bytes and when it arrived.
    pub images: BTreeMap<SmolStr, CachedImage>,
    /// Files on its own disk that volumes show, by absolute path.
    pub files: Files,
    /// When the wire to the registry is free again: pulls of one node share it.
    pub pull_free_at: SimTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedImage {
    /// `docker.io/library/nginx@sha256:…`; shared by all containers that run it.
    pub id: SmolStr,
    pub size_bytes: u64,
    pub pulled_at: SimTime,
}

impl Machine {
    pub fn new(name: SmolStr, address: Ipv4Addr) -> Self {
        Machine {
            name,
            address,
            up: true,
            reachable: true,
            images: BTreeMap::new(),
            files: Files::new(),
            pull_free_at: SimTime::ZERO,
        }
    }
}
