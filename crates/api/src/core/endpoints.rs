//! Endpoints: the old form of endpoint slices, still written for old readers.

use super::reference::ObjectReference;
use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire_struct;
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

impl Kind for Endpoints {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Endpoints", "endpoints", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
