//! Lines of a watch.
// Models apiserver/pkg/endpoints/handlers/{watch,response}.go.

use apimachinery::status::Status;
use apimachinery::time::Time;
use client::{WatchEvent, WatchKind};
use serde_json::{Value, json};

use crate::accept::Shape;
use crate::answer::{column_definitions, partial, table_of, table_row};
use crate::json;
use crate::route::Call;

fn line(kind: &str, object: Value) -> String {
    json::event(kind, &object)
}

/// One change. Only the first row of a watched table carries the columns.
pub fn event(event: &WatchEvent, call: &Call, now: Time, is_first: bool) -> String {
    let kind = match event.kind {
        WatchKind::Added => "ADDED",
        WatchKind::Modified => "MODIFIED",
        WatchKind::Deleted => "DELETED",
    };
    let object = match call.form.shape {
        Shape::Object => event.object.to_wire(),
        Shape::Partial => partial(&event.object),
        Shape::Table => {
            let columns = match is_first {
                true => column_definitions(&event.object.columns(), call.served.plural),
                false => Value::Null,
            };
            let row = table_row(&event.object.row(now), &event.object, call.form.include);
            let version = event.object.meta().resource_version.to_string();
            table_of(columns, vec![row], json!({ "resourceVersion": version }))
        }
    };
    line(kind, object)
}

/// Tells how far a watch has come; the last one of the initial events says so.
pub fn bookmark(call: &Call, revision: u64, ends_initial_events: bool) -> String {
    let mut metadata = json!({ "resourceVersion": revision.to_string() });
    if let (true, Some(map)) = (ends_initial_events, metadata.as_object_mut()) {
        map.insert("annotations".into(), json!({ "k8s.io/initial-events-end": "true" }));
    }
    let object = match call.form.shape {
        Shape::Object => json!({
            "kind": call.served.kind,
            "apiVersion": call.served.api_version(),
            "metadata": metadata,
        }),
        Shape::Partial => json!({
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        }),
        Shape::Table => table_of(Value::Null, Vec::new(), metadata),
    };
    line("BOOKMARK", object)
}

/// The end of a watch that went wrong.
pub fn expired(status: &Status) -> String {
    line("ERROR", status.to_value())
}
