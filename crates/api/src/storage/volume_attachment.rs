//! VolumeAttachment: a volume that is, or is to be, attached to a node.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::driver_name;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{check, immutable, object_meta};

wire_struct! {
    /// The volume: by name, or written out.
    pub struct VolumeAttachmentSource {
        pub inline_volume_spec: Option<Box<Value>> => "inlineVolumeSpec",
        pub persistent_volume_name: Option<SmolStr> => "persistentVolumeName",
    }
}

wire_struct! {
    /// Which volume goes where, and who brings it.
    pub struct VolumeAttachmentSpec {
        pub attacher: SmolStr => "attacher" keep,
        pub node_name: SmolStr => "nodeName" keep,
        pub source: VolumeAttachmentSource => "source" keep,
    }
}

wire_struct! {
    /// What went wrong.
    pub struct VolumeError {
        pub error_code: Option<i32> => "errorCode",
        pub message: SmolStr => "message",
        pub time: Option<Time> => "time",
    }
}

wire_struct! {
    /// Whether it is there.
    pub struct VolumeAttachmentStatus {
        pub attach_error: Option<VolumeError> => "attachError",
        pub attached: bool => "attached" keep,
        pub attachment_metadata: StringMap => "attachmentMetadata",
        pub detach_error: Option<VolumeError> => "detachError",
    }
}

wire_struct! {
    /// A volume that is, or is to be, attached to a node.
    pub struct VolumeAttachment {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: VolumeAttachmentSpec => "spec" keep,
        pub status: VolumeAttachmentStatus => "status" keep,
    }
}

impl VolumeAttachment {
    /// The persistent volume, if it names one.
    pub fn volume_name(&self) -> Option<&str> {
        self.spec.source.persistent_volume_name.as_deref()
    }
}

impl Kind for VolumeAttachment {
    const INFO: KindInfo = KindInfo::fixed(
        "storage.k8s.io",
        "v1",
        "VolumeAttachment",
        "volumeattachments",
        false,
        &["status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn prepare_for_create(&mut self) {
        self.status = VolumeAttachmentStatus::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    // Models pkg/apis/storage/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("spec");
        driver_name(&self.spec.attacher, &path.child("attacher"), &mut errors);
        let (source, source_path) = (&self.spec.source, path.child("source"));
        let detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
        match (&source.inline_volume_spec, &source.persistent_volume_name) {
            (None, None) => errors.push(FieldError::required(&source_path, detail)),
            (Some(_), Some(_)) => errors.push(FieldError::forbidden(&source_path, detail)),
            (None, Some(name)) if name.is_empty() => {
                let path = source_path.child("persistentVolumeName");
                let detail = "must specify non empty persistentVolumeName";
                errors.push(FieldError::required(path, detail));
            }
            _ => {}
        }
        let node = &self.spec.node_name;
        check(names::is_dns1123_subdomain, node, &path.child("nodeName"), &mut errors);
        if let Some(name) = &source.persistent_volume_name {
            let path = source_path.child("persistentVolumeName");
            check(names::is_dns1123_subdomain, name, &path, &mut errors);
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = self.validate();
        immutable(&self.spec, &old.spec, FieldPath::new("spec"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Attacher"),
                Column::text("PV"),
                Column::text("Node"),
                Column::text("Attached"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.spec.attacher.as_str().into(),
            self.volume_name().unwrap_or_default().into(),
            self.spec.node_name.as_str().into(),
            self.status.attached.into(),
            age(&self.metadata, now).into(),
        ]
    }
}
