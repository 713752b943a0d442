//! DaemonSet: one pod on every node that fits.

use crate::core::container::container_cells;
use crate::core::pod::PodTemplateSpec;
use crate::core::pod_defaults;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::object_meta;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::{LabelSelector, format_labels};
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::daemon_set_validation as validation;

/// Counts the changes of the template; older than ControllerRevisions.
pub const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

wire_struct! {
    /// How many old pods may be missing, or how many nodes may run two, during an update.
    pub struct RollingUpdateDaemonSet {
        pub max_surge: Option<IntOrString> => "maxSurge",
        pub max_unavailable: Option<IntOrString> => "maxUnavailable",
    }
}

wire_struct! {
    /// `RollingUpdate` or `OnDelete`.
    pub struct DaemonSetUpdateStrategy {
        pub rolling_update: Option<RollingUpdateDaemonSet> => "rollingUpdate",
        pub type_: SmolStr => "type",
    }
}

wire_struct! {
    /// Which template, and how to change from one to the next.
    pub struct DaemonSetSpec {
        pub min_ready_seconds: i32 => "minReadySeconds",
        pub revision_history_limit: Option<i32> => "revisionHistoryLimit",
        pub selector: Option<LabelSelector> => "selector" keep,
        pub template: PodTemplateSpec => "template" keep,
        pub update_strategy: DaemonSetUpdateStrategy => "updateStrategy" keep,
    }
}

wire_struct! {
    /// Something worth knowing of a set.
    pub struct DaemonSetCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// On how many nodes the pod should run, and on how many it does.
    pub struct DaemonSetStatus {
        pub collision_count: Option<i32> => "collisionCount",
        pub conditions: Vec<DaemonSetCondition> => "conditions",
        pub current_number_scheduled: i32 => "currentNumberScheduled" keep,
        pub desired_number_scheduled: i32 => "desiredNumberScheduled" keep,
        pub number_available: i32 => "numberAvailable",
        pub number_misscheduled: i32 => "numberMisscheduled" keep,
        pub number_ready: i32 => "numberReady" keep,
        pub number_unavailable: i32 => "numberUnavailable",
        pub observed_generation: i64 => "observedGeneration",
        pub updated_number_scheduled: i32 => "updatedNumberScheduled",
    }
}

wire_struct! {
    /// One pod on every node that fits.
    pub struct DaemonSet {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: DaemonSetSpec => "spec" keep,
        pub status: DaemonSetStatus => "status" keep,
    }
}

impl DaemonSet {
    /// The template generation that the annotation tells; none if it is missing or no number.
    pub fn template_generation(&self) -> Option<i64> {
        self.metadata.annotation(TEMPLATE_GENERATION)?.parse().ok()
    }

    fn set_template_generation(&mut self, generation: i64) {
        self.metadata.set_annotation(TEMPLATE_GENERATION, &generation.to_string());
    }
}

impl Kind for DaemonSet {
    const INFO: KindInfo =
        KindInfo::fixed("apps", "v1", "DaemonSet", "daemonsets", true, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/apps/v1/defaults.go.
    fn set_defaults(&mut self) {
        pod_defaults::default_template(&mut self.spec.template.spec);
        let strategy = &mut self.spec.update_strategy;
        if strategy.type_.is_empty() {
            strategy.type_ = SmolStr::new_static("RollingUpdate");
        }
        if strategy.type_ == "RollingUpdate" {
            let rolling = strategy.rolling_update.get_or_insert_default();
            rolling.max_unavailable.get_or_insert(IntOrString::Int(1));
            rolling.max_surge.get_or_insert(IntOrString::Int(0));
        }
        self.spec.revision_history_limit.get_or_insert(10);
    }

    // Models pkg/registry/apps/daemonset/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = DaemonSetStatus::default();
        self.metadata.generation = 1;
        let generation = self.template_generation().unwrap_or(0).max(1);
        self.set_template_generation(generation);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        let changed = self.spec.template != old.spec.template;
        let before = old.template_generation().unwrap_or(0);
        self.set_template_generation(before + i64::from(changed));
        let spec_changed = changed || self.spec != old.spec;
        self.metadata.generation = old.metadata.generation + i64::from(spec_changed);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        if let Some(generation) = old.template_generation() {
            self.set_template_generation(generation);
        }
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(validation::spec(&self.spec));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec {
            return FieldErrors::new();
        }
        let mut errors = FieldErrors::new();
        super::validation::same_selector(&self.spec.selector, &old.spec.selector, &mut errors);
        errors.extend(validation::spec(&self.spec));
        errors
    }

    fn validate_status_update(&self, old: &Self) -> FieldErrors {
        validation::status_update(&self.status, &old.status)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::number("Desired"),
                Column::number("Current"),
                Column::number("Ready"),
                Column::number("Up-to-date"),
                Column::number("Available"),
                Column::text("Node Selector"),
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
        let selector = spec.selector.as_ref();
        vec![
            self.metadata.name.as_str().into(),
            status.desired_number_scheduled.into(),
            status.current_number_scheduled.into(),
            status.number_ready.into(),
            status.updated_number_scheduled.into(),
            status.number_available.into(),
            format_labels(&spec.template.spec.node_selector).into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
            selector.map_or_else(|| "<none>".to_owned(), LabelSelector::format).into(),
        ]
    }
}
