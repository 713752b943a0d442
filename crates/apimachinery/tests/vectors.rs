//! Every recorded input and output of the real functions, compared to the letter.

use std::fmt::Debug;

use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

fn vectors(key: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("data/vectors.json")).unwrap();
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
