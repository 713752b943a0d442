//! The line of a HorizontalPodAutoscaler in a table.
// Models printHorizontalPodAutoscaler in pkg/printers/internalversion/printers.go.

use apimachinery::quantity::Quantity;
use apimachinery::time::Time;
use serde_json::Value;

use super::horizontal_pod_autoscaler::{
    HorizontalPodAutoscaler, MetricSource, MetricSourceStatus, MetricSpec, MetricStatus,
};
use crate::object::{Column, age};

pub static COLUMNS: [Column; 7] = [
    Column::text("Name"),
    Column::text("Reference"),
    Column::text("Targets"),
    Column::text("MinPods"),
    Column::text("MaxPods"),
    Column::text("Replicas"),
    Column::text("Age"),
];

const METRICS_SHOWN: usize = 2;

pub fn row(hpa: &HorizontalPodAutoscaler, now: Time) -> Vec<Value> {
    let (spec, status) = (&hpa.spec, &hpa.status);
    let target = &spec.scale_target_ref;
    let min = spec.min_replicas.map_or_else(|| "<unset>".to_owned(), |min| min.to_string());
    vec![
        hpa.metadata.name.as_str().into(),
        format!("{}/{}", target.kind, target.name).into(),
        metrics(&spec.metrics, status.current_metrics.as_deref().unwrap_or_default()).into(),
        min.into(),
        spec.max_replicas.into(),
        status.current_replicas.into(),
        age(&hpa.metadata, now).into(),
    ]
}

fn metrics(specs: &[MetricSpec], statuses: &[MetricStatus]) -> String {
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let shown = specs.iter().enumerate().take(METRICS_SHOWN);
    let list: Vec<String> = shown.map(|(i, spec)| metric(spec, statuses.get(i))).collect();
    let more = match specs.len().saturating_sub(METRICS_SHOWN) {
        0 => String::new(),
        more => format!(" + {more} more..."),
    };
    list.join(", ") + &more
}

fn metric(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    match (spec.type_.as_str(), &spec.external, &spec.pods, &spec.object) {
        ("External", Some(source), ..) => {
            value(source, status.and_then(|status| status.external.as_deref()))
        }
        ("Pods", _, Some(source), _) => {
            let current = status.and_then(|status| status.pods.as_deref());
            let current = current.and_then(|status| status.current.average_value.as_ref());
            format!("{}/{}", known(current), known(source.target.average_value.as_ref()))
        }
        ("Object", _, _, Some(source)) => {
            value(source, status.and_then(|status| status.object.as_deref()))
        }
        ("Resource", ..) => {
            resource(spec.resource.as_deref(), status.and_then(|s| s.resource.as_deref()))
        }
        ("ContainerResource", ..) => resource(
            spec.container_resource.as_deref(),
            status.and_then(|status| status.container_resource.as_deref()),
        ),
        _ => "<unknown type>".to_owned(),
    }
}

fn known(quantity: Option<&Quantity>) -> String {
    quantity.map_or_else(|| "<unknown>".to_owned(), Quantity::to_string)
}

fn value(source: &MetricSource, status: Option<&MetricSourceStatus>) -> String {
    let current = status.map(|status| &status.current);
    match &source.target.average_value {
        Some(target) => {
            let current = current.and_then(|current| current.average_value.as_ref());
            format!("{}/{target} (avg)", known(current))
        }
        None => {
            let current = current.and_then(|current| current.value.as_ref());
            format!("{}/{}", known(current), known(source.target.value.as_ref()))
        }
    }
}

fn resource(source: Option<&MetricSource>, status: Option<&MetricSourceStatus>) -> String {
    let Some(source) = source else { return "<unknown type>".to_owned() };
    let (name, target) = (&source.name, &source.target);
    let current = status.map(|status| &status.current);
    if let Some(target) = &target.average_value {
        let current = current.and_then(|current| current.average_value.as_ref());
        return format!("{name}: {}/{target}", known(current));
    }
    let percent = |value: Option<i32>, none: &str| {
        value.map_or_else(|| none.to_owned(), |value| format!("{value}%"))
    };
    let current = percent(current.and_then(|current| current.average_utilization), "<unknown>");
    format!("{name}: {current}/{}", percent(target.average_utilization, "<auto>"))
}
