//! Only bound claims of a class that allows it may grow.
// Models plugin/pkg/admission/storage/persistentvolume/resize/admission.go.

use api::{PersistentVolumeClaim, StorageClass, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::Verb;

use super::Attributes;
use crate::server::{ApiServer, Result};

pub(super) fn validate(server: &ApiServer, attributes: &Attributes<'_>) -> Result<()> {
    let claims = attributes.resource.plural() == "persistentvolumeclaims";
    if !claims || attributes.verb != Verb::Update {
        return Ok(());
    }
    let Some(claim) = as_kind::<PersistentVolumeClaim>(attributes.object.as_ref()) else {
        return Ok(());
    };
    let stored = server.stored(attributes.resource, &Key::of(&claim.metadata));
    let Some(old) = stored.and_then(|object| as_kind::<PersistentVolumeClaim>(object.as_ref()))
    else {
        return Ok(());
    };
    if claim.requested() <= old.requested() {
        return Ok(());
    }
    let forbidden =
        |why: &str| Err(Status::forbidden(attributes.resource.name(), &claim.metadata.name, why));
    if old.status.phase != "Bound" {
        return forbidden("Only bound persistent volume claims can be expanded");
    }
    if !allows_expansion(server, claim, old) {
        return forbidden(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions \
             the pvc must support resize",
        );
    }
    Ok(())
}

fn allows_expansion(
    server: &ApiServer,
    claim: &PersistentVolumeClaim,
    old: &PersistentVolumeClaim,
) -> bool {
    if claim.class().is_empty() || claim.class() != old.class() {
        return false;
    }
    let classes = GroupResource::fixed("storage.k8s.io", "storageclasses");
    let resource = server.resources.get(&classes);
    let stored = resource.and_then(|r| server.stored(r, &Key::new("", claim.class())));
    let class = stored.and_then(|object| as_kind::<StorageClass>(object.as_ref()));
    class.is_some_and(|class| class.allow_volume_expansion == Some(true))
}
