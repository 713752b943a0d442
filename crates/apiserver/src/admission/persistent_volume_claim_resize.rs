//! Only bound claims of a class that allows it may grow.
// Models plugin/pkg/admission/storage/persistentvolume/resize/admission.go.

use api::{PersistentVolumeClaim, StorageClass, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;

use super::Checked;
use crate::server::{ApiServer, CallCx, Result};

pub(super) fn validate(
    server: &mut ApiServer,
    _: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    let old = checked.old.and_then(|old| as_kind::<PersistentVolumeClaim>(old.as_ref()));
    let claim = as_kind::<PersistentVolumeClaim>(checked.object.as_ref());
    let (Some(claim), Some(old)) = (claim, old) else { return Ok(()) };
    if claim.requested() <= old.requested() {
        return Ok(());
    }
    if old.status.phase != "Bound" {
        return Err(checked.forbidden("Only bound persistent volume claims can be expanded"));
    }
    if !allows_expansion(server, claim, old) {
        return Err(checked.forbidden(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions \
             the pvc must support resize",
        ));
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
