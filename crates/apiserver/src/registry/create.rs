//! Create: names, identity and time, defaults, admission, validation, and into the store.

use std::sync::Arc;

use api::{Obj, make_mut};
use apimachinery::encode::random_suffix;
use apimachinery::managed::Managed;
use apimachinery::meta::{Key, Uid};
use apimachinery::status::{Reason, Status};
use client::{Body, Reply, ReplyBody, Request, Verb};
use smol_str::{SmolStr, format_smolstr};

use super::decode::{Validation, decode_body};
use super::meta;
use crate::admission::{self, Attributes, Checked};
use crate::authorization::escalation;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};
use crate::subresources::approval;

/// A generated name is a base and five random letters, at most 63 characters together.
const SUFFIX_LENGTH: u32 = 5;
const BASE_LENGTH: usize = 63 - SUFFIX_LENGTH as usize;
const GENERATE_ATTEMPTS: u32 = 8;

impl ApiServer {
    pub(crate) fn create(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let mut warnings = Vec::new();
        let from_outside = matches!(request.body, Body::Json(_));
        let object = match std::mem::take(&mut request.body) {
            Body::Object(object) if resource.holds(&object) => object,
            Body::Json(value) => {
                let validation = Validation::of(&request);
                let object = decode_body(resource, value, validation, &mut warnings)?.object;
                if object.meta().resource_version != 0 {
                    let message = "resourceVersion should not be set on objects to be created";
                    return Err(Status::new(Reason::InternalError, message));
                }
                object
            }
            _ => return Err(Status::bad_request("the body is not an object of this resource")),
        };
        let object = self.create_object(cx, resource, &request, object)?;
        if from_outside {
            warnings.extend(crate::warnings::on_create(resource, &object));
        }
        Ok(Reply { body: ReplyBody::Object(object), warnings, created: true })
    }

    pub(crate) fn create_object(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        object: Obj,
    ) -> Result<Obj> {
        self.create_managed(cx, resource, request, object, None)
    }

    /// `applied`: who manages the object that an apply creates.
    pub(crate) fn create_managed(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: &Request,
        mut object: Obj,
        applied: Option<Option<Arc<Managed>>>,
    ) -> Result<Obj> {
        set_namespace(resource, &request.namespace, &mut object)?;
        let known = self.templates.recognise(&mut object);
        if !known {
            make_mut(&mut object).set_defaults();
        }
        let managed = match applied {
            Some(managed) => managed,
            None => self.track_create(cx, resource, request, &object),
        };
        admission::admit(
            self,
            cx,
            &mut Attributes {
                verb: Verb::Create,
                resource,
                namespace: &request.namespace,
                object: &mut object,
                known,
            },
        )?;
        set_system_fields(cx, &mut object);
        make_mut(&mut object).meta_mut().managed = managed;
        let (key, generated) = self.choose_name(cx, resource, &mut object)?;
        escalation::check(self, cx.user, resource, &object, None)?;
        approval::set_requestor(&mut object, cx.user);
        make_mut(&mut object).prepare_for_create();
        self.validate_new(resource, &object, known)?;
        if resource.is_service {
            self.services.allocate(cx.rng, make_mut(&mut object), None)?;
        }
        let checked = Checked {
            verb: Verb::Create,
            resource,
            namespace: &request.namespace,
            object: &object,
            old: None,
            dry_run: request.dry_run,
            known,
        };
        if let Err(refused) = admission::validate(self, cx, &checked) {
            if resource.is_service {
                self.services.release(object.as_ref());
            }
            return Err(refused);
        }
        self.templates.learn(&object);
        let existing = if generated { None } else { self.stored(resource, &key) };
        if let Some(existing) = existing {
            let being_deleted = existing.meta().is_deleting();
            if resource.is_service {
                self.services.release(object.as_ref());
            }
            return Err(exists(resource, &key.name, being_deleted));
        }
        if request.dry_run {
            if resource.is_service {
                self.services.release(object.as_ref());
            }
            return Ok(object);
        }
        Ok(self.commit(cx, resource, key, None, object))
    }

    /// The object's key, and whether its name was made here (and so is free).
    fn choose_name(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        object: &mut Obj,
    ) -> Result<(Key, bool)> {
        let mut key = Key::of(object.meta());
        if !key.name.is_empty() || object.meta().generate_name.is_empty() {
            return Ok((key, false));
        }
        for _ in 0..GENERATE_ATTEMPTS {
            key.name = generate_name(cx, &object.meta().generate_name);
            if self.stored(resource, &key).is_none() {
                make_mut(object).meta_mut().name = key.name.clone();
                return Ok((key, true));
            }
        }
        let message = format!(
            "{} {:?} already exists, the server was not able to generate a unique name for the \
             object",
            resource.name(),
            key.name
        );
        Err(Status::new(Reason::AlreadyExists, message))
    }

    fn validate_new(&mut self, resource: &Resource, object: &Obj, known: bool) -> Result<()> {
        let info = resource.info();
        let refuse = |errors| {
            Err(Status::invalid(&info.gvk.group, &info.gvk.kind, &object.meta().name, errors))
        };
        let mut errors = match known {
            true => crate::templates::validate_name(object.meta()),
            false => object.validate(),
        };
        if let Some(version) = resource.version {
            errors.extend((version.validate)(object.as_ref(), None));
        }
        if !errors.is_empty() {
            return refuse(&errors);
        }
        let labels = self.templates.knows_labels(&object.meta().labels);
        let parts = meta::Known { labels, annotations: false, owners: false };
        let errors = meta::validate(object.meta(), info.namespaced, parts);
        if !errors.is_empty() {
            return refuse(&errors);
        }
        Ok(())
    }
}

fn exists(resource: &Resource, name: &str, being_deleted: bool) -> Box<Status> {
    let mut status = Status::already_exists(resource.name(), name);
    if being_deleted {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

fn generate_name(cx: &mut CallCx<'_>, base: &str) -> SmolStr {
    let mut end = base.len().min(BASE_LENGTH);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    let suffix = random_suffix(SUFFIX_LENGTH, || cx.rng.next_u64());
    format_smolstr!("{}{suffix}", base.get(..end).unwrap_or(base))
}

/// Puts the request's namespace into the object, or refuses another one.
pub(crate) fn set_namespace(resource: &Resource, namespace: &str, object: &mut Obj) -> Result<()> {
    let wanted = if resource.info().namespaced { namespace } else { "" };
    let given = &object.meta().namespace;
    if resource.info().namespaced && wanted.is_empty() {
        return Err(Status::bad_request("an empty namespace may not be set during creation"));
    }
    if given == wanted {
        return Ok(());
    }
    if !given.is_empty() && !wanted.is_empty() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    make_mut(object).meta_mut().namespace = wanted.into();
    Ok(())
}

fn set_system_fields(cx: &mut CallCx<'_>, object: &mut Obj) {
    let now = cx.time();
    let meta = make_mut(object).meta_mut();
    meta.uid = Uid::from_random(cx.rng.next_u128());
    meta.creation_timestamp = Some(now);
    meta.resource_version = 0;
    if meta.rare().is_some() {
        let rare = meta.rare_mut();
        rare.deletion_timestamp = None;
        rare.deletion_grace_period_seconds = None;
        rare.managed_fields.clear();
        meta.tidy();
    }
}
