//! Services: how many, how many with a load balancer, how many ports on the nodes.

use crate::core::container::ResourceList;
use crate::core::service::Service;
use crate::quota::amount;

pub fn measures(name: &str) -> bool {
    matches!(name, "services" | "services.nodeports" | "services.loadbalancers")
}

pub fn usage(service: &Service) -> ResourceList {
    let spec = &service.spec;
    let all = spec.ports.len();
    let given = spec.ports.iter().filter(|port| port.node_port != 0).count();
    let (ports, balancers) = match spec.type_.as_str() {
        "NodePort" => (all, 0),
        "LoadBalancer" if spec.allocate_load_balancer_node_ports == Some(false) => (given, 1),
        "LoadBalancer" => (all, 1),
        _ => (0, 0),
    };
    let ports = i64::try_from(ports).unwrap_or(i64::MAX);
    ResourceList::from([
        ("services".into(), amount(1)),
        ("services.loadbalancers".into(), amount(balancers)),
        ("services.nodeports".into(), amount(ports)),
    ])
}
