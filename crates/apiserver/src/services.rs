//! Cluster addresses and node ports of services: given at creation, kept, released at the end.
// Models pkg/registry/core/service/storage/alloc.go.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use api::{Object, Service, as_kind};
use apimachinery::status::{FieldError, Reason, Status};
use clock::Rng;
use smol_str::{SmolStr, format_smolstr};

use crate::allocator::Allocator;
use crate::config::Config;
use crate::server::Result;

const NONE: &str = "None";

/// What one request took, to be given back if it fails.
#[derive(Debug, Default)]
struct Taken {
    addresses: Vec<u32>,
    ports: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceAllocator {
    addresses: Allocator,
    ports: Allocator,
    port_range: (u16, u16),
}

impl ServiceAllocator {
    pub fn new(config: &Config) -> Self {
        let (base, prefix) = config.service_network;
        let size = 1u32.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(u32::MAX);
        let first = u32::from(base).saturating_add(1);
        let last = u32::from(base).saturating_add(size.saturating_sub(2));
        let (low, high) = (u32::from(config.node_ports.0), u32::from(config.node_ports.1));
        let port_band = if high - low < 32 { 0 } else { ((high - low + 1) / 32).clamp(16, 128) };
        ServiceAllocator {
            addresses: Allocator::new(first, last, (size / 16).clamp(16, 256)),
            ports: Allocator::new(low, high, port_band),
            port_range: config.node_ports,
        }
    }

    /// Gives a new or changed service what it lacks. Nothing is taken if it fails.
    pub fn allocate(
        &mut self,
        rng: &mut Rng,
        object: &mut dyn Object,
        old: Option<&dyn Object>,
    ) -> Result<()> {
        let old = old.and_then(as_kind::<Service>);
        let Some(service) = object.as_any_mut().downcast_mut::<Service>() else { return Ok(()) };
        let mut taken = Taken::default();
        let result = self
            .allocate_address(rng, service, old, &mut taken)
            .and_then(|()| self.allocate_ports(rng, service, old, &mut taken));
        if result.is_err() {
            taken.addresses.into_iter().for_each(|address| self.addresses.release(address));
            taken.ports.into_iter().for_each(|port| self.ports.release(port));
            return result;
        }
        if let Some(old) = old {
            self.release_unused(old, service);
        }
        Ok(())
    }
}

impl ServiceAllocator {
    fn allocate_address(
        &mut self,
        rng: &mut Rng,
        service: &mut Service,
        old: Option<&Service>,
        taken: &mut Taken,
    ) -> Result<()> {
        let had = old.map_or("", |old| old.spec.cluster_ip.as_str());
        let spec = &mut service.spec;
        if spec.type_ == "ExternalName" {
            return Ok(());
        }
        if spec.cluster_ip.is_empty() && !had.is_empty() {
            spec.cluster_ip = had.into();
        }
        if spec.cluster_ip.is_empty() {
            spec.cluster_ip = spec.cluster_ips.first().cloned().unwrap_or_default();
        }
        if spec.cluster_ip.is_empty() {
            let address = self.addresses.take_any(rng).ok_or_else(|| {
                let why = "failed to allocate a serviceIP: range is full";
                Status::new(Reason::InternalError, why)
            })?;
            taken.addresses.push(address);
            spec.cluster_ip = format_smolstr!("{}", Ipv4Addr::from(address));
        } else if spec.cluster_ip != NONE && spec.cluster_ip != had {
            taken.addresses.push(self.take_address(&service.metadata.name, &spec.cluster_ip)?);
        }
        if spec.cluster_ips.is_empty() {
            spec.cluster_ips = vec![spec.cluster_ip.clone()];
        }
        if spec.ip_families.is_empty() {
            spec.ip_families = vec![SmolStr::new_static("IPv4")];
        }
        spec.ip_family_policy.get_or_insert(SmolStr::new_static("SingleStack"));
        Ok(())
    }

