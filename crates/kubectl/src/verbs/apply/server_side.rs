//! `kubectl apply --server-side`, and the way of an object from client-side apply to it.
// Models kubectl/pkg/cmd/apply/apply.go and client-go/util/csaupgrade/upgrade.go.

use std::collections::BTreeSet;

use apimachinery::field_set::{FieldSet, PathElement};
use client::PatchType;
use serde_json::{Value, json};

use super::warn_if_deleting;
use crate::fail::{Fail, Outcome};
use crate::path::{Look, keyed};
use crate::server::{self, Write};
use crate::session::Cx;
use crate::target::Found;
use crate::verbs::object::{LAST_APPLIED, Writer};

const MANAGER: &str = "kubectl";
const ANNOTATION_MANAGER: &str = "kubectl-last-applied";

pub fn apply(cx: &mut Cx<'_>, writer: &Writer<'_>, one: Found) -> Outcome {
    cx.session.managed_fields = true;
    let mut write = writer.write(MANAGER);
    write.force = writer.args.bool("force-conflicts");
    write.subresource = writer.args.text("subresource").to_owned();
    let mut applied =
        send(cx, &one, (PatchType::Apply, one.object.clone()), &write).map_err(conflict_advice)?;
    match migrate(cx, &one, &write, &mut applied) {
        Ok(false) => {}
        Ok(true) => match send(cx, &one, (PatchType::Apply, one.object.clone()), &write) {
            Ok(again) => applied = again,
            Err(fail) => cx.warn(&format!(
                "failed to re-apply configuration after performing Server-Side Apply migration. \
                 This is non-fatal and will be retried next time you apply. Error: {}",
                fail.message()
            )),
        },
        Err(fail) => cx.warn(&format!(
            "server rejected managed fields migration to Server-Side Apply. This is non-fatal and \
             will be retried next time you apply. Error: {}",
            fail.message()
        )),
    }
    warn_if_deleting(cx, &one.name, &applied);
    writer.print(cx, one.kind, &applied, "serverside-applied")
}

fn send(cx: &mut Cx<'_>, one: &Found, patch: (PatchType, Value), write: &Write) -> Outcome<Value> {
    server::patch(cx, one.kind, (one.namespace.as_str(), one.name.as_str()), patch, write)
}

fn conflict_advice(fail: Fail) -> Fail {
    match fail {
        Fail::Status(status) if status.is_conflict() => Fail::Error(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare \
             the ways you can resolve this warning:\n* If you intend to manage all of these \
             fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n* If \
             you do not intend to manage all of the fields, please edit your\n  manifest to \
             remove references to the fields that should keep their\n  current managers.\n* You \
             may co-own fields by updating your manifest to match the existing\n  value; in this \
             case, you'll become the manager if the other manager(s)\n  stop managing the field \
             (remove it from their configuration).\nSee \
             https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            status.message
        )),
        other => other,
    }
}

fn entries(object: &Value) -> Vec<Value> {
    let entries = object.get("metadata").and_then(|meta| meta.get("managedFields"));
    entries.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn set_of(entry: &Value) -> FieldSet {
    FieldSet::from_fields_v1(entry.get("fieldsV1").unwrap_or(&Value::Null))
}

fn is(entry: &Value, manager: &str, operation: &str) -> bool {
    entry.text("manager") == manager
        && entry.text("operation") == operation
        && entry.text("subresource").is_empty()
}

/// Managers that own the annotation of client-side apply.
fn annotation_owners(object: &Value, operation: &str) -> BTreeSet<String> {
    let path = ["metadata", "annotations", LAST_APPLIED].map(PathElement::field);
    entries(object)
        .iter()
        .filter(|entry| entry.text("operation") == operation && set_of(entry).has(&path))
        .map(|entry| entry.text("manager").to_owned())
        .collect()
}

/// Whether fields went over from client-side apply.
fn migrate(cx: &mut Cx<'_>, one: &Found, write: &Write, applied: &mut Value) -> Outcome<bool> {
    let saved = keyed(applied, "metadata.annotations", LAST_APPLIED).map(str::to_owned);
    if let (Some(text), MANAGER) = (saved, write.manager.as_str())
        && annotation_owners(applied, "Apply").is_empty()
    {
        let config = json!({
            "apiVersion": applied["apiVersion"], "kind": applied["kind"],
            "metadata": {
                "name": one.name, "namespace": one.namespace,
                "annotations": { LAST_APPLIED: text },
            },
        });
        let write = Write { manager: ANNOTATION_MANAGER.to_owned(), force: false, ..write.clone() };
        *applied = send(cx, one, (PatchType::Apply, config), &write)?;
    }
    let before = entries(applied);
    let mut after = before.clone();
    for manager in annotation_owners(applied, "Update") {
        upgrade(&mut after, &manager, &write.manager);
    }
    if after == before {
        return Ok(false);
    }
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": after},
        {"op": "replace", "path": "/metadata/resourceVersion",
            "value": applied.text("metadata.resourceVersion")},
    ]);
    *applied = send(cx, one, (PatchType::Json, patch), write)?;
    Ok(true)
}

/// Gives an updater's fields to the applier and takes the updater out.
fn upgrade(entries: &mut Vec<Value>, updater: &str, applier: &str) {
    let place = |entries: &[Value], manager: &str, operation: &str| {
        entries.iter().position(|entry| is(entry, manager, operation))
    };
    let target = place(entries, applier, "Apply").or_else(|| place(entries, updater, "Update"));
    let Some(target) = target else { return };
    let version = entries.get(target).map(|entry| entry.text("apiVersion").to_owned());
    let version = version.unwrap_or_default();
    let given = entries
        .iter()
        .find(|entry| is(entry, updater, "Update") && entry.text("apiVersion") == version)
        .map(set_of)
        .unwrap_or_default();
    if let Some(entry) = entries.get_mut(target) {
        let all = set_of(entry).union(&given).to_fields_v1();
        entry["fieldsV1"] = all;
        entry["operation"] = "Apply".into();
        entry["manager"] = applier.into();
    }
    entries.retain(|entry| !is(entry, updater, "Update"));
}
