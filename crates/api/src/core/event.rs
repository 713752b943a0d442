//! Event: what a component has to say of an object.

use super::reference::ObjectReference;
use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

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
    /// What a component has to say of an object. Both the core form (`count`, `lastTimestamp`) and
    /// the events.k8s.io form (`series`, `reportingController`).
    pub struct Event {
        pub action: SmolStr => "action",
        pub count: i32 => "count",
        pub event_time: Option<MicroTime> => "eventTime" keep,
        pub first_timestamp: Option<Time> => "firstTimestamp" keep,
        pub involved_object: ObjectReference => "involvedObject" keep,
        pub last_timestamp: Option<Time> => "lastTimestamp" keep,
        pub message: SmolStr => "message",
        pub metadata: ObjectMeta => "metadata" keep,
        pub reason: SmolStr => "reason",
        pub related: Option<Value> => "related",
        pub reporting_component: SmolStr => "reportingComponent" keep,
        pub reporting_instance: SmolStr => "reportingInstance" keep,
        pub series: Option<Box<EventSeries>> => "series",
        pub source: EventSource => "source" keep,
        pub type_: SmolStr => "type",
    }
}

impl Kind for Event {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Event", "events", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
