//! Nodes, and what their pods ask for and may take.

use std::collections::BTreeMap;

use apimachinery::quantity::Quantity;
use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::{long_time, or_none};
use crate::discovery;
use crate::path::{Look, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

pub fn node(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Roles", or_none(&roles(object)));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    pen.lines("Taints", &taints(object.items("spec.taints")));
    pen.field(0, "Unschedulable", &object.flag("spec.unschedulable").to_string());
    lease(cx, pen, object);
    conditions(pen, object);
    pen.line(0, "Addresses:");
    for address in object.items("status.addresses") {
        pen.field(1, address.text("type"), address.text("address"));
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let pairs = object.at("status").pairs(field);
        if !pairs.is_empty() {
            pen.line(0, &format!("{title}:"));
        }
        for (name, value) in pairs {
            pen.field(1, name, &scalar(value));
        }
    }
    system_info(pen, object);
    resources(cx, pen, object);
}

fn roles(object: &Value) -> String {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in object.pairs("metadata.labels") {
        if let Some(role) = key.strip_prefix("node-role.kubernetes.io/") {
            roles.push(role);
        } else if key == "kubernetes.io/role" {
            roles.push(value.as_str().unwrap_or(""));
        }
    }
    roles.retain(|role| !role.is_empty());
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

fn taints(taints: &[Value]) -> Vec<String> {
    let mut sorted: Vec<&Value> = taints.iter().collect();
    sorted.sort_by_key(|taint| format!("{},{}", taint.text("effect"), taint.text("key")));
    let line = |taint: &&Value| {
        let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
        match (value, effect) {
            ("", "") => key.to_owned(),
            ("", effect) => format!("{key}:{effect}"),
            (value, "") => format!("{key}={value}:"),
            (value, effect) => format!("{key}={value}:{effect}"),
        }
    };
    sorted.iter().map(line).collect()
}

fn lease(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    let name = object.text("metadata.name");
    let found = discovery::resolve("leases")
        .and_then(|kind| server::get(cx, kind, "kube-node-lease", name));
    let lease = match found {
        Ok(lease) => lease,
        Err(fail) => {
            let text = format!("Failed to get lease: {}", fail.message());
            pen.field(0, "Lease", &text);
            return;
        }
    };
    pen.line(0, "Lease:");
    let holder = lease.text("spec.holderIdentity");
    pen.field(1, "HolderIdentity", if holder.is_empty() { "<unset>" } else { holder });
    for (title, field) in [("AcquireTime", "spec.acquireTime"), ("RenewTime", "spec.renewTime")] {
        let time = match lease.has(field) {
            true => long_time(lease.at(field)),
            false => "<unset>".to_owned(),
        };
        pen.field(1, title, &time);
    }
}

fn conditions(pen: &mut Pen, object: &Value) {
    let conditions = object.items("status.conditions");
    if conditions.is_empty() {
        return;
    }
    pen.line(0, "Conditions:");
    pen.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    pen.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for one in conditions {
        let beat = long_time(one.at("lastHeartbeatTime"));
        let change = long_time(one.at("lastTransitionTime"));
        let (ty, status) = (one.text("type"), one.text("status"));
        let (reason, message) = (one.text("reason"), one.text("message"));
        pen.line(1, &format!("{ty} \t{status} \t{beat} \t{change} \t{reason} \t{message}"));
    }
}

fn system_info(pen: &mut Pen, object: &Value) {
    pen.line(0, "System Info:");
    let info = object.at("status.nodeInfo");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        pen.field(1, title, info.text(field));
    }
    pen.some(0, "PodCIDR", object.text("spec.podCIDR"));
    let ranges: Vec<String> = object.items("spec.podCIDRs").iter().map(scalar).collect();
    pen.some(0, "PodCIDRs", &ranges.join(","));
    pen.some(0, "ProviderID", object.text("spec.providerID"));
}

type Amounts = BTreeMap<String, Quantity>;

fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        total.entry(name.clone()).or_default().add(amount);
    }
}

fn raise(total: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        let known = total.entry(name.clone()).or_default();
        if *amount > *known {
            *known = amount.clone();
        }
    }
}

