//! RuntimeClass: which handler of the container runtime runs a pod.

use crate::core::pod_spec::Toleration;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{check, immutable, labels, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// Nodes that have the handler.
    pub struct Scheduling {
        pub node_selector: StringMap => "nodeSelector",
        pub tolerations: Vec<Toleration> => "tolerations",
    }
}

wire_struct! {
    /// Which handler of the container runtime runs a pod; its overhead lies in `extra`.
    pub struct RuntimeClass {
        pub handler: SmolStr => "handler" keep,
        pub metadata: ObjectMeta => "metadata" keep,
        pub scheduling: Option<Scheduling> => "scheduling",
    }
}

impl Kind for RuntimeClass {
    const INFO: KindInfo =
        KindInfo::fixed("node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/node/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("handler");
        match self.handler.is_empty() {
            true => errors.push(FieldError::required(path, "")),
            false => check(names::is_dns1123_label, &self.handler, &path, &mut errors),
        }
        if let Some(scheduling) = &self.scheduling {
            let path = FieldPath::new("scheduling").child("nodeSelector");
            labels(&scheduling.node_selector, &path, &mut errors);
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        immutable(&self.handler, &old.handler, FieldPath::new("handler"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Handler"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.handler.as_str().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
