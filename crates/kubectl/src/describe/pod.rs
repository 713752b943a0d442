//! Pods.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::container::{containers, resources};
use crate::describe::pen::{controller, long_time};
use crate::describe::volume::volumes;
use crate::path::{Look, scalar};
use crate::session::Cx;

pub fn pod(_: &mut Cx<'_>, pen: &mut Pen, pod: &Value) {
    head(pen, pod);
    let init = pod.items("spec.initContainers");
    if !init.is_empty() {
        let statuses = pod.items("status.initContainerStatuses");
        containers(pen, "Init Containers", init, statuses, Some(pod));
    }
    let statuses = pod.items("status.containerStatuses");
    containers(pen, "Containers", pod.items("spec.containers"), statuses, Some(pod));
    let ephemeral = pod.items("spec.ephemeralContainers");
    if !ephemeral.is_empty() {
        let statuses = pod.items("status.ephemeralContainerStatuses");
        containers(pen, "Ephemeral Containers", ephemeral, statuses, Some(pod));
    }
    conditions(pen, pod);
    volumes(pen, pod.items("spec.volumes"), false);
    pen.field(0, "QoS Class", pod.text("status.qosClass"));
    pen.labels("Node-Selectors", pod.at("spec.nodeSelector"));
    pen.lines("Tolerations", &tolerations(pod.items("spec.tolerations")));
    spread(pen, "", pod.items("spec.topologySpreadConstraints"));
}

fn head(pen: &mut Pen, pod: &Value) {
    pen.field(0, "Name", pod.text("metadata.name"));
    pen.field(0, "Namespace", pod.text("metadata.namespace"));
    if pod.has("spec.priority") {
        pen.field(0, "Priority", &pod.int("spec.priority").to_string());
    }
    pen.some(0, "Priority Class Name", pod.text("spec.priorityClassName"));
    pen.some(0, "Runtime Class Name", pod.text("spec.runtimeClassName"));
    pen.some(0, "Service Account", pod.text("spec.serviceAccountName"));
    match pod.text("spec.nodeName") {
        "" => pen.field(0, "Node", "<none>"),
        node => pen.field(0, "Node", &format!("{node}/{}", pod.text("status.hostIP"))),
    }
    if pod.has("status.startTime") {
        pen.field(0, "Start Time", &long_time(pod.at("status.startTime")));
    }
    pen.labels("Labels", pod.at("metadata.labels"));
    pen.annotations("Annotations", pod.at("metadata.annotations"));
    let phase = pod.text("status.phase");
    if pod.has("metadata.deletionTimestamp") && phase != "Failed" && phase != "Succeeded" {
        let lasts = pen.since(pod.at("metadata.deletionTimestamp"));
        pen.field(0, "Status", &format!("Terminating (lasts {lasts})"));
        let grace = pod.int("metadata.deletionGracePeriodSeconds");
        pen.field(0, "Termination Grace Period", &format!("{grace}s"));
    } else {
        pen.field(0, "Status", phase);
    }
    pen.some(0, "Reason", pod.text("status.reason"));
    pen.some(0, "Message", pod.text("status.message"));
    let profile = pod.at("spec.securityContext.seccompProfile");
    pen.some(0, "SeccompProfile", profile.text("type"));
    pen.some(0, "LocalhostProfile", profile.text("localhostProfile"));
    pen.field(0, "IP", pod.text("status.podIP"));
    let ips = pod.items("status.podIPs");
    pen.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    ips.iter().for_each(|ip| pen.field(1, "IP", ip.text("ip")));
    pen.some(0, "Controlled By", &controller(pod));
    pen.some(0, "NominatedNodeName", pod.text("status.nominatedNodeName"));
    if pod.has("spec.resources") {
        pen.line(0, "Resources:");
        resources(pen, 1, pod.at("spec.resources"));
    }
}

fn conditions(pen: &mut Pen, pod: &Value) {
    let conditions = pod.items("status.conditions");
    let gates = pod.items("spec.readinessGates");
    if !gates.is_empty() {
        pen.line(0, "Readiness Gates:");
        pen.line(1, "Type\tStatus");
    }
    for gate in gates {
        let ty = gate.text("conditionType");
        let condition = conditions.iter().find(|condition| condition.text("type") == ty);
        let status = condition.map_or("<none>", |condition| condition.text("status"));
        pen.line(1, &format!("{ty} \t{status} "));
    }
    if !conditions.is_empty() {
        pen.line(0, "Conditions:");
        pen.line(1, "Type\tStatus");
    }
    for condition in conditions {
        pen.line(1, &format!("{} \t{} ", condition.text("type"), condition.text("status")));
    }
}

pub fn tolerations(tolerations: &[Value]) -> Vec<String> {
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.sort_by_key(|toleration| toleration.text("key"));
    let line = |toleration: &&Value| {
        let mut line = toleration.text("key").to_owned();
        let (value, effect) = (toleration.text("value"), toleration.text("effect"));
        if !value.is_empty() {
            line.push_str(&format!("={value}"));
        }
        if !effect.is_empty() {
            line.push_str(&format!(":{effect}"));
        }
        if toleration.text("operator") == "Exists" && value.is_empty() {
            line.push_str(if line.is_empty() { "op=Exists" } else { " op=Exists" });
        }
        if toleration.has("tolerationSeconds") {
            line.push_str(&format!(" for {}s", toleration.int("tolerationSeconds")));
        }
        line
    };
    sorted.iter().map(line).collect()
}

pub fn spread(pen: &mut Pen, space: &str, constraints: &[Value]) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.sort_by_key(|constraint| constraint.text("topologyKey"));
    for (at, constraint) in sorted.into_iter().enumerate() {
        let title = if at == 0 { "Topology Spread Constraints:" } else { "" };
        let selector = match constraint.has("labelSelector") {
            true => format!(" for selector {}", selector(constraint.at("labelSelector"))),
            false => String::new(),
        };
        pen.line(
            0,
            &format!(
                "{space}{title}\t{}:{} when max skew {} is exceeded{selector}",
                constraint.text("topologyKey"),
                constraint.text("whenUnsatisfiable"),
                scalar(constraint.at("maxSkew")),
            ),
        );
    }
}

/// A label selector as text.
pub fn selector(selector: &Value) -> String {
    use apimachinery::labels::LabelSelector;
    use apimachinery::wire::Wire as _;
    match LabelSelector::from_value(selector.clone()) {
        Ok(parsed) => parsed.format(),
        Err(_) => "<error>".to_owned(),
    }
}
