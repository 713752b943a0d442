//! Update of an object or of a part of it: identity, conflict, strategy, validation, commit.

use std::sync::Arc;

use api::{Obj, make_mut};
use apimachinery::managed::Managed;
use apimachinery::meta::Key;
use apimachinery::status::{FieldError, Status};
use client::{Body, Reply, ReplyBody, Request, Verb};
use serde_json::Value;

use super::decode::{Decoded, Validation, decode_body};
use super::meta;
use super::read::key_of;
use crate::admission::{self, Attributes, Checked};
use crate::authorization::escalation;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};
use crate::subresources::approval;

/// Which part of an object a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Status,
    /// The finalizers of a namespace's spec.
    Finalize,
    /// The conditions of a certificate request, by its approver.
    Approval,
}

/// Kinds that a PUT creates when they do not exist (`AllowCreateOnUpdate`).
const CREATED_ON_UPDATE: &[(&str, &str)] = &[
    ("", "endpoints"),
    ("", "events"),
    ("", "limitranges"),
    ("", "services"),
    ("coordination.k8s.io", "leasecandidates"),
    ("coordination.k8s.io", "leases"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
];

/// Kinds whose update must name a resource version (`AllowUnconditionalUpdate` is false).
const CONDITIONAL: &[(&str, &str)] = &[
    ("coordination.k8s.io", "leasecandidates"),
    ("coordination.k8s.io", "leases"),
    ("node.k8s.io", "runtimeclasses"),
    ("policy", "poddisruptionbudgets"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "csistoragecapacities"),
    ("storage.k8s.io", "volumeattachments"),
];

fn listed(list: &[(&str, &str)], resource: &Resource) -> bool {
    let name = resource.name();
    list.iter().any(|(group, plural)| name.resource == *plural && name.group == *group)
}

impl ApiServer {
    pub(crate) fn update(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: Request,
    ) -> Result<Reply> {
        self.update_part(cx, resource, request, Part::Main)
    }

    pub(crate) fn update_part(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
        part: Part,
    ) -> Result<Reply> {
        let mut warnings = Vec::new();
        let (mut decoded, trusted) = match std::mem::take(&mut request.body) {
            Body::Object(object) if resource.holds(&object) => {
                (Decoded { object, foreign_uid: None }, true)
            }
            Body::Json(value) => {
                let validation = Validation::of(&request);
                (decode_body(resource, value, validation, &mut warnings)?, false)
            }
            _ => return Err(Status::bad_request("the body is not an object of this resource")),
        };
        check_name(resource, &request, &decoded.object)?;
        let key = key_of(resource, &request);
        let Some(existing) = self.stored(resource, &key).cloned() else {
            if part == Part::Main && listed(CREATED_ON_UPDATE, resource) {
                make_mut(&mut decoded.object).meta_mut().resource_version = 0;
                let object = decoded.object;
                let object = self.create_object(cx, resource, &request, object)?;
                return Ok(Reply { body: ReplyBody::Object(object), warnings, created: true });
            }
            return Err(Status::not_found(resource.name(), &key.name));
        };
        check_uid(resource, &key, &decoded, &existing)?;
        let same_body = trusted && crate::templates::same_body(&decoded.object, &existing);
        if part == Part::Main && !same_body {
            make_mut(&mut decoded.object).set_defaults();
        }
        let object = self.finish_update(cx, resource, &request, &existing, decoded.object, part)?;
        Ok(Reply { body: ReplyBody::Object(object), warnings, created: false })
    }

    /// From the wanted object to the stored one. Both PUT and PATCH end here.
    pub(crate) fn finish_update(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: &Obj,
        object: Obj,
        part: Part,
    ) -> Result<Obj> {
        self.finish_managed(cx, resource, request, existing, (object, None), part)
    }

    /// `applied`: who manages the object after an apply; otherwise the writer is noted.
    pub(crate) fn finish_managed(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: &Obj,
        (mut object, applied): (Obj, Option<Option<Arc<Managed>>>),
        part: Part,
    ) -> Result<Obj> {
        let key = Key::of(existing.meta());
        check_version(resource, &key, existing, &mut object)?;
        if part == Part::Main {
            escalation::check(self, cx.user, resource, &object, Some(existing))?;
            let attributes = &mut Attributes {
                verb: Verb::Update,
                resource,
                namespace: &key.namespace,
                object: &mut object,
                known: false,
            };
            admission::admit(self, cx, attributes)?;
        }
        approval::admit(self, cx, resource, &mut object, existing, part)?;
        let sent = carry_over(&mut object, existing, part);
        self.validate_change(resource, &object, existing, part)?;
        if part == Part::Main {
            let checked = Checked {
                verb: Verb::Update,
                resource,
                namespace: &key.namespace,
                object: &object,
                old: Some(existing),
                dry_run: request.dry_run,
                known: false,
            };
            admission::validate(self, cx, &checked)?;
        }
        let is_changed = !object.same_as(existing.as_ref());
        if !is_changed && sent.is_empty() && applied.is_none() {
            return Ok(existing.clone());
        }
        let managed = match applied {
            Some(managed) => managed,
            None => self.track_update(cx, resource, request, (existing, &object), &sent),
        };
        if !is_changed && managed == existing.meta().managed {
            return Ok(existing.clone());
        }
        make_mut(&mut object).meta_mut().managed = managed;
        if request.dry_run {
            return Ok(object);
        }
        if goes_now(resource, &object, existing) {
            self.remove(cx.now, resource, &key, existing);
            return Ok(object);
        }
        if resource.is_service && part == Part::Main {
            self.services.allocate(cx.rng, make_mut(&mut object), Some(existing.as_ref()))?;
        }
        Ok(self.commit(cx, resource, key, Some(existing), object))
    }

    fn validate_change(
        &self,
        resource: &Resource,
        object: &Obj,
        existing: &Obj,
        part: Part,
    ) -> Result<()> {
        let mut errors = meta::validate_update(object.meta(), existing.meta());
        errors.extend(match part {
            Part::Main => object.validate_update(existing.as_ref()),
            Part::Status => object.validate_status_update(existing.as_ref()),
            Part::Finalize => Vec::new(),
            Part::Approval => approval::validate(object, existing),
        });
        if let (Some(version), Part::Main) = (resource.version, part) {
            errors.extend((version.validate)(object.as_ref(), Some(existing.as_ref())));
        }
        if errors.is_empty() {
            return Ok(());
        }
        let gvk = &resource.info().gvk;
        Err(Status::invalid(&gvk.group, &gvk.kind, &existing.meta().name, &errors))
    }
}

/// The object of a PUT must be the one that its path names.
pub(crate) fn check_name(resource: &Resource, request: &Request, object: &Obj) -> Result<()> {
    let (name, namespace) = (&object.meta().name, &object.meta().namespace);
    if name.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            request.name
        )));
    }
    if *name != request.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            request.name
        )));
    }
    let namespaced = resource.info().namespaced;
    if namespaced && !namespace.is_empty() && *namespace != request.namespace {
        return Err(Status::bad_request(format!(
            "the namespace of the object ({namespace}) does not match the namespace on the \
             request ({})",
            request.namespace
        )));
    }
    Ok(())
}

