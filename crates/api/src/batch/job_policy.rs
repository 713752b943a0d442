//! When a job's pods count as failed, and when some of them are success enough.

use apimachinery::wire_struct;
use smol_str::SmolStr;

use crate::core::pod_status::ConditionStatus;

wire_struct! {
    /// Exit codes that a rule is about.
    pub struct OnExitCodes {
        pub container_name: Option<SmolStr> => "containerName",
        pub operator: SmolStr => "operator" keep,
        pub values: Vec<i32> => "values" keep,
    }
}

wire_struct! {
    /// A condition that a rule is about.
    pub struct OnPodCondition {
        pub status: Option<ConditionStatus> => "status",
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// What to do when a pod failed in a certain way.
    pub struct PodFailurePolicyRule {
        pub action: SmolStr => "action" keep,
        pub on_exit_codes: Option<OnExitCodes> => "onExitCodes",
        pub on_pod_conditions: Vec<OnPodCondition> => "onPodConditions",
    }
}

wire_struct! {
    /// Rules of which the first that matches decides.
    pub struct PodFailurePolicy {
        pub rules: Vec<PodFailurePolicyRule> => "rules" keep,
    }
}

wire_struct! {
    /// Which or how many indexes are enough.
    pub struct SuccessPolicyRule {
        pub succeeded_count: Option<i32> => "succeededCount",
        pub succeeded_indexes: Option<SmolStr> => "succeededIndexes",
    }
}

wire_struct! {
    /// Rules of which one is enough.
    pub struct SuccessPolicy {
        pub rules: Vec<SuccessPolicyRule> => "rules" keep,
    }
}
