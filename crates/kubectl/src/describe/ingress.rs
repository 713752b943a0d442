//! Ingresses, IngressClasses, and the addresses and ranges of services.

use serde_json::Value;

use crate::describe::network::{endpoints_of, slices_of};
use crate::describe::pen::{Pen, long_time};
use crate::discovery;
use crate::path::{Look, scalar};
use crate::server;
use crate::session::Cx;

fn joined(items: &[Value]) -> String {
    items.iter().map(scalar).collect::<Vec<_>>().join(",")
}

/// `web:80 (10.0.0.1:80,…)`, or why there are no endpoints.
fn backend(cx: &mut Cx<'_>, namespace: &str, backend: &Value) -> String {
    if backend.has("resource") {
        let to = backend.at("resource");
        let group = if to.has("apiGroup") { to.text("apiGroup") } else { "<none>" };
        return format!("APIGroup: {group}, Kind: {}, Name: {}", to.text("kind"), to.text("name"));
    }
    let to = backend.at("service");
    if to.is_null() {
        return String::new();
    }
    let (name, port) = (to.text("name"), to.at("port"));
    let number = port.int("number");
    let shown = match port.text("name") {
        "" => format!("{name}:{number}"),
        port => format!("{name}:{port}"),
    };
    let service =
        discovery::resolve("services").and_then(|kind| server::get(cx, kind, namespace, name));
    let service = match service {
        Ok(service) => service,
        Err(fail) => return format!("{shown} (<error: {}>)", fail.message()),
    };
    let is_meant = |candidate: &&Value| {
        (number != 0 && candidate.int("port") == number)
            || (port.has("name") && candidate.text("name") == port.text("name"))
    };
    let ports = service.items("spec.ports");
    let port_name = ports.iter().rfind(is_meant).map_or("", |port| port.text("name"));
    let slices = slices_of(cx, namespace, name);
    format!("{shown} ({})", endpoints_of(&slices, port_name))
}

pub fn ingress(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    let namespace = object.text("metadata.namespace");
    pen.field(0, "Name", object.text("metadata.name"));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.field(0, "Namespace", namespace);
    let points = object.items("status.loadBalancer.ingress");
    let address = |point: &Value| match point.text("ip") {
        "" => point.text("hostname").to_owned(),
        ip => ip.to_owned(),
    };
    let mut addresses: Vec<String> = points.iter().map(address).collect();
    addresses.sort();
    addresses.dedup();
    pen.field(0, "Address", &addresses.join(","));
    let spec = object.at("spec");
    let class = spec.text("ingressClassName");
    pen.field(0, "Ingress Class", if class.is_empty() { "<none>" } else { class });
    let default = match spec.at("defaultBackend") {
        Value::Null => "<default>".to_owned(),
        given => backend(cx, namespace, given),
    };
    pen.field(0, "Default backend", &default);
    tls(pen, spec.items("tls"));
    pen.line(0, "Rules:");
    pen.line(1, "Host\tPath\tBackends");
    pen.line(1, "----\t----\t--------");
    let mut some = false;
    for rule in spec.items("rules").iter().filter(|rule| rule.has("http")) {
        some = true;
        let host = rule.text("host");
        pen.line(1, &format!("{}\t", if host.is_empty() { "*" } else { host }));
        for path in rule.items("http.paths") {
            let to = backend(cx, namespace, path.at("backend"));
            pen.line(2, &format!("\t{} \t{to}", path.text("path")));
        }
    }
    if !some {
        pen.line(1, &format!("*\t*\t{default}"));
    }
    pen.annotations("Annotations", object.at("metadata.annotations"));
}

fn tls(pen: &mut Pen, tls: &[Value]) {
    if !tls.is_empty() {
        pen.line(0, "TLS:");
    }
    for one in tls {
        let hosts = joined(one.items("hosts"));
        match one.text("secretName") {
            "" => pen.line(1, &format!("SNI routes {hosts}")),
            secret => pen.line(1, &format!("{secret} terminates {hosts}")),
        }
    }
}

/// Name, labels and annotations of an object without a namespace.
fn head(pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
}

pub fn ingress_class(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    head(pen, object);
    pen.field(0, "Controller", object.text("spec.controller"));
    let parameters = object.at("spec.parameters");
    if !parameters.is_null() {
        pen.line(0, "Parameters:");
        pen.some(1, "APIGroup", parameters.text("apiGroup"));
        pen.field(1, "Kind", parameters.text("kind"));
        pen.field(1, "Name", parameters.text("name"));
    }
}

pub fn service_cidr(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    head(pen, object);
    let ranges: Vec<String> = object.items("spec.cidrs").iter().map(scalar).collect();
    pen.field(0, "CIDRs", &ranges.join(", "));
    let conditions = object.items("status.conditions");
    if conditions.is_empty() {
        return;
    }
    pen.line(0, "Status:");
    pen.line(0, "Conditions:");
    pen.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
    pen.line(1, "----\t------\t------------------\t------\t-------");
    for one in conditions {
        let cells = [
            one.text("type").to_owned(),
            one.text("status").to_owned(),
            long_time(one.at("lastTransitionTime")),
            one.text("reason").to_owned(),
            one.text("message").to_owned(),
        ];
        pen.line(1, &cells.join("\t"));
    }
}

pub fn ip_address(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    head(pen, object);
    let parent = object.at("spec.parentRef");
    if !parent.is_null() {
        pen.line(0, "Parent Reference:");
        for (title, field) in [
            ("Group", "group"),
            ("Resource", "resource"),
            ("Namespace", "namespace"),
            ("Name", "name"),
        ] {
            pen.field(1, title, parent.text(field));
        }
    }
}
