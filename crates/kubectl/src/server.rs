//! Requests to the API server, in JSON.

use client::{
    Accept, Body, DeleteOptions, ListOptions, PatchType, Reply, ReplyBody, Request, Table, Verb,
    WatchFilter, WatchSpec,
};
use serde_json::Value;
use smol_str::SmolStr;

use crate::discovery::{Kind, go_resource, group_resource};
use crate::fail::{Fail, Outcome};
use crate::session::Cx;

/// Which objects a list holds.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub labels: String,
    pub fields: String,
}

/// How a write is made.
#[derive(Clone, Debug)]
pub struct Write {
    pub dry_run: bool,
    /// `strict`, `warn` or `ignore`
    pub validation: String,
    pub manager: String,
    pub force: bool,
    pub subresource: String,
}

impl Default for Write {
    fn default() -> Self {
        Write {
            dry_run: false,
            validation: "strict".to_owned(),
            manager: "kubectl".to_owned(),
            force: false,
            subresource: String::new(),
        }
    }
}

pub fn request(verb: Verb, kind: Kind, namespace: &str, name: &str) -> Request {
    let namespace = if kind.namespaced { namespace } else { "" };
    let mut request = Request::new(verb, group_resource(kind), namespace, name);
    request.version = SmolStr::new_static(kind.version);
    request
}

/// Sends a request and prints the warnings of the answer.
pub fn send(cx: &mut Cx<'_>, mut request: Request) -> Outcome<Reply> {
    request.managed_fields = cx.session.managed_fields;
    let reply = cx.api.call(request)?;
    for warning in &reply.warnings {
        cx.warn(warning);
    }
    Ok(reply)
}

fn value_of(reply: Reply) -> Value {
    match reply.body {
        ReplyBody::Object(object) => object.to_wire(),
        ReplyBody::Json(value) => value,
        ReplyBody::Text(text) => Value::String(text),
        ReplyBody::List(list) => {
            Value::Array(list.items.iter().map(|object| object.to_wire()).collect())
        }
        ReplyBody::Table(table) => {
            Value::Array(table.rows.iter().map(|row| row.object.to_wire()).collect())
        }
    }
}

pub fn get(cx: &mut Cx<'_>, kind: Kind, namespace: &str, name: &str) -> Outcome<Value> {
    send(cx, request(Verb::Get, kind, namespace, name)).map(value_of)
}

fn list_request(kind: Kind, namespace: &str, filter: &Filter) -> Request {
    let mut request = request(Verb::List, kind, namespace, "");
    request.list = ListOptions {
        label_selector: filter.labels.as_str().into(),
        field_selector: filter.fields.as_str().into(),
        ..ListOptions::default()
    };
    request
}

/// What kubectl makes of a refused list.
// Models EnhanceListError of cli-runtime/pkg/resource/visitor.go.
fn list_fail(fail: Fail, kind: Kind, filter: &Filter) -> Fail {
    match fail {
        Fail::Status(mut status)
            if status.code() == 400 && !(filter.labels.is_empty() && filter.fields.is_empty()) =>
        {
            status.message = format!(
                "Unable to find {:?} that match label selector {:?}, field selector {:?}: {}",
                go_resource(kind),
                filter.labels,
                filter.fields,
                status.message
            );
            Fail::Status(status)
        }
        // Discovery knew of it once.
        Fail::Status(mut status) if status.is_not_found() && status.kind.is_empty() => {
            let (resource, name) = (go_resource(kind), kind.group_resource());
            status.message =
                format!("Unable to list {resource:?}: {} (get {name})", status.message);
            Fail::Status(status)
        }
        other => other,
    }
}

