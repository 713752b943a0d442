//! Endpoints: the old form of endpoint slices, still written for old readers.

use super::reference::ObjectReference;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::object_meta;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// An address behind a service.
    pub struct EndpointAddress {
        pub hostname: SmolStr => "hostname",
        pub ip: SmolStr => "ip" keep,
        pub node_name: Option<SmolStr> => "nodeName",
        pub target_ref: Option<Box<ObjectReference>> => "targetRef",
    }
}

wire_struct! {
    /// A port behind a service.
    pub struct EndpointPort {
        pub app_protocol: Option<SmolStr> => "appProtocol",
        pub name: SmolStr => "name",
        pub port: i32 => "port" keep,
        pub protocol: SmolStr => "protocol",
    }
}

wire_struct! {
    /// Addresses that share their ports.
    pub struct EndpointSubset {
        pub addresses: Vec<EndpointAddress> => "addresses",
        pub not_ready_addresses: Vec<EndpointAddress> => "notReadyAddresses",
        pub ports: Vec<EndpointPort> => "ports",
    }
}

wire_struct! {
    /// Where a service leads.
    pub struct Endpoints {
        pub metadata: ObjectMeta => "metadata" keep,
        pub subsets: Vec<EndpointSubset> => "subsets",
    }
}

impl Endpoints {
    /// `10.0.0.1:80,10.0.0.2:80`, three at most, or `<none>`. Models formatEndpoints of
    /// pkg/printers/internalversion/printers.go.
    pub fn addresses_text(&self) -> String {
        const SHOWN: usize = 3;
        if self.subsets.is_empty() {
            return "<none>".to_owned();
        }
        let mut all = Vec::new();
        for subset in &self.subsets {
            let ips = || subset.addresses.iter().map(|address| address.ip.as_str());
            if subset.ports.is_empty() {
                all.extend(ips().map(str::to_owned));
            }
            for port in &subset.ports {
                all.extend(ips().map(|ip| join_host_port(ip, port.port)));
            }
        }
        let hidden = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        let more = if hidden > 0 { format!(" + {hidden} more...") } else { String::new() };
        format!("{}{more}", all.join(","))
    }
}

/// `10.0.0.1:80`, or `[::1]:80`.
pub fn join_host_port(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl Kind for Endpoints {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Endpoints", "endpoints", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        for port in self.subsets.iter_mut().flat_map(|subset| &mut subset.ports) {
            if port.protocol.is_empty() {
                port.protocol = SmolStr::new_static("TCP");
            }
        }
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Endpoints"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.addresses_text().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
