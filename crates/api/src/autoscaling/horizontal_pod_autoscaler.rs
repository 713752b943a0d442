//! HorizontalPodAutoscaler: makes a workload as large as its load asks for. Kept in the form of
//! autoscaling/v2.

use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::{hpa_printer, hpa_v1, hpa_validation};
use crate::core::pod_status::ConditionStatus;
use crate::object::{Column, Kind, KindInfo, Version};
use crate::object_update::keep_deletion;
use crate::validation::object_meta;

const DEFAULT_CPU_UTILIZATION: i32 = 80;

wire_struct! {
    /// Names an object of any kind.
    pub struct CrossVersionObjectReference {
        pub api_version: SmolStr => "apiVersion",
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
    }
}

wire_struct! {
    /// Names a metric.
    pub struct MetricIdentifier {
        pub name: SmolStr => "name" keep,
        pub selector: Option<LabelSelector> => "selector",
    }
}

wire_struct! {
    /// What a metric should be.
    pub struct MetricTarget {
        pub average_utilization: Option<i32> => "averageUtilization",
        pub average_value: Option<Quantity> => "averageValue",
        pub type_: SmolStr => "type" keep,
        pub value: Option<Quantity> => "value",
    }
}

wire_struct! {
    /// What a metric is.
    pub struct MetricValueStatus {
        pub average_utilization: Option<i32> => "averageUtilization",
        pub average_value: Option<Quantity> => "averageValue",
        pub value: Option<Quantity> => "value",
    }
}

wire_struct! {
    /// Where a metric comes from and what it should be. Each source has some of these fields.
    pub struct MetricSource {
        pub container: SmolStr => "container",
        pub described_object: Option<CrossVersionObjectReference> => "describedObject",
        pub metric: Option<MetricIdentifier> => "metric",
        /// Of a resource.
        pub name: SmolStr => "name",
        pub target: MetricTarget => "target" keep,
    }
}

wire_struct! {
    /// The same for a metric's value.
    pub struct MetricSourceStatus {
        pub container: SmolStr => "container",
        pub current: MetricValueStatus => "current" keep,
        pub described_object: Option<CrossVersionObjectReference> => "describedObject",
        pub metric: Option<MetricIdentifier> => "metric",
        pub name: SmolStr => "name",
    }
}

