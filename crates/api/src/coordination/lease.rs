//! Lease: a heartbeat, or a lock.

use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::MicroTime;
use apimachinery::wire_struct;
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
}
