//! Nothing is made in a namespace that is not there or that ends; some namespaces never end.
// Models apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.

use api::{Namespace, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::{Cause, Status};
use client::Verb;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

pub(super) fn admit(
    server: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    let resource = attributes.resource;
    if resource.is_namespace {
        let name = &attributes.object.meta().name;
        if attributes.verb == Verb::Delete && IMMORTAL.contains(&name.as_str()) {
            let why = "this namespace may not be deleted";
            return Err(Status::forbidden(resource.name(), name, why));
        }
        return Ok(());
    }
    if attributes.verb != Verb::Create || !resource.info().namespaced {
        return Ok(());
    }
    let namespaces = GroupResource::fixed("", "namespaces");
    let key = Key::new("", attributes.namespace);
    let stored = server.resources.get(&namespaces).and_then(|r| server.stored(r, &key));
    let Some(namespace) = stored.and_then(|object| as_kind::<Namespace>(object.as_ref())) else {
        return Err(Status::not_found(&namespaces, attributes.namespace));
    };
    if namespace.status.phase != "Terminating" {
        return Ok(());
    }
    let name = attributes.namespace;
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let mut status = Status::forbidden(resource.name(), &attributes.object.meta().name, &why);
    status.causes.push(Cause {
        reason: "NamespaceTerminating".into(),
        message: format!("namespace {name} is being terminated"),
        field: "metadata.namespace".to_owned(),
    });
    Err(status)
}
