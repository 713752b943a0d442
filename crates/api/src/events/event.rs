//! Event of events.k8s.io/v1: the core group's events with other names and stricter rules.
// Models pkg/apis/events/v1/conversion.go and pkg/apis/core/validation/events.go.

use apimachinery::status::{FieldError, FieldErrors};
use serde_json::{Map, Value};

use crate::core::event::Event;
use crate::object::{KindInfo, Object, Version, as_kind};

pub const V1: Version = Version {
    info: KindInfo::fixed("events.k8s.io", "v1", "Event", "events", true, &[]),
    from_stored: from_core,
    to_stored: to_core,
    fields: Some(FIELDS),
    validate,
};

/// Names of the core group and of this one.
const NAMES: &[(&str, &str)] = &[
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("involvedObject", "regarding"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
];

/// Selectable fields and what they are in the core group.
const FIELDS: &[(&str, &str)] = &[
    ("reason", "reason"),
    ("regarding.apiVersion", "involvedObject.apiVersion"),
    ("regarding.fieldPath", "involvedObject.fieldPath"),
    ("regarding.kind", "involvedObject.kind"),
    ("regarding.name", "involvedObject.name"),
    ("regarding.namespace", "involvedObject.namespace"),
    ("regarding.resourceVersion", "involvedObject.resourceVersion"),
    ("regarding.uid", "involvedObject.uid"),
    ("reportingController", "reportingComponent"),
    ("type", "type"),
];

fn rename<'a>(map: &mut Map<String, Value>, names: impl Iterator<Item = (&'a str, &'a str)>) {
    for (from, to) in names {
        if let Some(value) = map.remove(from) {
            map.insert(to.to_owned(), value);
        }
    }
}

fn from_core(mut map: Map<String, Value>) -> Map<String, Value> {
    rename(&mut map, NAMES.iter().copied());
    for name in ["reportingController", "reportingInstance"] {
        if map.get(name).and_then(Value::as_str) == Some("") {
            map.remove(name);
        }
    }
    map
}

fn to_core(mut map: Map<String, Value>) -> Map<String, Value> {
    rename(&mut map, NAMES.iter().map(|(core, own)| (*own, *core)));
    map
}

fn validate(new: &dyn Object, old: Option<&dyn Object>) -> FieldErrors {
    let Some(new) = as_kind::<Event>(new) else { return FieldErrors::new() };
    match old.and_then(as_kind::<Event>) {
        Some(old) => validate_update(new, old),
        None => validate_new(new),
    }
}

fn validate_series(event: &Event, errors: &mut FieldErrors) {
    let Some(series) = &event.series else { return };
    if series.count < 2 {
        errors.push(FieldError::invalid("series.count", "", "should be at least 2"));
    }
    if series.last_observed_time.is_none() {
        errors.push(FieldError::required("series.lastObservedTime", ""));
    }
}

fn validate_new(event: &Event) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate_series(event, &mut errors);
    if event.event_time.is_none() {
        errors.push(FieldError::required("eventTime", ""));
    }
    if event.type_ != "Normal" && event.type_ != "Warning" {
        let detail = format!("has invalid value: {}", event.type_);
        errors.push(FieldError::invalid("type", "", &detail));
    }
    let source = &event.source;
    for (name, is_set) in [
        ("firstTimestamp", event.first_timestamp.is_some()),
        ("lastTimestamp", event.last_timestamp.is_some()),
        ("count", event.count != 0),
        ("source", !source.component.is_empty() || !source.host.is_empty()),
    ] {
        if is_set {
            errors.push(FieldError::invalid(name, "", "needs to be unset"));
        }
    }
    errors
}

/// Only the series may change.
fn validate_update(new: &Event, old: &Event) -> FieldErrors {
    let mut errors = FieldErrors::new();
    if new.series != old.series {
        validate_series(new, &mut errors);
    }
    let (now, before) = (new.to_wire(), old.to_wire());
    for (core, name) in [
        ("involvedObject", "involvedObject"),
        ("reason", "reason"),
        ("message", "message"),
        ("source", "source"),
        ("firstTimestamp", "firstTimestamp"),
        ("lastTimestamp", "lastTimestamp"),
        ("count", "count"),
        ("reason", "reason"),
        ("type", "type"),
        ("eventTime", "eventTime"),
        ("action", "action"),
        ("related", "related"),
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
    ] {
        if now.get(core) != before.get(core) {
            let value = now.get(core).cloned().unwrap_or_default();
            errors.push(FieldError::invalid(name, value, "field is immutable"));
        }
    }
    errors
}
