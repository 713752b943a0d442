//! Event: what a component has to say of an object.

use std::ops::Deref;
use std::sync::Arc;

use super::reference::ObjectReference;
use crate::object::{Column, Kind, KindInfo, Version, since};
use crate::validation::check;
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire::{Extra, Wire, WireError, take_field, take_object};
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

wire_struct! {
    /// Who said it.
    pub struct EventSource {
        pub component: SmolStr => "component",
        pub host: SmolStr => "host",
    }
}

wire_struct! {
    /// How often the same was said in the newer form.
    pub struct EventSeries {
        pub count: i32 => "count",
        pub last_observed_time: Option<MicroTime> => "lastObservedTime",
    }
}

wire_struct! {
    /// The part of an event that all events of one reporter and reason share.
    pub struct EventBody {
        pub action: SmolStr => "action",
        pub reason: SmolStr => "reason",
        pub reporting_component: SmolStr => "reportingComponent" keep,
        pub reporting_instance: SmolStr => "reportingInstance" keep,
        pub source: EventSource => "source" keep,
        pub type_: SmolStr => "type",
    }
}

/// What a component has to say of an object. Both the core form (`count`, `lastTimestamp`) and
/// the events.k8s.io form (`series`, `reportingController`). Reads through to the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub metadata: ObjectMeta,
    pub involved_object: ObjectReference,
    pub message: SmolStr,
    pub body: Arc<EventBody>,
    pub count: i32,
    pub event_time: Option<MicroTime>,
    pub first_timestamp: Option<Time>,
    pub last_timestamp: Option<Time>,
    pub related: Option<Box<Value>>,
    pub series: Option<Box<EventSeries>>,
    pub extra: Extra,
}

impl Deref for Event {
    type Target = EventBody;
    fn deref(&self) -> &EventBody {
        &self.body
    }
}

impl Wire for Event {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        let body = EventBody {
            action: take_field(&mut map, "action")?,
            reason: take_field(&mut map, "reason")?,
            reporting_component: take_field(&mut map, "reportingComponent")?,
            reporting_instance: take_field(&mut map, "reportingInstance")?,
            source: take_field(&mut map, "source")?,
            type_: take_field(&mut map, "type")?,
            extra: Extra::default(),
        };
        Ok(Event {
            metadata: take_field(&mut map, "metadata")?,
            involved_object: take_field(&mut map, "involvedObject")?,
            message: take_field(&mut map, "message")?,
            body: Arc::new(body),
            count: take_field(&mut map, "count")?,
            event_time: take_field(&mut map, "eventTime")?,
            first_timestamp: take_field(&mut map, "firstTimestamp")?,
            last_timestamp: take_field(&mut map, "lastTimestamp")?,
            related: take_field(&mut map, "related")?,
            series: take_field(&mut map, "series")?,
            extra: Extra::keep(map),
        })
    }

    fn to_value(&self) -> Value {
        let mut map = self.extra.0.as_deref().cloned().unwrap_or_default();
        if let Value::Object(body) = self.body.to_value() {
            map.extend(body);
        }
        let mut put = |name: &str, empty: bool, value: Value| {
            if !empty {
                map.insert(name.to_owned(), value);
            }
        };
        put("metadata", false, self.metadata.to_value());
        put("involvedObject", false, self.involved_object.to_value());
        put("message", self.message.is_empty(), self.message.to_value());
        put("count", self.count == 0, self.count.into());
        put("eventTime", false, self.event_time.to_value());
        put("firstTimestamp", false, self.first_timestamp.to_value());
        put("lastTimestamp", false, self.last_timestamp.to_value());
        put("related", Wire::is_empty(&self.related), self.related.to_value());
        put("series", Wire::is_empty(&self.series), self.series.to_value());
        Value::Object(map)
    }
}

impl Event {
    /// `kubelet, node-1`, or whichever of the two there is.
    pub fn source_text(&self) -> String {
        let first = |a: &SmolStr, b: &SmolStr| if a.is_empty() { b.clone() } else { a.clone() };
        let component = first(&self.source.component, &self.reporting_component);
        let instance = first(&self.source.host, &self.reporting_instance);
        if instance.is_empty() { component.to_string() } else { format!("{component}, {instance}") }
    }
}

