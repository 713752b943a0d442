//! Every recorded input and output of the real functions, compared to the letter.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "other recordings may be named")]

use std::fmt::Debug;

use apimachinery::cron::Schedule;
use apimachinery::duration::{human_duration, short_human_duration};
use apimachinery::encode::safe_encode_string;
use apimachinery::fields::FieldSelector;
use apimachinery::int_or_string::{IntOrString, Round};
use apimachinery::jsonpath::{JsonPath, Numbers};
use apimachinery::labels::{LabelSelector, Labels, Selector};
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::template_hash::pod_template_hash;
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use serde_json::{Value, json};

fn vectors(key: &str) -> Value {
    let given =
        std::env::var("KUBARIUM_VECTORS").map(|path| std::fs::read_to_string(path).unwrap());
    let text = given.unwrap_or_else(|_| include_str!("data/vectors.json").to_owned());
    let all: Value = serde_json::from_str(&text).unwrap();
    all[key].clone()
}

fn cases(list: &Value) -> &Vec<Value> {
    list.as_array().unwrap()
}

#[track_caller]
fn check<T: PartialEq + Debug>(case: &Value, got: T, want: T) {
    assert_eq!(got, want, "case {case}");
}

/// The error of a case: its text, or nothing.
fn error(case: &Value) -> Option<String> {
    case["err"].as_str().map(str::to_owned)
}

#[test]
fn cron() {
    for case in cases(&vectors("cron")) {
        let parsed = Schedule::parse(case["in"].as_str().unwrap());
        check(case, parsed.as_ref().err().cloned(), error(case));
        let Ok(schedule) = parsed else { continue };
        let mut time = Time::parse(case["from"].as_str().unwrap()).unwrap();
        for due in cases(&case["next"]) {
            time = schedule.next(time);
            check(case, json!(time.to_string()), due.clone());
        }
    }
}

#[test]
fn quantity() {
    for case in cases(&vectors("quantity")) {
        let parsed = Quantity::parse(case["in"].as_str().unwrap());
        check(case, parsed.as_ref().err().map(ToString::to_string), error(case));
        let Ok(quantity) = parsed else { continue };
        check(case, json!(quantity.to_string()), case["canonical"].clone());
        check(case, json!(quantity.format().to_string()), case["format"].clone());
        check(case, json!(quantity.value()), case["value"].clone());
        check(case, json!(quantity.milli_value()), case["milli"].clone());
    }
}

#[test]
fn quantity_arithmetic() {
    for case in cases(&vectors("quantity_arith")) {
        let parse = |key: &str| Quantity::parse(case[key].as_str().unwrap()).unwrap();
        let (a, b) = (parse("a"), parse("b"));
        check(case, json!(a.cmp(&b) as i32), case["cmp"].clone());
        let mut sum = a.clone();
        sum.add(&b);
        check(case, json!(sum.to_string()), case["sum"].clone());
        let mut difference = a.clone();
        difference.sub(&b);
        check(case, json!(difference.to_string()), case["diff"].clone());
    }
}

#[test]
fn a_quantity_takes_sixteen_bytes() {
    assert_eq!(size_of::<Quantity>(), 16);
}

#[test]
fn selector() {
    let vectors = vectors("selector");
    let sets: Vec<Labels> =
        cases(&vectors["sets"]).iter().map(|s| Wire::from_value(s.clone()).unwrap()).collect();
    for case in cases(&vectors["cases"]) {
        let parsed = Selector::parse(case["in"].as_str().unwrap());
        check(case, parsed.as_ref().err().map(ToString::to_string), error(case));
        let Ok(selector) = parsed else { continue };
        check(case, json!(selector.to_string()), case["string"].clone());
        let matches: Vec<bool> = sets.iter().map(|set| selector.matches(set)).collect();
        check(case, json!(matches), case["matches"].clone());
    }
}

