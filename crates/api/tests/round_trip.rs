//! Recorded objects go through their types and come back as they were.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use api::KindEntry;
use serde_json::Value;

fn kinds() -> BTreeMap<String, KindEntry> {
    let name = |entry: &KindEntry| entry.info.gvk.kind.to_string();
    api::kinds::kinds().into_iter().map(|entry| (name(&entry), entry)).collect()
}

fn kind(object: &Value) -> &str {
    object["kind"].as_str().unwrap()
}

/// Where two values first differ, so that a failure can be read.
fn difference(a: &Value, b: &Value, path: &str) -> Option<String> {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            keys.into_iter().find_map(|key| difference(&a[key], &b[key], &format!("{path}.{key}")))
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => x
            .iter()
            .zip(y)
            .enumerate()
            .find_map(|(i, (a, b))| difference(a, b, &format!("{path}[{i}]"))),
        _ if a == b => None,
        _ => Some(format!("{path}: {a} instead of {b}")),
    }
}

#[test]
fn recorded_objects_come_back_whole() {
    let objects: Vec<Value> = serde_json::from_str(include_str!("data/objects.json")).unwrap();
    let kinds = kinds();
    let mut seen = BTreeMap::new();
    for object in objects {
        let Some(entry) = kinds.get(kind(&object)) else { continue };
        let typed = (entry.decode)(object.clone()).unwrap();
        assert_eq!(difference(&typed.to_wire(), &object, kind(&object)), None);
        assert_eq!(typed.to_wire(), object);
        *seen.entry(typed.info().gvk.kind.to_string()).or_insert(0) += 1;
    }
    assert!(seen.values().sum::<i32>() > 90, "{seen:?}");
}

#[test]
fn defaulting_a_recorded_object_changes_nothing() {
    let objects: Vec<Value> = serde_json::from_str(include_str!("data/objects.json")).unwrap();
    let kinds = kinds();
    for object in objects {
        let Some(entry) = kinds.get(kind(&object)) else { continue };
        let mut typed = (entry.decode)(object.clone()).unwrap();
        api::make_mut(&mut typed).set_defaults();
        assert_eq!(difference(&typed.to_wire(), &object, kind(&object)), None);
        // The recording's own updates were accepted.
        assert_eq!(typed.validate_update(typed.as_ref()), vec![]);
        assert_eq!(typed.row(apimachinery::time::Time(0)).len(), typed.columns().len());
    }
}
