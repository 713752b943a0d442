//! ControllerRevision: one state of a StatefulSet's or DaemonSet's template, kept to return to.

use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{immutable, non_negative, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;

/// The label by which pods name their revision.
pub const CONTROLLER_REVISION_HASH: &str = "controller-revision-hash";

wire_struct! {
    /// What the template was, as a patch of its owner.
    pub struct ControllerRevision {
        pub data: Value => "data",
        pub metadata: ObjectMeta => "metadata" keep,
        pub revision: i64 => "revision" keep,
    }
}

/// `statefulset.apps/db`.
fn owner_text(owner: &OwnerReference) -> String {
    let group = owner.api_version.rsplit_once('/').map(|(group, _)| group);
    let kind = owner.kind.to_lowercase();
    match group {
        Some(group) => format!("{kind}.{}/{}", group.to_lowercase(), owner.name),
        None => format!("{kind}/{}", owner.name),
    }
}

impl ControllerRevision {
    // Models validateControllerRevision of pkg/apis/apps/validation/validation.go.
    fn validate_both(&self, errors: &mut FieldErrors) {
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, errors);
        non_negative(self.revision, FieldPath::new("revision"), errors);
    }
}

impl Kind for ControllerRevision {
    const INFO: KindInfo =
        KindInfo::fixed("apps", "v1", "ControllerRevision", "controllerrevisions", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        self.validate_both(&mut errors);
        let path = FieldPath::new("data");
        match &self.data {
            Value::Object(_) => {}
            Value::Null => errors.push(FieldError::required(path, "data is mandatory")),
            _ => errors.push(FieldError::required(path, "data must be a valid JSON object")),
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        self.validate_both(&mut errors);
        immutable(&self.data, &old.data, FieldPath::new("data"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Controller"),
                Column::number("Revision"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let owner = self.metadata.controller().map_or("<none>".to_owned(), owner_text);
        vec![
            self.metadata.name.as_str().into(),
            owner.into(),
            self.revision.into(),
            age(&self.metadata, now).into(),
        ]
    }
}