#[test]
fn names() {
    type Rule = fn(&str) -> Vec<String>;
    let rules: [(&str, Rule); 8] = [
        ("configMapKey", names::is_config_map_key),
        ("dns1035label", names::is_dns1035_label),
        ("dns1123label", names::is_dns1123_label),
        ("dns1123subdomain", names::is_dns1123_subdomain),
        ("envVarName", names::is_env_var_name),
        ("labelValue", names::is_valid_label_value),
        ("portName", names::is_valid_port_name),
        ("qualifiedName", names::is_qualified_name),
    ];
    for case in cases(&vectors("names")) {
        for (key, rule) in rules {
            let wrong = rule(case["in"].as_str().unwrap());
            let wrong = if wrong.is_empty() { Value::Null } else { json!(wrong) };
            check(case, wrong, case[key].clone());
        }
    }
}

#[test]
fn label_selector() {
    for case in cases(&vectors("label_selector")) {
        let api = LabelSelector::from_value(case["in"].clone()).unwrap();
        check(case, json!(api.format()), case["format"].clone());
        let selector = api.to_selector();
        check(case, selector.as_ref().err().map(ToString::to_string), error(case));
        let Ok(selector) = selector else { continue };
        check(case, json!(selector.to_string()), case["string"].clone());
    }
}

#[test]
fn field_selector() {
    for case in cases(&vectors("field_selector")) {
        let parsed = FieldSelector::parse(case["in"].as_str().unwrap());
        check(case, parsed.as_ref().err().map(ToString::to_string), error(case));
        let Ok(selector) = parsed else { continue };
        check(case, json!(selector.to_string()), case["string"].clone());
    }
}

#[test]
fn int_or_percent() {
    for case in cases(&vectors("int_or_percent")) {
        let value = IntOrString::parse(case["in"].as_str().unwrap());
        let total = case["total"].as_i64().unwrap();
        for (round, key, error_key) in [(Round::Up, "up", "err"), (Round::Down, "down", "err2")] {
            let scaled = value.scaled_value(total, round);
            check(
                case,
                scaled.as_ref().err().map(|e| json!(e.to_string())).unwrap_or_default(),
                case[error_key].clone(),
            );
            check(case, json!(scaled.unwrap_or(0)), case[key].clone());
        }
    }
}

#[test]
fn age() {
    for case in cases(&vectors("age")) {
        let seconds = case["seconds"].as_i64().unwrap();
        check(case, json!(human_duration(seconds)), case["human"].clone());
        check(case, json!(short_human_duration(seconds)), case["short"].clone());
    }
}

#[test]
fn safe_encode() {
    for case in cases(&vectors("safe_encode")) {
        let encoded = safe_encode_string(case["in"].as_str().unwrap());
        check(case, json!(encoded), case["out"].clone());
    }
}

#[test]
fn jsonpath() {
    let vectors = vectors("jsonpath");
    for case in cases(&vectors["cases"]) {
        let parsed = JsonPath::parse(case["template"].as_str().unwrap());
        let out = parsed.and_then(|path| path.numbers(Numbers::Floats).execute(&vectors["doc"]));
        check(case, out.as_ref().err().map(ToString::to_string), error(case));
        check(case, out.unwrap_or_default(), case["out"].as_str().unwrap_or("").to_owned());
    }
}

#[test]
fn template_hash() {
    for case in cases(&vectors("pod_template_hash")) {
        let template = &case["defaulted"];
        check(case, json!(pod_template_hash(template, None)), case["hash"].clone());
        check(case, json!(pod_template_hash(template, Some(1))), case["hash_collision1"].clone());
    }
}

/// Every ReplicaSet that the recorded control plane made, under the hash that it gave it.
#[test]
fn recorded_replica_sets() {
    let rows: Value =
        serde_json::from_str(include_str!("data/replica_set_templates.json")).unwrap();
    assert!(cases(&rows).len() > 20);
    for case in cases(&rows) {
        check(case, json!(pod_template_hash(&case["template"], None)), case["hash"].clone());
    }
}
