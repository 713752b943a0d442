//! StorageClass: who makes volumes, and how.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::{parameters, provisioner};
use crate::core::volume_binding::WAIT_FOR_FIRST_CONSUMER;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{check, immutable, object_meta, one_of};

/// Marks the class of claims that name none.
pub const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const OLD_DEFAULT_CLASS: &str = "storageclass.beta.kubernetes.io/is-default-class";

wire_struct! {
    /// Who makes volumes, and how.
    pub struct StorageClass {
        pub allow_volume_expansion: Option<bool> => "allowVolumeExpansion",
        pub allowed_topologies: Vec<Value> => "allowedTopologies",
        pub metadata: ObjectMeta => "metadata" keep,
        pub mount_options: Vec<SmolStr> => "mountOptions",
        pub parameters: StringMap => "parameters",
        pub provisioner: SmolStr => "provisioner" keep,
        pub reclaim_policy: Option<SmolStr> => "reclaimPolicy",
        pub volume_binding_mode: Option<SmolStr> => "volumeBindingMode",
    }
}

impl StorageClass {
    pub fn is_default(&self) -> bool {
        let marked = |key: &str| self.metadata.annotation(key) == Some("true");
        marked(DEFAULT_CLASS) || marked(OLD_DEFAULT_CLASS)
    }

    /// The class for claims that name none: of several the newest, and of those the first by name.
    /// Models GetDefaultClass of pkg/volume/util/storageclass.go.
    pub fn default_of<'c>(classes: impl Iterator<Item = &'c Self>) -> Option<&'c Self> {
        classes.filter(|class| class.is_default()).min_by_key(|class| {
            let meta = &class.metadata;
            (std::cmp::Reverse(meta.creation_timestamp), meta.name.clone())
        })
    }

    /// Whether its claims wait for a pod before they get a volume.
    pub fn waits_for_consumer(&self) -> bool {
        self.volume_binding_mode.as_deref() == Some(WAIT_FOR_FIRST_CONSUMER)
    }
}

// Models ValidateTopologySelectorTerm of pkg/apis/core/validation/validation.go.
fn allowed_topologies(terms: &[Value], errors: &mut FieldErrors) {
    for (i, term) in terms.iter().enumerate() {
        let path = FieldPath::new("allowedTopologies").index(i).child("matchLabelExpressions");
        let rules = term["matchLabelExpressions"].as_array().map_or(&[][..], Vec::as_slice);
        let mut keys: Vec<&str> = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            let path = path.index(i);
            let values = rule["values"].as_array().map_or(&[][..], Vec::as_slice);
            if values.is_empty() {
                errors.push(FieldError::required(path.child("values"), ""));
            }
            for (i, value) in values.iter().enumerate() {
                if values.iter().take(i).any(|earlier| earlier == value) {
                    let path = path.child("values").index(i);
                    errors.push(FieldError::duplicate(path, value.clone()));
                }
            }
            let key = rule["key"].as_str().unwrap_or_default();
            check(names::is_qualified_name, key, &path.child("key"), errors);
            if keys.contains(&key) {
                errors.push(FieldError::duplicate(path.child("key"), key));
            }
            keys.push(key);
        }
        if terms.iter().take(i).any(|earlier| earlier == term) {
            errors.push(FieldError::duplicate(&path, ""));
        }
    }
}

impl Kind for StorageClass {
    const INFO: KindInfo =
        KindInfo::fixed("storage.k8s.io", "v1", "StorageClass", "storageclasses", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        self.reclaim_policy.get_or_insert(SmolStr::new_static("Delete"));
        self.volume_binding_mode.get_or_insert(SmolStr::new_static("Immediate"));
    }

    // Models pkg/apis/storage/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        provisioner(&self.provisioner, &FieldPath::new("provisioner"), &mut errors);
        parameters(&self.parameters, &FieldPath::new("parameters"), &mut errors);
        let policy = self.reclaim_policy.as_deref().unwrap_or_default();
        let supported = ["Delete", "Retain"];
        if !policy.is_empty() && !supported.contains(&policy) {
            errors.push(FieldError::not_supported("reclaimPolicy", policy, &supported));
        }
        let mode = self.volume_binding_mode.as_deref().unwrap_or_default();
        let path = FieldPath::new("volumeBindingMode");
        one_of(mode, &["Immediate", "WaitForFirstConsumer"], path, &mut errors);
        allowed_topologies(&self.allowed_topologies, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new;
        immutable(&self.parameters, &old.parameters, path("parameters"), &mut errors);
        immutable(&self.provisioner, &old.provisioner, path("provisioner"), &mut errors);
        immutable(&self.reclaim_policy, &old.reclaim_policy, path("reclaimPolicy"), &mut errors);
        let (new, old) = (&self.volume_binding_mode, &old.volume_binding_mode);
        immutable(new, old, path("volumeBindingMode"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Provisioner"),
                Column::text("ReclaimPolicy"),
                Column::text("VolumeBindingMode"),
                Column::text("AllowVolumeExpansion"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let name = &self.metadata.name;
        let name = if self.is_default() { format!("{name} (default)") } else { name.to_string() };
        vec![
            name.into(),
            self.provisioner.as_str().into(),
            self.reclaim_policy.as_deref().unwrap_or("Delete").into(),
            self.volume_binding_mode.as_deref().unwrap_or("Immediate").into(),
            self.allow_volume_expansion.unwrap_or(false).into(),
            age(&self.metadata, now).into(),
        ]
    }
}