fn amounts(resources: &Value, field: &str) -> Amounts {
    let pairs = resources.pairs(field).into_iter();
    pairs
        .filter_map(|(name, value)| Some((name.to_owned(), Quantity::from_json(value).ok()?)))
        .collect()
}

/// What a pod asks for (`requests`) or may take (`limits`).
// Models component-helpers/resource/helpers.go: init containers run one after the other, before
// the others, except those that restart always, which run beside them.
fn pod_total(pod: &Value, field: &str) -> Amounts {
    let mut total = Amounts::new();
    for container in pod.items("spec.containers") {
        add(&mut total, &amounts(container.at("resources"), field));
    }
    let (mut beside, mut highest) = (Amounts::new(), Amounts::new());
    for container in pod.items("spec.initContainers") {
        let mut own = amounts(container.at("resources"), field);
        if container.text("restartPolicy") == "Always" {
            add(&mut total, &own);
            add(&mut beside, &own);
            own = beside.clone();
        } else {
            add(&mut own, &beside);
        }
        raise(&mut highest, &own);
    }
    raise(&mut total, &highest);
    let overhead = amounts(pod.at("spec"), "overhead");
    if field == "requests" {
        add(&mut total, &overhead);
    } else {
        let known: Amounts =
            overhead.into_iter().filter(|(name, _)| total.contains_key(name)).collect();
        add(&mut total, &known);
    }
    let pod_level = amounts(pod.at("spec.resources"), field);
    total.extend(pod_level);
    total
}

/// `500m (12%)`
fn share(amount: &Quantity, whole: &Quantity, is_cpu: bool) -> String {
    let value = |q: &Quantity| i128::from(if is_cpu { q.milli_value() } else { q.value() });
    let percent = (value(amount) * 100).checked_div(value(whole)).unwrap_or(0);
    format!("{amount} ({percent}%)")
}

fn resources(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    let name = object.text("metadata.name");
    let mut pods = discovery::resolve("pods")
        .and_then(|kind| server::list(cx, kind, "", &Filter::default()))
        .unwrap_or_default();
    pods.retain(|pod| {
        pod.text("spec.nodeName") == name
            && !matches!(pod.text("status.phase"), "Succeeded" | "Failed")
    });
    let status = object.at("status");
    let field = if status.has("allocatable") { "allocatable" } else { "capacity" };
    let whole = amounts(status, field);
    let zero = Quantity::default();
    let of = |amounts: &Amounts, name: &str| amounts.get(name).cloned().unwrap_or_default();
    pen.line(0, &format!("Non-terminated Pods:\t({} in total)", pods.len()));
    pen.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    pen.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in &pods {
        let (asks, may) = (pod_total(pod, "requests"), pod_total(pod, "limits"));
        let cell = |amounts: &Amounts, name: &str| {
            share(&of(amounts, name), whole.get(name).unwrap_or(&zero), name == "cpu")
        };
        let line = format!(
            "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
            pod.text("metadata.namespace"),
            pod.text("metadata.name"),
            cell(&asks, "cpu"),
            cell(&may, "cpu"),
            cell(&asks, "memory"),
            cell(&may, "memory"),
            pen.since(pod.at("metadata.creationTimestamp"))
        );
        pen.line(1, &line);
        add(&mut requests, &asks);
        add(&mut limits, &may);
    }
    pen.line(0, "Allocated resources:");
    pen.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    pen.line(1, "Resource\tRequests\tLimits");
    pen.line(1, "--------\t--------\t------");
    let standard = ["cpu", "memory", "ephemeral-storage"];
    let huge = whole.keys().map(String::as_str).filter(|name| name.starts_with("hugepages-"));
    for name in standard.into_iter().chain(huge) {
        let all = whole.get(name).unwrap_or(&zero);
        let asks = share(&of(&requests, name), all, name == "cpu");
        let may = share(&of(&limits, name), all, name == "cpu");
        pen.line(1, &format!("{name}\t{asks}\t{may}"));
    }
    let other = whole.keys().filter(|name| {
        !standard.contains(&name.as_str()) && !name.starts_with("hugepages-") && *name != "pods"
    });
    for name in other {
        pen.line(1, &format!("{name}\t{}\t{}", of(&requests, name), of(&limits, name)));
    }
}
