//! From the API's answer to the document on the wire.
// Models apiserver/pkg/endpoints/handlers/response.go.

use api::Obj;
use api::object::Column;
use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use client::{Reply, ReplyBody, Verb};
use schema::Schema;
use serde_json::{Map, Value, json};

use crate::accept::{Form, Include, Shape};
use crate::json;
use crate::route::{Call, NO_PAGE};

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub code: u16,
    pub content_type: &'static str,
    pub body: String,
    /// Values of `Warning` headers.
    pub warnings: Vec<String>,
    pub retry_after_seconds: Option<i32>,
}

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const TEXT: &str = "text/plain; charset=utf-8";
const LOG: &str = "text/plain";

impl Answer {
    /// A document in the form that was asked for.
    pub fn document(code: u16, value: &Value, form: Form) -> Self {
        let (content_type, body) = match (form.yaml, form.pretty) {
            (true, _) => (YAML, yaml::to_yaml(value)),
            (false, true) => (JSON, json::pretty(value)),
            (false, false) => (JSON, json::compact(value)),
        };
        Answer { code, content_type, body, ..Answer::default() }
    }

    pub fn text(code: u16, body: impl Into<String>) -> Self {
        Answer { code, content_type: TEXT, body: body.into(), ..Answer::default() }
    }
}

/// `299 - "…"`, with the quotes of the text escaped. Models util/net/http.go NewWarningHeader.
fn warning(text: &str) -> String {
    let printable: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("299 - \"{}\"", printable.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether the status is one of the handler chain, which always carries (empty) details.
fn is_generic(status: &Status) -> bool {
    let by_reason = matches!(status.reason, Reason::NotFound | Reason::MethodNotAllowed);
    let by_code = ["406:", "415:"].iter().any(|code| status.message.starts_with(code));
    (by_reason || by_code) && status.kind.is_empty() && status.name.is_empty()
}

/// A refusal.
pub fn failure(status: &Status, form: Form) -> Answer {
    if status.message == NO_PAGE {
        return Answer::text(status.code(), format!("{NO_PAGE}\n"));
    }
    let mut value = status.to_value();
    // What the handler chain makes of errors that are not the API's own tells no cause.
    let is_foreign = status.causes.iter().any(|cause| cause.reason == "UnexpectedServerResponse");
    if let (true, Some(map)) = (is_generic(status) || is_foreign, value.as_object_mut()) {
        map.insert("details".into(), json!({}));
    }
    let mut answer = Answer::document(status.code(), &value, form);
    if status.retry_after_seconds != 0 {
        answer.retry_after_seconds = Some(status.retry_after_seconds);
    }
    answer
}

/// An object as the answer to a request for one.
pub(crate) fn partial(object: &Obj) -> Value {
    let metadata = object.to_wire().get_mut("metadata").map(Value::take).unwrap_or_default();
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
    })
}

fn list_meta(resource_version: u64, continue_token: &str, remaining: u64) -> Value {
    let mut meta = Map::new();
    meta.insert("resourceVersion".into(), resource_version.to_string().into());
    if !continue_token.is_empty() {
        meta.insert("continue".into(), continue_token.into());
    }
    // With a selector nobody knows how many are left.
    if remaining > 0 {
        meta.insert("remainingItemCount".into(), remaining.into());
    }
    Value::Object(meta)
}

/// Items of typed lists do not repeat their kind.
fn item(object: &Obj) -> Value {
    let mut value = object.to_wire();
    if let Some(map) = value.as_object_mut() {
        map.remove("kind");
        map.remove("apiVersion");
    }
    value
}

fn list(list: &client::List, call: &Call) -> Value {
    let meta = list_meta(list.resource_version, &list.continue_token, list.remaining);
    let (kind, version, items) = match call.form.shape {
        Shape::Partial => {
            let items: Vec<Value> = list.items.iter().map(partial).collect();
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), items)
        }
        _ => {
            let items = list.items.iter().map(item).collect();
            (format!("{}List", call.served.kind), call.served.api_version(), items)
        }
    };
    json!({ "kind": kind, "apiVersion": version.as_str(), "metadata": meta, "items": items })
}

/// Of the documented columns, with what the schema knows of them.
pub(crate) fn column_definitions(columns: &[Column], plural: &str) -> Value {
    let known = Schema::get().columns(plural).unwrap_or_default();
    let definition = |column: &Column| {
        let known = known.iter().find(|other| other.name == column.name);
        let is_name = column.name == "Name";
        json!({
            "name": column.name.as_str(),
            "type": known.map_or(column.type_, |other| other.kind),
            "format": known.map_or(if is_name { "name" } else { "" }, |other| other.format),
            "description": "",
            "priority": i32::from(column.wide),
        })
    };
    columns.iter().map(definition).collect()
}

pub(crate) fn table_row(cells: &[Value], object: &Obj, include: Include) -> Value {
    let object = match include {
        Include::None => Value::Null,
        Include::Metadata => partial(object),
        Include::Object => object.to_wire(),
    };
    json!({ "cells": cells, "object": object })
}

pub(crate) fn table_of(columns: Value, rows: Vec<Value>, meta: Value) -> Value {
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta,
        "columnDefinitions": columns, "rows": rows,
    })
}

fn table(table: &client::Table, call: &Call) -> Value {
    let include = call.form.include;
    let rows = table.rows.iter().map(|row| table_row(&row.cells, &row.object, include)).collect();
    let meta = list_meta(table.resource_version, &table.continue_token, table.remaining);
    table_of(column_definitions(&table.columns, call.served.plural), rows, meta)
}

/// One object alone, in the form that was asked for.
pub(crate) fn single(object: &Obj, call: &Call, now: Time) -> Value {
    match call.form.shape {
        Shape::Object => object.to_wire(),
        Shape::Partial => partial(object),
        Shape::Table => {
            let rows = vec![table_row(&object.row(now), object, call.form.include)];
            let meta = list_meta(object.meta().resource_version, "", 0);
            table_of(column_definitions(&object.columns(), call.served.plural), rows, meta)
        }
    }
}

/// The answer to a call that was granted.
pub fn answer(reply: &Reply, call: &Call, now: Time) -> Answer {
    let created = reply.created || (call.request.verb == Verb::Create);
    let code = if created { 201 } else { 200 };
    let mut answer = match &reply.body {
        ReplyBody::Object(object) => Answer::document(code, &single(object, call, now), call.form),
        ReplyBody::List(items) => Answer::document(200, &list(items, call), call.form),
        ReplyBody::Table(rows) => Answer::document(200, &table(rows, call), call.form),
        ReplyBody::Json(value) => Answer::document(code, value, call.form),
        ReplyBody::Text(text) => Answer { content_type: LOG, ..Answer::text(200, text.as_str()) },
    };
    answer.warnings = reply.warnings.iter().map(|text| warning(text)).collect();
    answer
}
