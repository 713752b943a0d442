//! IPAddress: an address that a service holds.

use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use crate::validation::{check, immutable, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// The object that holds the address.
    pub struct ParentReference {
        pub group: SmolStr => "group",
        pub name: SmolStr => "name",
        pub namespace: SmolStr => "namespace",
        pub resource: SmolStr => "resource",
    }
}

wire_struct! {
    /// Who holds it.
    pub struct IpAddressSpec {
        pub parent_ref: Option<ParentReference> => "parentRef",
    }
}

wire_struct! {
    /// An address that a service holds.
    pub struct IpAddress {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: IpAddressSpec => "spec" keep,
    }
}

// Models ValidateIPAddress of pkg/apis/networking/validation/validation.go.
fn parent(to: &ParentReference, path: &FieldPath, errors: &mut FieldErrors) {
    if !to.group.is_empty() {
        check(names::is_dns1123_subdomain, &to.group, &path.child("group"), errors);
    }
    for (field, text) in [("resource", &to.resource), ("name", &to.name)] {
        match text.is_empty() {
            true => errors.push(FieldError::required(path.child(field), "")),
            false => check(names::is_path_segment_name, text, &path.child(field), errors),
        }
    }
    if !to.namespace.is_empty() {
        check(names::is_path_segment_name, &to.namespace, &path.child("namespace"), errors);
    }
}

impl Kind for IpAddress {
    const INFO: KindInfo =
        KindInfo::fixed("networking.k8s.io", "v1", "IPAddress", "ipaddresses", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_valid_ip, &mut errors);
        let path = FieldPath::new("spec").child("parentRef");
        match &self.spec.parent_ref {
            None => errors.push(FieldError::required(path, "")),
            Some(to) => parent(to, &path, &mut errors),
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("spec").child("parentRef");
        immutable(&self.spec.parent_ref, &old.spec.parent_ref, path, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("ParentRef"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let parent = self.spec.parent_ref.as_ref().map(|to| {
            let resource = match to.group.as_str() {
                "" => to.resource.to_lowercase(),
                group => format!("{}.{group}", to.resource).to_lowercase(),
            };
            match to.namespace.as_str() {
                "" => format!("{resource}/{}", to.name),
                namespace => format!("{resource}/{namespace}/{}", to.name),
            }
        });
        vec![
            self.metadata.name.as_str().into(),
            parent.unwrap_or_else(|| "<none>".to_owned()).into(),
            age(&self.metadata, now).into(),
        ]
    }
}
