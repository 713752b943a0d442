//! ReplicationController: the older form of a ReplicaSet, with a plain selector.

use crate::apps::validation as shared;
use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_status::ConditionStatus;
use crate::core::pod_validation::validate_template;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::{non_negative, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::labels::{Selector, format_labels};
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::{StringMap, Wire};
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

wire_struct! {
    /// How many pods of which template.
    pub struct ReplicationControllerSpec {
        pub min_ready_seconds: i32 => "minReadySeconds",
        pub replicas: Option<i32> => "replicas",
        pub selector: StringMap => "selector",
        pub template: Option<PodTemplateSpec> => "template",
    }
}

wire_struct! {
    /// Something that went wrong.
    pub struct ReplicationControllerCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// How many there are.
    pub struct ReplicationControllerStatus {
        pub available_replicas: i32 => "availableReplicas",
        pub conditions: Vec<ReplicationControllerCondition> => "conditions",
        pub fully_labeled_replicas: i32 => "fullyLabeledReplicas",
        pub observed_generation: i64 => "observedGeneration",
        pub ready_replicas: i32 => "readyReplicas",
        pub replicas: i32 => "replicas" keep,
    }
}

wire_struct! {
    /// Keeps a number of equal pods.
    pub struct ReplicationController {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: ReplicationControllerSpec => "spec" keep,
        pub status: ReplicationControllerStatus => "status" keep,
    }
}

// Models ValidatePodTemplateSpecForRC of pkg/apis/core/validation/validation.go.
fn validate_rc_template(
    template: &PodTemplateSpec,
    selector: &StringMap,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    if !Selector::from_labels(selector).matches(&template.metadata.labels) {
        let detail = "`selector` does not match template `labels`";
        let value = template.metadata.labels.to_value();
        let path = path.child("metadata").child("labels");
        errors.push(FieldError::invalid(path, value, detail));
    }
    errors.extend(validate_template(template, path));
    shared::always_running(template, &path.child("spec"), "ReplicationController", errors);
}

fn validate_spec(spec: &ReplicationControllerSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    let ready = i64::from(spec.min_ready_seconds);
    non_negative(ready, path.child("minReadySeconds"), &mut errors);
    if spec.selector.is_empty() {
        errors.push(FieldError::required(path.child("selector"), ""));
    }
    match spec.replicas {
        None => errors.push(FieldError::required(path.child("replicas"), "")),
        Some(replicas) => non_negative(i64::from(replicas), path.child("replicas"), &mut errors),
    }
    let at = path.child("template");
    match &spec.template {
        None => errors.push(FieldError::required(at, "")),
        Some(template) => validate_rc_template(template, &spec.selector, &at, &mut errors),
    }
    errors
}

impl Kind for ReplicationController {
    const INFO: KindInfo = KindInfo::fixed(
        "",
        "v1",
        "ReplicationController",
        "replicationcontrollers",
        true,
        &["scale", "status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    /// Selector and labels are those of the template unless they are given.
    // Models pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        self.spec.replicas.get_or_insert(1);
        let Some(template) = &mut self.spec.template else { return };
        pod_defaults::default_template(&mut template.spec);
        let labels = &template.metadata.labels;
        if self.spec.selector.is_empty() {
            self.spec.selector = labels.clone();
        }
        if self.metadata.labels.is_empty() {
            self.metadata.labels = labels.clone();
        }
    }

    // Models pkg/registry/core/replicationcontroller/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = ReplicationControllerStatus::default();
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(validate_spec(&self.spec));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec { FieldErrors::new() } else { validate_spec(&self.spec) }
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let status = &self.status;
        let counts = [
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        let observed = status.observed_generation;
        shared::status_counts(observed, status.replicas, &counts, status.ready_replicas)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::number("Desired"),
                Column::number("Current"),
                Column::number("Ready"),
                Column::text("Age"),
                Column::wide("Containers"),
                Column::wide("Images"),
                Column::wide("Selector"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let template = self.spec.template.as_ref();
        let [names, images] =
            container_cells(template.map_or(&[], |template| &template.spec.containers));
        vec![
            self.metadata.name.as_str().into(),
            self.spec.replicas.unwrap_or(0).into(),
            self.status.replicas.into(),
            self.status.ready_replicas.into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            format_labels(&self.spec.selector).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("status.replicas", format_smolstr!("{}", self.status.replicas))]
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        let selector = Selector::from_labels(&self.spec.selector).to_string();
        Some((self.spec.replicas.unwrap_or(0), self.status.replicas, selector))
    }

    fn set_scale(&mut self, replicas: i32) {
        self.spec.replicas = Some(replicas);
    }
}
