//! StatefulSet: pods with a number, a name and volumes of their own.

use crate::core::container::container_cells;
use crate::core::persistent_volume_claim::PersistentVolumeClaim;
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

use super::stateful_set_validation as validation;

wire_struct! {
    /// Pods below the partition keep the old revision.
    pub struct RollingUpdateStatefulSetStrategy {
        pub max_unavailable: Option<IntOrString> => "maxUnavailable",
        pub partition: Option<i32> => "partition",
    }
}

wire_struct! {
    /// `RollingUpdate` or `OnDelete`.
    pub struct StatefulSetUpdateStrategy {
        pub rolling_update: Option<RollingUpdateStatefulSetStrategy> => "rollingUpdate",
        pub type_: SmolStr => "type",
    }
}

wire_struct! {
    /// The number of the first pod.
    pub struct StatefulSetOrdinals {
        pub start: i32 => "start" keep,
    }
}

wire_struct! {
    /// `Retain` or `Delete`: what becomes of claims with the set, and with a pod too many.
    pub struct PersistentVolumeClaimRetentionPolicy {
        pub when_deleted: SmolStr => "whenDeleted",
        pub when_scaled: SmolStr => "whenScaled",
    }
}

wire_struct! {
    /// How many pods of which template, with which claims.
    pub struct StatefulSetSpec {
        pub min_ready_seconds: i32 => "minReadySeconds",
        pub ordinals: Option<StatefulSetOrdinals> => "ordinals",
        pub pvc_retention_policy: Option<PersistentVolumeClaimRetentionPolicy> =>
            "persistentVolumeClaimRetentionPolicy",
        pub pod_management_policy: SmolStr => "podManagementPolicy",
        pub replicas: Option<i32> => "replicas",
        pub revision_history_limit: Option<i32> => "revisionHistoryLimit",
        pub selector: Option<LabelSelector> => "selector" keep,
        pub service_name: SmolStr => "serviceName" keep,
        pub template: PodTemplateSpec => "template" keep,
        pub update_strategy: StatefulSetUpdateStrategy => "updateStrategy" keep,
        pub volume_claim_templates: Vec<PersistentVolumeClaim> => "volumeClaimTemplates",
    }
}

wire_struct! {
    /// Something worth knowing of a set.
    pub struct StatefulSetCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// How many pods there are, and of which revision.
    pub struct StatefulSetStatus {
        pub available_replicas: i32 => "availableReplicas" keep,
        pub collision_count: Option<i32> => "collisionCount",
        pub conditions: Vec<StatefulSetCondition> => "conditions",
        pub current_replicas: i32 => "currentReplicas",
        pub current_revision: SmolStr => "currentRevision",
        pub observed_generation: i64 => "observedGeneration",
        pub ready_replicas: i32 => "readyReplicas",
        pub replicas: i32 => "replicas" keep,
        pub update_revision: SmolStr => "updateRevision",
        pub updated_replicas: i32 => "updatedReplicas",
    }
}

wire_struct! {
    /// Pods with a number, a name and volumes of their own.
    pub struct StatefulSet {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: StatefulSetSpec => "spec" keep,
        pub status: StatefulSetStatus => "status" keep,
    }
}

impl StatefulSet {
    /// The number of the first pod.
    pub fn start_ordinal(&self) -> i32 {
        self.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start)
    }

    /// The gate MaxUnavailableStatefulSet is off by default, and its field is dropped.
    fn drop_disabled_fields(&mut self) {
        if let Some(rolling) = &mut self.spec.update_strategy.rolling_update {
            rolling.max_unavailable = None;
        }
    }
}

impl Kind for StatefulSet {
    const INFO: KindInfo =
        KindInfo::fixed("apps", "v1", "StatefulSet", "statefulsets", true, &["scale", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/apps/v1/{defaults,zz_generated.defaults}.go.
    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        pod_defaults::default_template(&mut spec.template.spec);
        for claim in &mut spec.volume_claim_templates {
            Kind::set_defaults(claim);
            // Upstream writes the kind of these nested objects.
            claim.extra.insert("apiVersion", "v1".into());
            claim.extra.insert("kind", "PersistentVolumeClaim".into());
        }
        let fill = |text: &mut SmolStr, value: &'static str| {
            if text.is_empty() {
                *text = SmolStr::new_static(value);
            }
        };
        fill(&mut spec.pod_management_policy, "OrderedReady");
        let strategy = &mut spec.update_strategy;
        if strategy.type_.is_empty() {
            strategy.type_ = SmolStr::new_static("RollingUpdate");
            strategy.rolling_update.get_or_insert_default();
        }
        if let ("RollingUpdate", Some(rolling)) =
            (strategy.type_.as_str(), &mut strategy.rolling_update)
        {
            rolling.partition.get_or_insert(0);
        }
        let policy = spec.pvc_retention_policy.get_or_insert_default();
        fill(&mut policy.when_deleted, "Retain");
        fill(&mut policy.when_scaled, "Retain");
        spec.replicas.get_or_insert(1);
        spec.revision_history_limit.get_or_insert(10);
    }

    // Models pkg/registry/apps/statefulset/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = StatefulSetStatus::default();
        self.metadata.generation = 1;
        self.drop_disabled_fields();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.drop_disabled_fields();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_label, &mut errors);
        errors.extend(validation::spec(&self.spec, validation::Lenient::default()));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec {
            return FieldErrors::new();
        }
        validation::spec_update(&self.spec, &old.spec)
    }

    fn validate_status_update(&self, old: &Self) -> FieldErrors {
        validation::status_update(&self.status, &old.status)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Ready"),
                Column::text("Age"),
                Column::wide("Containers"),
                Column::wide("Images"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let [names, images] = container_cells(&self.spec.template.spec.containers);
        let wanted = self.spec.replicas.unwrap_or(0);
        vec![
            self.metadata.name.as_str().into(),
            format!("{}/{wanted}", self.status.ready_replicas).into(),
            age(&self.metadata, now).into(),
            names.into(),
            images.into(),
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
