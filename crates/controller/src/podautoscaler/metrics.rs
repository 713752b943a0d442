//! What the metrics APIs say of pods and of other things.
//! Models pkg/controller/podautoscaler/metrics/client.go.

use std::collections::BTreeMap;

use api::autoscaling::horizontal_pod_autoscaler::CrossVersionObjectReference;
use apimachinery::duration::Duration;
use apimachinery::gvk::GroupResource;
use apimachinery::quantity::Quantity;
use apimachinery::status::Status;
use apimachinery::time::Time;
use client::{Ctx, ReplyBody, Request, Verb};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

const DEFAULT_WINDOW_SECS: i64 = 60;

/// A value in thousandths, and the time that it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodMetric {
    pub at: Time,
    pub window_secs: i64,
    pub value: i64,
}

/// By pod.
pub type PodMetrics = BTreeMap<SmolStr, PodMetric>;

type Result<T> = std::result::Result<T, String>;

fn ask(ctx: &mut Ctx<'_>, request: Request) -> std::result::Result<Value, Box<Status>> {
    match ctx.api.call(request)?.body {
        ReplyBody::Json(value) => Ok(value),
        _ => Ok(Value::Null),
    }
}

fn request(group: &str, resource: &str, namespace: &str, selector: &str) -> Request {
    let resource = GroupResource { group: group.into(), resource: resource.into() };
    let mut request = Request::new(Verb::List, resource, namespace, "");
    request.list.label_selector = selector.into();
    request
}

/// client-go says what it asked for where the server knows no such path.
fn told(status: &Status, group: &str, resource: &str) -> String {
    let unknown = status.is_not_found() && status.name.is_empty();
    let what = if unknown { format!(" (get {resource}.{group})") } else { String::new() };
    format!("{status}{what}")
}

fn items(value: &Value) -> &[Value] {
    value["items"].as_array().map_or(&[], Vec::as_slice)
}

fn quantity(value: &Value) -> Option<i64> {
    Quantity::from_json(value).ok().map(|quantity| quantity.milli_value())
}

fn time(value: &Value) -> Time {
    value.as_str().and_then(|text| Time::parse(text).ok()).unwrap_or_default()
}

/// What pods, or one container of each, use of a resource.
pub fn of_resource(
    ctx: &mut Ctx<'_>,
    resource: &str,
    namespace: &str,
    selector: &str,
    container: &str,
) -> Result<PodMetrics> {
    let group = "metrics.k8s.io";
    let from = "unable to fetch metrics from resource metrics API";
    let answer = ask(ctx, request(group, "pods", namespace, selector))
        .map_err(|status| format!("{from}: {}", told(&status, group, "pods")))?;
    if items(&answer).is_empty() {
        return Err("no metrics returned from resource metrics API".to_owned());
    }
    let mut metrics = PodMetrics::new();
    for item in items(&answer) {
        let containers = item["containers"].as_array().map_or(&[][..], Vec::as_slice);
        let chosen = |one: &&Value| container.is_empty() || one["name"] == container;
        let amounts = containers.iter().filter(chosen).map(|one| quantity(&one["usage"][resource]));
        let sum = amounts.reduce(|sum, amount| Some(sum?.saturating_add(amount?)));
        let Some(value) = sum.flatten() else { continue };
        let window = item["window"].as_str().and_then(|text| Duration::parse(text).ok());
        let window_secs = window.map_or(0, Duration::as_secs);
        let name = item["metadata"]["name"].as_str().unwrap_or_default();
        let at = time(&item["timestamp"]);
        metrics.insert(name.into(), PodMetric { at, window_secs, value });
    }
    Ok(metrics)
}

fn custom(
    ctx: &mut Ctx<'_>,
    resource: &str,
    name: &str,
    metric: &str,
    namespace: &str,
    selectors: [&str; 2],
) -> Result<Value> {
    let mut request = request("custom.metrics.k8s.io", resource, namespace, selectors[0]);
    (request.verb, request.name) = (Verb::Get, name.into());
    request.subresource = metric.into();
    request.query.push((SmolStr::new_static("metricLabelSelector"), selectors[1].into()));
    let from = "unable to fetch metrics from custom metrics API";
    ask(ctx, request).map_err(|status| {
        if status.is_not_found() && status.name.is_empty() {
            return format!("{from}: no custom metrics API (custom.metrics.k8s.io) registered");
        }
        format!("{from}: {status}")
    })
}

/// A metric that pods have of their own.
pub fn of_pods(
    ctx: &mut Ctx<'_>,
    metric: &str,
    namespace: &str,
    selectors: [&str; 2],
) -> Result<PodMetrics> {
    let answer = custom(ctx, "pods", "*", metric, namespace, selectors)?;
    if items(&answer).is_empty() {
        return Err("no metrics returned from custom metrics API".to_owned());
    }
    let metric = |item: &Value| {
        let name = item["describedObject"]["name"].as_str()?;
        let window_secs = item["windowSeconds"].as_i64().unwrap_or(DEFAULT_WINDOW_SECS);
        let (at, value) = (time(&item["timestamp"]), quantity(&item["value"])?);
        Some((SmolStr::from(name), PodMetric { at, window_secs, value }))
    };
    Ok(items(&answer).iter().filter_map(metric).collect())
}

/// A metric of one object.
pub fn of_object(
    ctx: &mut Ctx<'_>,
    metric: &str,
    namespace: &str,
    object: &CrossVersionObjectReference,
    selector: &str,
) -> Result<i64> {
    let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
    let kinds = api::kinds::kinds();
    let kind = kinds
        .iter()
        .map(|entry| &entry.info)
        .find(|info| info.gvk.kind == object.kind && info.gvk.group == group);
    let resource = kind.map_or_else(
        || format_smolstr!("{}.{group}", object.kind.to_lowercase()),
        |info| format_smolstr!("{}", info.resource),
    );
    let answer = custom(ctx, &resource, &object.name, metric, namespace, ["", selector])?;
    let value = items(&answer).first().and_then(|item| quantity(&item["value"]));
    value.ok_or_else(|| "no metrics returned from custom metrics API".to_owned())
}

/// A metric from outside: the sum of what the selector finds.
pub fn external(ctx: &mut Ctx<'_>, metric: &str, namespace: &str, selector: &str) -> Result<i64> {
    let group = "external.metrics.k8s.io";
    let from = "unable to fetch metrics from external metrics API";
    let answer = ask(ctx, request(group, metric, namespace, selector))
        .map_err(|status| format!("{from}: {}", told(&status, group, metric)))?;
    if items(&answer).is_empty() {
        return Err("no metrics returned from external metrics API".to_owned());
    }
    let values = items(&answer).iter().filter_map(|item| quantity(&item["value"]));
    Ok(values.fold(0, i64::saturating_add))
}
