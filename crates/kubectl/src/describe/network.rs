//! Services, Endpoints and EndpointSlices.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::or_none;
use crate::discovery;
use crate::path::{Look, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

fn joined(items: &[Value]) -> String {
    items.iter().map(scalar).collect::<Vec<_>>().join(",")
}

pub fn service(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    let spec = object.at("spec");
    let pairs = spec.pairs("selector");
    let selector: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", scalar(value))).collect();
    pen.field(0, "Selector", or_none(&selector.join(",")));
    pen.field(0, "Type", spec.text("type"));
    pen.some(0, "IP Family Policy", spec.text("ipFamilyPolicy"));
    pen.field(0, "IP Families", or_none(&joined(spec.items("ipFamilies"))));
    pen.field(0, "IP", spec.text("clusterIP"));
    pen.field(0, "IPs", or_none(&joined(spec.items("clusterIPs"))));
    pen.some(0, "External IPs", &joined(spec.items("externalIPs")));
    pen.some(0, "Desired LoadBalancer IP", spec.text("loadBalancerIP"));
    pen.some(0, "External Name", spec.text("externalName"));
    let ingress: Vec<String> =
        object.items("status.loadBalancer.ingress").iter().map(ingress_point).collect();
    pen.some(0, "LoadBalancer Ingress", &ingress.join(", "));
    let slices = slices_of(cx, object.text("metadata.namespace"), object.text("metadata.name"));
    for port in spec.items("ports") {
        service_port(pen, port, &slices);
    }
    pen.field(0, "Session Affinity", spec.text("sessionAffinity"));
    pen.some(0, "External Traffic Policy", spec.text("externalTrafficPolicy"));
    pen.some(0, "Internal Traffic Policy", spec.text("internalTrafficPolicy"));
    if spec.int("healthCheckNodePort") != 0 {
        pen.field(0, "HealthCheck NodePort", &spec.int("healthCheckNodePort").to_string());
    }
    let ranges = joined(spec.items("loadBalancerSourceRanges"));
    pen.some(0, "LoadBalancer Source Ranges", &ranges);
    pen.some(0, "Traffic Distribution", spec.text("trafficDistribution"));
}

fn ingress_point(point: &Value) -> String {
    match (point.text("ip"), point.text("ipMode")) {
        ("", _) => point.text("hostname").to_owned(),
        (ip, "") => ip.to_owned(),
        (ip, mode) => format!("{ip} ({mode})"),
    }
}

fn service_port(pen: &mut Pen, port: &Value, slices: &[Value]) {
    let (name, protocol) = (port.text("name"), port.text("protocol"));
    let shown = if name.is_empty() { "<unset>" } else { name };
    pen.line(0, &format!("Port:\t{shown}\t{}/{protocol}", port.int("port")));
    pen.field(0, "TargetPort", &format!("{}/{protocol}", scalar(port.at("targetPort"))));
    pen.some(0, "AppProtocol", port.text("appProtocol"));
    if port.int("nodePort") != 0 {
        pen.line(0, &format!("NodePort:\t{shown}\t{}/{protocol}", port.int("nodePort")));
    }
    pen.field(0, "Endpoints", &endpoints_of(slices, name));
}

/// The endpoint slices of a service.
pub fn slices_of(cx: &mut Cx<'_>, namespace: &str, name: &str) -> Vec<Value> {
    let Ok(kind) = discovery::resolve("endpointslices") else { return Vec::new() };
    let filter =
        Filter { labels: format!("kubernetes.io/service-name={name}"), ..Filter::default() };
    server::list(cx, kind, namespace, &filter).unwrap_or_default()
}

/// The ready addresses of a port: three of them, and how many more.
pub fn endpoints_of(slices: &[Value], port_name: &str) -> String {
    const SHOWN: usize = 3;
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ready = slice
            .items("endpoints")
            .iter()
            .filter(|endpoint| endpoint.at("conditions.ready").as_bool() != Some(false));
        let addresses: Vec<&str> =
            ready.filter_map(|endpoint| endpoint.items("addresses").first()?.as_str()).collect();
        let ports = slice.items("ports");
        if ports.is_empty() {
            all.extend(addresses.iter().map(|address| (*address).to_owned()));
        }
        for port in ports.iter().filter(|port| port.text("name") == port_name) {
            let number = port.int("port");
            all.extend(addresses.iter().map(|address| match address.contains(':') {
                true => format!("[{address}]:{number}"),
                false => format!("{address}:{number}"),
            }));
        }
    }
    let list = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(",");
    match all.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{list} + {more} more..."),
        _ => list,
    }
}

pub fn endpoints(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    pen.line(0, "Subsets:");
    for subset in object.items("subsets") {
        for (title, field) in
            [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")]
        {
            let all: Vec<&str> = subset.items(field).iter().map(|one| one.text("ip")).collect();
            pen.field(1, title, or_none(&all.join(",")));
        }
        if !subset.items("ports").is_empty() {
            pen.line(1, "Ports:");
            pen.line(2, "Name\tPort\tProtocol");
            pen.line(2, "----\t----\t--------");
        }
        for port in subset.items("ports") {
            let name = unset(port.text("name"));
            let line = format!("{name}\t{}\t{}", port.int("port"), port.text("protocol"));
            pen.line(2, &line);
        }
        pen.line(0, "");
    }
}

fn unset(text: &str) -> &str {
    if text.is_empty() { "<unset>" } else { text }
}

pub fn endpoint_slice(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    pen.field(0, "AddressType", object.text("addressType"));
    let ports = object.items("ports");
    if ports.is_empty() {
        pen.line(0, "Ports: <unset>");
    } else {
        pen.line(0, "Ports:");
        pen.line(1, "Name\tPort\tProtocol");
        pen.line(1, "----\t----\t--------");
    }
    for port in ports {
        let number = scalar(port.at("port"));
        let (name, protocol) = (unset(port.text("name")), port.text("protocol"));
        pen.line(1, &format!("{name}\t{}\t{protocol}", unset(&number)));
    }
    let endpoints = object.items("endpoints");
    pen.line(0, if endpoints.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in endpoints {
        let addresses: Vec<String> = endpoint.items("addresses").iter().map(scalar).collect();
        pen.field(1, "- Addresses", or_none(&addresses.join(", ")));
        pen.line(2, "Conditions:");
        pen.field(3, "Ready", unset(&scalar(endpoint.at("conditions.ready"))));
        pen.field(2, "Hostname", unset(endpoint.text("hostname")));
        if endpoint.has("targetRef") {
            let target = endpoint.at("targetRef");
            pen.field(2, "TargetRef", &format!("{}/{}", target.text("kind"), target.text("name")));
        }
        pen.field(2, "NodeName", unset(endpoint.text("nodeName")));
        pen.field(2, "Zone", unset(endpoint.text("zone")));
    }
}
