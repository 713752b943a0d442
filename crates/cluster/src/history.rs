//! Configuration and log as JSON: together they are a cluster's whole history.

use apiserver::StaticToken;
use client::User;
use clock::SimTime;
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::command::{Command, Logged};
use crate::config::{Config, Latency, NodeSpec};
use crate::faults::Fault;

fn command_to_saved(command: &Command) -> Value {
    match command {
        Command::Line { terminal, line } => json!({ "line": line, "terminal": terminal }),
        Command::Interrupt { terminal } => json!({ "interrupt": terminal }),
        Command::WriteFile { name, text } => json!({ "write": name.as_str(), "text": text }),
        Command::RemoveFile { name } => json!({ "remove": name.as_str() }),
        Command::Traffic { client, target, per_second } => {
            json!({ "traffic": client.as_str(), "target": target, "rate": per_second })
        }
        Command::Send { target } => json!({ "send": target }),
        Command::StopKubelet { node } => json!({ "stop": node.as_str() }),
        Command::StartKubelet { node } => json!({ "start": node.as_str() }),
        Command::Fault(fault) => json!({ "fault": fault.to_string() }),
        Command::Request { user, request } => {
            json!({ "request": request, "user": user.to_saved() })
        }
    }
}

fn command_from_saved(fields: &Value) -> Option<Command> {
    let text = |key: &str| fields[key].as_str();
    let number = |key: &str| fields[key].as_u64().and_then(|number| u32::try_from(number).ok());
    Some(if let Some(line) = text("line") {
        Command::Line { terminal: number("terminal")?, line: line.to_owned() }
    } else if let Some(terminal) = number("interrupt") {
        Command::Interrupt { terminal }
    } else if let Some(name) = text("write") {
        Command::WriteFile { name: name.into(), text: text("text")?.to_owned() }
    } else if let Some(name) = text("remove") {
        Command::RemoveFile { name: name.into() }
    } else if let Some(client) = text("traffic") {
        let target = text("target")?.to_owned();
        Command::Traffic { client: client.into(), target, per_second: number("rate")? }
    } else if let Some(target) = text("send") {
        Command::Send { target: target.to_owned() }
    } else if let Some(node) = text("stop") {
        Command::StopKubelet { node: node.into() }
    } else if let Some(fault) = text("fault") {
        Command::Fault(Fault::parse(fault).ok()?)
    } else if let Some(request) = fields.get("request") {
        let user = User::from_saved(&fields["user"]);
        Command::Request { user, request: request.clone() }
    } else {
        Command::StartKubelet { node: text("start")?.into() }
    })
}

impl Logged {
    /// `[nanoseconds since birth, command]`
    pub fn to_saved(&self) -> Value {
        json!([self.at.nanos(), command_to_saved(&self.command)])
    }

    pub fn from_saved(value: &Value) -> Option<Self> {
        let at = SimTime::from_nanos(value.get(0)?.as_u64()?);
        Some(Logged { at, command: command_from_saved(value.get(1)?)? })
    }
}

fn node_to_saved(node: &NodeSpec) -> Value {
    let NodeSpec { name, cpu, memory, pods, zone, control_plane } = node;
    json!({
        "name": name.as_str(), "cpu": cpu.as_str(), "memory": memory.as_str(), "pods": pods,
        "zone": zone.as_str(), "controlPlane": control_plane,
    })
}

fn node_from_saved(value: &Value) -> Option<NodeSpec> {
    let text = |key: &str| value[key].as_str().map(Into::into);
    Some(NodeSpec {
        name: text("name")?,
        cpu: text("cpu")?,
        memory: text("memory")?,
        pods: u32::try_from(value["pods"].as_u64()?).ok()?,
        zone: text("zone")?,
        control_plane: value["controlPlane"].as_bool()?,
    })
}