wire_struct! {
    /// One metric to scale by; `type_` says which of the sources it is.
    pub struct MetricSpec {
        pub container_resource: Option<Box<MetricSource>> => "containerResource",
        pub external: Option<Box<MetricSource>> => "external",
        pub object: Option<Box<MetricSource>> => "object",
        pub pods: Option<Box<MetricSource>> => "pods",
        pub resource: Option<Box<MetricSource>> => "resource",
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// One metric as it was read last; empty where it could not be read.
    pub struct MetricStatus {
        pub container_resource: Option<Box<MetricSourceStatus>> => "containerResource",
        pub external: Option<Box<MetricSourceStatus>> => "external",
        pub object: Option<Box<MetricSourceStatus>> => "object",
        pub pods: Option<Box<MetricSourceStatus>> => "pods",
        pub resource: Option<Box<MetricSourceStatus>> => "resource",
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// So many pods or percent in so many seconds.
    pub struct HpaScalingPolicy {
        pub period_seconds: i32 => "periodSeconds" keep,
        pub type_: SmolStr => "type" keep,
        pub value: i32 => "value" keep,
    }
}

wire_struct! {
    /// How fast one direction goes.
    pub struct HpaScalingRules {
        pub policies: Option<Vec<HpaScalingPolicy>> => "policies",
        pub select_policy: Option<SmolStr> => "selectPolicy",
        pub stabilization_window_seconds: Option<i32> => "stabilizationWindowSeconds",
        pub tolerance: Option<Quantity> => "tolerance",
    }
}

wire_struct! {
    /// How fast both directions go.
    pub struct HpaBehavior {
        pub scale_down: Option<HpaScalingRules> => "scaleDown",
        pub scale_up: Option<HpaScalingRules> => "scaleUp",
    }
}

wire_struct! {
    /// What is scaled, between which sizes and by which metrics.
    pub struct HpaSpec {
        pub behavior: Option<HpaBehavior> => "behavior",
        pub max_replicas: i32 => "maxReplicas" keep,
        pub metrics: Vec<MetricSpec> => "metrics",
        pub min_replicas: Option<i32> => "minReplicas",
        pub scale_target_ref: CrossVersionObjectReference => "scaleTargetRef" keep,
    }
}

wire_struct! {
    /// Whether it can scale, and if not, why.
    pub struct HpaCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// What the autoscaler saw and did last.
    pub struct HpaStatus {
        pub conditions: Vec<HpaCondition> => "conditions",
        pub current_metrics: Option<Vec<MetricStatus>> => "currentMetrics" keep,
        pub current_replicas: i32 => "currentReplicas",
        pub desired_replicas: i32 => "desiredReplicas" keep,
        pub last_scale_time: Option<Time> => "lastScaleTime",
        pub observed_generation: Option<i64> => "observedGeneration",
    }
}

wire_struct! {
    /// Makes a workload as large as its load asks for.
    pub struct HorizontalPodAutoscaler {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: HpaSpec => "spec" keep,
        pub status: HpaStatus => "status" keep,
    }
}

fn policy(type_: &'static str, value: i32) -> HpaScalingPolicy {
    let type_ = SmolStr::new_static(type_);
    HpaScalingPolicy { type_, value, period_seconds: 15, ..HpaScalingPolicy::default() }
}

impl HpaScalingRules {
    fn fill(&mut self, policies: Vec<HpaScalingPolicy>) {
        self.policies.get_or_insert(policies);
        self.select_policy.get_or_insert(SmolStr::new_static("Max"));
    }
}

impl HpaBehavior {
    fn set_defaults(&mut self) {
        let up = self.scale_up.get_or_insert_default();
        up.fill(vec![policy("Pods", 4), policy("Percent", 100)]);
        up.stabilization_window_seconds.get_or_insert(0);
        // How long scaling down waits is the controller's to say.
        self.scale_down.get_or_insert_default().fill(vec![policy("Percent", 100)]);
    }
}

fn default_metric() -> MetricSpec {
    let target = MetricTarget {
        type_: SmolStr::new_static("Utilization"),
        average_utilization: Some(DEFAULT_CPU_UTILIZATION),
        ..MetricTarget::default()
    };
    let name = SmolStr::new_static("cpu");
    let source = MetricSource { name, target, ..MetricSource::default() };
    MetricSpec {
        type_: SmolStr::new_static("Resource"),
        resource: Some(Box::new(source)),
        ..MetricSpec::default()
    }
}

impl Kind for HorizontalPodAutoscaler {
    const INFO: KindInfo = KindInfo::fixed(
        "autoscaling",
        "v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        true,
        &["status"],
    );

    const VERSIONS: &'static [Version] = &[hpa_v1::V1];

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/autoscaling/v2/defaults.go.
    fn set_defaults(&mut self) {
        self.spec.min_replicas.get_or_insert(1);
        if self.spec.metrics.is_empty() {
            self.spec.metrics.push(default_metric());
        }
        if let Some(behavior) = &mut self.spec.behavior {
            behavior.set_defaults();
        }
    }

    // Models pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = HpaStatus::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        hpa_validation::spec(&self.spec, None, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        hpa_validation::spec(&self.spec, Some(&old.spec), &mut errors);
        errors
    }

    fn validate_status_update(&self, _: &Self) -> FieldErrors {
        hpa_validation::status(&self.status)
    }

    fn columns() -> &'static [Column] {
        &hpa_printer::COLUMNS
    }

    fn row(&self, now: Time) -> Vec<Value> {
        hpa_printer::row(self, now)
    }
}
