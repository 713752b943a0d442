//! A claim that names no class gets the default one.
// Models plugin/pkg/admission/storage/storageclass/setdefault/admission.go.

use api::{PersistentVolumeClaim, StorageClass, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use client::Verb;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

pub(super) fn admit(
    server: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    let claims = attributes.resource.plural() == "persistentvolumeclaims";
    if !claims || attributes.verb != Verb::Create {
        return Ok(());
    }
    let claim = as_kind::<PersistentVolumeClaim>(attributes.object.as_ref());
    if claim.is_none_or(PersistentVolumeClaim::has_class) {
        return Ok(());
    }
    let classes = GroupResource::fixed("storage.k8s.io", "storageclasses");
    let Some(classes) = server.resources.get(&classes) else { return Ok(()) };
    let objects = server.store.range(classes.table, ..);
    let stored = objects.filter_map(|(_, item)| as_kind::<StorageClass>(item.value.as_ref()));
    let Some(class) = StorageClass::default_of(stored) else { return Ok(()) };
    let name = class.metadata.name.clone();
    let writable = make_mut(attributes.object).as_any_mut();
    if let Some(claim) = writable.downcast_mut::<PersistentVolumeClaim>() {
        claim.spec.storage_class_name = Some(name);
    }
    Ok(())
}
