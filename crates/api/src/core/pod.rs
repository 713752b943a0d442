//! Pod: the smallest thing that is scheduled and run.

use apimachinery::meta::ObjectMeta;
use apimachinery::wire_struct;

use super::pod_spec::PodSpec;
use super::pod_status::PodStatus;
use crate::object::{Kind, KindInfo};

wire_struct! {
    /// One or more containers that share an address and volumes.
    pub struct Pod {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: PodSpec => "spec" keep,
        pub status: PodStatus => "status" keep,
    }
}

wire_struct! {
    /// What a controller makes pods from.
    pub struct PodTemplateSpec {
        pub metadata: ObjectMeta => "metadata",
        pub spec: PodSpec => "spec" keep,
    }
}

impl Kind for Pod {
    const INFO: KindInfo = KindInfo::fixed(
        "",
        "v1",
        "Pod",
        "pods",
        true,
        &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "resize",
            "status",
        ],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn node_name(&self) -> &str {
        &self.spec.node_name
    }
}
