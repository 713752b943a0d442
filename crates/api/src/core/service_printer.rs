//! A service in one line.
// Models printService of pkg/printers/internalversion/printers.go.

use std::collections::BTreeSet;

use apimachinery::labels::format_labels;
use apimachinery::time::Time;
use serde_json::Value;
use smol_str::SmolStr;

use super::service::{Service, ServicePort};
use crate::object::{Column, age};

pub static COLUMNS: [Column; 7] = [
    Column::text("Name"),
    Column::text("Type"),
    Column::text("Cluster-IP"),
    Column::text("External-IP"),
    Column::text("Port(s)"),
    Column::text("Age"),
    Column::wide("Selector"),
];

/// `10.1.2.3`, `<none>`, `<pending>`, or the name that stands for the service.
pub fn external_ip(service: &Service) -> String {
    let spec = &service.spec;
    let own = || spec.external_ips.join(",");
    match spec.type_.as_str() {
        "ClusterIP" | "NodePort" if spec.external_ips.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => own(),
        "LoadBalancer" => {
            let given: BTreeSet<&SmolStr> = service
                .status
                .load_balancer
                .ingress
                .iter()
                .map(|entry| if entry.ip.is_empty() { &entry.hostname } else { &entry.ip })
                .filter(|address| !address.is_empty())
                .collect();
            let all: Vec<&str> =
                given.into_iter().chain(&spec.external_ips).map(SmolStr::as_str).collect();
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        "ExternalName" => spec.external_name.to_string(),
        _ => "<unknown>".to_owned(),
    }
}

/// `80/TCP,443:30443/TCP`, empty without ports.
pub fn ports(ports: &[ServicePort]) -> String {
    let text = |port: &ServicePort| match port.node_port {
        1.. => format!("{}:{}/{}", port.port, port.node_port, port.protocol),
        _ => format!("{}/{}", port.port, port.protocol),
    };
    ports.iter().map(text).collect::<Vec<_>>().join(",")
}

pub fn row(service: &Service, now: Time) -> Vec<Value> {
    let spec = &service.spec;
    let ports = ports(&spec.ports);
    vec![
        service.metadata.name.as_str().into(),
        spec.type_.as_str().into(),
        spec.cluster_ips.first().map_or("<none>", SmolStr::as_str).into(),
        external_ip(service).into(),
        if ports.is_empty() { "<none>".into() } else { ports.into() },
        age(&service.metadata, now).into(),
        format_labels(&spec.selector).into(),
    ]
}
