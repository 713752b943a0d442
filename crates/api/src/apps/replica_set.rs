//! ReplicaSet: keeps a number of equal pods.

use crate::core::pod::PodTemplateSpec;
use crate::core::pod_status::ConditionStatus;
use crate::object::{Kind, KindInfo};
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use smol_str::SmolStr;

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
}
