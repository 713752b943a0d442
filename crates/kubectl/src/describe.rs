//! `kubectl describe`: one describer a kind, and one for all other kinds.
// Models kubectl/pkg/describe/describe.go.

mod autoscaler;
mod batch;
mod container;
mod events;
mod generic;
mod ingress;
mod misc;
mod network;
mod network_policy;
mod node;
mod pen;
mod pod;
mod policy;
mod rbac;
mod sets;
mod source;
mod storage;
mod volume;
mod workload;

use serde_json::Value;

use crate::discovery::Kind;
use crate::fail::Outcome;
use crate::session::Cx;
pub use events::{since, sort as sort_events};
pub use pen::{Pen, time};
pub use pod::selector;
pub use sets::{revision_template, revisions};
pub use workload::{owned_sets, pod_template, revision, same_template};

/// The text about one object, as the server has it.
pub fn describe(cx: &mut Cx<'_>, kind: Kind, object: &Value, with_events: bool) -> Outcome<String> {
    let mut pen = Pen::new(cx.time());
    let describer = match (kind.group, kind.kind) {
        ("", "Pod") => pod::pod,
        ("apps", "Deployment") => workload::deployment,
        ("apps", "ReplicaSet") => workload::replica_set,
        ("apps", "StatefulSet") => sets::stateful_set,
        ("apps", "DaemonSet") => sets::daemon_set,
        ("", "ReplicationController") => workload::replication_controller,
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::autoscaler,
        ("batch", "Job") => batch::job,
        ("batch", "CronJob") => batch::cron_job,
        ("", "Service") => network::service,
        ("", "Endpoints") => network::endpoints,
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice,
        ("networking.k8s.io", "Ingress") => ingress::ingress,
        ("networking.k8s.io", "IngressClass") => ingress::ingress_class,
        ("networking.k8s.io", "IPAddress") => ingress::ip_address,
        ("networking.k8s.io", "NetworkPolicy") => network_policy::network_policy,
        ("networking.k8s.io", "ServiceCIDR") => ingress::service_cidr,
        ("", "Node") => node::node,
        ("", "Namespace") => misc::namespace,
        ("", "ConfigMap") => misc::config_map,
        ("", "ServiceAccount") => misc::service_account,
        ("", "Secret") => misc::secret,
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => rbac::role,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => rbac::binding,
        ("certificates.k8s.io", "CertificateSigningRequest") => rbac::certificate_request,
        ("", "PersistentVolume") => storage::persistent_volume,
        ("", "PersistentVolumeClaim") => storage::persistent_volume_claim,
        ("storage.k8s.io", "CSINode") => storage::csi_node,
        ("storage.k8s.io", "StorageClass") => storage::storage_class,
        ("storage.k8s.io", "VolumeAttributesClass") => storage::volume_attributes_class,
        ("", "LimitRange") => policy::limit_range,
        ("", "ResourceQuota") => policy::resource_quota,
        ("policy", "PodDisruptionBudget") => policy::pod_disruption_budget,
        ("scheduling.k8s.io", "PriorityClass") => policy::priority_class,
        _ => generic::generic,
    };
    describer(cx, &mut pen, object);
    let without = matches!(
        (kind.group, kind.kind),
        ("", "LimitRange" | "Namespace" | "ResourceQuota" | "Secret")
            | ("networking.k8s.io", "NetworkPolicy")
    ) || kind.group == api::rbac::GROUP;
    if with_events && !without {
        let found = events::of(cx, object);
        events::print(&mut pen, &found);
    }
    Ok(pen.set())
}

/// The text about an object by its resource (`pods`, `deploy`) and name, for the page's panels.
pub fn describe_object(
    cx: &mut Cx<'_>,
    resource: &str,
    namespace: &str,
    name: &str,
) -> Result<String, String> {
    let describe = |cx: &mut Cx<'_>| {
        let kind = crate::discovery::resolve(resource)?;
        let object = crate::server::get(cx, kind, namespace, name)?;
        describe(cx, kind, &object, true)
    };
    describe(cx).map_err(|fail| fail.text())
}
