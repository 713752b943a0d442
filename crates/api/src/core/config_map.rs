//! ConfigMap: settings as keys and texts.

use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{DATA_MAX_BYTES, check, object_meta, too_long};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeMap;

wire_struct! {
    /// Settings that pods read as variables or files.
    pub struct ConfigMap {
        pub binary_data: BTreeMap<SmolStr, String> => "binaryData",
        pub data: BTreeMap<SmolStr, String> => "data",
        pub immutable: Option<bool> => "immutable",
        pub metadata: ObjectMeta => "metadata" keep,
    }
}

impl ConfigMap {
    fn validate_data(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        for key in self.data.keys() {
            let path = FieldPath::new("data").key(key);
            check(names::is_config_map_key, key, &path, &mut errors);
            if self.binary_data.contains_key(key) {
                let detail = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid(path, key.as_str(), detail));
            }
        }
        for key in self.binary_data.keys() {
            let path = FieldPath::new("binaryData").key(key);
            check(names::is_config_map_key, key, &path, &mut errors);
        }
        // Base64 holds three bytes in four.
        let bytes: usize = self.data.values().map(String::len).sum::<usize>()
            + self.binary_data.values().map(|text| text.len() / 4 * 3).sum::<usize>();
        if bytes > DATA_MAX_BYTES {
            errors.push(too_long("[]", DATA_MAX_BYTES));
        }
        errors
    }
}

impl Kind for ConfigMap {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "ConfigMap", "configmaps", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models ValidateConfigMap of pkg/apis/core/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(self.validate_data());
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        if old.immutable == Some(true) {
            for (name, changed) in [
                ("immutable", self.immutable != Some(true)),
                ("data", self.data != old.data),
                ("binaryData", self.binary_data != old.binary_data),
            ] {
                if changed {
                    let detail = "field is immutable when `immutable` is set";
                    errors.push(FieldError::forbidden(FieldPath::new(name), detail));
                }
            }
        }
        errors.extend(self.validate_data());
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Data"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            (self.data.len() + self.binary_data.len()).into(),
            age(&self.metadata, now).into(),
        ]
    }
}
