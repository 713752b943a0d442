//! NetworkPolicies, told as sentences.

use serde_json::Value;

use crate::describe::pen::Pen;
use crate::describe::selector;
use crate::path::{Look, scalar};
use crate::session::Cx;

/// The words for one direction.
struct Direction {
    field: &'static str,
    peers: &'static str,
    title: &'static str,
    none: &'static str,
    any: &'static str,
}

const INGRESS: Direction = Direction {
    field: "ingress",
    peers: "from",
    title: "From",
    none: "<none> (Selected pods are isolated for ingress connectivity)",
    any: "From: <any> (traffic not restricted by source)",
};

const EGRESS: Direction = Direction {
    field: "egress",
    peers: "to",
    title: "To",
    none: "<none> (Selected pods are isolated for egress connectivity)",
    any: "To: <any> (traffic not restricted by destination)",
};

pub fn network_policy(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    let created = object.text("metadata.creationTimestamp").replace('T', " ");
    pen.field(0, "Created on", &format!("{} +0000 UTC", created.trim_end_matches('Z')));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    let spec = object.at("spec");
    pen.line(0, "Spec:");
    let chosen = spec.at("podSelector");
    let is_all =
        chosen.pairs("matchLabels").is_empty() && chosen.items("matchExpressions").is_empty();
    let pods = match is_all {
        true => "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned(),
        false => selector(chosen),
    };
    pen.line(1, &format!("PodSelector:     {pods}"));
    let types: Vec<String> = spec.items("policyTypes").iter().map(scalar).collect();
    for (name, direction) in [("Ingress", INGRESS), ("Egress", EGRESS)] {
        let word = direction.field;
        if types.iter().any(|one| one == name) {
            pen.line(1, &format!("Allowing {word} traffic:"));
            rules(pen, spec.items(word), &direction);
        } else {
            pen.line(1, &format!("Not affecting {word} traffic"));
        }
    }
    pen.line(1, &format!("Policy Types: {}", types.join(", ")));
}

fn rules(pen: &mut Pen, rules: &[Value], direction: &Direction) {
    if rules.is_empty() {
        pen.line(2, direction.none);
    }
    for (at, rule) in rules.iter().enumerate() {
        let ports = rule.items("ports");
        if ports.is_empty() {
            pen.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let protocol = if port.has("protocol") { port.text("protocol") } else { "TCP" };
            let number = match port.at("port") {
                Value::Null => "<nil>".to_owned(),
                number => scalar(number),
            };
            pen.line(
                2,
                &match port.int("endPort") {
                    0 => format!("To Port: {number}/{protocol}"),
                    end => format!("To Port Range: {number}-{end}/{protocol}"),
                },
            );
        }
        let peers = rule.items(direction.peers);
        if peers.is_empty() {
            pen.line(2, direction.any);
        }
        for peer in peers {
            pen.line(2, &format!("{}:", direction.title));
            for (title, field) in
                [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")]
            {
                if peer.has(field) {
                    pen.line(3, &format!("{title}: {}", selector(peer.at(field))));
                }
            }
            let block = peer.at("ipBlock");
            if !block.is_null() {
                let except: Vec<String> = block.items("except").iter().map(scalar).collect();
                pen.line(3, "IPBlock:");
                pen.line(4, &format!("CIDR: {}", block.text("cidr")));
                pen.line(4, &format!("Except: {}", except.join(", ")));
            }
        }
        if at + 1 < rules.len() {
            pen.line(2, "----------");
        }
    }
}
