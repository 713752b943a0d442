//! Volumes and claims get a finalizer that keeps them while they are used.
// Models plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go.

use api::make_mut;
use client::Verb;
use smol_str::SmolStr;

use super::Attributes;
use crate::server::{ApiServer, CallCx, Result};

pub(super) fn admit(
    _: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    if attributes.verb != Verb::Create {
        return Ok(());
    }
    let name = attributes.resource.name();
    let finalizer = match (name.group.as_str(), name.resource.as_str()) {
        ("", "persistentvolumeclaims") => "kubernetes.io/pvc-protection",
        ("", "persistentvolumes") => "kubernetes.io/pv-protection",
        ("storage.k8s.io", "volumeattributesclasses") => "kubernetes.io/vac-protection",
        _ => return Ok(()),
    };
    if !attributes.object.meta().finalizers().iter().any(|known| known == finalizer) {
        let meta = make_mut(attributes.object).meta_mut();
        meta.rare_mut().finalizers.push(SmolStr::new_static(finalizer));
    }
    Ok(())
}
