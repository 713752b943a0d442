//! Refused objects, recorded from the real API server: same texts, same order.
#![allow(clippy::unwrap_used)]

use api::{KindEntry, Obj, make_mut};
use serde_json::Value;

fn entry(object: &Value) -> KindEntry {
    let kind = object["kind"].as_str().unwrap();
    api::kinds::kinds().into_iter().find(|entry| entry.info.gvk.kind == kind).unwrap()
}

fn decode(object: &Value) -> Obj {
    let entry = entry(object);
    let mut typed = (entry.decode)(object.clone()).unwrap();
    let object = make_mut(&mut typed);
    if entry.info.namespaced && object.meta().namespace.is_empty() {
        object.meta_mut().namespace = "default".into();
    }
    object.set_defaults();
    typed
}

fn texts(errors: &[apimachinery::status::FieldError]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

fn expected(case: &Value) -> Vec<String> {
    let errors = case["errors"].as_array().unwrap().iter();
    errors.map(|error| error.as_str().unwrap().to_owned()).collect()
}

#[test]
fn new_objects() {
    let mut cases: Vec<Value> = serde_json::from_str(include_str!("data/invalid.json")).unwrap();
    let more: Vec<Value> = serde_json::from_str(include_str!("data/invalid_policy.json")).unwrap();
    cases.extend(more);
    for case in &cases {
        let mut object = decode(&case["object"]);
        make_mut(&mut object).prepare_for_create();
        assert_eq!(texts(&object.validate()), expected(case), "{}", case["object"]);
    }
    assert!(cases.len() > 25);
}

#[test]
fn changed_objects() {
    let cases = include_str!("data/invalid_updates.json");
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    for case in &cases {
        let old = decode(&case["old"]);
        let mut new = decode(&case["new"]);
        let object = make_mut(&mut new);
        let errors = if case["subresource"] == "status" {
            object.prepare_for_status_update(old.as_ref());
            new.validate_status_update(old.as_ref())
        } else {
            object.prepare_for_update(old.as_ref());
            new.validate_update(old.as_ref())
        };
        assert_eq!(texts(&errors), expected(case), "{}", case["new"]);
    }
    assert!(cases.len() > 6);
}
