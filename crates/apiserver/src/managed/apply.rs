//! Server-side apply, and managed fields that a client sends itself.
// Models managedfields/internal/{fieldmanager,lastappliedmanager,lastappliedupdater}.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Obj;
use apimachinery::field_set::{FieldSet, path_text};
use apimachinery::managed::{Fields, Managed, ManagedEntry, Operation, Writer};
use apimachinery::status::{Cause, Reason, Status};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use client::Request;
use schema::structured::{compare, field_set};
use serde_json::Value;

use super::derived::owners;
use super::forms::Forms;
use super::kept;
use super::owners::{self as rules, Change, Conflict, Owner};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What an apply makes of an object.
pub(crate) struct Applied {
    /// The new document; none if the object stays as it is.
    pub document: Option<Value>,
    pub managed: Option<Arc<Managed>>,
}

impl ApiServer {
    /// Applies a configuration to an object, or to nothing.
    pub(crate) fn apply_config(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: Option<&Obj>,
        config: &Value,
    ) -> Result<Applied> {
        let manager = request.query("fieldManager").unwrap_or_default();
        let force = matches!(request.query("force"), Some("true" | "1"));
        if config.get("metadata").and_then(|meta| meta.get("managedFields")).is_some() {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        let version = resource.info().gvk.api_version();
        let subresource = request.subresource.as_str();
        let writer = self.tracker.writer(manager, Operation::Apply, &version, subresource);
        let before = Operation::Update;
        let before = self.tracker.writer("before-first-apply", before, &version, subresource);
        let forms = Forms::new(&self.resources, resource);
        let live = existing.map_or_else(|| forms.nothing(), |object| forms.document(object));
        let mut list = known_owners(&forms, existing, &live, &before, cx.time());
        let by = (&writer, subresource, force);
        let mut tried = list.clone();
        let result = rules::apply(forms, (&live, config), &mut tried, by, cx.time());
        let document = match result {
            Ok(document) => document,
            Err(conflicts) if manager == "kubectl" => {
                let allowed = allowed_by_last_applied(&forms, &live);
                let left: Vec<Conflict> =
                    conflicts.into_iter().filter(|it| !allowed.has(&it.path)).collect();
                if !left.is_empty() {
                    return Err(refused(&left));
                }
                tried = std::mem::take(&mut list);
                let by = (&writer, subresource, true);
                rules::apply(forms, (&live, config), &mut tried, by, cx.time())
                    .map_err(|conflicts| refused(&conflicts))?
            }
            Err(conflicts) => return Err(refused(&conflicts)),
        };
        let document = document.map(|document| match manager {
            "kubectl" => with_last_applied(document, config),
            _ => document,
        });
        Ok(Applied { document, managed: kept(tried, &mut self.tracker) })
    }
}

/// The owners before an apply. Who wrote before anybody was tracked becomes one of them.
fn known_owners(
    forms: &Forms<'_>,
    existing: Option<&Obj>,
    live: &Value,
    before: &Arc<Writer>,
    now: Time,
) -> Vec<Owner> {
    let Some(existing) = existing else { return Vec::new() };
    match &existing.meta().managed {
        Some(managed) => owners(forms, existing, managed),
        None => {
            let mut list = Vec::new();
            let old = forms.nothing();
            let change = Change { forms: *forms, old: &old, new: live, subresource: "" };
            change.update(&mut list, before, now);
            list
        }
    }
}

/// What client-side apply set and nobody changed since may be taken over without force.
fn allowed_by_last_applied(forms: &Forms<'_>, live: &Value) -> FieldSet {
    let text = live["metadata"]["annotations"][LAST_APPLIED].as_str();
    let last = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(last) = last else { return FieldSet::default() };
    if last["apiVersion"] != forms.resource().info().gvk.api_version().as_str() {
        return FieldSet::default();
    }
    let found = compare(&last, live, forms.place());
    let set = field_set(&last, forms.place());
    set.difference(&found.modified).difference(&found.added).difference(&found.removed)
}

/// kubectl's server-side apply keeps the annotation of client-side apply, if there is one.
fn with_last_applied(mut document: Value, config: &Value) -> Value {
    let annotations = document.get_mut("metadata").and_then(|meta| meta.get_mut("annotations"));
    let Some(annotations) = annotations.and_then(Value::as_object_mut) else { return document };
    if annotations.get(LAST_APPLIED).and_then(Value::as_str).is_none_or(str::is_empty) {
        return document;
    }
    let mut config = config.clone();
    let own = config.get_mut("metadata").and_then(|meta| meta.get_mut("annotations"));
    if let Some(own) = own.and_then(Value::as_object_mut) {
        own.remove(LAST_APPLIED);
    }
    annotations.insert(LAST_APPLIED.to_owned(), format!("{config}\n").into());
    document
}

/// `"kubectl-set" with subresource "scale" using apps/v1`.
fn writer_text(writer: &Writer) -> String {
    let mut text = format!("{:?}", writer.manager.as_str());
    if !writer.subresource.is_empty() {
        text.push_str(&format!(" with subresource {:?}", writer.subresource.as_str()));
    }
    if writer.operation == Operation::Update {
        text.push_str(&format!(" using {}", writer.api_version));
    }
    text
}

// Models managedfields/internal/conflict.go.
fn refused(conflicts: &[Conflict]) -> Box<Status> {
    let text = |conflict: &Conflict| (writer_text(&conflict.writer), path_text(&conflict.path));
    let message = match conflicts {
        [one] => {
            let (writer, path) = text(one);
            format!("Apply failed with 1 conflict: conflict with {writer}: {path}")
        }
        many => {
            let mut by_writer: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (writer, path) in many.iter().map(text) {
                by_writer.entry(writer).or_default().push(path);
            }
            let mut lines = Vec::new();
            for (writer, paths) in by_writer {
                lines.push(format!("conflicts with {writer}:"));
                lines.extend(paths.iter().map(|path| format!("- {path}")));
            }
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let mut status = Status::new(Reason::Conflict, message);
    for (writer, field) in conflicts.iter().map(text) {
        let message = format!("conflict with {writer}");
        status.causes.push(Cause { reason: "FieldManagerConflict".into(), message, field });
    }
    status
}

/// Managed fields that an update brought along: none if it says nothing of them, an empty list
/// if it resets them.
pub(super) fn given(given: &[Value]) -> Option<Option<Arc<Managed>>> {
    let is_reset = matches!(given, [Value::Object(map)] if map.is_empty());
    if given.is_empty() {
        return None;
    }
    if is_reset {
        return Some(None);
    }
    let entries: Option<Vec<ManagedEntry>> = given.iter().map(decode).collect();
    entries.map(|entries| Some(Arc::new(Managed { entries })))
}

fn decode(entry: &Value) -> Option<ManagedEntry> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let operation = match text("operation") {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    if text("apiVersion").is_empty() || text("fieldsType") != "FieldsV1" {
        return None;
    }
    let writer = Writer {
        manager: text("manager").into(),
        operation,
        api_version: text("apiVersion").into(),
        subresource: text("subresource").into(),
    };
    let set = FieldSet::from_fields_v1(entry.get("fieldsV1").unwrap_or(&Value::Null));
    let time = entry.get("time").cloned().and_then(|time| Option::<Time>::from_value(time).ok());
    Some(ManagedEntry {
        writer: Arc::new(writer),
        time: time.flatten(),
        fields: Fields::Set(Arc::new(set)),
    })
}
