//! `kubectl port-forward`: keeps local ports open for as long as the pod lives, for this
//! terminal's `curl`.
// Models kubectl/pkg/cmd/portforward/portforward.go.

use client::WatchSpec;
use serde_json::Value;

use crate::discovery;
use crate::fail::{Outcome, error};
use crate::flags::{Args, Flag};
use crate::path::{self, Look, scalar};
use crate::server;
use crate::session::{Cx, Forward, Process, Progress};
use crate::verbs::{Flow, Verb, Words, pods};

pub static VERB: Verb = Verb {
    name: "port-forward",
    about: "Forward one or more local ports to a pod",
    usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    flags: &[&[Flag::list("address"), Flag::duration("pod-running-timeout", "1m0s")]],
    words: Words::Pods,
    run: Some(run),
    ..Verb::NONE
};

fn run(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let Some((word, ports)) = args.words.split_first().filter(|(_, ports)| !ports.is_empty())
    else {
        return args.usage("TYPE/NAME and list of ports are required for port-forward");
    };
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let kind = discovery::resolve(kind)?;
    let object = server::get(cx, kind, &args.namespace, name)?;
    let pod = pods::resolve(cx, args, word)?;
    let phase = pod.text("status.phase");
    if phase != "Running" {
        return error(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        ));
    }
    let mut local_ports = Vec::new();
    for text in ports {
        let (local, remote) = text.split_once(':').unwrap_or((text, text));
        let remote = remote_port(kind.kind, &object, &pod, remote)?;
        let local = match local {
            "" | "0" => 30000 + u16::try_from(cx.rng.below(10_000)).unwrap_or(0),
            // A named port of a service is forwarded from the number it has there.
            local => match local.parse() {
                Ok(number) => number,
                Err(_) => remote,
            },
        };
        if cx.session.forwards.contains_key(&local) {
            return error(format!(
                "unable to listen on any of the requested ports: [{{{local} {remote}}}]"
            ));
        }
        let forward = Forward {
            node: pod.text("spec.nodeName").to_owned(),
            address: format!("{}:{remote}", pod.text("status.podIP")),
        };
        cx.session.forwards.insert(local, forward);
        cx.say(&format!("Forwarding from 127.0.0.1:{local} -> {remote}"));
        cx.say(&format!("Forwarding from [::1]:{local} -> {remote}"));
        local_ports.push(local);
    }
    let pods = discovery::resolve("pods")?;
    let watch = server::watch(pods, pod.text("metadata.namespace"), path::name(&pod));
    Ok(Flow::Wait(Box::new(PortForward { pod, watch, local_ports })))
}

/// The number of a port that is named, or that a service leads elsewhere.
fn remote_port(kind: &str, object: &Value, pod: &Value, text: &str) -> Outcome<u16> {
    let containers = pod.items("spec.containers");
    let named = |name: &str| {
        let mut ports = containers.iter().flat_map(|container| container.items("ports"));
        ports.find(|port| port.text("name") == name).map(|port| port.int("containerPort"))
    };
    let number = |number: i64| u16::try_from(number).ok().filter(|port| *port > 0);
    if kind == "Service" {
        let is_meant =
            |port: &&Value| port.int("port").to_string() == text || port.text("name") == text;
        let Some(port) = object.items("spec.ports").iter().find(is_meant) else {
            return error(format!(
                "Service {} does not have a service port {text}",
                path::name(object)
            ));
        };
        let target = port.at("targetPort");
        let found = target.as_i64().or_else(|| named(&scalar(target)));
        return match found.and_then(number) {
            Some(port) => Ok(port),
            None => error(format!(
                "Pod '{}' does not have a named port '{}'",
                path::name(pod),
                scalar(target)
            )),
        };
    }
    let found = text.parse::<i64>().ok().or_else(|| named(text));
    match found.and_then(number) {
        Some(port) => Ok(port),
        None => error(format!("Pod '{}' does not have a named port '{text}'", path::name(pod))),
    }
}

struct PortForward {
    pod: Value,
    watch: WatchSpec,
    local_ports: Vec<u16>,
}

impl PortForward {
    fn close(&self, cx: &mut Cx<'_>) {
        self.local_ports.iter().for_each(|port| {
            cx.session.forwards.remove(port);
        });
    }
}

impl Process for PortForward {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Progress {
        let (namespace, name) = (self.pod.text("metadata.namespace"), path::name(&self.pod));
        let now =
            discovery::resolve("pods").and_then(|kind| server::get(cx, kind, namespace, name));
        let lives = now.is_ok_and(|now| {
            now.text("metadata.uid") == self.pod.text("metadata.uid")
                && now.text("status.phase") == "Running"
        });
        if lives {
            return Progress::Wait { watch: vec![self.watch.clone()], until: None };
        }
        self.close(cx);
        cx.complain("error: lost connection to pod");
        Progress::Done(1)
    }

    fn interrupt(&mut self, cx: &mut Cx<'_>) -> i32 {
        self.close(cx);
        130
    }
}
