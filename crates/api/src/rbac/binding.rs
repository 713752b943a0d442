//! RoleBinding and ClusterRoleBinding: who has which role.
// Models pkg/apis/rbac/validation/validation.go and pkg/apis/rbac/v1/defaults.go.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::GROUP;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{check, object_meta};

pub const USER: &str = "User";
pub const GROUP_KIND: &str = "Group";
pub const SERVICE_ACCOUNT: &str = "ServiceAccount";

wire_struct! {
    /// A user, a group or a service account.
    pub struct Subject {
        pub api_group: SmolStr => "apiGroup",
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
        pub namespace: SmolStr => "namespace",
    }
}

wire_struct! {
    /// The role that is given.
    pub struct RoleRef {
        pub api_group: SmolStr => "apiGroup" keep,
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
    }
}

wire_struct! {
    /// Who has a role in a namespace.
    pub struct RoleBinding {
        pub metadata: ObjectMeta => "metadata" keep,
        pub role_ref: RoleRef => "roleRef" keep,
        pub subjects: Vec<Subject> => "subjects",
    }
}

wire_struct! {
    /// Who has a role everywhere.
    pub struct ClusterRoleBinding {
        pub metadata: ObjectMeta => "metadata" keep,
        pub role_ref: RoleRef => "roleRef" keep,
        pub subjects: Vec<Subject> => "subjects",
    }
}

fn set_defaults(role: &mut RoleRef, subjects: &mut [Subject]) {
    if role.api_group.is_empty() {
        role.api_group = SmolStr::new_static(GROUP);
    }
    for subject in subjects {
        if subject.api_group.is_empty() && matches!(subject.kind.as_str(), USER | GROUP_KIND) {
            subject.api_group = SmolStr::new_static(GROUP);
        }
    }
}

fn role_ref(role: &RoleRef, kinds: &[&str], errors: &mut FieldErrors) {
    let path = FieldPath::new("roleRef");
    if role.api_group != GROUP {
        let error = FieldError::not_supported(path.child("apiGroup"), &role.api_group, &[GROUP]);
        errors.push(error);
    }
    if !kinds.contains(&role.kind.as_str()) {
        errors.push(FieldError::not_supported(path.child("kind"), &role.kind, kinds));
    }
    let path = path.child("name");
    if role.name.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        check(names::is_path_segment_name, &role.name, &path, errors);
    }
}

fn subject(subject: &Subject, namespaced: bool, path: &FieldPath, errors: &mut FieldErrors) {
    let name = path.child("name");
    if subject.name.is_empty() {
        errors.push(FieldError::required(&name, ""));
    }
    let group = path.child("apiGroup");
    match subject.kind.as_str() {
        SERVICE_ACCOUNT => {
            if !subject.name.is_empty() {
                check(names::is_dns1123_subdomain, &subject.name, &name, errors);
            }
            if !subject.api_group.is_empty() {
                errors.push(FieldError::not_supported(group, &subject.api_group, &[""]));
            }
            if !namespaced && subject.namespace.is_empty() {
                errors.push(FieldError::required(path.child("namespace"), ""));
            }
        }
        USER | GROUP_KIND => {
            if subject.api_group != GROUP {
                errors.push(FieldError::not_supported(group, &subject.api_group, &[GROUP]));
            }
        }
        other => {
            let kinds = [SERVICE_ACCOUNT, USER, GROUP_KIND];
            errors.push(FieldError::not_supported(path.child("kind"), other, &kinds));
        }
    }
}

fn all_subjects(subjects: &[Subject], namespaced: bool, errors: &mut FieldErrors) {
    let path = FieldPath::new("subjects");
    for (i, one) in subjects.iter().enumerate() {
        subject(one, namespaced, &path.index(i), errors);
    }
}

fn same_role(new: &RoleRef, old: &RoleRef, errors: &mut FieldErrors) {
    if new != old {
        let value = json!({
            "APIGroup": new.api_group.as_str(), "Kind": new.kind.as_str(), "Name": new.name.as_str(),
        });
        errors.push(FieldError::invalid("roleRef", value, "cannot change roleRef"));
    }
}

const COLUMNS: &[Column] = &[
    Column::text("Name"),
    Column::text("Role"),
    Column::text("Age"),
    Column::wide("Users"),
    Column::wide("Groups"),
    Column::wide("ServiceAccounts"),
];

/// Names of the subjects of one kind; service accounts with their namespace.
fn named(subjects: &[Subject], kind: &str) -> String {
    let names = subjects.iter().filter(|subject| subject.kind == kind).map(|subject| match kind {
        SERVICE_ACCOUNT => format!("{}/{}", subject.namespace, subject.name),
        _ => subject.name.to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn row(meta: &ObjectMeta, role: &RoleRef, subjects: &[Subject], now: Time) -> Vec<Value> {
    vec![
        meta.name.as_str().into(),
        format!("{}/{}", role.kind, role.name).into(),
        age(meta, now).into(),
        named(subjects, USER).into(),
        named(subjects, GROUP_KIND).into(),
        named(subjects, SERVICE_ACCOUNT).into(),
    ]
}

/// Both kinds of binding differ in their scope and in the roles they may name.
macro_rules! binding_kind {
    ($type:ident, $plural:literal, $namespaced:literal, $kinds:expr) => {
        impl Kind for $type {
            const INFO: KindInfo =
                KindInfo::fixed(GROUP, "v1", stringify!($type), $plural, $namespaced, &[]);

            fn meta(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }

            fn set_defaults(&mut self) {
                set_defaults(&mut self.role_ref, &mut self.subjects);
            }

            fn validate(&self) -> FieldErrors {
                let mut errors = FieldErrors::new();
                let name_rule = names::is_path_segment_name;
                object_meta(&self.metadata, $namespaced, name_rule, &mut errors);
                role_ref(&self.role_ref, $kinds, &mut errors);
                all_subjects(&self.subjects, $namespaced, &mut errors);
                errors
            }

            fn validate_update(&self, old: &Self) -> FieldErrors {
                let mut errors = self.validate();
                same_role(&self.role_ref, &old.role_ref, &mut errors);
                errors
            }

            fn columns() -> &'static [Column] {
                COLUMNS
            }

            fn row(&self, now: Time) -> Vec<Value> {
                row(&self.metadata, &self.role_ref, &self.subjects, now)
            }
        }
    };
}

binding_kind!(RoleBinding, "rolebindings", true, &["Role", "ClusterRole"]);
binding_kind!(ClusterRoleBinding, "clusterrolebindings", false, &["ClusterRole"]);
