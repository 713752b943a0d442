//! Pod: the smallest thing that is scheduled and run.

use apimachinery::meta::ObjectMeta;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire::{Extra, Wire, WireError, take_field, take_object};
use apimachinery::wire_struct;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::pod_spec::PodSpec;
use super::pod_status::{
    ConditionStatus, PodCondition, PodConditionType, PodPhase, PodStatus, Why,
};
use super::{pod_defaults, pod_printer, pod_validation, qos};
use crate::object::{Column, Kind, KindInfo};
use crate::object_update::{keep_deletion, move_generation};

/// One or more containers that share an address and volumes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    pub metadata: ObjectMeta,
    pub spec: PodSpec,
    pub status: PodStatus,
    pub extra: Extra,
}

/// `podIPs` and `hostIPs` that only repeat `podIP` and `hostIP` take no memory: they are left out
/// when read and come back when written.
impl Wire for Pod {
    fn from_value(value: Value) -> Result<Self, WireError> {
        let mut map = take_object(value)?;
        let mut pod = Pod {
            metadata: take_field(&mut map, "metadata")?,
            spec: take_field(&mut map, "spec")?,
            status: take_field(&mut map, "status")?,
            extra: Extra::keep(map),
        };
        pod.status.drop_repeated_ips();
        Ok(pod)
    }

    fn to_value(&self) -> Value {
        let mut map = self.extra.0.as_deref().cloned().unwrap_or_default();
        let mut status = self.status.to_value();
        if let Some(status) = status.as_object_mut() {
            for (plural, ip) in [("podIPs", &self.status.pod_ip), ("hostIPs", &self.status.host_ip)]
            {
                if !ip.is_empty() && !status.contains_key(plural) {
                    status.insert(plural.into(), json!([{"ip": ip.as_str()}]));
                }
            }
        }
        map.insert("metadata".into(), self.metadata.to_value());
        map.insert("spec".into(), self.spec.to_value());
        map.insert("status".into(), status);
        Value::Object(map)
    }
}

wire_struct! {
    /// What a controller makes pods from.
    pub struct PodTemplateSpec {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: PodSpec => "spec" keep,
    }
}

impl Kind for Pod {
    const INFO: KindInfo = KindInfo::fixed(
        "",
        "v1",
        "Pod",
        "pods",
        true,
        &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "resize",
            "status",
        ],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        pod_defaults::default_pod(&mut self.spec);
    }

    // Models pkg/registry/core/pod/strategy.go.
    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
        self.status = PodStatus {
            phase: PodPhase::Pending,
            qos_class: qos::qos_class(&self.spec),
            ..PodStatus::default()
        };
        if !self.spec.scheduling_gates.is_empty() {
            self.status.conditions.push(gated_condition());
        }
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.owner_references = old.metadata.owner_references.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
        self.status.drop_repeated_ips();
        if self.status.qos_class.is_empty() {
            self.status.qos_class = old.status.qos_class.clone();
        }
        if self.status.observed_generation == 0 {
            self.status.observed_generation = old.status.observed_generation;
        }
        for condition in &mut self.status.conditions {
            if condition.observed_generation == 0 {
                let before = old.status.condition(&condition.type_);
                condition.observed_generation = before.map_or(0, |c| c.observed_generation);
            }
        }
    }

    fn validate(&self) -> FieldErrors {
        pod_validation::validate_pod(self)
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        pod_validation::updates::validate_update(self, old)
    }

    fn columns() -> &'static [Column] {
        &pod_printer::COLUMNS
    }

    fn row(&self, now: Time) -> Vec<Value> {
        pod_printer::row(self, now)
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        let host_network = if self.spec.host_network { "true" } else { "false" };
        vec![
            ("spec.nodeName", self.spec.node_name.clone()),
            ("spec.restartPolicy", self.spec.restart_policy.clone()),
            ("spec.schedulerName", self.spec.scheduler_name.clone()),
            ("spec.serviceAccountName", self.spec.service_account_name.clone()),
            ("spec.hostNetwork", SmolStr::new_static(host_network)),
            ("status.phase", SmolStr::new_static(self.status.phase.as_str())),
            ("status.podIP", self.status.pod_ip.clone()),
            ("status.nominatedNodeName", self.status.nominated_node_name.clone()),
        ]
    }

    fn node_name(&self) -> &str {
        &self.spec.node_name
    }

    fn default_grace_period(&self) -> Option<i64> {
        Some(self.grace_period(None))
    }
}

/// What the API server says of a pod that gates hold back from the scheduler.
fn gated_condition() -> PodCondition {
    PodCondition {
        type_: PodConditionType::PodScheduled,
        status: ConditionStatus::False,
        last_transition_time: None,
        why: Some(std::sync::Arc::new(Why {
            reason: SmolStr::new_static("SchedulingGated"),
            message: SmolStr::new_static("Scheduling is blocked due to non-empty scheduling gates"),
        })),
        observed_generation: 0,
        extra: Extra::default(),
    }
}

impl Pod {
    /// The grace period of a delete, in seconds: what was asked for or else the pod's own; none for
    /// a pod that no node has yet or that has ended. Models `CheckGracefulDelete`.
    pub fn grace_period(&self, asked: Option<i64>) -> i64 {
        if self.spec.node_name.is_empty() || self.status.phase.is_terminal() {
            return 0;
        }
        let period = asked.or(self.spec.termination_grace_period_seconds).unwrap_or(0);
        if period < 0 { 1 } else { period }
    }
}
