//! What bounds workloads: quotas, limits, disruption budgets and priority classes.

use std::collections::BTreeSet;

use apimachinery::quantity::Quantity;
use serde_json::Value;

use crate::describe::{Pen, selector};
use crate::discovery;
use crate::path::{Look, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

pub fn resource_quota(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    scopes(pen, 0, " * ", object);
    pen.line(0, "Resource\tUsed\tHard");
    pen.line(0, "--------\t----\t----");
    for (name, hard) in object.pairs("status.hard") {
        let (used, hard) = (amount(object, name), quantity(hard));
        let used = match used.format() == hard.format() {
            true => used,
            false => Quantity::from_i64(used.value(), hard.format()),
        };
        pen.line(0, &format!("{name}\t{used}\t{hard}"));
    }
}

fn quantity(value: &Value) -> Quantity {
    Quantity::from_json(value).unwrap_or_default()
}

fn amount(quota: &Value, name: &str) -> Quantity {
    quota.at("status.used").get(name).map(quantity).unwrap_or_default()
}

fn scopes(pen: &mut Pen, level: usize, mark: &str, quota: &Value) {
    let mut scopes: Vec<String> = quota.items("spec.scopes").iter().map(scalar).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.sort();
    pen.field(level, "Scopes", &scopes.join(", "));
    for help in scopes.iter().filter_map(|scope| help(scope)) {
        pen.line(level, &format!("{mark}{help}"));
    }
}

fn help(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "Terminating" => {
            "Matches all pods that have an active deadline. These pods have a limited lifespan on \
             a node before being actively terminated by the system."
        }
        "NotTerminating" => {
            "Matches all pods that do not have an active deadline. These pods usually include long \
             running pods whose container command is not expected to terminate."
        }
        "BestEffort" => {
            "Matches all pods that do not have resource requirements set. These pods have a best \
             effort quality of service."
        }
        "NotBestEffort" => {
            "Matches all pods that have at least one resource requirement set. These pods have a \
             burstable or guaranteed quality of service."
        }
        _ => return None,
    })
}

const LIMITS: [&str; 2] = [
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
];

pub fn limit_range(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    LIMITS.iter().for_each(|line| pen.line(0, line));
    limits(pen, "", object);
}

fn limits(pen: &mut Pen, before: &str, range: &Value) {
    const LISTS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in range.items("spec.limits") {
        let names: BTreeSet<&str> =
            LISTS.iter().flat_map(|list| item.pairs(list)).map(|(name, _)| name).collect();
        for name in names {
            let cell = |list: &&str| match item.at(list).get(name) {
                Some(value) => quantity(value).to_string(),
                None => "-".to_owned(),
            };
            let cells: Vec<String> = LISTS.iter().map(cell).collect();
            let type_ = item.text("type");
            pen.line(0, &format!("{before}{type_}\t{name}\t{}", cells.join("\t")));
        }
    }
}

fn in_namespace(cx: &mut Cx<'_>, plural: &str, namespace: &str) -> Option<Vec<Value>> {
    let kind = discovery::resolve(plural).ok()?;
    server::list(cx, kind, namespace, &Filter::default()).ok()
}

/// What a namespace's description says of its quotas and limits.
pub fn of_namespace(cx: &mut Cx<'_>, pen: &mut Pen, namespace: &str) {
    if let Some(quotas) = in_namespace(cx, "resourcequotas", namespace) {
        pen.line(0, "");
        let title = if quotas.is_empty() { "No resource quota." } else { "Resource Quotas" };
        pen.line(0, title);
        for quota in &quotas {
            pen.field(1, "Name", quota.text("metadata.name"));
            scopes(pen, 1, "* ", quota);
            pen.line(1, "Resource\tUsed\tHard");
            pen.line(1, "--------\t---\t---");
            for (name, hard) in quota.pairs("status.hard") {
                let (used, hard) = (amount(quota, name), quantity(hard));
                pen.line(1, &format!("{name}\t{used}\t{hard}"));
            }
        }
    }
    if let Some(ranges) = in_namespace(cx, "limitranges", namespace) {
        pen.line(0, "");
        if ranges.is_empty() {
            pen.line(0, "No LimitRange resource.");
            return;
        }
        pen.line(0, "Resource Limits");
        LIMITS.iter().for_each(|line| pen.line(0, &format!(" {line}")));
        ranges.iter().for_each(|range| limits(pen, " ", range));
    }
}

pub fn pod_disruption_budget(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    if object.has("spec.minAvailable") {
        pen.field(0, "Min available", &scalar(object.at("spec.minAvailable")));
    } else if object.has("spec.maxUnavailable") {
        pen.field(0, "Max unavailable", &scalar(object.at("spec.maxUnavailable")));
    }
    match object.has("spec.selector") {
        true => pen.field(0, "Selector", &selector(object.at("spec.selector"))),
        false => pen.field(0, "Selector", "<unset>"),
    }
    pen.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "status.disruptionsAllowed"),
        ("Current", "status.currentHealthy"),
        ("Desired", "status.desiredHealthy"),
        ("Total", "status.expectedPods"),
    ] {
        pen.field(2, title, &object.int(field).to_string());
    }
}

pub fn priority_class(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Value", &object.int("value").to_string());
    pen.field(0, "GlobalDefault", &object.flag("globalDefault").to_string());
    pen.field(0, "PreemptionPolicy", object.text("preemptionPolicy"));
    pen.field(0, "Description", object.text("description"));
    let annotations: Vec<String> = object
        .pairs("metadata.annotations")
        .into_iter()
        .map(|(key, value)| format!("{key}={}", scalar(value)))
        .collect();
    let none = "<none>".to_owned();
    let text = if annotations.is_empty() { none } else { annotations.join(",") };
    pen.field(0, "Annotations", &text);
}
