//! EndpointSlice: the addresses behind a service, in slices.

use crate::core::reference::ObjectReference;
use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire_struct;
use smol_str::SmolStr;

wire_struct! {
    /// Whether an endpoint takes requests.
    pub struct EndpointConditions {
        pub ready: Option<bool> => "ready",
        pub serving: Option<bool> => "serving",
        pub terminating: Option<bool> => "terminating",
    }
}

wire_struct! {
    /// One address, usually a pod.
    pub struct Endpoint {
        pub addresses: Vec<SmolStr> => "addresses" keep,
        pub conditions: EndpointConditions => "conditions" keep,
        pub hostname: Option<SmolStr> => "hostname",
        pub node_name: Option<SmolStr> => "nodeName",
        pub target_ref: Option<Box<ObjectReference>> => "targetRef",
        pub zone: Option<SmolStr> => "zone",
    }
}

wire_struct! {
    /// A port that all endpoints of the slice have.
    pub struct EndpointPort {
        pub app_protocol: Option<SmolStr> => "appProtocol",
        pub name: Option<SmolStr> => "name" keep,
        pub port: Option<i32> => "port",
        pub protocol: Option<SmolStr> => "protocol",
    }
}

wire_struct! {
    /// At most 100 endpoints of a service.
    pub struct EndpointSlice {
        pub address_type: SmolStr => "addressType" keep,
        pub endpoints: Vec<Endpoint> => "endpoints" keep,
        pub metadata: ObjectMeta => "metadata" keep,
        pub ports: Vec<EndpointPort> => "ports" keep,
    }
}

impl Kind for EndpointSlice {
    const INFO: KindInfo =
        KindInfo::fixed("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
