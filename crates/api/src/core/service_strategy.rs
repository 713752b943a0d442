//! A service's defaults, and which fields leave with a change of type.
// Models pkg/apis/core/v1/defaults.go and pkg/registry/core/service/{strategy,storage/storage}.go.

use apimachinery::int_or_string::IntOrString;
use serde_json::json;
use smol_str::SmolStr;

use super::service::{LoadBalancerStatus, Service, ServiceSpec};

/// Whether traffic may come in from outside the cluster.
pub fn externally_accessible(spec: &ServiceSpec) -> bool {
    spec.type_ == "LoadBalancer"
        || spec.type_ == "NodePort"
        || (spec.type_ == "ClusterIP" && !spec.external_ips.is_empty())
}

pub fn set_defaults(service: &mut Service) {
    let spec = &mut service.spec;
    if spec.session_affinity.is_empty() {
        spec.session_affinity = SmolStr::new_static("None");
    }
    match spec.session_affinity.as_str() {
        "None" => spec.session_affinity_config = None,
        "ClientIP" => {
            let config = spec.session_affinity_config.as_ref();
            if config.is_none_or(|config| config["clientIP"]["timeoutSeconds"].is_null()) {
                let config = json!({"clientIP": {"timeoutSeconds": 10800}});
                spec.session_affinity_config = Some(config);
            }
        }
        _ => {}
    }
    if spec.type_.is_empty() {
        spec.type_ = SmolStr::new_static("ClusterIP");
    }
    for port in &mut spec.ports {
        if port.protocol.is_empty() {
            port.protocol = SmolStr::new_static("TCP");
        }
        let unset = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if unset {
            port.target_port = Some(IntOrString::Int(port.port));
        }
    }
    if externally_accessible(spec) && spec.external_traffic_policy.is_empty() {
        spec.external_traffic_policy = SmolStr::new_static("Cluster");
    }
    if matches!(spec.type_.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        spec.internal_traffic_policy.get_or_insert(SmolStr::new_static("Cluster"));
    }
    if spec.type_ == "LoadBalancer" {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
        for ingress in &mut service.status.load_balancer.ingress {
            if !ingress.ip.is_empty() {
                ingress.ip_mode.get_or_insert(SmolStr::new_static("VIP"));
            }
        }
    }
}

/// What an update leaves unsaid of the allocated fields is taken from the old service.
pub fn patch_allocated(new: &mut ServiceSpec, old: &ServiceSpec) {
    if new.type_ != "ExternalName" && old.type_ != "ExternalName" {
        if new.cluster_ip.is_empty() {
            new.cluster_ip = old.cluster_ip.clone();
        }
        if new.cluster_ips.is_empty() {
            new.cluster_ips = old.cluster_ips.clone();
        }
    }
    if needs_node_port(old) && needs_node_port(new) {
        patch_node_ports(new, old);
    }
    if needs_health_port(old) && needs_health_port(new) && new.health_check_node_port == 0 {
        new.health_check_node_port = old.health_check_node_port;
    }
}

/// Node ports that the update leaves open are those of the old ports of the same name, unless
/// another port of the update has them already.
fn patch_node_ports(new: &mut ServiceSpec, old: &ServiceSpec) {
    let mut used: Vec<i32> = new.ports.iter().map(|port| port.node_port).collect();
    for port in new.ports.iter_mut().filter(|port| port.node_port == 0) {
        let Some(before) = old.ports.iter().rfind(|before| before.name == port.name) else {
            continue;
        };
        if !used.contains(&before.node_port) {
            port.node_port = before.node_port;
            used.push(before.node_port);
        }
    }
}

/// The singular and the plural form of the cluster IP follow each other.
pub fn normalize_cluster_ips(new: &mut ServiceSpec, old: Option<&ServiceSpec>) {
    let Some(old) = old else {
        // A creator who gives only the singular means both.
        if !new.cluster_ip.is_empty() && new.cluster_ips.is_empty() {
            new.cluster_ips = vec![new.cluster_ip.clone()];
        }
        return;
    };
    if new.cluster_ip != old.cluster_ip && new.cluster_ips == old.cluster_ips {
        let cleared = new.cluster_ip.is_empty();
        new.cluster_ips = if cleared { Vec::new() } else { vec![new.cluster_ip.clone()] };
    }
}

fn needs_node_port(spec: &ServiceSpec) -> bool {
    spec.type_ == "NodePort" || spec.type_ == "LoadBalancer"
}

fn needs_health_port(spec: &ServiceSpec) -> bool {
    spec.type_ == "LoadBalancer" && spec.external_traffic_policy == "Local"
}

/// Wipes what the new type does not use, unless the user set it anew.
pub fn drop_type_dependent(new: &mut Service, old: &Service) {
    let (before, spec) = (&old.spec, &mut new.spec);
    if before.type_ != "ExternalName" && spec.type_ == "ExternalName" {
        if before.cluster_ip == spec.cluster_ip && before.cluster_ips == spec.cluster_ips {
            spec.cluster_ip = SmolStr::default();
            spec.cluster_ips.clear();
        }
        if before.ip_families == spec.ip_families {
            spec.ip_families.clear();
        }
        if before.ip_family_policy == spec.ip_family_policy {
            spec.ip_family_policy = None;
        }
    }
    let known = |number: i32| before.ports.iter().any(|port| port.node_port == number);
    if needs_node_port(before)
        && !needs_node_port(spec)
        && spec.ports.iter().all(|port| port.node_port == 0 || known(port.node_port))
    {
        spec.ports.iter_mut().for_each(|port| port.node_port = 0);
    }
    if needs_health_port(before)
        && !needs_health_port(spec)
        && before.health_check_node_port == spec.health_check_node_port
    {
        spec.health_check_node_port = 0;
    }
    if before.type_ == "LoadBalancer" && spec.type_ != "LoadBalancer" {
        if before.allocate_load_balancer_node_ports == spec.allocate_load_balancer_node_ports {
            spec.allocate_load_balancer_node_ports = None;
        }
        if before.load_balancer_class == spec.load_balancer_class {
            spec.load_balancer_class = None;
        }
    }
    if externally_accessible(before)
        && !externally_accessible(spec)
        && before.external_traffic_policy == spec.external_traffic_policy
    {
        spec.external_traffic_policy = SmolStr::default();
    }
    if spec.type_ != "LoadBalancer" {
        new.status.load_balancer = LoadBalancerStatus::default();
    }
}
