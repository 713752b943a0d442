//! What is wrong with a service. The range of cluster IPs and node ports is the allocator's to say.
// Models validateService of pkg/apis/core/validation/validation.go.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::Wire;
use smol_str::SmolStr;

use super::service::{Service, ServicePort, ServiceSpec};
use super::service_strategy::externally_accessible;
use crate::validation::{self, check, one_of};

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const POLICIES: [&str; 2] = ["Cluster", "Local"];
const NO_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

pub fn validate(service: &Service) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validation::object_meta(&service.metadata, true, names::is_dns1123_label, &mut errors);
    errors.extend(validate_spec(&service.spec));
    errors
}

pub fn validate_update(new: &Service, old: &Service) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if new.spec == old.spec {
        return errors;
    }
    cluster_ips_change(&new.spec, &old.spec, &mut errors);
    if new.spec.type_ == "LoadBalancer"
        && old.spec.type_ == "LoadBalancer"
        && new.spec.load_balancer_class != old.spec.load_balancer_class
    {
        let path = FieldPath::new("spec").child("loadBalancerClass");
        let detail = "may not change once set";
        errors.push(FieldError::invalid(path, new.spec.load_balancer_class.to_value(), detail));
    }
    errors.extend(validate_spec(&new.spec));
    errors
}

/// A service without an address of its own.
pub fn is_headless(spec: &ServiceSpec) -> bool {
    matches!(spec.cluster_ips.as_slice(), [only] if only == "None")
}

fn cluster_ips_change(new: &ServiceSpec, old: &ServiceSpec, errors: &mut FieldErrors) {
    let external = new.type_ == "ExternalName" || old.type_ == "ExternalName";
    if external || (is_headless(new) && is_headless(old)) {
        return;
    }
    let path = FieldPath::new("spec").child("clusterIPs");
    if new.cluster_ips.is_empty() && !old.cluster_ips.is_empty() {
        let detail = "primary clusterIP can not be unset";
        errors.push(FieldError::invalid(path.index(0), new.cluster_ips.to_value(), detail));
    }
    let same_length = new.cluster_ips.len() == old.cluster_ips.len();
    let pairs = new.cluster_ips.iter().zip(&old.cluster_ips).enumerate();
    for (i, (ip, before)) in pairs.filter(|(i, _)| same_length || *i == 0) {
        if ip != before {
            let value = new.cluster_ips.to_value();
            errors.push(FieldError::invalid(path.index(i), value, "may not change once set"));
        }
    }
}

fn validate_spec(spec: &ServiceSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    by_type(spec, &path, &mut errors);
    let mut seen: BTreeSet<&SmolStr> = BTreeSet::new();
    for (i, port) in spec.ports.iter().enumerate() {
        let needs_name = spec.ports.len() > 1;
        let path = path.child("ports").index(i);
        validate_port(port, needs_name, &mut seen, &path, &mut errors);
    }
    validation::labels(&spec.selector, &path.child("selector"), &mut errors);
    session_affinity(spec, &path, &mut errors);
    cluster_ips(spec, &path, &mut errors);
    for (i, ip) in spec.external_ips.iter().enumerate() {
        if names::parse_ip_sloppy(ip).is_none() {
            let path = path.child("externalIPs").index(i);
            errors.push(FieldError::invalid(path, ip.as_str(), NO_IP));
        }
    }
    one_of(&spec.type_, &TYPES, path.child("type"), &mut errors);
    repeated_ports(spec, &path.child("ports"), &mut errors);
    load_balancer(spec, &path, &mut errors);
    traffic(spec, &path, &mut errors);
    errors
}

fn by_type(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let type_ = spec.type_.as_str();
    let headless = is_headless(spec);
    if spec.ports.is_empty() && !headless && type_ != "ExternalName" {
        errors.push(FieldError::required(path.child("ports"), ""));
    }
    if headless && (type_ == "LoadBalancer" || type_ == "NodePort") {
        let detail = format!("may not be set to 'None' for {type_} services");
        errors.push(FieldError::invalid(path.child("clusterIPs").index(0), "None", &detail));
    }
    if type_ != "ExternalName" {
        return;
    }
    for (name, given) in [
        ("clusterIPs", !spec.cluster_ips.is_empty()),
        ("ipFamilies", !spec.ip_families.is_empty()),
        ("ipFamilyPolicy", spec.ip_family_policy.is_some()),
    ] {
        if given {
            let detail = "may not be set for ExternalName services";
            errors.push(FieldError::forbidden(path.child(name), detail));
        }
    }
    let path = path.child("externalName");
    match spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name) {
        "" => errors.push(FieldError::required(path, "")),
        name => check(names::is_dns1123_subdomain, name, &path, errors),
    }
}

fn validate_port<'a>(
    port: &'a ServicePort,
    needs_name: bool,
    seen: &mut BTreeSet<&'a SmolStr>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let name = path.child("name");
    if port.name.is_empty() {
        if needs_name {
            errors.push(FieldError::required(name, ""));
        }
    } else {
        check(names::is_dns1123_label, &port.name, &name, errors);
        if !seen.insert(&port.name) {
            errors.push(FieldError::duplicate(name, port.name.as_str()));
        }
    }
    for message in names::is_valid_port_num(i64::from(port.port)) {
        errors.push(FieldError::invalid(path.child("port"), port.port, &message));
    }
    one_of(&port.protocol, &PROTOCOLS, path.child("protocol"), errors);
    let target = port.target_port.clone().unwrap_or(IntOrString::Int(0));
    validation::port(&target, path.child("targetPort"), errors);
    if let Some(protocol) = &port.app_protocol {
        check(names::is_qualified_name, protocol, &path.child("appProtocol"), errors);
    }
}

