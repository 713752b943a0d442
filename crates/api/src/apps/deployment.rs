//! Deployment: rolls one template out after another.

use crate::core::pod::PodTemplateSpec;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Kind, KindInfo};
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
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
}