/// Where upstream's etcd keeps an object.
fn storage_key(resource: &Resource, key: &Key) -> String {
    let place = match resource.plural() {
        "services" => "services/specs",
        "endpoints" => "services/endpoints",
        "nodes" => "minions",
        plural => plural,
    };
    match key.namespace.as_str() {
        "" => format!("/registry/{place}/{}", key.name),
        namespace => format!("/registry/{place}/{namespace}/{}", key.name),
    }
}

fn check_uid(resource: &Resource, key: &Key, decoded: &Decoded, existing: &Obj) -> Result<()> {
    let stored = existing.meta().uid;
    let given = match (&decoded.foreign_uid, decoded.object.meta().uid) {
        (Some(text), _) => text.clone(),
        (None, uid) if uid.is_unset() || uid == stored => return Ok(()),
        (None, uid) => uid.to_string(),
    };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {given}, UID in object meta: {stored}",
        storage_key(resource, key)
    );
    Err(Status::conflict(resource.name(), &key.name, &why))
}

fn check_version(resource: &Resource, key: &Key, existing: &Obj, object: &mut Obj) -> Result<()> {
    let (given, stored) = (object.meta().resource_version, existing.meta().resource_version);
    if given == stored {
        return Ok(());
    }
    if given != 0 {
        return Err(Status::modified(resource.name(), &key.name));
    }
    if listed(CONDITIONAL, resource) {
        let detail = "must be specified for an update";
        let error = FieldError::invalid("metadata.resourceVersion", 0, detail);
        let name = resource.name();
        return Err(Status::invalid(&name.group, &name.resource, &key.name, &[error]));
    }
    make_mut(object).meta_mut().resource_version = stored;
    Ok(())
}

/// Gives the new object what no update may change. Models registry/rest/update.go.
/// Hands back the managed fields that the update brought along.
fn carry_over(object: &mut Obj, existing: &Obj, part: Part) -> Vec<Value> {
    let old = existing.meta();
    let new = make_mut(object);
    if new.meta().namespace.is_empty() && !old.namespace.is_empty() {
        new.meta_mut().namespace = old.namespace.clone();
    }
    new.meta_mut().generation = old.generation;
    match part {
        Part::Main => new.prepare_for_update(existing.as_ref()),
        Part::Status => new.prepare_for_status_update(existing.as_ref()),
        Part::Finalize => crate::subresources::finalize::prepare(new, existing.as_ref()),
        Part::Approval => {}
    }
    let meta = new.meta_mut();
    if meta.uid.is_unset() {
        meta.uid = old.uid;
    }
    meta.creation_timestamp = old.creation_timestamp;
    if let Some(time) = old.deletion_timestamp() {
        meta.rare_mut().deletion_timestamp = Some(time);
        if meta.deletion_grace_period_seconds().is_none() {
            meta.rare_mut().deletion_grace_period_seconds = old.deletion_grace_period_seconds();
        }
    }
    meta.managed = old.managed.clone();
    if meta.rare().is_none() {
        return Vec::new();
    }
    let sent = std::mem::take(&mut meta.rare_mut().managed_fields);
    meta.tidy();
    sent
}

/// Whether the update took away the last reason for a deleted object to stay.
fn goes_now(resource: &Resource, object: &Obj, existing: &Obj) -> bool {
    let old = existing.meta();
    object.meta().finalizers().is_empty()
        && old.is_deleting()
        && old.deletion_grace_period_seconds().unwrap_or(0) == 0
        && (!resource.is_namespace
            || crate::subresources::finalize::spec_finalizers(object.as_ref()).is_empty())
}
