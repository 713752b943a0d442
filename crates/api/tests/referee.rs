//! What the API gives must read through k8s-openapi's types and come out the same.
#![allow(clippy::unwrap_used)]

use api::KindEntry;
use k8s_openapi::api::{apps, autoscaling, batch, coordination, core, discovery, storage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn through<T: Serialize + DeserializeOwned>(object: &Value) -> Value {
    let typed: T = serde_json::from_value(object.clone()).unwrap();
    serde_json::to_value(typed).unwrap()
}

fn referee(kind: &str, object: &Value) -> Option<Value> {
    Some(match kind {
        "ConfigMap" => through::<core::v1::ConfigMap>(object),
        "CronJob" => through::<batch::v1::CronJob>(object),
        "Deployment" => through::<apps::v1::Deployment>(object),
        "EndpointSlice" => through::<discovery::v1::EndpointSlice>(object),
        "Endpoints" => through::<core::v1::Endpoints>(object),
        "Event" => through::<core::v1::Event>(object),
        "HorizontalPodAutoscaler" => through::<autoscaling::v2::HorizontalPodAutoscaler>(object),
        "Job" => through::<batch::v1::Job>(object),
        "Lease" => through::<coordination::v1::Lease>(object),
        "Namespace" => through::<core::v1::Namespace>(object),
        "Node" => through::<core::v1::Node>(object),
        "PersistentVolume" => through::<core::v1::PersistentVolume>(object),
        "PersistentVolumeClaim" => through::<core::v1::PersistentVolumeClaim>(object),
        "Pod" => through::<core::v1::Pod>(object),
        "ReplicaSet" => through::<apps::v1::ReplicaSet>(object),
        "Secret" => through::<core::v1::Secret>(object),
        "Service" => through::<core::v1::Service>(object),
        "ServiceAccount" => through::<core::v1::ServiceAccount>(object),
        "StorageClass" => through::<storage::v1::StorageClass>(object),
        _ => return None,
    })
}

/// The referee leaves out nulls and empty lists, which the real API server sometimes gives, and
/// writes times its own way.
fn canonical(value: &Value) -> Value {
    let is_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !is_nothing(value))
            .map(|(key, value)| (key.clone(), canonical(value)))
            .collect(),
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::String(text) => match apimachinery::time::MicroTime::parse(text) {
            Ok(time) => Value::from(time.0),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

#[test]
fn the_referee_reads_everything_and_gives_it_back() {
    let objects: Vec<Value> = serde_json::from_str(include_str!("data/objects.json")).unwrap();
    let entries: Vec<KindEntry> = api::kinds::kinds();
    let mut judged = 0;
    for object in objects {
        let kind = object["kind"].as_str().unwrap();
        let Some(entry) = entries.iter().find(|entry| entry.info.gvk.kind == kind) else {
            continue;
        };
        let wire = (entry.decode)(object.clone()).unwrap().to_wire();
        let Some(verdict) = referee(kind, &wire) else { continue };
        assert_eq!(canonical(&verdict), canonical(&wire), "{kind}");
        judged += 1;
    }
    assert!(judged > 90, "{judged}");
}
