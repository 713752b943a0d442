//! VolumeAttributesClass: settings of volumes that may change while they live.

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
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::object_meta;

wire_struct! {
    /// Settings of volumes that may change while they live.
    pub struct VolumeAttributesClass {
        pub driver_name: SmolStr => "driverName" keep,
        pub metadata: ObjectMeta => "metadata" keep,
        pub parameters: StringMap => "parameters",
    }
}

impl Kind for VolumeAttributesClass {
    const INFO: KindInfo = KindInfo::fixed(
        "storage.k8s.io",
        "v1",
        "VolumeAttributesClass",
        "volumeattributesclasses",
        false,
        &[],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/storage/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        provisioner(&self.driver_name, &FieldPath::new("driverName"), &mut errors);
        let path = FieldPath::new("parameters");
        parameters(&self.parameters, &path, &mut errors);
        if self.parameters.is_empty() {
            let detail = "must contain at least one key/value pair";
            errors.push(FieldError::required(path, detail));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        if self.driver_name != old.driver_name {
            let detail = "updates to driverName are forbidden.";
            errors.push(FieldError::forbidden("driverName", detail));
        }
        if *self.parameters != *old.parameters {
            let detail = "updates to parameters are forbidden.";
            errors.push(FieldError::forbidden("parameters", detail));
        }
        errors.extend(self.validate());
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("DriverName"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.driver_name.as_str().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
