//! Machines: an address, power, a wire, and the images on disk.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use clock::SimTime;
use smol_str::SmolStr;

use super::sandbox::Files;

/// What a machine can run short of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressure {
    Memory,
    Disk,
    Pid,
}

impl Pressure {
    pub const ALL: [Pressure; 3] = [Pressure::Memory, Pressure::Disk, Pressure::Pid];

    /// As commands name it.
    pub fn word(self) -> &'static str {
        match self {
            Pressure::Memory => "memory-pressure",
            Pressure::Disk => "disk-pressure",
            Pressure::Pid => "pid-pressure",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Machine {
    pub name: SmolStr,
    pub address: Ipv4Addr,
    /// Powered on.
    pub up: bool,
    /// Connected to the network.
    pub reachable: bool,
    /// Cut off from the control plane; other machines still hear it.
    pub partitioned: bool,
    /// What it runs short of.
    pub pressures: Vec<Pressure>,
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
    pub fn set_pressure(&mut self, kind: Pressure, on: bool) {
        self.pressures.retain(|one| *one != kind);
        if on {
            self.pressures.push(kind);
        }
    }

    pub fn new(name: SmolStr, address: Ipv4Addr) -> Self {
        Machine {
            name,
            address,
            up: true,
            reachable: true,
            partitioned: false,
            pressures: Vec::new(),
            images: BTreeMap::new(),
            files: Files::new(),
            pull_free_at: SimTime::ZERO,
        }
    }
}
