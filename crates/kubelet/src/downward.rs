//! Files that tell a pod of itself. Models pkg/volume/downwardapi/downwardapi.go.

use api::Pod;
use apimachinery::wire::StringMap;
use client::fabric::sandbox::Files;
use serde_json::Value;

/// `key="value"`, a line each.
fn lines(map: &StringMap) -> String {
    let lines: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    lines.join("\n")
}

/// Models ExtractFieldPathAsString of pkg/fieldpath/fieldpath.go.
fn field(pod: &Pod, path: &str) -> Option<String> {
    let meta = &pod.metadata;
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = if map == "metadata.labels" { &meta.labels } else { &meta.annotations };
        return map.get(key).map(ToString::to_string);
    }
    Some(match path {
        "metadata.annotations" => lines(&meta.annotations),
        "metadata.labels" => lines(&meta.labels),
        "metadata.name" => meta.name.to_string(),
        "metadata.namespace" => meta.namespace.to_string(),
        "metadata.uid" => meta.uid.to_string(),
        _ => return None,
    })
}

/// What a container may take or asks for, in the unit that the reference names.
fn resource(pod: &Pod, reference: &Value) -> Option<String> {
    let name = reference["containerName"].as_str()?;
    let container = pod.spec.containers.iter().find(|container| container.name == name)?;
    let (list, resource) = reference["resource"].as_str()?.split_once('.')?;
    let list = match list {
        "limits" => &container.resources.limits,
        _ => &container.resources.requests,
    };
    let amount = list.get(resource)?;
    let divisor = reference["divisor"].as_str().unwrap_or("1");
    let divisor = apimachinery::quantity::Quantity::parse(divisor).ok()?;
    let (amount, divisor) = match resource {
        "cpu" => (amount.milli_value(), divisor.milli_value()),
        _ => (amount.value(), divisor.value()),
    };
    let divisor = if divisor > 0 { divisor } else { 1 };
    Some((amount.saturating_add(divisor.saturating_sub(1)) / divisor).to_string())
}

/// The files of a downward API volume.
pub fn files(pod: &Pod, source: &Value) -> Files {
    let items = source["items"].as_array().map_or(&[][..], Vec::as_slice);
    let file = |item: &Value| {
        let text = match item["fieldRef"]["fieldPath"].as_str() {
            Some(path) => field(pod, path),
            None => resource(pod, &item["resourceFieldRef"]),
        };
        Some((item["path"].as_str()?.to_owned(), text?))
    };
    items.iter().filter_map(file).collect()
}