impl Config {
    pub fn to_saved(&self) -> Value {
        // Spelled out, so that no new setting is forgotten here.
        let Config {
            seed,
            epoch,
            nodes,
            latency,
            traces,
            system_pods,
            metrics_server,
            load_balancer,
            csi_drivers,
            as_recorded,
            scheduler,
            tokens,
        } = self;
        let token = |one: &StaticToken| json!([one.token.as_str(), one.user.to_saved()]);
        let Latency { watch_us, request_us, etcd_us } = latency;
        json!({
            "seed": seed, "epoch": epoch,
            "nodes": nodes.iter().map(node_to_saved).collect::<Vec<_>>(),
            "latency": [watch_us, request_us, etcd_us],
            "traces": traces, "systemPods": system_pods, "loadBalancer": load_balancer,
            "metricsServer": metrics_server,
            "csiDrivers": csi_drivers.iter().map(SmolStr::as_str).collect::<Vec<_>>(),
            "asRecorded": as_recorded, "scheduler": scheduler,
            "tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        })
    }

    pub fn from_saved(value: &Value) -> Option<Self> {
        let nodes: Option<Vec<NodeSpec>> =
            value["nodes"].as_array()?.iter().map(node_from_saved).collect();
        let token = |pair: &Value| {
            let user = User::from_saved(pair.get(1)?);
            Some(StaticToken { token: pair[0].as_str()?.into(), user })
        };
        let tokens: Option<Vec<StaticToken>> =
            value["tokens"].as_array()?.iter().map(token).collect();
        let names = value["csiDrivers"].as_array()?.iter();
        let csi_drivers: Option<Vec<SmolStr>> =
            names.map(|name| name.as_str().map(SmolStr::from)).collect();
        let latency = |at: usize| value["latency"][at].as_u64();
        Some(Config {
            seed: value["seed"].as_u64()?,
            epoch: value["epoch"].as_i64()?,
            nodes: nodes?,
            latency: Latency {
                watch_us: latency(0)?,
                request_us: latency(1)?,
                etcd_us: latency(2)?,
            },
            traces: value["traces"].as_bool()?,
            system_pods: value["systemPods"].as_bool()?,
            metrics_server: value["metricsServer"].as_bool()?,
            load_balancer: value["loadBalancer"].as_bool()?,
            csi_drivers: csi_drivers?,
            as_recorded: value["asRecorded"].as_bool()?,
            scheduler: value["scheduler"].clone(),
            tokens: tokens?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_comes_back_the_same() {
        let user = User::anonymous();
        let commands = [
            Command::Line { terminal: 0, line: "kubectl get pods".into() },
            Command::Interrupt { terminal: 0 },
            Command::WriteFile { name: "a.yaml".into(), text: "kind: Pod".into() },
            Command::RemoveFile { name: "a.yaml".into() },
            Command::Traffic { client: "b".into(), target: "http://w/".into(), per_second: 5 },
            Command::Send { target: "http://w/".into() },
            Command::StopKubelet { node: "node-1".into() },
            Command::StartKubelet { node: "node-1".into() },
            Command::Request { user, request: json!({ "verb": "create" }) },
        ];
        for command in commands {
            let logged = Logged { at: SimTime::from_millis(1_500), command };
            assert_eq!(Logged::from_saved(&logged.to_saved()), Some(logged));
        }
        assert_eq!(Logged::from_saved(&json!(["x", {}])), None);
    }

    #[test]
    fn a_configuration_comes_back_the_same() {
        let token = StaticToken { token: "t".into(), user: User::anonymous() };
        let scheduler = json!({"profiles": [{"schedulerName": "mine"}]});
        let guarded = Config { tokens: vec![token], scheduler, ..Config::default() };
        for config in [guarded, Config::recorded(), Config::workers(2, "1", "1Gi")] {
            assert_eq!(Config::from_saved(&config.to_saved()), Some(config));
        }
        assert_eq!(Config::from_saved(&json!({})), None);
    }
}
