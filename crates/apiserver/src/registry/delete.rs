//! Delete of one object or of a selection.
// Models generic/registry/store.go Delete and pkg/registry/core/namespace/storage/storage.go.

use api::{Namespace, Obj, as_kind, make_mut};
use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::{Body, DeleteOptions, Reply, ReplyBody, Request, Verb};
use serde_json::{Value, json};

use super::graceful::{self, Course};
use super::read::key_of;
use crate::admission::{self, Attributes};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

/// Kinds whose delete answers with the object (`ReturnDeletedObject`).
const RETURNS_OBJECT: &[&str] = &[
    "deviceclasses",
    "devicetaintrules",
    "csidrivers",
    "csinodes",
    "namespaces",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "resourceclaims",
    "resourceclaimtemplates",
    "resourcequotas",
    "resourceslices",
    "serviceaccounts",
    "services",
    "storageclasses",
    "volumeattachments",
    "volumeattributesclasses",
];

/// What a delete did.
enum Done {
    /// The object stays for now, as it is.
    Stays(Obj),
    Gone(Obj),
}

impl ApiServer {
    pub(crate) fn delete(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let options = delete_options(std::mem::take(&mut request.body))?;
        let key = key_of(resource, &request);
        let body = match self.delete_key(cx, resource, &request, &key, &options)? {
            Done::Stays(object) => ReplyBody::Object(object),
            Done::Gone(object) if RETURNS_OBJECT.contains(&resource.plural()) => {
                ReplyBody::Object(object)
            }
            Done::Gone(object) => ReplyBody::Json(success(resource, &object)),
        };
        Ok(Reply::new(body))
    }

    pub(crate) fn delete_collection(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let options = delete_options(std::mem::take(&mut request.body))?;
        let list = self.select(resource, &request)?;
        for object in &list.items {
            let key = Key::of(object.meta());
            match self.delete_key(cx, resource, &request, &key, &options) {
                Err(status) if !status.is_not_found() => return Err(status),
                _ => {}
            }
        }
        Ok(Reply::new(ReplyBody::List(list)))
    }

    fn delete_key(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Done> {
        let mut existing = match self.stored(resource, key) {
            Some(object) => object.clone(),
            None => return Err(Status::not_found(resource.name(), &key.name)),
        };
        let attributes = &mut Attributes {
            verb: Verb::Delete,
            resource,
            namespace: &key.namespace,
            object: &mut existing,
            known: false,
        };
        admission::admit(self, cx, attributes)?;
        graceful::check(resource, existing.meta(), options)?;
        if let Some(namespace) = as_kind::<Namespace>(existing.as_ref()) {
            if !namespace.metadata.is_deleting() {
                return self.terminate_namespace(cx, resource, request, &existing, options);
            }
            if !namespace.spec.finalizers.is_empty() {
                return Ok(Done::Stays(existing));
            }
        }
        self.delete_object(cx, resource, request, &existing, options)
    }

    fn delete_object(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: &Obj,
        options: &DeleteOptions,
    ) -> Result<Done> {
        let meta = existing.meta();
        let key = Key::of(meta);
        if resource.is_definition && !request.dry_run && self.clear_instances(cx, existing) {
            return Ok(Done::Stays(self.hold_definition(cx, resource, existing)));
        }
        let finalizers = graceful::wanted_finalizers(resource, meta, options.propagation);
        let held = match &finalizers {
            Some(wanted) => !wanted.is_empty(),
            None => !meta.finalizers().is_empty(),
        };
        if !resource.is_pod && !held {
            return Ok(self.delete_now(cx, resource, request, &key, existing));
        }
        let mut object = existing.clone();
        let course = graceful::begin(make_mut(&mut object), resource.is_pod, options, cx.time());
        if course == Course::Pending {
            return Ok(Done::Stays(existing.clone()));
        }
        if let Some(wanted) = finalizers {
            make_mut(&mut object).meta_mut().rare_mut().finalizers = wanted;
        }
        match course {
            Course::Now if !held => {
                return Ok(self.delete_now(cx, resource, request, &key, existing));
            }
            Course::Graceful(0) if !held => {
                // Upstream writes the grace of zero first, and then takes the object out.
                if !request.dry_run {
                    object = self.commit(cx, resource, key.clone(), Some(existing), object);
                }
                return Ok(self.delete_now(cx, resource, request, &key, &object));
            }
            Course::Now => graceful::mark_deleting(make_mut(&mut object).meta_mut(), cx.time()),
            Course::Graceful(_) | Course::Pending => {}
        }
        if request.dry_run || object.same_as(existing.as_ref()) {
            return Ok(Done::Stays(object));
        }
        Ok(Done::Stays(self.commit(cx, resource, key, Some(existing), object)))
    }

    /// `last` is the state that watchers are told of.
    fn delete_now(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
        key: &Key,
        last: &Obj,
    ) -> Done {
        if !request.dry_run {
            self.remove(cx.now, resource, key, last);
        }
        Done::Gone(last.clone())
    }

    /// The first delete of a namespace only begins its end; the namespace controller completes it.
    fn terminate_namespace(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
        existing: &Obj,
        options: &DeleteOptions,
    ) -> Result<Done> {
        let mut object = existing.clone();
        let finalizers =
            graceful::wanted_finalizers(resource, existing.meta(), options.propagation);
        let writable = make_mut(&mut object);
        let rare = writable.meta_mut().rare_mut();
        rare.deletion_timestamp = Some(cx.time());
        if let Some(wanted) = finalizers {
            rare.finalizers = wanted;
        }
        if let Some(namespace) = writable.as_any_mut().downcast_mut::<Namespace>() {
            namespace.status.phase = "Terminating".into();
        }
        if request.dry_run {
            return Ok(Done::Stays(object));
        }
        let key = Key::of(existing.meta());
        Ok(Done::Stays(self.commit(cx, resource, key, Some(existing), object)))
    }
}

fn delete_options(body: Body) -> Result<DeleteOptions> {
    match body {
        Body::None => Ok(DeleteOptions::default()),
        Body::Delete(options) => Ok(options),
        _ => Err(Status::bad_request("the body is not DeleteOptions")),
    }
}

fn success(resource: &Resource, object: &Obj) -> Value {
    let meta = object.meta();
    let name = resource.name();
    let mut details = json!({
        "name": meta.name.as_str(),
        "kind": name.resource.as_str(),
        "uid": meta.uid.to_string(),
    });
    if let (false, Some(map)) = (name.group.is_empty(), details.as_object_mut()) {
        map.insert("group".into(), name.group.as_str().into());
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })
}
