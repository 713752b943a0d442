//! Role and ClusterRole: rules by a name, of one namespace or of the cluster.
// Models pkg/apis/rbac/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;

use super::policy_rule::PolicyRule;
use crate::object::{Column, Kind, KindInfo};
use crate::validation::{label_selector, object_meta};

wire_struct! {
    /// Rules within a namespace.
    pub struct Role {
        pub metadata: ObjectMeta => "metadata" keep,
        pub rules: Option<Vec<PolicyRule>> => "rules" keep,
    }
}

wire_struct! {
    /// Which roles' rules a role collects.
    pub struct AggregationRule {
        pub cluster_role_selectors: Vec<LabelSelector> => "clusterRoleSelectors",
    }
}

wire_struct! {
    /// Rules for the whole cluster, or for the namespaces that bind it.
    pub struct ClusterRole {
        pub aggregation_rule: Option<AggregationRule> => "aggregationRule",
        pub metadata: ObjectMeta => "metadata" keep,
        pub rules: Option<Vec<PolicyRule>> => "rules" keep,
    }
}

impl Role {
    pub fn rules(&self) -> &[PolicyRule] {
        self.rules.as_deref().unwrap_or_default()
    }
}

impl ClusterRole {
    pub fn rules(&self) -> &[PolicyRule] {
        self.rules.as_deref().unwrap_or_default()
    }

    pub fn selectors(&self) -> &[LabelSelector] {
        let rule = self.aggregation_rule.as_ref();
        rule.map_or(&[], |rule| rule.cluster_role_selectors.as_slice())
    }
}

fn rules(rules: &[PolicyRule], namespaced: bool, errors: &mut FieldErrors) {
    let path = FieldPath::new("rules");
    for (i, rule) in rules.iter().enumerate() {
        rule.validate(namespaced, &path.index(i), errors);
    }
}

/// Roles have no table of their own: name and birth.
const COLUMNS: &[Column] = &[Column::text("Name"), Column::text("Created At")];

fn row(meta: &ObjectMeta) -> Vec<Value> {
    let created = meta.creation_timestamp.map(|time| time.to_string());
    vec![meta.name.as_str().into(), created.unwrap_or_else(|| "<unknown>".to_owned()).into()]
}

impl Kind for Role {
    const INFO: KindInfo = KindInfo::fixed(super::GROUP, "v1", "Role", "roles", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_path_segment_name, &mut errors);
        rules(self.rules(), true, &mut errors);
        errors
    }

    fn validate_update(&self, _: &Self) -> FieldErrors {
        self.validate()
    }

    fn columns() -> &'static [Column] {
        COLUMNS
    }

    fn row(&self, _: Time) -> Vec<Value> {
        row(&self.metadata)
    }
}

impl Kind for ClusterRole {
    const INFO: KindInfo =
        KindInfo::fixed(super::GROUP, "v1", "ClusterRole", "clusterroles", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_path_segment_name, &mut errors);
        rules(self.rules(), false, &mut errors);
        if self.aggregation_rule.is_some() {
            let path = FieldPath::new("aggregationRule").child("clusterRoleSelectors");
            if self.selectors().is_empty() {
                let detail = "at least one clusterRoleSelector required if aggregationRule is \
                              non-nil";
                errors.push(FieldError::required(&path, detail));
            }
            for (i, selector) in self.selectors().iter().enumerate() {
                label_selector(selector, &path.index(i), &mut errors);
            }
        }
        errors
    }

    fn validate_update(&self, _: &Self) -> FieldErrors {
        self.validate()
    }

    fn columns() -> &'static [Column] {
        COLUMNS
    }

    fn row(&self, _: Time) -> Vec<Value> {
        row(&self.metadata)
    }
}