/// The objects of a kind in the namespace; in all namespaces if it is empty.
pub fn list(cx: &mut Cx<'_>, kind: Kind, namespace: &str, filter: &Filter) -> Outcome<Vec<Value>> {
    let reply = send(cx, list_request(kind, namespace, filter))
        .map_err(|fail| list_fail(fail, kind, filter))?;
    Ok(match value_of(reply) {
        Value::Array(items) => items,
        Value::Object(mut map) => match map.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// The server's table: of one object by name, or of a list.
pub fn table(
    cx: &mut Cx<'_>,
    kind: Kind,
    namespace: &str,
    name: &str,
    filter: &Filter,
) -> Outcome<Table> {
    let mut request = match name {
        "" => list_request(kind, namespace, filter),
        name => request(Verb::Get, kind, namespace, name),
    };
    request.accept = Accept::Table;
    let reply = send(cx, request).map_err(|fail| list_fail(fail, kind, filter))?;
    match reply.body {
        ReplyBody::Table(table) => Ok(table),
        _ => Err(Fail::Error(format!("the server gave no table of {}", kind.plural))),
    }
}

fn write_options(request: &mut Request, write: &Write) {
    request.dry_run = write.dry_run;
    request.strict = write.validation == "strict";
    request.subresource = write.subresource.as_str().into();
    let validation = match write.validation.as_str() {
        "warn" => "Warn",
        "ignore" => "Ignore",
        _ => "Strict",
    };
    request.query.push(("fieldValidation".into(), validation.into()));
    request.query.push(("fieldManager".into(), write.manager.as_str().into()));
    if write.force {
        request.query.push(("force".into(), "true".into()));
    }
}

/// What was once read from a server can be created again: its version is cleared, as
/// cli-runtime's resource helper does.
pub fn create(
    cx: &mut Cx<'_>,
    kind: Kind,
    namespace: &str,
    mut object: Value,
    write: &Write,
) -> Outcome<Value> {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
    }
    let mut request = request(Verb::Create, kind, namespace, "").body(Body::Json(object));
    write_options(&mut request, write);
    send(cx, request).map(value_of)
}

pub fn update(
    cx: &mut Cx<'_>,
    kind: Kind,
    namespace: &str,
    name: &str,
    object: Value,
    write: &Write,
) -> Outcome<Value> {
    let mut request = request(Verb::Update, kind, namespace, name).body(Body::Json(object));
    write_options(&mut request, write);
    send(cx, request).map(value_of)
}

pub fn patch(
    cx: &mut Cx<'_>,
    kind: Kind,
    (namespace, name): (&str, &str),
    patch: (PatchType, Value),
    write: &Write,
) -> Outcome<Value> {
    let body = Body::Patch(patch.0, patch.1);
    let mut request = request(Verb::Patch, kind, namespace, name).body(body);
    write_options(&mut request, write);
    send(cx, request).map(value_of)
}

pub fn delete(
    cx: &mut Cx<'_>,
    kind: Kind,
    namespace: &str,
    name: &str,
    (options, dry_run): (DeleteOptions, bool),
) -> Outcome {
    let mut request = request(Verb::Delete, kind, namespace, name).body(Body::Delete(options));
    request.dry_run = dry_run;
    send(cx, request).map(|_| ())
}

/// The text a subresource such as `log` answers.
pub fn text(cx: &mut Cx<'_>, request: Request) -> Outcome<String> {
    match send(cx, request)?.body {
        ReplyBody::Text(text) => Ok(text),
        ReplyBody::Json(Value::String(text)) => Ok(text),
        _ => Ok(String::new()),
    }
}

/// The watch to wait on for one object, or for a kind if the name is empty.
pub fn watch(kind: Kind, namespace: &str, name: &str) -> WatchSpec {
    let namespace = if kind.namespaced { namespace } else { "" };
    let filter = match (namespace, name) {
        ("", "") => WatchFilter::All,
        (namespace, "") => WatchFilter::Namespace(namespace.into()),
        (namespace, name) => WatchFilter::Name { namespace: namespace.into(), name: name.into() },
    };
    let version = SmolStr::new_static(kind.version);
    WatchSpec { version, ..WatchSpec::new(group_resource(kind), filter) }
}

/// The answer as JSON.
pub fn value(cx: &mut Cx<'_>, request: Request) -> Outcome<Value> {
    send(cx, request).map(value_of)
}
