//! autoscaling/v1: one target for CPU; whatever else v2 can say stands in annotations.
// Models pkg/apis/autoscaling/v1/conversion.go.

use apimachinery::status::FieldErrors;
use apimachinery::strconv::json_string;
use serde_json::{Map, Value, json};

use crate::object::{KindInfo, Version};

type Object = Map<String, Value>;

pub const V1: Version = Version {
    info: KindInfo::fixed(
        "autoscaling",
        "v1",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        true,
        &["status"],
    ),
    from_stored: to_v1,
    to_stored: to_v2,
    fields: None,
    validate: |_, _| FieldErrors::new(),
};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";
const ANNOTATIONS: [&str; 4] = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

/// Go's order of the fields of all objects that stand in annotations.
const FIELD_ORDER: [&str; 31] = [
    "ScaleUp",
    "ScaleDown",
    "StabilizationWindowSeconds",
    "SelectPolicy",
    "Policies",
    "Tolerance",
    "Type",
    "Value",
    "PeriodSeconds",
    "type",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "target",
    "kind",
    "name",
    "apiVersion",
    "metricName",
    "metricSelector",
    "targetValue",
    "currentValue",
    "targetAverageUtilization",
    "currentAverageUtilization",
    "targetAverageValue",
    "currentAverageValue",
];

/// v2's path of a value, v1's name of it in a spec and in a status.
const FIELDS: [Field; 16] = [
    ("object", &["describedObject"], "target", "target"),
    ("object", &["metric", "name"], "metricName", "metricName"),
    ("object", &["metric", "selector"], "selector", "selector"),
    ("object", &["#", "value"], "targetValue", "currentValue"),
    ("object", &["#", "averageValue"], "averageValue", "averageValue"),
    ("pods", &["metric", "name"], "metricName", "metricName"),
    ("pods", &["metric", "selector"], "selector", "selector"),
    ("pods", &["#", "averageValue"], "targetAverageValue", "currentAverageValue"),
    ("external", &["metric", "name"], "metricName", "metricName"),
    ("external", &["metric", "selector"], "metricSelector", "metricSelector"),
    ("external", &["#", "value"], "targetValue", "currentValue"),
    ("external", &["#", "averageValue"], "targetAverageValue", "currentAverageValue"),
    ("", &["name"], "name", "name"),
    ("", &["container"], "container", "container"),
    ("", &["#", "averageUtilization"], "targetAverageUtilization", "currentAverageUtilization"),
    ("", &["#", "averageValue"], "targetAverageValue", "currentAverageValue"),
];

/// A row of `FIELDS`.
type Field = (&'static str, &'static [&'static str], &'static str, &'static str);

/// The rows of `FIELDS` for a source; those without a name are for both kinds of resources.
fn fields(source: &str) -> impl Iterator<Item = &'static Field> {
    let resource = source == "resource" || source == "containerResource";
    let name = if resource { String::new() } else { source.to_owned() };
    FIELDS.iter().filter(move |(of, ..)| *of == name)
}

fn part<'a>(object: &'a Object, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

fn cpu_utilization<'a>(metric: &'a Value, amount: &str) -> Option<&'a Value> {
    let resource = metric.get("resource").filter(|resource| resource["name"] == "cpu")?;
    resource[amount].get("averageUtilization")
}

fn list<'a>(object: &'a Object, part: &str, name: &str) -> &'a [Value] {
    self::part(object, part)[name].as_array().map_or(&[], Vec::as_slice)
}

fn metric_to_v1(metric: &Value, amount: &str) -> Value {
    let mut out = json!({ "type": metric["type"] });
    for (source, value) in metric.as_object().into_iter().flatten() {
        if !value.is_object() {
            continue;
        }
        let mut flat = Map::new();
        for (_, path, spec, status) in fields(source) {
            let at = path.iter().fold(value, |at, step| match *step {
                "#" => &at[amount],
                step => &at[step],
            });
            if !at.is_null() {
                let name = if amount == "target" { spec } else { status };
                flat.insert((*name).to_owned(), at.clone());
            }
        }
        // What is no pointer in v1 is always written.
        let value = if amount == "target" { "targetValue" } else { "currentValue" };
        if source == "object" {
            flat.entry(value).or_insert_with(|| "0".into());
        }
        out[source] = Value::Object(flat);
    }
    out
}

