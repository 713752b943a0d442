//! PriorityClass: a name for how important pods are.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use crate::validation::{immutable, object_meta, one_of};

/// The policy of a class that names none.
pub const PREEMPT_LOWER_PRIORITY: &str = "PreemptLowerPriority";
/// Pods of such a class wait for room and take none from others.
pub const PREEMPT_NEVER: &str = "Never";
const HIGHEST_USER_VALUE: i32 = 1_000_000_000;
const SYSTEM_PREFIX: &str = "system-";
/// The classes that every cluster has. Models pkg/apis/scheduling/v1/helpers.go.
pub const SYSTEM_CLASSES: [(&str, i32, &str); 2] = [
    (
        "system-node-critical",
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    (
        "system-cluster-critical",
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another \
         node if necessary.",
    ),
];

wire_struct! {
    /// A name for how important pods are.
    pub struct PriorityClass {
        pub description: SmolStr => "description",
        pub global_default: bool => "globalDefault",
        pub metadata: ObjectMeta => "metadata" keep,
        pub preemption_policy: Option<SmolStr> => "preemptionPolicy",
        pub value: i32 => "value" keep,
    }
}

impl PriorityClass {
    /// One of the classes that every cluster has.
    pub fn system(name: &str, value: i32, description: &str) -> Self {
        PriorityClass {
            metadata: ObjectMeta::named("", name),
            value,
            description: description.into(),
            ..PriorityClass::default()
        }
    }

    pub fn policy(&self) -> SmolStr {
        self.preemption_policy.clone().unwrap_or(SmolStr::new_static(PREEMPT_LOWER_PRIORITY))
    }

    /// Why a class with a reserved name is not one of the system's.
    fn wrong_system_class(&self) -> Option<String> {
        let name = &self.metadata.name;
        match SYSTEM_CLASSES.iter().find(|(known, ..)| name == known) {
            None => Some(format!("{name} is not a known system priority class")),
            Some((_, value, _)) if *value != self.value => {
                Some(format!("value of {name} PriorityClass must be {value}"))
            }
            Some(_) if self.global_default => {
                Some(format!("globalDefault of {name} PriorityClass must be false"))
            }
            Some(_) => None,
        }
    }
}

impl Kind for PriorityClass {
    const INFO: KindInfo =
        KindInfo::fixed("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        self.preemption_policy.get_or_insert(SmolStr::new_static(PREEMPT_LOWER_PRIORITY));
    }

    // Models pkg/registry/scheduling/priorityclass/strategy.go.
    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        move_generation(&mut self.metadata, &old.metadata, false);
    }

    // Models pkg/apis/scheduling/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        if self.metadata.name.starts_with(SYSTEM_PREFIX) {
            if let Some(why) = self.wrong_system_class() {
                let detail = format!(
                    "priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system \
                     use only. error: {why}"
                );
                let path = FieldPath::new("metadata").child("name");
                errors.push(FieldError::forbidden(path, &detail));
            }
        } else if self.value > HIGHEST_USER_VALUE {
            let detail =
                format!("maximum allowed value of a user defined priority is {HIGHEST_USER_VALUE}");
            errors.push(FieldError::forbidden("value", &detail));
        }
        if let Some(policy) = &self.preemption_policy {
            let path = FieldPath::new("preemptionPolicy");
            one_of(policy, &[PREEMPT_LOWER_PRIORITY, PREEMPT_NEVER], path, &mut errors);
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        if self.value != old.value {
            errors.push(FieldError::forbidden("value", "may not be changed in an update."));
        }
        let (new, old) = (&self.preemption_policy, &old.preemption_policy);
        immutable(new, old, FieldPath::new("preemptionPolicy"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::number("Value"),
                Column::flag("Global-Default"),
                Column::text("Age"),
                // Upstream gives it to everybody, but fills it only where it is asked for.
                Column::text("PreemptionPolicy"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.value.into(),
            self.global_default.into(),
            age(&self.metadata, now).into(),
            self.preemption_policy.as_deref().unwrap_or_default().into(),
        ]
    }
}
