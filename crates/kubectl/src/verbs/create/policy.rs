//! The forms of `kubectl create` for what bounds workloads: quota, poddisruptionbudget,
//! priorityclass.
// Models kubectl/pkg/cmd/create/create_{quota,pdb,priorityclass}.go.

use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::{Operator, Selector};
use apimachinery::quantity::Quantity;
use apimachinery::wire::Wire;
use serde_json::{Map, Value, json};

use super::{FORM, one_name, submit};
use crate::fail::{Fail, Outcome, error};
use crate::flags::{Args, Flag};
use crate::session::Cx;
use crate::verbs::{Flow, Verb};

pub static QUOTA: Verb = Verb {
    name: "quota",
    aliases: &["resourcequota"],
    about: "Create a quota with the specified name",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]",
    flags: &[&[Flag::text("hard"), Flag::text("scopes")], FORM[0], FORM[1], FORM[2], FORM[3]],
    run: Some(quota),
    ..Verb::NONE
};

pub static BUDGET: Verb = Verb {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    about: "Create a pod disruption budget with the specified name",
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags: &[
        &[Flag::text("min-available"), Flag::text("max-unavailable"), Flag::text("selector")],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(budget),
    ..Verb::NONE
};

pub static PRIORITY_CLASS: Verb = Verb {
    name: "priorityclass",
    aliases: &["pc"],
    about: "Create a priority class with the specified name",
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags: &[
        &[
            Flag::int("value", "0"),
            Flag::bool("global-default"),
            Flag::text("description"),
            Flag::text("preemption-policy").default("PreemptLowerPriority"),
        ],
        FORM[0],
        FORM[1],
        FORM[2],
        FORM[3],
    ],
    run: Some(priority_class),
    ..Verb::NONE
};

fn quota(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let mut spec = Map::new();
    let mut hard = Map::new();
    let words = args.text("hard");
    for part in words.split(',').filter(|_| !words.is_empty()) {
        let pair = part.split_once('=').filter(|(_, value)| !value.contains('='));
        let Some((key, value)) = pair else {
            return error(format!("Invalid argument syntax {part}, expected <resource>=<value>"));
        };
        let amount = Quantity::parse(value).map_err(|why| Fail::Error(why.to_string()))?;
        hard.insert(key.to_owned(), amount.to_value());
    }
    if !hard.is_empty() {
        spec.insert("hard".to_owned(), Value::Object(hard));
    }
    let words = args.text("scopes");
    let scopes: Vec<&str> = words.split(',').filter(|_| !words.is_empty()).collect();
    if scopes.contains(&"") {
        return error("invalid resource quota scope \"\"");
    }
    if !scopes.is_empty() {
        spec.insert("scopes".to_owned(), json!(scopes));
    }
    let value = json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": { "name": name },
        "spec": spec,
        "status": {},
    });
    submit(cx, args, "resourcequotas", value, "failed to create quota:")
}

fn budget(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let name = one_name(args)?;
    let (least, most) = (args.text("min-available"), args.text("max-unavailable"));
    if args.text("selector").is_empty() {
        return error("a selector must be specified");
    }
    let (field, text) = match (least, most) {
        ("", "") => return error("one of min-available or max-unavailable must be specified"),
        (least, "") => ("minAvailable", least),
        ("", most) => ("maxUnavailable", most),
        _ => return error("min-available and max-unavailable cannot be both specified"),
    };
    let digits = text.strip_suffix('%').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let flag = if least.is_empty() { "max-unavailable" } else { "min-available" };
        return error(format!("invalid format specified for {flag}"));
    }
    let mut spec = Map::new();
    spec.insert(field.to_owned(), IntOrString::parse(text).to_value());
    spec.insert("selector".to_owned(), label_selector(args.text("selector"))?);
    let value = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": { "name": name },
        "spec": spec,
        "status": {
            "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
        },
    });
    let failed = "failed to create poddisruptionbudgets:";
    submit(cx, args, "poddisruptionbudgets", value, failed)
}

/// Models ParseToLabelSelector of apimachinery/pkg/apis/meta/v1/helpers.go.
fn label_selector(text: &str) -> Outcome<Value> {
    let parsed = Selector::parse(text).map_err(|why| {
        Fail::Error(format!("couldn't parse the selector string \"{text}\": {why}"))
    })?;
    let (mut labels, mut rules) = (Map::new(), Vec::new());
    for rule in parsed.requirements() {
        let operator = match rule.operator() {
            Operator::Equals | Operator::DoubleEquals => {
                let value = rule.values().first().map_or("", |value| value.as_str());
                labels.insert(rule.key().to_owned(), value.into());
                continue;
            }
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::NotEquals => return error("\"!=\" is not a valid label selector operator"),
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::GreaterThan => return error("\"gt\" isn't supported in label selectors"),
            Operator::LessThan => return error("\"lt\" isn't supported in label selectors"),
        };
        let values: Vec<&str> = rule.values().iter().map(|value| value.as_str()).collect();
        rules.push(json!({ "key": rule.key(), "operator": operator, "values": values }));
    }
    let mut selector = Map::new();
    if !labels.is_empty() {
        selector.insert("matchLabels".to_owned(), Value::Object(labels));
    }
    if !rules.is_empty() {
        selector.insert("matchExpressions".to_owned(), Value::Array(rules));
    }
    Ok(Value::Object(selector))
}

fn priority_class(cx: &mut Cx<'_>, args: &Args) -> Outcome<Flow> {
    let mut value = json!({
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": { "name": one_name(args)? },
        "value": args.int("value"),
        "preemptionPolicy": args.text("preemption-policy"),
    });
    if args.bool("global-default") {
        value["globalDefault"] = true.into();
    }
    if !args.text("description").is_empty() {
        value["description"] = args.text("description").into();
    }
    submit(cx, args, "priorityclasses", value, "failed to create priorityclass:")
}
