//! Lease: a heartbeat, or a lock.

use crate::object::{Column, Kind, KindInfo, age};
use apimachinery::meta::ObjectMeta;
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
