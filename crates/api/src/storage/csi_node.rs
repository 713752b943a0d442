//! CSINode: the storage drivers of a node, with how many volumes each can attach there.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;

use super::driver_name;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{check, immutable, non_negative, object_meta};

const NODE_ID_MAX: usize = 256;

wire_struct! {
    /// The storage drivers of a node, each in its JSON form.
    pub struct CSINodeSpec {
        pub drivers: Vec<Value> => "drivers" keep,
    }
}

wire_struct! {
    /// The storage drivers of a node.
    pub struct CSINode {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: CSINodeSpec => "spec" keep,
    }
}

// Models validateCSINodeDriver of pkg/apis/storage/validation/validation.go.
fn driver(driver: &Value, path: &FieldPath, seen: &mut Vec<String>, errors: &mut FieldErrors) {
    let name = driver["name"].as_str().unwrap_or_default();
    driver_name(name, &path.child("name"), errors);
    let id = driver["nodeID"].as_str().unwrap_or_default();
    if id.is_empty() {
        errors.push(FieldError::required(path.child("nodeID"), ""));
    }
    if id.len() > NODE_ID_MAX {
        let detail = format!("must be {NODE_ID_MAX} characters or less");
        errors.push(FieldError::invalid(path.child("nodeID"), id, &detail));
    }
    if let Some(count) = driver["allocatable"]["count"].as_i64() {
        non_negative(count, path.child("allocatable").child("count"), errors);
    }
    if seen.iter().any(|known| known == name) {
        errors.push(FieldError::duplicate(path.child("name"), name));
    }
    seen.push(name.to_owned());
    let mut keys: Vec<&str> = Vec::new();
    let list = driver["topologyKeys"].as_array().map_or(&[][..], Vec::as_slice);
    for key in list.iter().filter_map(Value::as_str) {
        if key.is_empty() {
            errors.push(FieldError::required(path, ""));
        }
        if keys.contains(&key) {
            errors.push(FieldError::duplicate(path, key));
        }
        keys.push(key);
        check(names::is_qualified_name, key, path, errors);
    }
}

/// A driver without what may change.
fn fixed_part(driver: &Value) -> Value {
    let mut copy = driver.clone();
    if let Some(map) = copy.as_object_mut() {
        map.remove("allocatable");
    }
    copy
}

impl Kind for CSINode {
    const INFO: KindInfo =
        KindInfo::fixed("storage.k8s.io", "v1", "CSINode", "csinodes", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("spec").child("drivers");
        let mut seen = Vec::new();
        for (i, one) in self.spec.drivers.iter().enumerate() {
            driver(one, &path.index(i), &mut seen, &mut errors);
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = self.validate();
        for old in &old.spec.drivers {
            for new in self.spec.drivers.iter().filter(|new| new["name"] == old["name"]) {
                let path = FieldPath::new("spec").child("drivers");
                immutable(&fixed_part(new), &fixed_part(old), path, &mut errors);
            }
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Drivers"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.spec.drivers.len().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
