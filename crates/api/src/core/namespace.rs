//! Namespace: a room of names.

use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{check, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

/// Every namespace carries its name under this label.
pub const NAME_LABEL: &str = "kubernetes.io/metadata.name";

wire_struct! {
    /// Who must let go before the namespace disappears.
    pub struct NamespaceSpec {
        pub finalizers: Vec<SmolStr> => "finalizers",
    }
}

wire_struct! {
    /// What still stands in the way of deletion.
    pub struct NamespaceCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: SmolStr => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// `Active` or `Terminating`.
    pub struct NamespaceStatus {
        pub conditions: Vec<NamespaceCondition> => "conditions",
        pub phase: SmolStr => "phase",
    }
}

wire_struct! {
    /// A room of names.
    pub struct Namespace {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: NamespaceSpec => "spec" keep,
        pub status: NamespaceStatus => "status" keep,
    }
}

impl Kind for Namespace {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "Namespace", "namespaces", false, &["finalize", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        let name = &self.metadata.name;
        if !name.is_empty() && self.metadata.label(NAME_LABEL) != Some(name.as_str()) {
            let name = name.clone();
            self.metadata.set_label(NAME_LABEL, &name);
        }
        if self.status.phase.is_empty() {
            self.status.phase = SmolStr::new_static("Active");
        }
    }

    // Models pkg/registry/core/namespace/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status =
            NamespaceStatus { phase: SmolStr::new_static("Active"), ..NamespaceStatus::default() };
        if !self.spec.finalizers.iter().any(|finalizer| finalizer == "kubernetes") {
            self.spec.finalizers.push(SmolStr::new_static("kubernetes"));
        }
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.spec.finalizers = old.spec.finalizers.clone();
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    // Models ValidateNamespace of pkg/apis/core/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_label, &mut errors);
        let path = FieldPath::new("spec").child("finalizers");
        for finalizer in &self.spec.finalizers {
            check(names::is_qualified_name, finalizer, &path, &mut errors);
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Status"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.status.phase.as_str().into(),
            age(&self.metadata, now).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("status.phase", self.status.phase.clone())]
    }
}
