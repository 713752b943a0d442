//! NetworkPolicy: who may talk to the pods it selects.

use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use crate::validation::{label_selector, object_meta, one_of, port};
use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;
use std::net::IpAddr;

wire_struct! {
    /// A port, or a range of them.
    pub struct NetworkPolicyPort {
        pub end_port: Option<i32> => "endPort",
        pub port: Option<IntOrString> => "port",
        pub protocol: Option<SmolStr> => "protocol",
    }
}

wire_struct! {
    /// Addresses, but for some of them.
    pub struct IpBlock {
        pub cidr: SmolStr => "cidr" keep,
        pub except: Vec<SmolStr> => "except",
    }
}

wire_struct! {
    /// Pods, namespaces or addresses at the other end.
    pub struct NetworkPolicyPeer {
        pub ip_block: Option<IpBlock> => "ipBlock",
        pub namespace_selector: Option<LabelSelector> => "namespaceSelector",
        pub pod_selector: Option<LabelSelector> => "podSelector",
    }
}

wire_struct! {
    /// Who may send to which ports.
    pub struct NetworkPolicyIngressRule {
        pub from: Vec<NetworkPolicyPeer> => "from",
        pub ports: Vec<NetworkPolicyPort> => "ports",
    }
}

wire_struct! {
    /// To whom and to which ports they may send.
    pub struct NetworkPolicyEgressRule {
        pub ports: Vec<NetworkPolicyPort> => "ports",
        pub to: Vec<NetworkPolicyPeer> => "to",
    }
}

wire_struct! {
    /// Which pods, and what they may.
    pub struct NetworkPolicySpec {
        pub egress: Vec<NetworkPolicyEgressRule> => "egress",
        pub ingress: Vec<NetworkPolicyIngressRule> => "ingress",
        pub pod_selector: LabelSelector => "podSelector" keep,
        pub policy_types: Vec<SmolStr> => "policyTypes",
    }
}

wire_struct! {
    /// Who may talk to the pods it selects.
    pub struct NetworkPolicy {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: NetworkPolicySpec => "spec" keep,
    }
}

const TYPES: [&str; 2] = ["Ingress", "Egress"];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    pub address: IpAddr,
    pub bits: u8,
}

impl Cidr {
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = text.split_once('/')?;
        let address = names::parse_ip_sloppy(address)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
        Some(Cidr { address, bits })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let (a, b, width) = match (self.address, address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (u128::from(a.to_bits()), u128::from(b.to_bits()), 32)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        let shift = width - u32::from(self.bits).min(width);
        a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
    }
}

// Models parseCIDR of apimachinery/pkg/util/validation/ip.go.
fn cidr(text: &str, path: &FieldPath, errors: &mut FieldErrors) -> Option<Cidr> {
    let found = Cidr::parse(text);
    let detail = match found {
        None => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        Some(found) => {
            let (address, bits) = text.split_once('/').unwrap_or((text, ""));
            let shift = if found.address.is_ipv4() { 32 } else { 128 } - u32::from(found.bits);
            let value = match found.address {
                IpAddr::V4(v4) => u128::from(v4.to_bits()),
                IpAddr::V6(v6) => v6.to_bits(),
            };
            let beyond = match shift {
                128 => value,
                shift => value & ((1u128 << shift) - 1),
            };
            if address.parse::<IpAddr>().is_err() || bits != found.bits.to_string() {
                "must not have leading 0s in IP or prefix length"
            } else if beyond != 0 {
                "must not have bits set beyond the prefix length"
            } else {
                return Some(found);
            }
        }
    };
    errors.push(FieldError::invalid(path, text, detail));
    found
}

fn ip_block(block: &IpBlock, path: &FieldPath, errors: &mut FieldErrors) {
    if block.cidr.is_empty() {
        errors.push(FieldError::required(path.child("cidr"), ""));
        return;
    }
    let Some(whole) = cidr(&block.cidr, &path.child("cidr"), errors) else { return };
    for (at, text) in block.except.iter().enumerate() {
        let path = path.child("except").index(at);
        let Some(part) = cidr(text, &path, errors) else { continue };
        if !whole.contains(part.address) || whole.bits >= part.bits {
            let detail = "must be a strict subset of `cidr`";
            errors.push(FieldError::invalid(&path, text.as_str(), detail));
        }
    }
}

