//! CSIStorageCapacity: how much a driver can still give, in one part of the cluster.

use apimachinery::field_path::FieldPath;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use crate::object::{Column, Kind, KindInfo};
use crate::validation::{check, immutable, label_selector, object_meta};

wire_struct! {
    /// How much a driver can still give.
    pub struct CSIStorageCapacity {
        pub capacity: Option<Quantity> => "capacity",
        pub maximum_volume_size: Option<Quantity> => "maximumVolumeSize",
        pub metadata: ObjectMeta => "metadata" keep,
        pub node_topology: Option<LabelSelector> => "nodeTopology",
        pub storage_class_name: SmolStr => "storageClassName" keep,
    }
}

impl CSIStorageCapacity {
    /// The size up to which one volume can be made.
    pub fn limit(&self) -> Option<&Quantity> {
        self.maximum_volume_size.as_ref().or(self.capacity.as_ref())
    }

    /// Whether nodes with these labels reach it.
    pub fn reaches(&self, labels: &StringMap) -> bool {
        let selector = self.node_topology.as_ref().and_then(|all| all.to_selector().ok());
        selector.is_some_and(|selector| selector.matches(labels))
    }
}

impl Kind for CSIStorageCapacity {
    const INFO: KindInfo = KindInfo::fixed(
        "storage.k8s.io",
        "v1",
        "CSIStorageCapacity",
        "csistoragecapacities",
        true,
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
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        if let Some(selector) = &self.node_topology {
            label_selector(selector, &FieldPath::new("nodeTopology"), &mut errors);
        }
        let path = FieldPath::new("storageClassName");
        check(names::is_dns1123_subdomain, &self.storage_class_name, &path, &mut errors);
        if let Some(amount) = self.capacity.as_ref().filter(|amount| amount.signum() < 0) {
            let detail = "must be greater than or equal to 0";
            errors.push(FieldError::invalid("capacity", amount.to_string(), detail));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("nodeTopology");
        immutable(&self.node_topology, &old.node_topology, path, &mut errors);
        let path = FieldPath::new("storageClassName");
        immutable(&self.storage_class_name, &old.storage_class_name, path, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("StorageClassName"), Column::text("Capacity")] }
    }

    fn row(&self, _: Time) -> Vec<Value> {
        let capacity = self.capacity.as_ref().map(Quantity::to_string);
        vec![
            self.metadata.name.as_str().into(),
            self.storage_class_name.as_str().into(),
            capacity.unwrap_or_else(|| "<unset>".to_owned()).into(),
        ]
    }
}
