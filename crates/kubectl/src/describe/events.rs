//! The events about an object, at the end of its description.

use serde_json::Value;

use crate::describe::Pen;
use crate::discovery;
use crate::path::Look;
use crate::server::{self, Filter};
use crate::session::Cx;

/// Whether an event is about this object.
pub fn about(event: &Value, object: &Value) -> bool {
    let uid = event.text("involvedObject.uid");
    let name = object.text("metadata.name");
    let same_uid = uid.is_empty() || uid == object.text("metadata.uid") || uid == name;
    event.text("involvedObject.kind") == object.text("kind")
        && event.text("involvedObject.name") == name
        && event.text("involvedObject.namespace") == object.text("metadata.namespace")
        && same_uid
}

/// The order of their last occurrence; what happened at once stands as it was written.
pub fn sort(events: &mut [Value]) {
    let revision = |event: &Value| event.text("metadata.resourceVersion").parse::<u64>().ok();
    events.sort_by(|a, b| {
        let key = |event: &Value| (event.text("lastTimestamp").to_owned(), revision(event));
        key(a).cmp(&key(b))
    });
}

pub fn of(cx: &mut Cx<'_>, object: &Value) -> Vec<Value> {
    let Ok(kind) = discovery::resolve("events") else { return Vec::new() };
    let namespace = object.text("metadata.namespace").to_owned();
    let mut events = server::list(cx, kind, &namespace, &Filter::default()).unwrap_or_default();
    let is_node = object.text("kind") == "Node";
    events.retain(|event| {
        about(event, object)
            || (is_node
                && event.text("involvedObject.kind") == "Node"
                && event.text("involvedObject.name") == object.text("metadata.name"))
    });
    sort(&mut events);
    events
}

/// When an event was seen: `3s`, or `16s (x13 over 38s)`.
pub fn since(pen: &Pen, event: &Value) -> String {
    let first = match event.has("eventTime") {
        true => pen.since(event.at("eventTime")),
        false => pen.since(event.at("firstTimestamp")),
    };
    if event.has("series") {
        let last = pen.since(event.at("series.lastObservedTime"));
        format!("{last} (x{} over {first})", event.int("series.count"))
    } else if event.int("count") > 1 {
        let last = pen.since(event.at("lastTimestamp"));
        format!("{last} (x{} over {first})", event.int("count"))
    } else {
        first
    }
}

pub fn print(pen: &mut Pen, events: &[Value]) {
    if events.is_empty() {
        pen.field(0, "Events", "<none>");
        return;
    }
    pen.line(0, "Events:");
    pen.line(1, "Type\tReason\tAge\tFrom\tMessage");
    pen.line(1, "----\t------\t----\t----\t-------");
    for event in events {
        let age = since(pen, event);
        let source = match event.text("source.component") {
            "" => event.text("reportingComponent"),
            component => component,
        };
        let message = event.text("message").trim();
        let message = match event.text("involvedObject.fieldPath") {
            "" => message.to_owned(),
            path => format!("{path}: {message}"),
        };
        let (ty, reason) = (event.text("type"), event.text("reason"));
        pen.line(1, &format!("{ty}\t{reason}\t{age}\t{source}\t{message}"));
    }
}
