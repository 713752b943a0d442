//! What looks at a request between decoding and the registry: each plugin may change the object or
//! refuse it; some look again at what has become of it. One file a plugin, one line in the list.

mod default_storage_class;
mod default_toleration_seconds;
mod limit_ranger;
mod namespace_lifecycle;
mod persistent_volume_claim_resize;
mod pod_priority;
mod pod_security;
mod pod_topology_labels;
mod resource_quota;
mod service_account;
mod storage_object_in_use_protection;
mod taint_nodes_by_condition;

pub(crate) use pod_topology_labels::topology_labels;

use api::Obj;
use apimachinery::status::Status;
use client::Verb;

use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

/// What a plugin is shown.
pub(crate) struct Attributes<'a> {
    pub verb: Verb,
    pub resource: &'a Resource,
    pub namespace: &'a str,
    pub object: &'a mut Obj,
    /// Set when the pod's body went through all plugins before, as part of another pod.
    pub known: bool,
}

/// A finished object on its way into the store, and what is there in its place.
pub(crate) struct Checked<'a> {
    pub verb: Verb,
    pub resource: &'a Resource,
    pub namespace: &'a str,
    pub object: &'a Obj,
    pub old: Option<&'a Obj>,
    pub dry_run: bool,
    /// As in `Attributes`.
    pub known: bool,
}

impl Attributes<'_> {
    /// A refusal. An object that has no name yet goes by the beginning of it.
    fn forbidden(&self, why: &str) -> Box<Status> {
        let meta = self.object.meta();
        let name = match (meta.name.as_str(), meta.generate_name.as_str()) {
            ("", "") => "Unknown",
            ("", base) => base,
            (name, _) => name,
        };
        Status::forbidden(self.resource.name(), name, why)
    }
}

impl Checked<'_> {
    fn forbidden(&self, why: &str) -> Box<Status> {
        Status::forbidden(self.resource.name(), &self.object.meta().name, why)
    }
}

type Plugin = fn(&ApiServer, &mut CallCx<'_>, &mut Attributes<'_>) -> Result<()>;

/// In upstream's order. Models pkg/kubeapiserver/options/plugins.go.
const PLUGINS: &[Plugin] = &[
    namespace_lifecycle::admit,
    limit_ranger::admit,
    service_account::admit,
    taint_nodes_by_condition::admit,
    pod_topology_labels::admit,
    pod_priority::admit,
    default_toleration_seconds::admit,
    default_storage_class::admit,
    storage_object_in_use_protection::admit,
];

pub(crate) fn admit(
    server: &ApiServer,
    cx: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    PLUGINS.iter().try_for_each(|plugin| plugin(server, cx, attributes))
}

type Check = fn(&mut ApiServer, &mut CallCx<'_>, &Checked<'_>) -> Result<()>;

/// In upstream's order; the quota counts what nothing else refuses.
const CHECKS: &[Check] = &[
    limit_ranger::validate,
    pod_security::validate,
    pod_priority::validate,
    persistent_volume_claim_resize::validate,
    resource_quota::validate,
];

pub(crate) fn validate(
    server: &mut ApiServer,
    cx: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    CHECKS.iter().try_for_each(|check| check(server, cx, checked))
}
