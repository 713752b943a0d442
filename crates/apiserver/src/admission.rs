//! What looks at a request between decoding and the registry: each plugin may change the object or
//! refuse it. One file a plugin, one line in the list.

mod default_storage_class;
mod default_toleration_seconds;
mod namespace_lifecycle;
mod persistent_volume_claim_resize;
mod pod_priority;
mod pod_topology_labels;
mod service_account;
mod storage_object_in_use_protection;
mod taint_nodes_by_condition;

pub(crate) use pod_topology_labels::topology_labels;

use api::Obj;
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

type Plugin = fn(&ApiServer, &mut CallCx<'_>, &mut Attributes<'_>) -> Result<()>;

/// In upstream's order. Models pkg/kubeapiserver/options/plugins.go.
const PLUGINS: &[Plugin] = &[
    namespace_lifecycle::admit,
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

type Validator = fn(&ApiServer, &Attributes<'_>) -> Result<()>;

/// What looks at an object once it is valid, and only refuses.
const VALIDATORS: &[Validator] = &[persistent_volume_claim_resize::validate];

pub(crate) fn validate(server: &ApiServer, attributes: &Attributes<'_>) -> Result<()> {
    VALIDATORS.iter().try_for_each(|plugin| plugin(server, attributes))
}
