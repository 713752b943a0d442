//! From JSON to a typed object, as strict as the request asks for.
// Models apiserver/pkg/endpoints/handlers/create.go and rest.go.

use api::Obj;
use apimachinery::gvk::Gvk;
use apimachinery::meta::Uid;
use apimachinery::status::{FieldError, Status};
use apimachinery::wire::WireError;
use client::Request;
use schema::{FieldKind, Schema, TypeId};
use serde_json::Value;

use crate::resources::Resource;
use crate::server::Result;

/// What becomes of fields that the schema does not know (`fieldValidation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validation {
    Strict,
    Warn,
    Ignore,
}

impl Validation {
    pub fn of(request: &Request) -> Self {
        match request.query("fieldValidation") {
            Some("Strict") => Validation::Strict,
            Some("Ignore") => Validation::Ignore,
            Some("Warn") => Validation::Warn,
            _ if request.strict => Validation::Strict,
            _ => Validation::Warn,
        }
    }
}

/// An object read from JSON.
pub(crate) struct Decoded {
    pub object: Obj,
    /// A `metadata.uid` that is no UUID and so cannot be the object's.
    pub foreign_uid: Option<String>,
}

/// Reads the body of a create or an update.
pub(crate) fn decode_body(
    resource: &Resource,
    mut value: Value,
    validation: Validation,
    warnings: &mut Vec<String>,
) -> Result<Decoded> {
    check_kind(resource, &value)?;
    let gvk = &resource.info().gvk;
    if let Some(ty) = resource.type_id {
        let report = schema::check(&value, ty);
        let refused = match validation {
            Validation::Strict => report.bad_request(&gvk.version, &gvk.kind, &[]),
            _ => report.fatal().map(|error| cannot_be_handled(gvk, &error.message)),
        };
        if let Some(message) = refused {
            return Err(Status::bad_request(message));
        }
        if validation == Validation::Warn {
            warnings.extend(report.strict().map(str::to_owned));
        }
    } else if let Some(custom) = &resource.custom {
        let unknown = unknown_fields(&custom.prune(&mut value));
        match (unknown, validation) {
            (Some(why), Validation::Strict) => {
                let why = format!("strict decoding error: {why}");
                return Err(Status::bad_request(cannot_be_handled(gvk, &why)));
            }
            (Some(why), Validation::Warn) => warnings.push(why),
            _ => {}
        }
    } else if !value.is_object() {
        return Err(Status::bad_request(cannot_be_handled(gvk, "the body is not an object")));
    }
    decode(resource, value, validation)
        .map_err(|error| Status::bad_request(cannot_be_handled(gvk, &error.to_string())))
}

/// Reads a value that was checked before.
pub(crate) fn decode(
    resource: &Resource,
    mut value: Value,
    validation: Validation,
) -> std::result::Result<Decoded, WireError> {
    if let (Some(ty), false) = (resource.type_id, validation == Validation::Strict) {
        prune(&mut value, ty, 0);
    }
    let foreign_uid = take_foreign_uid(&mut value);
    let object = resource.decode(value)?;
    Ok(Decoded { object, foreign_uid })
}

fn cannot_be_handled(gvk: &Gvk, why: &str) -> String {
    let Gvk { version, kind, .. } = gvk;
    format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}")
}

/// How upstream names fields that a schema does not know.
pub(super) fn unknown_fields(paths: &[String]) -> Option<String> {
    let each: Vec<String> = paths.iter().map(|path| format!("unknown field {path:?}")).collect();
    (!each.is_empty()).then(|| each.join(", "))
}

/// `apps.Deployment`: how Go names the internal type.
fn internal_name(gvk: &Gvk) -> String {
    let package = match gvk.group.split('.').next() {
        None | Some("") => "core",
        Some(first) => first,
    };
    format!("{package}.{}", gvk.kind)
}

/// Versions that are served no more but still have types, so that they are told apart from what
/// was never there. Models k8s.io/api/*/register.go.
fn retired(api_version: &str, kind: &str) -> bool {
    const RETIRED: &[(&str, &[&str])] = &[
        ("apps/v1beta1", &["ControllerRevision", "Deployment", "StatefulSet"]),
        (
            "apps/v1beta2",
            &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
        ),
        ("batch/v1beta1", &["CronJob"]),
        (
            "extensions/v1beta1",
            &["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"],
        ),
        ("policy/v1beta1", &["Eviction", "PodDisruptionBudget"]),
    ];
    RETIRED.iter().any(|(version, kinds)| *version == api_version && kinds.contains(&kind))
}

fn check_kind(resource: &Resource, value: &Value) -> Result<()> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    let want = &resource.info().gvk;
    let given = Gvk::parse(api_version, kind);
    if !kind.is_empty() && given.kind != want.kind {
        let message = format!(
            "{kind} in version {:?} cannot be handled as a {}: converting ({}.{kind}) to ({}): \
             unknown conversion",
            given.version,
            want.kind,
            given.version,
            internal_name(want)
        );
        return Err(Status::bad_request(message));
    }
    if !api_version.is_empty() && (&given.group, &given.version) != (&want.group, &want.version) {
        if Schema::get().type_of(api_version, kind).is_none() && !retired(api_version, kind) {
            return Err(Status::bad_request(format!(
                "{kind} in version {:?} cannot be handled as a {}: no kind {kind:?} is registered \
                 for version {api_version:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
                given.version, want.kind
            )));
        }
        let message = format!(
            "the API version in the data ({api_version}) does not match the expected API version \
             ({})",
            want.api_version()
        );
        return Err(Status::bad_request(message));
    }
    Ok(())
}

fn take_foreign_uid(value: &mut Value) -> Option<String> {
    let metadata = value.get_mut("metadata")?.as_object_mut()?;
    let text = metadata.get("uid")?.as_str()?;
    if text.is_empty() || Uid::parse(text).is_some() {
        return None;
    }
    let text = text.to_owned();
    metadata.remove("uid");
    Some(text)
}

/// Takes out what the schema does not know.
fn prune(value: &mut Value, ty: TypeId, depth: usize) {
    let (Value::Object(map), true) = (value, depth < schema::MAX_DEPTH) else { return };
    let schema = Schema::get();
    map.retain(|name, _| schema.field(ty, name).is_some());
    for (name, inner) in map.iter_mut() {
        if let Some(field) = schema.field(ty, name) {
            prune_kind(inner, &field.kind, depth + 1);
        }
    }
}

fn prune_kind(value: &mut Value, kind: &FieldKind, depth: usize) {
    match (kind, value) {
        (FieldKind::Object(ty), value) => prune(value, *ty, depth),
        (FieldKind::Array(element), Value::Array(items)) => {
            items.iter_mut().for_each(|item| prune_kind(item, element, depth + 1));
        }
        (FieldKind::Map(element), Value::Object(map)) => {
            map.values_mut().for_each(|item| prune_kind(item, element, depth + 1));
        }
        _ => {}
    }
}

/// A patched object that cannot be read. Models handlers/patch.go.
pub(crate) fn invalid_patch(document: &Value, why: &str) -> Box<Status> {
    let error = FieldError::invalid("patch", document.to_string(), why);
    Status::invalid("", "", "", &[error])
}
