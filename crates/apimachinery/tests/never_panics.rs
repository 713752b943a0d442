//! Arbitrary text makes an error or a value, never a panic, in every parser; and what a parser
//! prints it reads back.

use apimachinery::duration::Duration;
use apimachinery::fields::FieldSelector;
use apimachinery::int_or_string::{IntOrString, Round};
use apimachinery::jsonpath::{JsonPath, relaxed_expression};
use apimachinery::labels::Selector;
use apimachinery::names;
use apimachinery::quantity::{Format, Quantity};
use apimachinery::time::{MicroTime, Time};
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #[test]
    fn any_text(text in ".{0,40}") {
        try_all(&text);
    }

    #[test]
    fn text_of_the_parsers_own_characters(text in r#"[-+.0-9eEinumkKMGTPh:TZ=!<>(), \\{}\[\]?@$'"*a-c]{0,24}"#) {
        try_all(&text);
    }

    #[test]
    fn filters(text in r#"\{\.items\[\?\(@\.[a-c]{1,2}[=!<>]{1,2}['"a-c0-9)(\]]{0,6}\)\]\.[a-c]\}"#) {
        try_all(&text);
    }

    #[test]
    fn quantities_of_any_size(
        a in "-?[0-9]{1,25}(\\.[0-9]{0,12})?(m|k|Ki|Mi|Gi|Ti|Pi|Ei|E|e-?[0-9]{1,5}|)",
        b in "[0-9]{1,10}(m|Gi|)",
    ) {
        if let (Ok(a), Ok(b)) = (Quantity::parse(&a), Quantity::parse(&b)) {
            let mut sum = a.clone();
            sum.add(&b);
            prop_assert!(sum >= a);
            sum.sub(&b);
            prop_assert_eq!(&sum, &a);
            sum.neg();
            prop_assert_eq!(sum.signum(), -a.signum());
            let _ = (a.value(), a.milli_value(), sum.to_string());
        }
    }

    #[test]
    fn quantities_read_back(value in any::<i64>(), milli in any::<i64>()) {
        for format in [Format::DecimalSI, Format::BinarySI, Format::DecimalExponent] {
            for quantity in [Quantity::from_i64(value, format), Quantity::from_milli(milli, format)] {
                let text = quantity.to_string();
                prop_assert_eq!(Quantity::parse(&text).unwrap(), quantity, "{}", text);
            }
        }
    }

    #[test]
    fn durations_read_back(nanos in any::<i64>()) {
        let text = Duration(nanos).to_string();
        prop_assert_eq!(Duration::parse(&text), Ok(Duration(nanos)), "{}", text);
    }

    #[test]
    fn times_read_back(seconds in -62_000_000_000i64..250_000_000_000) {
        prop_assert_eq!(Time::parse(&Time(seconds).to_string()), Ok(Time(seconds)));
        prop_assert_eq!(Time(seconds).civil().time(), Time(seconds));
    }

    #[test]
    fn any_number_is_a_time(number in any::<i64>()) {
        let _ = (Time(number).to_string(), Time(number).rfc1123z());
        let _ = (MicroTime(number).to_string(), Time(number).civil().time());
    }
}

fn try_all(text: &str) {
    let _ = Quantity::parse(text).map(|q| (q.to_string(), q.value(), q.milli_value()));
    let _ = Duration::parse(text);
    let _ = (Time::parse(text), MicroTime::parse(text));
    let _ = IntOrString::parse(text).scaled_value(7, Round::Up);
    if let Ok(selector) = Selector::parse(text) {
        assert_eq!(Selector::parse(&selector.to_string()), Ok(selector));
    }
    if let Ok(selector) = FieldSelector::parse(text) {
        let _ = selector.to_string();
    }
    let _ = (names::is_qualified_name(text), names::is_valid_ip(text));
    let _ = (names::is_env_var_name(text), names::mask_trailing_dash(text));
    let document = json!({"items": [{"a": 1, "b": "x"}, {"a": null, "b": [1, 2]}, "text"]});
    for template in [text.to_owned(), format!("{{.items{text}}}"), format!("{{{text}}}")] {
        if let Ok(path) = JsonPath::parse(&template) {
            let _ = path.execute(&document);
            let _ = path.clone().allow_missing_keys(true).execute_as_json(&document);
        }
    }
    let _ = relaxed_expression(text);
}
