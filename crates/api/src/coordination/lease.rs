//! Lease: a heartbeat, or a lock.

use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{non_negative, object_meta};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::{MicroTime, Time};
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// Who holds it and since when.
    pub struct LeaseSpec {
        pub acquire_time: Option<MicroTime> => "acquireTime",
        pub holder_identity: Option<SmolStr> => "holderIdentity",
        pub lease_duration_seconds: Option<i32> => "leaseDurationSeconds",
        pub lease_transitions: Option<i32> => "leaseTransitions",
        pub renew_time: Option<MicroTime> => "renewTime",
    }
}

wire_struct! {
    /// A heartbeat, or a lock.
    pub struct Lease {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: LeaseSpec => "spec" keep,
    }
}

impl Kind for Lease {
    const INFO: KindInfo =
        KindInfo::fixed("coordination.k8s.io", "v1", "Lease", "leases", true, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/coordination/validation/validation.go.
    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(self.validate_update(self));
        errors
    }

    fn validate_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("spec");
        if let Some(seconds @ ..=0) = self.spec.lease_duration_seconds {
            let path = path.child("leaseDurationSeconds");
            errors.push(FieldError::invalid(path, seconds, "must be greater than 0"));
        }
        if let Some(count @ ..=-1) = self.spec.lease_transitions {
            non_negative(i64::from(count), path.child("leaseTransitions"), &mut errors);
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const { &[Column::text("Name"), Column::text("Holder"), Column::text("Age")] }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        vec![
            self.metadata.name.as_str().into(),
            self.spec.holder_identity.as_deref().unwrap_or_default().into(),
            age(&self.metadata, now).into(),
        ]
    }
}
