//! EndpointSlice: the addresses behind a service, in slices.

use crate::core::reference::ObjectReference;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
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

/// `a,b,c + 2 more...`, or `<unset>`. Models listWithMoreString of
/// pkg/printers/internalversion/printers.go.
fn three_and_more(texts: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let mut all: Vec<String> = texts.collect();
    if all.is_empty() {
        return "<unset>".to_owned();
    }
    let hidden = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    let more = if hidden > 0 { format!(" + {hidden} more...") } else { String::new() };
    format!("{}{more}", all.join(","))
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

    // Models pkg/apis/discovery/v1/defaults.go.
    fn set_defaults(&mut self) {
        for port in &mut self.ports {
            port.name.get_or_insert_default();
            port.protocol.get_or_insert(SmolStr::new_static("TCP"));
        }
    }

    // Models pkg/registry/discovery/endpointslice/strategy.go.
    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        let changed = self.endpoints != old.endpoints
            || self.ports != old.ports
            || self.address_type != old.address_type
            || *self.metadata.labels != *old.metadata.labels;
        move_generation(&mut self.metadata, &old.metadata, changed);
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("AddressType"),
                Column::text("Ports"),
                Column::text("Endpoints"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let port = |port: &EndpointPort| match (port.port, &port.name) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.to_string(),
            (None, None) => "*".to_owned(),
        };
        let addresses = self.endpoints.iter().flat_map(|endpoint| &endpoint.addresses);
        vec![
            self.metadata.name.as_str().into(),
            self.address_type.as_str().into(),
            three_and_more(self.ports.iter().map(port)).into(),
            three_and_more(addresses.map(SmolStr::to_string)).into(),
            age(&self.metadata, now).into(),
        ]
    }
}
