//! Patch: JSON, merge and strategic patches are applied to the object's wire form.
// Models apiserver/pkg/endpoints/handlers/patch.go.

use api::{Obj, make_mut};
use apimachinery::status::{Cause, FieldError, Reason, Status};
use client::{Body, PatchType, Reply, ReplyBody, Request};
use schema::TypeId;
use schema::patch::{self, PatchError};
use serde_json::Value;

use super::decode::{Validation, decode, invalid_patch, unknown_fields};
use super::read::key_of;
use super::update::{Part, check_name};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn patch(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: Request,
    ) -> Result<Reply> {
        self.patch_part(cx, resource, request, Part::Main)
    }

    pub(crate) fn patch_part(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
        part: Part,
    ) -> Result<Reply> {
        let Body::Patch(kind, patch) = std::mem::take(&mut request.body) else {
            return Err(Status::bad_request("the body is not a patch"));
        };
        if kind == PatchType::Apply {
            return self.apply_part(cx, resource, &request, &patch, part);
        }
        let existing = self.found(resource, &key_of(resource, &request))?;
        let mut warnings = Vec::new();
        let with_managed = mentions_managed_fields(&patch);
        let document = self.viewed(resource, &existing, with_managed).to_wire();
        let patched = apply(resource.type_id, kind, &document, &patch)?;
        let mut object =
            read_patched(resource, kind, patched, Validation::of(&request), &mut warnings)?;
        check_name(resource, &request, &object)?;
        if part == Part::Main {
            make_mut(&mut object).set_defaults();
        }
        let object = self.finish_update(cx, resource, &request, &existing, object, part)?;
        Ok(Reply { body: ReplyBody::Object(object), warnings, created: false })
    }
}

/// The document with the patch applied, or upstream's answer to one that does not fit.
pub(crate) fn apply(
    ty: Option<TypeId>,
    kind: PatchType,
    document: &Value,
    patch: &Value,
) -> Result<Value> {
    let result = match (kind, ty) {
        (PatchType::Json, _) => patch::json::apply(document, patch),
        (PatchType::Merge, _) => patch::merge::apply(document, patch),
        (PatchType::Strategic, Some(ty)) => patch::strategic::apply(document, patch, ty),
        (PatchType::Strategic, None) => {
            let message = "the body of the request was in an unknown format - accepted media types \
                           include: application/json-patch+json, application/merge-patch+json, \
                           application/apply-patch+yaml";
            return Err(Status::new(Reason::UnsupportedMediaType, message));
        }
        (PatchType::Apply, _) => {
            let message = "the body of the request was in an unknown format - accepted media types \
                           include: application/json-patch+json, application/merge-patch+json, \
                           application/strategic-merge-patch+json";
            return Err(Status::new(Reason::UnsupportedMediaType, message));
        }
    };
    result.map_err(refused)
}

fn refused(error: PatchError) -> Box<Status> {
    match error.code {
        400 => Status::bad_request(error.message),
        413 => Status::new(Reason::RequestEntityTooLarge, error.message),
        422 => {
            let message = "the server rejected our request due to an error in our request";
            let mut status = Status::new(Reason::Invalid, message);
            status.causes.push(Cause {
                reason: "UnexpectedServerResponse".into(),
                message: error.message,
                field: String::new(),
            });
            status
        }
        _ => Status::new(Reason::InternalError, error.message),
    }
}

/// Reads a patched object back; a wrong one is told in the words of the kind of patch.
fn read_patched(
    resource: &Resource,
    kind: PatchType,
    mut value: Value,
    validation: Validation,
    warnings: &mut Vec<String>,
) -> Result<Obj> {
    if let Some(ty) = resource.type_id {
        let report = schema::check(&value, ty);
        let message = match validation {
            Validation::Strict => report.message(&[]),
            _ => report.fatal().map(|error| error.message.clone()),
        };
        if let Some(message) = message {
            return Err(wrong_after_patch(kind, &value, &message, report.fatal().is_some()));
        }
        if validation == Validation::Warn {
            warnings.extend(report.strict().map(str::to_owned));
        }
    }
    if let Some(custom) = &resource.custom {
        let unknown = unknown_fields(&custom.prune(&mut value));
        match (unknown, validation) {
            (Some(why), Validation::Strict) => {
                let why = format!("strict decoding error: {why}");
                return Err(wrong_after_patch(kind, &value, &why, false));
            }
            (Some(why), Validation::Warn) => warnings.push(why),
            _ => {}
        }
    }
    let document = value.clone();
    let decoded = decode(resource, value, validation)
        .map_err(|e| invalid_patch(&document, &e.to_string()))?;
    if let Some(uid) = decoded.foreign_uid {
        let gvk = &resource.info().gvk;
        let error = FieldError::invalid("metadata.uid", uid, "field is immutable");
        let name = &decoded.object.meta().name;
        return Err(Status::invalid(&gvk.group, &gvk.kind, name, &[error]));
    }
    Ok(decoded.object)
}

fn wrong_after_patch(kind: PatchType, value: &Value, message: &str, fatal: bool) -> Box<Status> {
    if kind == PatchType::Strategic && !fatal {
        let error = FieldError::invalid("patch", value.to_string(), message);
        return Status::invalid("", "", "", &[error]);
    }
    invalid_patch(value, message)
}

/// Whether a patch is about the managed fields, which documents do not show otherwise.
fn mentions_managed_fields(patch: &Value) -> bool {
    match patch {
        Value::Array(operations) => operations.iter().any(|operation| {
            let path = operation.get("path").and_then(Value::as_str);
            path.is_some_and(|path| path.starts_with("/metadata/managedFields"))
        }),
        patch => patch.pointer("/metadata/managedFields").is_some(),
    }
}
