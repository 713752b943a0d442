//! The physical world under the cluster: machines, their addresses, the processes that listen and
//! the files they log to. Kubelets put processes here, packets find them here; the API does not
//! know it. Plain data and physics only: what the control plane wants is decided elsewhere.

pub mod dns;
pub mod machine;
pub mod packet;
pub mod program;
pub mod proxy;
pub mod pushed;
pub mod registry;
pub mod sandbox;
pub mod travel;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use apimachinery::meta::{Key, Uid};
use clock::SimTime;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

pub use dns::{DnsZone, ServiceRecord};
pub use machine::{Machine, Pressure};
pub use packet::{Packet, Packets};
pub use program::{HttpRequest, HttpResponse, Next, Output, Port, Profile, Program, Stop, World};
pub use proxy::{ProxyEndpoint, ProxyTable, ProxyTables, ServiceRule};
pub use registry::{Image, PullError, PullFault, Registry};
pub use sandbox::{LogLine, Place, Process, Sandbox};
pub use travel::{Client, Exchange, Hop};

/// Lookup only or in insertion order: iteration never depends on the hash.
pub type FxIndexMap<K, V> = IndexMap<K, V, FxBuildHasher>;

/// Wires and machines.
#[derive(Debug, Default)]
pub struct Fabric {
    /// By node name.
    pub machines: FxIndexMap<SmolStr, Machine>,
    machine_addresses: FxIndexMap<Ipv4Addr, SmolStr>,
    /// By pod uid: everything that has a network namespace.
    pub sandboxes: FxIndexMap<Uid, Sandbox>,
    /// Which pod has an address. Pods on the host's network have none of their own.
    pub addresses: FxIndexMap<Ipv4Addr, Uid>,
    /// Disks that pods of any node may use, by their identity.
    pub disks: BTreeMap<SmolStr, sandbox::Files>,
    pub registry: Registry,
    pub proxy: ProxyTables,
    pub dns: DnsZone,
    pub packets: Packets,
}

impl Fabric {
    pub fn machine_at(&self, address: Ipv4Addr) -> Option<&Machine> {
        self.machines.get(self.machine_addresses.get(&address)?)
    }

    /// Puts a machine up, or gives a known one a new address; its disk stays.
    pub fn add_machine(&mut self, name: &str, address: Ipv4Addr) -> &mut Machine {
        self.machine_addresses.insert(address, name.into());
        let machine =
            self.machines.entry(name.into()).or_insert_with(|| Machine::new(name.into(), address));
        machine.address = address;
        machine
    }

    /// Switches a machine on or off; without power every process ends.
    pub fn set_power(&mut self, node: &str, on: bool, now: SimTime) {
        if let Some(machine) = self.machines.get_mut(node) {
            machine.up = on;
        }
        let here = self.sandboxes.values_mut().filter(|sandbox| sandbox.place.node == node);
        for process in here.flat_map(|sandbox| &mut sandbox.processes) {
            if !on && process.is_running() {
                process.ended = Some(now);
            }
        }
    }

    /// The machine and the uid of a pod that has a sandbox.
    pub fn sandbox_of(&self, pod: &Key) -> Option<(SmolStr, Uid)> {
        let mut found = self.sandboxes.iter().filter(|(_, sandbox)| sandbox.place.pod == *pod);
        found.next_back().map(|(uid, sandbox)| (sandbox.place.node.clone(), *uid))
    }

    /// Whether the control plane and a machine hear each other.
    pub fn is_governed(&self, node: &str) -> bool {
        self.reachable(node) && self.machines.get(node).is_some_and(|machine| !machine.partitioned)
    }

    /// Whether packets to and from the machine arrive.
    pub fn reachable(&self, node: &str) -> bool {
        self.machines.get(node).is_some_and(|machine| machine.up && machine.reachable)
    }

    pub fn add_sandbox(&mut self, uid: Uid, sandbox: Sandbox) {
        if !sandbox.place.host_network {
            self.addresses.insert(sandbox.place.address, uid);
        }
        self.sandboxes.insert(uid, sandbox);
    }

    /// Takes a pod's network, processes, files and logs away.
    pub fn remove_sandbox(&mut self, uid: Uid) -> Option<Sandbox> {
        let sandbox = self.sandboxes.swap_remove(&uid)?;
        let address = sandbox.place.address;
        if self.addresses.get(&address) == Some(&uid) {
            self.addresses.swap_remove(&address);
        }
        Some(sandbox)
    }

    /// Gives room back that a burst left behind.
    pub fn tidy(&mut self) {
        if self.sandboxes.capacity() - self.sandboxes.len() > self.sandboxes.len() / 8 {
            self.sandboxes.shrink_to_fit();
            self.addresses.shrink_to_fit();
        }
    }

    pub fn process(&self, uid: Uid, container: usize) -> Option<&Process> {
        self.sandboxes.get(&uid)?.processes.get(container)
    }

    pub fn process_mut(&mut self, uid: Uid, container: usize) -> Option<&mut Process> {
        self.sandboxes.get_mut(&uid)?.processes.get_mut(container)
    }

    /// What a container wrote until `now`, oldest first; `previous` reads the instance before.
    /// `None` when there is no such container or no such instance.
    pub fn logs(
        &self,
        uid: Uid,
        container: &str,
        previous: bool,
        now: SimTime,
        epoch: i64,
    ) -> Option<Vec<LogLine>> {
        let sandbox = self.sandboxes.get(&uid)?;
        let process = sandbox.processes.iter().find(|process| process.container == container)?;
        let process = if previous { process.previous.as_deref()? } else { process };
        process.program.as_ref()?;
        Some(sandbox::lines(&sandbox.place, process, now, epoch))
    }

    pub fn take_packets(&mut self, into: &mut Vec<Packet>) {
        self.packets.take(into);
    }

    /// Makes an image known to every node's registry. See `registry::Image`.
    pub fn register_image(&mut self, image: std::sync::Arc<dyn Image>) {
        self.registry.register(image);
    }
}