fn metric_to_v2(metric: &Value, amount: &str) -> Value {
    let mut out = json!({ "type": metric["type"] });
    for (source, value) in metric.as_object().into_iter().flatten() {
        if !value.is_object() {
            continue;
        }
        let mut deep = json!({});
        for (_, path, spec, status) in fields(source) {
            let name = if amount == "target" { spec } else { status };
            let Some(found) = value.get(*name) else { continue };
            match path {
                [only] => deep[*only] = found.clone(),
                [first, second] => {
                    let first = if *first == "#" { amount } else { first };
                    deep[first][*second] = found.clone();
                }
                _ => {}
            }
        }
        if amount == "target" {
            let has = |name: &str| deep["target"].get(name).is_some();
            deep["target"]["type"] = if has("averageUtilization") {
                "Utilization".into()
            } else if has("averageValue") {
                "AverageValue".into()
            } else {
                "Value".into()
            };
        }
        out[source] = deep;
    }
    out
}

/// Go's JSON: fields in the order of their declaration.
fn text(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Object(map) => {
            let rank = |key: &str| FIELD_ORDER.iter().position(|name| *name == key);
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| rank(key).unwrap_or(FIELD_ORDER.len()));
            let field = |key: &&String| format!("{}:{}", json_string(key), text(&map[*key]));
            format!("{{{}}}", keys.iter().map(field).collect::<Vec<_>>().join(","))
        }
        Value::String(text) => json_string(text),
        other => other.to_string(),
    }
}