    fn take_address(&mut self, name: &str, address: &str) -> Result<u32> {
        let refuse = |why: &str| {
            let list = serde_json::json!([address]);
            let detail = format!("failed to allocate IP {address}: {why}");
            let error = FieldError::invalid("spec.clusterIPs", list, &detail);
            Err(Status::invalid("", "Service", name, &[error]))
        };
        let number = address.parse::<Ipv4Addr>().ok().map(u32::from);
        match number.filter(|number| self.addresses.contains(*number)) {
            Some(number) if self.addresses.take(number) => Ok(number),
            Some(_) => refuse("provided IP is already allocated"),
            None => refuse("the provided network does not match the current range"),
        }
    }

    fn allocate_ports(
        &mut self,
        rng: &mut Rng,
        service: &mut Service,
        old: Option<&Service>,
        taken: &mut Taken,
    ) -> Result<()> {
        let wants = wants_node_ports(service);
        if !wants && service.spec.type_ != "LoadBalancer" {
            return Ok(());
        }
        let had = old.map_or_else(BTreeSet::new, node_ports);
        let name = service.metadata.name.clone();
        keep_ports(service, old);
        let mut mine: BTreeSet<i32> = BTreeSet::new();
        for (index, port) in service.spec.ports.iter_mut().enumerate() {
            if port.node_port == 0 {
                if !wants {
                    continue;
                }
                let number = self.ports.take_any(rng).ok_or_else(|| {
                    let why = "failed to allocate a nodePort: range is full";
                    Status::new(Reason::InternalError, why)
                })?;
                taken.ports.push(number);
                port.node_port = number as i32;
            } else if !had.contains(&port.node_port) && !mine.contains(&port.node_port) {
                taken.ports.push(self.take_port(&name, index, port.node_port)?);
            }
            mine.insert(port.node_port);
        }
        Ok(())
    }

    /// Gives back what a service had and has no more.
    fn release_unused(&mut self, old: &Service, new: &Service) {
        if old.spec.cluster_ip != new.spec.cluster_ip {
            self.release_address(&old.spec.cluster_ip);
        }
        let kept = node_ports(new);
        let gone: Vec<i32> = node_ports(old).difference(&kept).copied().collect();
        gone.into_iter().for_each(|port| self.release_port(port));
    }

    fn take_port(&mut self, name: &str, index: usize, port: i32) -> Result<u32> {
        let refuse = |why: &str| {
            let field = format!("spec.ports[{index}].nodePort");
            let error = FieldError::invalid(field, port, why);
            Err(Status::invalid("", "Service", name, &[error]))
        };
        match u32::try_from(port).ok().filter(|number| self.ports.contains(*number)) {
            Some(number) if self.ports.take(number) => Ok(number),
            Some(_) => refuse("provided port is already allocated"),
            None => {
                let (low, high) = self.port_range;
                refuse(&format!(
                    "provided port is not in the valid range. The range of valid ports is \
                     {low}-{high}"
                ))
            }
        }
    }

    fn release_address(&mut self, address: &str) {
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            self.addresses.release(u32::from(address));
        }
    }

    fn release_port(&mut self, port: i32) {
        if let Ok(port) = u32::try_from(port) {
            self.ports.release(port);
        }
    }

    /// Gives back what a service held.
    pub fn release(&mut self, object: &dyn Object) {
        let Some(service) = as_kind::<Service>(object) else { return };
        self.release_address(&service.spec.cluster_ip);
        node_ports(service).into_iter().for_each(|port| self.release_port(port));
    }
}

fn wants_node_ports(service: &Service) -> bool {
    match service.spec.type_.as_str() {
        "NodePort" => true,
        "LoadBalancer" => service.spec.allocate_load_balancer_node_ports != Some(false),
        _ => false,
    }
}

fn node_ports(service: &Service) -> BTreeSet<i32> {
    service.spec.ports.iter().map(|port| port.node_port).filter(|port| *port != 0).collect()
}

/// A port that stays keeps its node port, also if the update does not name it.
fn keep_ports(service: &mut Service, old: Option<&Service>) {
    let Some(old) = old else { return };
    let used = node_ports(service);
    for port in service.spec.ports.iter_mut().filter(|port| port.node_port == 0) {
        let same = old.spec.ports.iter().find(|other| {
            (&other.name, other.port, &other.protocol) == (&port.name, port.port, &port.protocol)
        });
        if let Some(same) = same.filter(|same| !used.contains(&same.node_port)) {
            port.node_port = same.node_port;
        }
    }
}
