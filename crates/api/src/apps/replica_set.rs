//! ReplicaSet: keeps a number of equal pods.

use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;
use apimachinery::labels::{LabelSelector, to_selector};
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

wire_struct! {
    /// How many pods of which template.
    pub struct ReplicaSetSpec {
        pub min_ready_seconds: i32 => "minReadySeconds",
        pub replicas: Option<i32> => "replicas",
        pub selector: Option<LabelSelector> => "selector" keep,
        pub template: PodTemplateSpec => "template" keep,
    }
}

wire_struct! {
    /// Something that went wrong.
    pub struct ReplicaSetCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// How many there are.
    pub struct ReplicaSetStatus {
        pub available_replicas: i32 => "availableReplicas",
        pub conditions: Vec<ReplicaSetCondition> => "conditions",
        pub fully_labeled_replicas: i32 => "fullyLabeledReplicas",
        pub observed_generation: i64 => "observedGeneration",
        pub ready_replicas: i32 => "readyReplicas",
        pub replicas: i32 => "replicas" keep,
        pub terminating_replicas: Option<i32> => "terminatingReplicas",
    }
}

wire_struct! {
    /// Keeps a number of equal pods.
    pub struct ReplicaSet {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: ReplicaSetSpec => "spec" keep,
        pub status: ReplicaSetStatus => "status" keep,
    }
}

impl Kind for ReplicaSet {
    const INFO: KindInfo =
        KindInfo::fixed("apps", "v1", "ReplicaSet", "replicasets", true, &["scale", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/apps/v1/defaults.go.
    fn set_defaults(&mut self) {
        pod_defaults::default_template(&mut self.spec.template.spec);
        self.spec.replicas.get_or_insert(1);
    }

    // Models pkg/registry/apps/replicaset/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = ReplicaSetStatus::default();
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
        errors.extend(super::validation::replica_set_spec(&self.spec));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec {
            return FieldErrors::new();
        }
        let mut errors = super::validation::replica_set_spec(&self.spec);
        super::validation::same_selector(&self.spec.selector, &old.spec.selector, &mut errors);
        errors
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let status = &self.status;
        let counts = [
            ("fullyLabeledReplicas", status.fully_labeled_replicas),
            ("readyReplicas", status.ready_replicas),
            ("availableReplicas", status.available_replicas),
        ];
        let observed = status.observed_generation;
        let ready = status.ready_replicas;
        super::validation::status_counts(observed, status.replicas, &counts, ready)
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
        let [names, images] = container_cells(&self.spec.template.spec.containers);
        let selector = self.spec.selector.as_ref();
        vec![
            self.metadata.name.as_str().into(),
            self.spec.replicas.unwrap_or(0).into(),
            self.status.replicas.into(),
            self.status.ready_replicas.into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            selector.map_or_else(|| "<none>".to_owned(), LabelSelector::format).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("status.replicas", format_smolstr!("{}", self.status.replicas))]
    }

    fn scale(&self) -> Option<(i32, i32, String)> {
        let selector = to_selector(self.spec.selector.as_ref()).ok()?;
        let wanted = self.spec.replicas.unwrap_or(0);
        Some((wanted, self.status.replicas, selector.to_string()))
    }

    fn set_scale(&mut self, replicas: i32) {
        self.spec.replicas = Some(replicas);
    }
}
