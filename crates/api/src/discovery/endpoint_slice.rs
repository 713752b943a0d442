//! EndpointSlice: the addresses behind a service, in slices.

use crate::core::reference::ObjectReference;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use crate::validation::{check, immutable, object_meta, one_of};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::{Extra, Wire, WireError, take_field, take_object};
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

/// At most 100 endpoints of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointSlice {
    pub address_type: SmolStr,
    pub endpoints: Vec<Endpoint>,
    pub metadata: ObjectMeta,
    pub ports: Vec<EndpointPort>,
    pub extra: Extra,
}

/// Empty lists show as `null`, as the real API server gives them.
impl Wire for EndpointSlice {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        Ok(EndpointSlice {
            address_type: take_field(&mut map, "addressType")?,
            endpoints: take_field(&mut map, "endpoints")?,
            metadata: take_field(&mut map, "metadata")?,
            ports: take_field(&mut map, "ports")?,
            extra: Extra::keep(map),
        })
    }

    fn to_value(&self) -> Value {
        fn list<T: Wire>(items: &[T]) -> Value {
            match items {
                [] => Value::Null,
                items => items.iter().map(Wire::to_value).collect(),
            }
        }
        let mut map = self.extra.0.as_deref().cloned().unwrap_or_default();
        map.insert("addressType".into(), self.address_type.to_value());
        map.insert("endpoints".into(), list(&self.endpoints));
        map.insert("metadata".into(), self.metadata.to_value());
        map.insert("ports".into(), list(&self.ports));
        Value::Object(map)
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

const ENDPOINTS_MAX: usize = 1000;
const PORTS_MAX: usize = 20_000;
const ADDRESSES_MAX: usize = 100;

fn too_many(path: FieldPath, given: usize, max: usize) -> FieldError {
    let mut error = FieldError::invalid(path, given, &format!("must have at most {max} items"));
    error.kind = FieldErrorKind::TooMany;
    error
}

impl EndpointSlice {
    fn validate_lists(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let types = ["FQDN", "IPv4", "IPv6"];
        one_of(&self.address_type, &types, FieldPath::new("addressType"), &mut errors);
        self.validate_ports(&mut errors);
        let path = FieldPath::new("endpoints");
        if self.endpoints.len() > ENDPOINTS_MAX {
            errors.push(too_many(path, self.endpoints.len(), ENDPOINTS_MAX));
            return errors;
        }
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            let path = path.index(i).child("addresses");
            if endpoint.addresses.is_empty() {
                errors.push(FieldError::required(&path, "must contain at least 1 address"));
            } else if endpoint.addresses.len() > ADDRESSES_MAX {
                errors.push(too_many(path.clone(), endpoint.addresses.len(), ADDRESSES_MAX));
            }
            for (i, address) in endpoint.addresses.iter().enumerate() {
                let rule = match self.address_type.as_str() {
                    "FQDN" => names::is_dns1123_subdomain,
                    _ => names::is_valid_ip,
                };
                check(rule, address, &path.index(i), &mut errors);
            }
        }
        errors
    }

    fn validate_ports(&self, errors: &mut FieldErrors) {
        let path = FieldPath::new("ports");
        if self.ports.len() > PORTS_MAX {
            return errors.push(too_many(path, self.ports.len(), PORTS_MAX));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (i, port) in self.ports.iter().enumerate() {
            let path = path.index(i);
            let name = port.name.as_deref().unwrap_or_default();
            if !name.is_empty() {
                check(names::is_dns1123_label, name, &path.child("name"), errors);
            }
            if !seen.insert(name) {
                errors.push(FieldError::duplicate(path.child("name"), name));
            }
            let protocol = port.protocol.as_deref().unwrap_or_default();
            one_of(protocol, &["SCTP", "TCP", "UDP"], path.child("protocol"), errors);
        }
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

    // Models pkg/apis/discovery/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(self.validate_lists());
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = self.validate_lists();
        let path = FieldPath::new("addressType");
        immutable(&self.address_type, &old.address_type, path, &mut errors);
        errors
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