fn peer(peer: &NetworkPolicyPeer, path: &FieldPath, errors: &mut FieldErrors) {
    let selectors =
        [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)];
    let mut peers = 0;
    for (field, selector) in selectors {
        if let Some(selector) = selector {
            peers += 1;
            label_selector(selector, &path.child(field), errors);
        }
    }
    if let Some(block) = &peer.ip_block {
        ip_block(block, &path.child("ipBlock"), errors);
        if peers > 0 {
            let detail = "may not specify both ipBlock and another peer";
            errors.push(FieldError::forbidden(path, detail));
        }
    } else if peers == 0 {
        errors.push(FieldError::required(path, "must specify a peer"));
    }
}

fn policy_port(one: &NetworkPolicyPort, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(protocol) = &one.protocol {
        one_of(protocol, &PROTOCOLS, path.child("protocol"), errors);
    }
    let end_path = path.child("endPort");
    let mut wrong = |value: i32, detail: &str| {
        errors.push(FieldError::invalid(&end_path, value, detail));
    };
    match (&one.port, one.end_port) {
        (None, Some(end)) => wrong(end, "may not be specified when `port` is not specified"),
        (Some(IntOrString::String(_)), Some(end)) => {
            wrong(end, "may not be specified when `port` is non-numeric");
        }
        (Some(IntOrString::Int(first)), Some(end)) => {
            if end < *first {
                wrong(*first, "must be greater than or equal to `port`");
            }
            for message in names::is_valid_port_num(i64::from(end)) {
                wrong(end, &message);
            }
        }
        _ => {}
    }
    if let Some(number) = &one.port {
        port(number, path.child("port"), errors);
    }
}

// Models ValidateNetworkPolicySpec of pkg/apis/networking/validation/validation.go.
fn validate_spec(spec: &NetworkPolicySpec, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    label_selector(&spec.pod_selector, &path.child("podSelector"), errors);
    let ingress = spec.ingress.iter().map(|rule| (&rule.ports, &rule.from));
    let egress = spec.egress.iter().map(|rule| (&rule.ports, &rule.to));
    let mut rules = |name: &str, field: &str, at: usize, rule: Rule<'_>| {
        let path = path.child(name).index(at);
        for (at, one) in rule.0.iter().enumerate() {
            policy_port(one, &path.child("ports").index(at), errors);
        }
        for (at, one) in rule.1.iter().enumerate() {
            peer(one, &path.child(field).index(at), errors);
        }
    };
    ingress.enumerate().for_each(|(at, rule)| rules("ingress", "from", at, rule));
    egress.enumerate().for_each(|(at, rule)| rules("egress", "to", at, rule));
    let path = path.child("policyTypes");
    if spec.policy_types.len() > TYPES.len() {
        let detail = "may not specify more than two policyTypes";
        errors.push(FieldError::invalid(&path, spec.policy_types.to_value(), detail));
        return;
    }
    for (at, name) in spec.policy_types.iter().enumerate() {
        one_of(name, &TYPES, path.index(at), errors);
    }
}

/// Ports and peers of a rule.
type Rule<'a> = (&'a Vec<NetworkPolicyPort>, &'a Vec<NetworkPolicyPeer>);

impl Kind for NetworkPolicy {
    const INFO: KindInfo =
        KindInfo::fixed("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/networking/v1/defaults.go.
    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        let ingress = spec.ingress.iter_mut().flat_map(|rule| rule.ports.iter_mut());
        let egress = spec.egress.iter_mut().flat_map(|rule| rule.ports.iter_mut());
        for port in ingress.chain(egress) {
            port.protocol.get_or_insert_with(|| "TCP".into());
        }
        if spec.policy_types.is_empty() {
            spec.policy_types.push("Ingress".into());
            if !spec.egress.is_empty() {
                spec.policy_types.push("Egress".into());
            }
        }
    }

    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        validate_spec(&self.spec, &mut errors);
        errors
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        validate_spec(&self.spec, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Pod-Selector"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.spec.pod_selector.format().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
