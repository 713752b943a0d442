//! Deployment: rolls one template out after another.

use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::{LabelSelector, to_selector};
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// How far a rollout may stray from the wanted number.
    pub struct RollingUpdateDeployment {
        pub max_surge: Option<IntOrString> => "maxSurge",
        pub max_unavailable: Option<IntOrString> => "maxUnavailable",
    }
}

wire_struct! {
    /// `RollingUpdate` or `Recreate`.
    pub struct DeploymentStrategy {
        pub rolling_update: Option<RollingUpdateDeployment> => "rollingUpdate",
        pub type_: SmolStr => "type",
    }
}

wire_struct! {
    /// How many pods of which template, and how to change from one to the next.
    pub struct DeploymentSpec {
        pub min_ready_seconds: i32 => "minReadySeconds",
        pub paused: bool => "paused",
        pub progress_deadline_seconds: Option<i32> => "progressDeadlineSeconds",
        pub replicas: Option<i32> => "replicas",
        pub revision_history_limit: Option<i32> => "revisionHistoryLimit",
        pub selector: Option<LabelSelector> => "selector" keep,
        pub strategy: DeploymentStrategy => "strategy" keep,
        pub template: PodTemplateSpec => "template" keep,
    }
}

wire_struct! {
    /// `Available`, `Progressing` or `ReplicaFailure`.
    pub struct DeploymentCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub last_update_time: Option<Time> => "lastUpdateTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// How far a rollout is.
    pub struct DeploymentStatus {
        pub available_replicas: i32 => "availableReplicas",
        pub collision_count: Option<i32> => "collisionCount",
        pub conditions: Vec<DeploymentCondition> => "conditions",
        pub observed_generation: i64 => "observedGeneration",
        pub ready_replicas: i32 => "readyReplicas",
        pub replicas: i32 => "replicas",
        pub terminating_replicas: Option<i32> => "terminatingReplicas",
        pub unavailable_replicas: i32 => "unavailableReplicas",
        pub updated_replicas: i32 => "updatedReplicas",
    }
}

wire_struct! {
    /// Rolls one template out after another.
    pub struct Deployment {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: DeploymentSpec => "spec" keep,
        pub status: DeploymentStatus => "status" keep,
    }
}

impl Kind for Deployment {
    const INFO: KindInfo =
        KindInfo::fixed("apps", "v1", "Deployment", "deployments", true, &["scale", "status"]);

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
        self.spec.revision_history_limit.get_or_insert(10);
        self.spec.progress_deadline_seconds.get_or_insert(600);
        let strategy = &mut self.spec.strategy;
        if strategy.type_.is_empty() {
            strategy.type_ = SmolStr::new_static("RollingUpdate");
        }
        if strategy.type_ == "RollingUpdate" {
            let quarter = || IntOrString::String(SmolStr::new_static("25%"));
            let rolling = strategy.rolling_update.get_or_insert_default();
            rolling.max_unavailable.get_or_insert_with(quarter);
            rolling.max_surge.get_or_insert_with(quarter);
        }
    }

    // Models pkg/registry/apps/deployment/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = DeploymentStatus::default();
        self.metadata.generation = 1;
    }

    /// Annotations move the generation too, because they are copied to the ReplicaSets.
    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        let changed =
            self.spec != old.spec || *self.metadata.annotations != *old.metadata.annotations;
        move_generation(&mut self.metadata, &old.metadata, changed);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.labels = old.metadata.labels.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(super::validation::deployment_spec(&self.spec));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec {
            return FieldErrors::new();
        }
        let mut errors = super::validation::deployment_spec(&self.spec);
        super::validation::same_selector(&self.spec.selector, &old.spec.selector, &mut errors);
        errors
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let status = &self.status;
        let counts = [
            ("updatedReplicas", status.updated_replicas),
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
                Column::text("Ready"),
                Column::text("Up-to-date"),
                Column::text("Available"),
                Column::text("Age"),
                Column::wide("Containers"),
                Column::wide("Images"),
                Column::wide("Selector"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let (spec, status) = (&self.spec, &self.status);
        let [names, images] = container_cells(&spec.template.spec.containers);
        let selector = to_selector(spec.selector.as_ref())
            .map_or_else(|_| "<invalid>".to_owned(), |selector| selector.to_string());
        vec![
            self.metadata.name.as_str().into(),
            format!("{}/{}", status.ready_replicas, spec.replicas.unwrap_or(0)).into(),
            status.updated_replicas.into(),
            status.available_replicas.into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            selector.into(),
        ]
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