impl Event {
    fn validate_new_form(&self, errors: &mut FieldErrors) {
        let component = FieldPath::new("reportingComponent");
        if self.reporting_component.is_empty() {
            errors.push(FieldError::required(&component, ""));
        }
        check(names::is_qualified_name, &self.reporting_component, &component, errors);
        for (name, text, max) in [
            ("reportingInstance", &self.reporting_instance, 128),
            ("action", &self.action, 128),
            ("reason", &self.reason, 128),
            ("message", &self.message, 1024),
        ] {
            if text.is_empty() && name != "message" {
                errors.push(FieldError::required(name, ""));
            }
            if text.len() > max {
                let detail = format!("can have at most {max} characters");
                errors.push(FieldError::invalid(name, "", &detail));
            }
        }
    }
}

impl Kind for Event {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Event", "events", true, &[]);
    const VERSIONS: &'static [Version] = &[crate::events::event::V1];

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models legacyValidateEvent of pkg/apis/core/validation/events.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let (own, object) = (&self.metadata.namespace, &self.involved_object.namespace);
        let agrees = match (object.is_empty(), self.event_time.is_some()) {
            (true, false) => own.is_empty() || own == "default",
            (true, true) => own == "default" || own == "kube-system",
            (false, false) => own == object,
            (false, true) => true,
        };
        if !agrees {
            let path = FieldPath::new("involvedObject").child("namespace");
            let detail = "does not match event.namespace";
            errors.push(FieldError::invalid(path, object.as_str(), detail));
        }
        if self.event_time.is_some() {
            self.validate_new_form(&mut errors);
        }
        check(names::is_dns1123_subdomain, own, &FieldPath::new("namespace"), &mut errors);
        errors
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        Kind::validate(self)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Last Seen"),
                Column::text("Type"),
                Column::text("Reason"),
                Column::text("Object"),
                Column::wide("Subobject"),
                Column::wide("Source"),
                Column::text("Message"),
                Column::wide("First Seen"),
                Column::wide("Count"),
                Column::wide("Name"),
            ]
        }
    }

    // Models printEvent of pkg/printers/internalversion/printers.go.
    fn row(&self, now: Time) -> Vec<Value> {
        let micro = |time: Option<MicroTime>| since(time.map(MicroTime::time), now);
        let first = match self.first_timestamp {
            None => micro(self.event_time),
            first => since(first, now),
        };
        let (last, count) = match &self.series {
            Some(series) => (micro(series.last_observed_time), series.count),
            None if self.last_timestamp.is_none() => (first.clone(), self.count.max(1)),
            None => (since(self.last_timestamp, now), self.count.max(1)),
        };
        let object = &self.involved_object;
        vec![
            last.into(),
            self.type_.as_str().into(),
            self.reason.as_str().into(),
            object.short_text().into(),
            object.field_path.as_str().into(),
            self.source_text().into(),
            self.message.trim().into(),
            first.into(),
            count.into(),
            self.metadata.name.as_str().into(),
        ]
    }

    // Models pkg/registry/core/event/strategy.go.
    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        let object = &self.involved_object;
        let source = match self.source.component.is_empty() {
            true => &self.reporting_component,
            false => &self.source.component,
        };
        let uid = if object.uid.is_unset() {
            SmolStr::default()
        } else {
            format_smolstr!("{}", object.uid)
        };
        vec![
            ("involvedObject.kind", object.kind.clone()),
            ("involvedObject.namespace", object.namespace.clone()),
            ("involvedObject.name", object.name.clone()),
            ("involvedObject.uid", uid),
            ("involvedObject.apiVersion", object.api_version.clone()),
            ("involvedObject.resourceVersion", object.resource_version.clone()),
            ("involvedObject.fieldPath", object.field_path.clone()),
            ("reason", self.reason.clone()),
            ("reportingComponent", self.reporting_component.clone()),
            ("source", source.clone()),
            ("type", self.type_.clone()),
        ]
    }
}
