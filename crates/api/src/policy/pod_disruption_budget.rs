//! PodDisruptionBudget: how many of some pods evictions must leave in peace.

use std::collections::BTreeMap;

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use crate::apps::validation::{at_most_all, positive_int_or_percent};
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::{invalid_as_printed, label_selector, non_negative, object_meta};

/// Unready pods may always be evicted.
pub const ALWAYS_ALLOW: &str = "AlwaysAllow";
/// Unready pods may be evicted while enough others are ready.
pub const IF_HEALTHY_BUDGET: &str = "IfHealthyBudget";
/// The condition that says whether one more pod may go.
pub const DISRUPTION_ALLOWED: &str = "DisruptionAllowed";

wire_struct! {
    /// Which pods, and how many of them must stay or may go.
    pub struct PodDisruptionBudgetSpec {
        pub max_unavailable: Option<IntOrString> => "maxUnavailable",
        pub min_available: Option<IntOrString> => "minAvailable",
        pub selector: Option<LabelSelector> => "selector",
        pub unhealthy_pod_eviction_policy: Option<SmolStr> => "unhealthyPodEvictionPolicy",
    }
}

wire_struct! {
    /// A state of the whole object, as most newer kinds tell it.
    pub struct Condition {
        pub last_transition_time: Option<Time> => "lastTransitionTime" keep,
        pub message: SmolStr => "message" keep,
        pub observed_generation: i64 => "observedGeneration",
        pub reason: SmolStr => "reason" keep,
        pub status: SmolStr => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// What the disruption controller counted.
    pub struct PodDisruptionBudgetStatus {
        pub conditions: Vec<Condition> => "conditions",
        pub current_healthy: i32 => "currentHealthy" keep,
        pub desired_healthy: i32 => "desiredHealthy" keep,
        /// Pods whose eviction was allowed and that are not seen to go yet.
        pub disrupted_pods: BTreeMap<SmolStr, Time> => "disruptedPods",
        pub disruptions_allowed: i32 => "disruptionsAllowed" keep,
        pub expected_pods: i32 => "expectedPods" keep,
        pub observed_generation: i64 => "observedGeneration",
    }
}

wire_struct! {
    /// How many of some pods evictions must leave in peace.
    pub struct PodDisruptionBudget {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: PodDisruptionBudgetSpec => "spec" keep,
        pub status: PodDisruptionBudgetStatus => "status" keep,
    }
}

impl PodDisruptionBudgetStatus {
    /// Says whether one more pod may go.
    // Models component-helpers/apps/poddisruptionbudget/helpers.go.
    pub fn set_condition(&mut self, now: Time) {
        let (status, reason) = match self.disruptions_allowed {
            1.. => ("True", "SufficientPods"),
            _ => ("False", "InsufficientPods"),
        };
        self.put_condition(status, reason, "", now);
    }

    pub fn put_condition(&mut self, status: &str, reason: &str, message: &str, now: Time) {
        let old = self.conditions.iter().position(|c| c.type_ == DISRUPTION_ALLOWED);
        let since = old
            .and_then(|i| self.conditions.get(i))
            .filter(|condition| condition.status == status)
            .map_or(Some(now), |condition| condition.last_transition_time);
        let condition = Condition {
            type_: SmolStr::new_static(DISRUPTION_ALLOWED),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            observed_generation: self.observed_generation,
            last_transition_time: since,
            ..Condition::default()
        };
        match old.and_then(|i| self.conditions.get_mut(i)) {
            Some(old) => *old = condition,
            None => self.conditions.push(condition),
        }
    }
}

impl Kind for PodDisruptionBudget {
    const INFO: KindInfo = KindInfo::fixed(
        "policy",
        "v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
        &["status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/registry/policy/poddisruptionbudget/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = PodDisruptionBudgetStatus::default();
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        spec(&self.spec, &mut errors);
        errors
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        spec(&self.spec, &mut errors);
        errors
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let (status, path) = (&self.status, FieldPath::new("status"));
        for (name, count) in [
            ("disruptionsAllowed", status.disruptions_allowed),
            ("currentHealthy", status.current_healthy),
            ("desiredHealthy", status.desired_healthy),
            ("expectedPods", status.expected_pods),
        ] {
            non_negative(i64::from(count), path.child(name), &mut errors);
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Min Available"),
                Column::text("Max Unavailable"),
                Column::number("Allowed Disruptions"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let text = |value: &Option<IntOrString>| {
            value.as_ref().map_or_else(|| "N/A".to_owned(), ToString::to_string)
        };
        vec![
            self.metadata.name.as_str().into(),
            text(&self.spec.min_available).into(),
            text(&self.spec.max_unavailable).into(),
            self.status.disruptions_allowed.into(),
            age(&self.metadata, now).into(),
        ]
    }
}

// Models pkg/apis/policy/validation/validation.go.
fn spec(spec: &PodDisruptionBudgetSpec, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        let printed = format!(
            "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\
             \"UnhealthyPodEvictionPolicy\":{}}}",
            spec.min_available.to_value(),
            spec.selector.to_value(),
            spec.max_unavailable.to_value(),
            spec.unhealthy_pod_eviction_policy.to_value(),
        );
        let detail = "minAvailable and maxUnavailable cannot be both set";
        errors.push(invalid_as_printed(&path, printed, detail));
    }
    let bounds = [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)];
    for (name, value) in bounds {
        let Some(value) = value else { continue };
        positive_int_or_percent(value, &path.child(name), errors);
        at_most_all(value, &path.child(name), errors);
    }
    if let Some(selector) = &spec.selector {
        label_selector(selector, &path.child("selector"), errors);
    }
    let supported = [ALWAYS_ALLOW, IF_HEALTHY_BUDGET];
    if let Some(policy) = &spec.unhealthy_pod_eviction_policy
        && !supported.contains(&policy.as_str())
    {
        let path = path.child("unhealthyPodEvictionPolicy");
        errors.push(FieldError::not_supported(path, policy, &supported));
    }
}
