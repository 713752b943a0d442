//! `kubectl create service clusterip|nodeport|loadbalancer|externalname`.
// Models kubectl/pkg/cmd/create/create_service.go.

use apimachinery::{names, strconv};
use serde_json::{Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

static CLUSTER_IP: Verb = Verb {
    name: "clusterip",
    about: "Create a ClusterIP service",
    usage: "NAME [--tcp=<port>:<targetPort>]",
    flags: &[&[Flag::list("tcp"), Flag::text("clusterip")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(|cx, args| run(cx, args, "ClusterIP")),
    ..Verb::NONE
};

static NODE_PORT: Verb = Verb {
    name: "nodeport",
    about: "Create a NodePort service",
    usage: "NAME [--tcp=port:targetPort]",
    flags: &[&[Flag::list("tcp"), Flag::int("node-port", "0")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(|cx, args| run(cx, args, "NodePort")),
    ..Verb::NONE
};

static LOAD_BALANCER: Verb = Verb {
    name: "loadbalancer",
    about: "Create a LoadBalancer service",
    usage: "NAME [--tcp=port:targetPort]",
    flags: &[&[Flag::list("tcp")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(|cx, args| run(cx, args, "LoadBalancer")),
    ..Verb::NONE
};

static EXTERNAL_NAME: Verb = Verb {
    name: "externalname",
    about: "Create an ExternalName service",
    usage: "NAME --external-name external.name",
    flags: &[&[Flag::list("tcp"), Flag::text("external-name")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(|cx, args| run(cx, args, "ExternalName")),
    ..Verb::NONE
};

pub static VERB: Verb = Verb {
    name: "service",
    aliases: &["svc"],
    about: "Create a service using a specified subcommand",
    usage: "(clusterip | externalname | loadbalancer | nodeport)",
    children: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    ..Verb::NONE
};

fn port(text: &str, node_port: i64) -> Outcome<Value> {
    let (outer, inner) = text.split_once(':').unwrap_or((text, text));
    let is_number = !outer.is_empty() && outer.bytes().all(|c| c.is_ascii_digit());
    let port: i64 = match outer.parse::<u16>() {
        Ok(port) => port.into(),
        Err(_) => {
            let why = if is_number { "value out of range" } else { "invalid syntax" };
            let outer = strconv::quote(outer);
            return error(format!("strconv.ParseUint: parsing {outer}: {why}"));
        }
    };
    let (target, errors): (Value, Vec<String>) = match inner.parse::<i64>() {
        Ok(number) if outer == text => (number.into(), Vec::new()),
        Ok(number) => (number.into(), names::is_valid_port_num(number)),
        Err(_) => (inner.into(), names::is_valid_port_name(inner)),
    };
    if !errors.is_empty() {
        return error(errors.join(","));
    }
    let name = text.replace(':', "-");
    let mut value = json!({ "name": name, "port": port, "protocol": "TCP", "targetPort": target });
    if node_port > 0 {
        value["nodePort"] = node_port.into();
    }
    Ok(value)
}

fn run(cx: &mut Cx<'_>, args: &Args, ty: &str) -> Outcome<Flow> {
    let name = one_name(args)?;
    let is_external = ty == "ExternalName";
    if is_external {
        args.require(&["external-name"])?;
    }
    let cluster_ip = args.text("clusterip");
    if args.list("tcp").is_empty() && !is_external && cluster_ip != "None" {
        return error("at least one tcp port specifier must be provided");
    }
    let node_port = if ty == "NodePort" { args.int("node-port") } else { 0 };
    let ports: Outcome<Vec<Value>> =
        args.list("tcp").iter().map(|text| port(text, node_port)).collect();
    let labels = json!({ "app": name });
    let mut spec = json!({ "selector": labels, "type": ty });
    let ports = ports?;
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    if !cluster_ip.is_empty() {
        spec["clusterIP"] = cluster_ip.into();
    }
    if is_external {
        spec["externalName"] = args.text("external-name").into();
    }
    let value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": name, "labels": labels },
        "spec": spec,
        "status": { "loadBalancer": {} },
    });
    submit(cx, args, "services", value, &format!("failed to create {ty} service:"))
}
