//! HorizontalPodAutoscalers.
// Models describeHorizontalPodAutoscalerV2 of kubectl/pkg/describe/describe.go.

use apimachinery::strconv::quote;
use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::long_time;
use crate::path::{Look, scalar};
use crate::session::Cx;

pub fn autoscaler(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.head(object);
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    let (spec, status) = (object.at("spec"), object.at("status"));
    let target = spec.at("scaleTargetRef");
    pen.field(0, "Reference", &format!("{}/{}", target.text("kind"), target.text("name")));
    pen.field(0, "Metrics", "( current / target )");
    for (i, one) in spec.items("metrics").iter().enumerate() {
        let told = status.items("currentMetrics").get(i).unwrap_or(&Value::Null);
        pen.line(1, &metric(one, told));
    }
    let min = spec.has("minReplicas").then(|| spec.int("minReplicas").to_string());
    pen.field(0, "Min replicas", min.as_deref().unwrap_or("<unset>"));
    pen.field(0, "Max replicas", &spec.int("maxReplicas").to_string());
    if spec.has("behavior") {
        pen.line(0, "Behavior:");
        direction(pen, "Scale Up", spec.at("behavior.scaleUp"));
        direction(pen, "Scale Down", spec.at("behavior.scaleDown"));
    }
    let (current, desired) = (status.int("currentReplicas"), status.int("desiredReplicas"));
    let pods = format!("{} pods", target.text("kind"));
    pen.field(0, &pods, &format!("{current} current / {desired} desired"));
    conditions(pen, status.items("conditions"));
}

fn conditions(pen: &mut Pen, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    pen.line(0, "Conditions:");
    pen.line(1, "Type\tStatus\tReason\tMessage");
    pen.line(1, "----\t------\t------\t-------");
    for one in conditions {
        let text = ["type", "status", "reason", "message"].map(|field| one.text(field));
        pen.line(1, &text.join("\t"));
    }
}

fn direction(pen: &mut Pen, title: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    pen.line(1, &format!("{title}:"));
    if rules.has("stabilizationWindowSeconds") {
        let seconds = rules.int("stabilizationWindowSeconds");
        pen.line(2, &format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.items("policies");
    if policies.is_empty() {
        return;
    }
    let select = rules.text("selectPolicy");
    pen.line(2, &format!("Select Policy: {}", if select.is_empty() { "Max" } else { select }));
    pen.line(2, "Policies:");
    for policy in policies {
        let (value, period) = (policy.int("value"), policy.int("periodSeconds"));
        let type_ = policy.text("type");
        pen.line(3, &format!("- Type: {type_}\tValue: {value}\tPeriod: {period} seconds"));
    }
}

fn known(value: &Value) -> String {
    if value.is_null() { "<unknown>".to_owned() } else { scalar(value) }
}

/// One metric with its value and its target.
fn metric(spec: &Value, told: &Value) -> String {
    let pair = |source: &str, field: &str| {
        let current = known(told.at(source).at("current").at(field));
        format!("{current} / {}", known(spec.at(source).at("target").at(field)))
    };
    match spec.text("type") {
        "External" => {
            let name = quote(spec.text("external.metric.name"));
            match spec.has("external.target.averageValue") {
                true => {
                    format!("{name} (target average value):\t{}", pair("external", "averageValue"))
                }
                false => format!("{name} (target value):\t{}", pair("external", "value")),
            }
        }
        "Pods" => {
            let name = quote(spec.text("pods.metric.name"));
            format!("{name} on pods:\t{}", pair("pods", "averageValue"))
        }
        "Object" => {
            let object = spec.at("object.describedObject");
            let (kind, name) = (object.text("kind"), object.text("name"));
            let metric = spec.text("object.metric.name");
            let (what, field) = match spec.text("object.target.type") {
                "AverageValue" => ("target average value", "averageValue"),
                _ => ("target value", "value"),
            };
            format!("\"{metric}\" on {kind}/{name} ({what}):\t{}", pair("object", field))
        }
        "Resource" => {
            let what = format!("resource {} on pods", spec.text("resource.name"));
            resource(&what, spec.at("resource"), told.at("resource"))
        }
        "ContainerResource" => {
            let source = spec.at("containerResource");
            let (name, container) = (source.text("name"), source.text("container"));
            let what = format!("resource {name} of container \"{container}\" on pods");
            resource(&what, source, told.at("containerResource"))
        }
        other => format!("<unknown metric type {}>", quote(other)),
    }
}

fn resource(what: &str, source: &Value, told: &Value) -> String {
    let (target, current) = (source.at("target"), told.at("current"));
    if target.has("averageValue") {
        let (current, target) = (current.at("averageValue"), target.at("averageValue"));
        return format!("{what}:\t{} / {}", known(current), known(target));
    }
    let now = match current.has("averageUtilization") {
        true => {
            let percent = current.int("averageUtilization");
            format!("{percent}% ({})", scalar(current.at("averageValue")))
        }
        false => "<unknown>".to_owned(),
    };
    let wanted = match target.has("averageUtilization") {
        true => format!("{}%", target.int("averageUtilization")),
        false => "<auto>".to_owned(),
    };
    format!("{what}  (as a percentage of request):\t{now} / {wanted}")
}