/// Renames all fields of the behavior between the wire's names and those of the internal type,
/// which its annotation holds.
fn behavior_names(value: &Value, up: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| behavior_names(item, up)).collect(),
        Value::Object(map) => {
            let rename = |key: &String| {
                let (first, rest) = key.split_at_checked(1).unwrap_or((key, ""));
                let first =
                    if up { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
                first + rest
            };
            let fields = map.iter().filter(|(_, value)| up || !value.is_null());
            let fields = fields.map(|(key, value)| (rename(key), behavior_names(value, up)));
            let mut out: Object = fields.collect();
            if up && (out.contains_key("Policies") || out.contains_key("SelectPolicy")) {
                for name in ["StabilizationWindowSeconds", "Tolerance"] {
                    out.entry(name).or_insert(Value::Null);
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn to_v1(mut object: Object) -> Object {
    let mut notes: Vec<(&str, String)> = Vec::new();
    let metrics = list(&object, "spec", "metrics");
    let cpu = metrics.iter().find_map(|metric| cpu_utilization(metric, "target")).cloned();
    let is_cpu = |metric: &&Value| cpu_utilization(metric, "target").is_some();
    let others: Vec<Value> =
        metrics.iter().filter(|m| !is_cpu(m)).map(|m| metric_to_v1(m, "target")).collect();
    if !others.is_empty() {
        notes.push((METRICS, text(&others.into())));
    }
    let current = list(&object, "status", "currentMetrics");
    let cpu_now = current.iter().find_map(|metric| cpu_utilization(metric, "current")).cloned();
    if !current.is_empty() {
        let current: Vec<Value> = current.iter().map(|m| metric_to_v1(m, "current")).collect();
        notes.push((CURRENT_METRICS, text(&current.into())));
    }
    let conditions = list(&object, "status", "conditions");
    if !conditions.is_empty() {
        notes.push((CONDITIONS, text(&conditions.into())));
    }
    if let Some(behavior) = part(&object, "spec").get("behavior") {
        notes.push((BEHAVIOR, text(&behavior_names(behavior, true))));
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("metrics");
        spec.remove("behavior");
        spec.extend(cpu.map(|cpu| ("targetCPUUtilizationPercentage".to_owned(), cpu)));
    }
    if let Some(status) = object.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("currentMetrics");
        status.remove("conditions");
        status.entry("currentReplicas").or_insert(0.into());
        status.extend(cpu_now.map(|cpu| ("currentCPUUtilizationPercentage".to_owned(), cpu)));
    }
    if !notes.is_empty()
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && let Some(annotations) =
            metadata.entry("annotations").or_insert_with(|| json!({})).as_object_mut()
    {
        annotations.extend(notes.into_iter().map(|(name, text)| (name.to_owned(), text.into())));
    }
    object
}

fn to_v2(mut object: Object) -> Object {
    let mut notes: Map<String, Value> = Map::new();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
    {
        for name in ANNOTATIONS {
            let note = annotations.remove(name);
            let note = note.as_ref().and_then(Value::as_str).map(serde_json::from_str);
            notes.extend(note.and_then(Result::ok).map(|note| (name.to_owned(), note)));
        }
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let listed = |name: &str, amount: &str| -> Option<Vec<Value>> {
        let items = notes.get(name)?.as_array()?;
        Some(items.iter().map(|metric| metric_to_v2(metric, amount)).collect())
    };
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        let mut metrics = listed(METRICS, "target").unwrap_or_default();
        if let Some(cpu) = spec.remove("targetCPUUtilizationPercentage") {
            metrics.push(json!({"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": cpu}}}));
        }
        if !metrics.is_empty() {
            spec.insert("metrics".to_owned(), metrics.into());
        }
        if let Some(behavior) = notes.get(BEHAVIOR) {
            spec.insert("behavior".to_owned(), behavior_names(behavior, false));
        }
    }
    if let Some(status) = object.get_mut("status").and_then(Value::as_object_mut) {
        let cpu = status.remove("currentCPUUtilizationPercentage");
        let cpu = cpu.map(|cpu| {
            vec![json!({"type": "Resource", "resource": {"name": "cpu",
                "current": {"averageUtilization": cpu}}})]
        });
        if let Some(metrics) = listed(CURRENT_METRICS, "current").or(cpu) {
            status.insert("currentMetrics".to_owned(), metrics.into());
        }
        if let Some(conditions) = notes.remove(CONDITIONS) {
            status.insert("conditions".to_owned(), conditions);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_keeps_what_v2_says() {
        let v2 = json!({
            "metadata": {"name": "web", "annotations": {"a": "b"}},
            "spec": {
                "maxReplicas": 5,
                "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1,
                    "periodSeconds": 15}], "selectPolicy": "Max",
                    "stabilizationWindowSeconds": 0}},
                "metrics": [
                    {"type": "Pods", "pods": {"metric": {"name": "hits"},
                        "target": {"type": "AverageValue", "averageValue": "10"}}},
                    {"type": "Resource", "resource": {"name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": 50}}},
                ],
            },
            "status": {"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": [
                {"type": "Resource", "resource": {"name": "cpu",
                    "current": {"averageUtilization": 7, "averageValue": "7m"}}}]},
        });
        let Value::Object(stored) = v2.clone() else { unreachable!() };
        let v1 = to_v1(stored);
        assert_eq!(v1["spec"]["targetCPUUtilizationPercentage"], 50);
        assert_eq!(v1["status"]["currentCPUUtilizationPercentage"], 7);
        let notes = &v1["metadata"]["annotations"];
        let hits = r#"[{"type":"Pods","pods":{"metricName":"hits","targetAverageValue":"10"}}]"#;
        assert_eq!(notes[METRICS], hits);
        let behavior = notes[BEHAVIOR].as_str().map(|text| text.split(',').collect::<Vec<_>>());
        let parts = [
            r#"{"ScaleUp":{"StabilizationWindowSeconds":0"#,
            r#""SelectPolicy":"Max""#,
            r#""Policies":[{"Type":"Pods""#,
            r#""Value":1"#,
            r#""PeriodSeconds":15}]"#,
            r#""Tolerance":null}}"#,
        ];
        assert_eq!(behavior, Some(parts.to_vec()));
        assert_eq!(Value::Object(to_v2(v1)), v2);
    }
}
