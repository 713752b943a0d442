//! Server-side apply: changes an object, or creates it.
// Models applyPatcher of apiserver/pkg/endpoints/handlers/patch.go.

use api::make_mut;
use apimachinery::status::{FieldError, Reason, Status};
use client::{Reply, ReplyBody, Request};
use serde_json::Value;

use super::decode::{Validation, decode};
use super::read::key_of;
use super::update::{Part, check_name};
use crate::managed::Applied;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

impl ApiServer {
    pub(crate) fn apply_part(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        config: &Value,
        part: Part,
    ) -> Result<Reply> {
        if request.query("fieldManager").is_none_or(str::is_empty) {
            let error = FieldError::required("fieldManager", "is required for apply patch");
            return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &[error]));
        }
        check_config(resource, request, config)?;
        let key = key_of(resource, request);
        let existing = self.stored(resource, &key).cloned();
        if existing.is_none() && (part != Part::Main || !request.subresource.is_empty()) {
            return Err(Status::not_found(resource.name(), &key.name));
        }
        let Applied { document, managed } =
            self.apply_config(cx, resource, request, existing.as_ref(), config)?;
        let mut object = match (document, &existing) {
            (Some(document), _) => {
                decode(resource, document, Validation::Ignore)
                    .map_err(|error| Status::new(Reason::Unknown, error.to_string()))?
                    .object
            }
            (None, Some(existing)) => existing.clone(),
            (None, None) => return Err(Status::bad_request("the configuration is empty")),
        };
        check_name(resource, request, &object)?;
        let Some(existing) = existing else {
            let object = self.create_managed(cx, resource, request, object, Some(managed))?;
            let body = ReplyBody::Object(object);
            return Ok(Reply { body, warnings: Vec::new(), created: true });
        };
        if part == Part::Main {
            make_mut(&mut object).set_defaults();
        }
        let wanted = (object, Some(managed));
        let object = self.finish_managed(cx, resource, request, &existing, wanted, part)?;
        Ok(Reply::new(ReplyBody::Object(object)))
    }
}

fn check_config(resource: &Resource, request: &Request, config: &Value) -> Result<()> {
    let gvk = &resource.info().gvk;
    let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if version != gvk.api_version() || kind != gvk.kind {
        let given = apimachinery::gvk::Gvk::parse(version, kind);
        let given = match given.group.as_str() {
            "" => format!("/{}, Kind={}", given.version, given.kind),
            group => format!("{group}/{}, Kind={}", given.version, given.kind),
        };
        return Err(Status::bad_request(format!("invalid object type: {given}")));
    }
    let errors = schema::structured::check(config, resource.place());
    let why = match errors.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    let group = if gvk.group.is_empty() { String::new() } else { gvk.group.to_string() };
    let message = format!(
        "failed to create typed patch object ({}/{}; {group}/{}, Kind={}): {why}",
        request.namespace, request.name, gvk.version, gvk.kind
    );
    Err(Status::new(Reason::Unknown, message))
}
