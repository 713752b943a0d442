//! `kubectl expose`.
// Models kubectl/pkg/cmd/expose/expose.go.

use apimachinery::int_or_string::IntOrString;
use serde_json::{Map, Value, json};

use crate::discovery;
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, FILENAME, Flag, PRINT, RECORD, SAVE_CONFIG, SELECTOR, WRITE};
use crate::path::Look;
use crate::server;
use crate::session::Cx;
use crate::target::{self, Found, Rules};
use crate::verbs::object::{DryRun, Writer, set_namespace};
use crate::verbs::{Flow, Verb, Words};

pub static VERB: Verb = Verb {
    name: "expose",
    about: "Take a replication controller, service, deployment or pod and expose it as a new \
         Kubernetes service",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] \
         [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] \
         [--type=type]",
    flags: &[
        &[
            Flag::text("port"),
            Flag::text("target-port"),
            Flag::text("protocol"),
            Flag::text("name"),
            Flag::text("type").values(&["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
            Flag::text("cluster-ip"),
            Flag::text("external-ip"),
            Flag::text("load-balancer-ip"),
            Flag::text("session-affinity"),
            Flag::text("labels"),
            Flag::text("overrides"),
        ],
        FILENAME,
        SELECTOR,
        PRINT,
        WRITE,
        RECORD,
        SAVE_CONFIG,
    ],
    words: Words::Resources,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    if args.changed("overrides") {
        return error("--overrides is not supported in this terminal");
    }
    let writer = Writer::of(cx, args)?;
    // -l is the selector of the service to be, not of the objects.
    let mut which = args.clone();
    which.set("selector", "");
    let (found, fails) = target::find(cx, &which, &args.words, Rules::default())?;
    target::each(cx, found, fails, |cx, one| expose(cx, &writer, &one))?;
    Ok(Flow::Done)
}

fn pairs(text: &str) -> Outcome<Map<String, Value>> {
    let mut map = Map::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some((key, value)) => map.insert(key.to_owned(), value.into()),
            None => return error(format!("unexpected label spec: {part}")),
        };
    }
    Ok(map)
}

/// The labels by which the object knows its pods.
fn selector(one: &Found) -> Outcome<Map<String, Value>> {
    let object = &one.object;
    let map = match one.kind.kind {
        "Pod" => object.at("metadata.labels"),
        "Service" | "ReplicationController" => object.at("spec.selector"),
        "Deployment" | "ReplicaSet" => {
            if !object.items("spec.selector.matchExpressions").is_empty() {
                return error(
                    "couldn't retrieve selectors via --selector flag or introspection: couldn't \
                         convert expressions - \"matchExpressions\" to map-based selector format",
                );
            }
            object.at("spec.selector.matchLabels")
        }
        _ => {
            return error(format!("cannot expose a {}", discovery::kind_group(one.kind)));
        }
    };
    match map.as_object() {
        Some(map) if !map.is_empty() => Ok(map.clone()),
        _ if one.kind.kind == "Pod" => error(
            "couldn't retrieve selectors via --selector flag or introspection: the pod has no \
                 labels and cannot be exposed",
        ),
        _ => error(
            "couldn't retrieve selectors via --selector flag or introspection: invalid \
                 deployment: no selectors, therefore cannot be exposed",
        ),
    }
}

/// Number and protocol of the ports the object's containers name.
fn known_ports(one: &Found) -> Vec<(i64, String)> {
    let object = &one.object;
    if one.kind.kind == "Service" {
        let ports = object.items("spec.ports").iter();
        return ports.map(|p| (p.int("port"), p.text("protocol").to_owned())).collect();
    }
    let path = if one.kind.kind == "Pod" { "spec" } else { "spec.template.spec" };
    let containers = object.at(path).items("containers");
    let ports = containers.iter().flat_map(|container| container.items("ports"));
    ports.map(|p| (p.int("containerPort"), p.text("protocol").to_owned())).collect()
}

fn ports(args: &Args, one: &Found) -> Outcome<Vec<Value>> {
    let known = known_ports(one);
    let numbers: Vec<String> = match args.text("port") {
        "" => known.iter().map(|(port, _)| port.to_string()).collect(),
        given => given.split(',').map(str::to_owned).collect(),
    };
    if numbers.is_empty() {
        return error("couldn't find port via --port flag or introspection");
    }
    let mut ports = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let Ok(port) = number.trim().parse::<i32>() else {
            let why = apimachinery::strconv::int_error("Atoi", number);
            return Err(Fail::Error(why));
        };
        let of_known = known.iter().find(|(known, _)| *known == i64::from(port));
        let protocol = match args.text("protocol") {
            "" => of_known.map_or("TCP", |(_, p)| if p.is_empty() { "TCP" } else { p }),
            given => given,
        };
        let target: Value = match args.text("target-port") {
            "" => port.into(),
            given => match IntOrString::parse(given) {
                IntOrString::Int(number) => number.into(),
                IntOrString::String(name) => name.to_string().into(),
            },
        };
        let mut value = json!({ "port": port, "protocol": protocol, "targetPort": target });
        if numbers.len() > 1 {
            value["name"] = format!("port-{}", at + 1).into();
        }
        ports.push(value);
    }
    Ok(ports)
}

fn expose(cx: &mut Cx<'_>, writer: &Writer<'_>, one: &Found) -> Outcome {
    let args = writer.args;
    let wanted = match args.text("selector") {
        "" => selector(one)?,
        given => pairs(given)?,
    };
    let labels = match args.text("labels") {
        "" => one.object.at("metadata.labels").clone(),
        given => Value::Object(pairs(given)?),
    };
    let name = match args.text("name") {
        "" => one.name.chars().take(63).collect::<String>(),
        given => given.to_owned(),
    };
    let mut metadata = json!({ "name": name });
    if labels.as_object().is_some_and(|labels| !labels.is_empty()) {
        metadata["labels"] = labels;
    }
    let mut spec = json!({ "ports": ports(args, one)?, "selector": wanted });
    for (flag, field) in [
        ("type", "type"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
        ("cluster-ip", "clusterIP"),
    ] {
        let text = args.text(flag);
        if !text.is_empty() {
            spec[field] = if text == "none" { "None".into() } else { text.into() };
        }
    }
    if args.changed("external-ip") {
        spec["externalIPs"] = json!([args.text("external-ip")]);
    }
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": spec,
        "status": { "loadBalancer": {} },
    });
    let kind = discovery::resolve("services")?;
    if writer.dry_run != DryRun::Client {
        set_namespace(&mut value, &one.namespace);
        let write = writer.write("kubectl-expose");
        value = server::create(cx, kind, &one.namespace, value, &write)?;
    }
    writer.print(cx, kind, &value, "exposed")
}
