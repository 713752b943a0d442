//! `…/scale`: the number of replicas alone, as `autoscaling/v1 Scale`.
// Models pkg/registry/apps/deployment/storage/storage.go ScaleREST.

use api::{Obj, make_mut};
use apimachinery::status::{FieldError, Status};
use client::{Body, PatchType, Reply, ReplyBody, Request};
use schema::Schema;
use serde_json::{Map, Value, json};

use crate::registry::{Part, apply_patch, key_of};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn get_scale(&self, resource: &Resource, request: &Request) -> Result<Reply> {
        let object = self.found(resource, &key_of(resource, request))?;
        Ok(Reply::new(ReplyBody::Json(scale_of(&object))))
    }

    pub(crate) fn update_scale(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let Body::Json(scale) = std::mem::take(&mut request.body) else {
            return Err(Status::bad_request("the body is not a Scale"));
        };
        let existing = self.found(resource, &key_of(resource, &request))?;
        self.write_scale(cx, resource, &request, &existing, scale)
    }

    pub(crate) fn patch_scale(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let Body::Patch(kind, patch) = std::mem::take(&mut request.body) else {
            return Err(Status::bad_request("the body is not a patch"));
        };
        if kind == PatchType::Apply {
            let config = parent_config(resource, &patch);
            let reply = self.apply_part(cx, resource, &request, &config, Part::Main)?;
            let scale = reply.object().map_or(Value::Null, |object| scale_of(&object));
            return Ok(Reply::new(ReplyBody::Json(scale)));
        }
        let existing = self.found(resource, &key_of(resource, &request))?;
        let scale = apply_patch(scale_type(), kind, &scale_of(&existing), &patch)?;
        self.write_scale(cx, resource, &request, &existing, scale)
    }

    fn write_scale(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: &Obj,
        scale: Value,
    ) -> Result<Reply> {
        check(&scale, request)?;
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        let replicas = i32::try_from(replicas).unwrap_or(i32::MAX);
        if replicas < 0 {
            let detail = "must be greater than or equal to 0";
            let error = FieldError::invalid("spec.replicas", replicas, detail);
            return Err(Status::invalid("autoscaling", "Scale", &request.name, &[error]));
        }
        let version = scale["metadata"]["resourceVersion"].as_str().unwrap_or_default();
        let version = if version.is_empty() { 0 } else { version.parse().unwrap_or(u64::MAX) };
        let mut object = existing.clone();
        let writable = make_mut(&mut object);
        writable.set_scale(replicas);
        writable.meta_mut().resource_version = version;
        let object = self.finish_update(cx, resource, request, existing, object, Part::Main)?;
        Ok(Reply::new(ReplyBody::Json(scale_of(&object))))
    }
}

/// What an applied Scale says of the object itself.
fn parent_config(resource: &Resource, scale: &Value) -> Value {
    let gvk = &resource.info().gvk;
    json!({
        "apiVersion": gvk.api_version().as_str(),
        "kind": gvk.kind.as_str(),
        "metadata": scale["metadata"],
        "spec": scale["spec"],
    })
}

fn scale_type() -> Option<schema::TypeId> {
    Schema::get().type_for("autoscaling", "v1", "Scale")
}

fn check(scale: &Value, request: &Request) -> Result<()> {
    let report = scale_type().map(|ty| schema::check(scale, ty)).unwrap_or_default();
    let message = match request.strict {
        true => report.bad_request("v1", "Scale", &[]),
        false => report.fatal().map(|error| error.message.clone()),
    };
    if let Some(message) = message {
        return Err(Status::bad_request(message));
    }
    let name = scale["metadata"]["name"].as_str().unwrap_or(&request.name);
    if name != request.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            request.name
        )));
    }
    Ok(())
}

fn scale_of(object: &Obj) -> Value {
    let meta = object.meta();
    let (wanted, current, selector) = object.scale().unwrap_or_default();
    let mut metadata = Map::new();
    metadata.insert("name".into(), meta.name.as_str().into());
    metadata.insert("namespace".into(), meta.namespace.as_str().into());
    metadata.insert("uid".into(), meta.uid.to_string().into());
    metadata.insert("resourceVersion".into(), meta.resource_version.to_string().into());
    if let Some(time) = meta.creation_timestamp {
        metadata.insert("creationTimestamp".into(), time.to_string().into());
    }
    let mut spec = Map::new();
    if wanted != 0 {
        spec.insert("replicas".into(), wanted.into());
    }
    let mut status = Map::new();
    status.insert("replicas".into(), current.into());
    if !selector.is_empty() {
        status.insert("selector".into(), selector.into());
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": metadata, "spec": spec, "status": status,
    })
}