fn session_affinity(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    one_of(&spec.session_affinity, &["ClientIP", "None"], path.child("sessionAffinity"), errors);
    let path = path.child("sessionAffinityConfig");
    match (spec.session_affinity.as_str(), &spec.session_affinity_config) {
        ("None", Some(_)) => {
            let detail = "must not be set when session affinity is None";
            errors.push(FieldError::forbidden(path, detail));
        }
        ("ClientIP", Some(config)) => {
            let seconds = config["clientIP"]["timeoutSeconds"].as_i64().unwrap_or(0);
            if !(1..=86_400).contains(&seconds) {
                let path = path.child("clientIP").child("timeoutSeconds");
                let detail = "must be greater than 0 and less than 86400";
                errors.push(FieldError::invalid(path, seconds, detail));
            }
        }
        _ => {}
    }
}

fn cluster_ips(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    if spec.type_ == "ExternalName" {
        return;
    }
    let path_ips = path.child("clusterIPs");
    let value = || spec.cluster_ips.to_value();
    match (spec.cluster_ip.as_str(), spec.cluster_ips.first()) {
        ("", None) => {}
        ("", Some(_)) => {
            let detail = "must be empty when `clusterIP` is not specified";
            errors.push(FieldError::invalid(&path_ips, value(), detail));
        }
        (_, None) => errors.push(FieldError::required(&path_ips, "")),
        (one, Some(first)) if one != first => {
            let detail = "first value must match `clusterIP`";
            errors.push(FieldError::invalid(&path_ips, value(), detail));
        }
        _ => {}
    }
    let mut seen: BTreeSet<&SmolStr> = BTreeSet::new();
    for (i, family) in spec.ip_families.iter().enumerate() {
        let path = path.child("ipFamilies").index(i);
        one_of(family, &["IPv4", "IPv6"], path.clone(), errors);
        if !seen.insert(family) {
            errors.push(FieldError::duplicate(path, family.as_str()));
        }
    }
    if let Some(policy) = &spec.ip_family_policy {
        let supported = ["PreferDualStack", "RequireDualStack", "SingleStack"];
        one_of(policy, &supported, path.child("ipFamilyPolicy"), errors);
    }
    for (i, ip) in spec.cluster_ips.iter().enumerate() {
        if i == 0 && ip == "None" {
            if spec.cluster_ips.len() > 1 {
                let detail = "'None' must be the first and only value";
                errors.push(FieldError::invalid(&path_ips, value(), detail));
            }
        } else if names::parse_ip_sloppy(ip).is_none() {
            errors.push(FieldError::invalid(path_ips.index(i), ip.as_str(), NO_IP));
        }
    }
    if spec.cluster_ips.len() > 2 {
        let detail = "may only hold up to 2 values";
        errors.push(FieldError::invalid(path_ips, value(), detail));
    }
}

fn repeated_ports(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    if spec.type_ == "ClusterIP" {
        for (i, _) in spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.push(FieldError::forbidden(path.index(i).child("nodePort"), detail));
        }
    }
    let mut taken = BTreeSet::new();
    for (i, port) in spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        if !taken.insert((&port.protocol, port.node_port)) {
            let path = path.index(i).child("nodePort");
            errors.push(FieldError::duplicate(path, port.node_port));
        }
    }
    let mut taken = BTreeSet::new();
    for (i, port) in spec.ports.iter().enumerate() {
        if !taken.insert((&port.protocol, port.port)) {
            // Upstream prints its internal form of the port here.
            let mut error = FieldError::duplicate(path.index(i), "");
            error.value = format!(
                "{{\"Name\":\"\",\"Protocol\":\"{}\",\"AppProtocol\":null,\"Port\":{},\
                 \"TargetPort\":0,\"NodePort\":0}}",
                port.protocol, port.port
            );
            errors.push(error);
        }
    }
}

fn load_balancer(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    if spec.type_ == "LoadBalancer" {
        return;
    }
    for (name, given) in [
        ("LoadBalancerSourceRanges", !spec.load_balancer_source_ranges.is_empty()),
        ("allocateLoadBalancerNodePorts", spec.allocate_load_balancer_node_ports.is_some()),
        ("loadBalancerClass", spec.load_balancer_class.is_some()),
    ] {
        if given {
            let detail = "may only be used when `type` is 'LoadBalancer'";
            errors.push(FieldError::forbidden(path.child(name), detail));
        }
    }
}

fn traffic(spec: &ServiceSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let external = path.child("externalTrafficPolicy");
    let policy = spec.external_traffic_policy.as_str();
    if externally_accessible(spec) {
        one_of(policy, &POLICIES, external, errors);
    } else if !policy.is_empty() {
        let detail = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(external, policy, detail));
    }
    let checked = spec.type_ == "LoadBalancer" && policy == "Local";
    if !checked && spec.health_check_node_port != 0 {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` \
                      is 'Local'";
        let path = path.child("healthCheckNodePort");
        errors.push(FieldError::invalid(path, spec.health_check_node_port, detail));
    }
    if let Some(policy) = &spec.internal_traffic_policy {
        one_of(policy, &POLICIES, path.child("internalTrafficPolicy"), errors);
    }
    if let Some(wish) = &spec.traffic_distribution {
        let supported = ["PreferClose", "PreferSameZone", "PreferSameNode"];
        one_of(wish, &supported, path.child("trafficDistribution"), errors);
    }
}
