//! Secret: settings that are kept apart, as Base64.

use std::collections::BTreeMap;

use apimachinery::base64::encode as base64;
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{DATA_MAX_BYTES, check, immutable, object_meta, too_long};

wire_struct! {
    /// Settings that are kept apart. `data` stays in its Base64 form.
    pub struct Secret {
        pub data: BTreeMap<SmolStr, String> => "data",
        pub immutable: Option<bool> => "immutable",
        pub metadata: ObjectMeta => "metadata" keep,
        /// Plain text on its way into `data`; never stored.
        pub string_data: BTreeMap<SmolStr, String> => "stringData",
        pub type_: SmolStr => "type",
    }
}

// Models ValidateSecret of pkg/apis/core/validation/validation.go.
impl Secret {
    fn validate_data(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("data");
        for key in self.data.keys() {
            check(names::is_config_map_key, key, &path.key(key), &mut errors);
        }
        // Base64 holds three bytes in four.
        if self.data.values().map(|text| text.len() / 4 * 3).sum::<usize>() > DATA_MAX_BYTES {
            errors.push(too_long(&path, DATA_MAX_BYTES));
        }
        let required: &[&str] = match self.type_.as_str() {
            "kubernetes.io/service-account-token" => {
                let name = "kubernetes.io/service-account.name";
                if self.metadata.annotation(name).unwrap_or_default().is_empty() {
                    let path = FieldPath::new("metadata").child("annotations").key(name);
                    errors.push(FieldError::required(path, ""));
                }
                &[]
            }
            "kubernetes.io/dockercfg" => &[".dockercfg"],
            "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
            "kubernetes.io/basic-auth"
                if !self.data.contains_key("username") && !self.data.contains_key("password") =>
            {
                &["username", "password"]
            }
            "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
            "kubernetes.io/tls" => &["tls.crt", "tls.key"],
            _ => &[],
        };
        for key in required.iter().filter(|key| !self.data.contains_key(**key)) {
            errors.push(FieldError::required(path.key(key), ""));
        }
        errors
    }
}

impl Kind for Secret {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Secret", "secrets", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        for (key, text) in std::mem::take(&mut self.string_data) {
            self.data.insert(key, base64(text.as_bytes()));
        }
        if self.type_.is_empty() {
            self.type_ = SmolStr::new_static("Opaque");
        }
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(self.validate_data());
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        immutable(&self.type_, &old.type_, FieldPath::new("type"), &mut errors);
        if old.immutable == Some(true) {
            for (name, changed) in
                [("immutable", self.immutable != Some(true)), ("data", self.data != old.data)]
            {
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
        const { &[Column::text("Name"), Column::text("Type"), Column::text("Data"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.type_.as_str().into(),
            self.data.len().into(),
            age(&self.metadata, now).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("type", self.type_.clone())]
    }
}
