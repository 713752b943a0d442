//! Every kind the API serves, one line each.

use crate::object::KindEntry;
use crate::{
    apps, autoscaling, batch, certificates, coordination, core, discovery, networking, node,
    policy, rbac, scheduling, storage,
};

/// All kinds with a type of their own, in alphabetical order.
pub fn kinds() -> Vec<KindEntry> {
    vec![
        KindEntry::of::<certificates::request::CertificateSigningRequest>(),
        KindEntry::of::<rbac::role::ClusterRole>(),
        KindEntry::of::<rbac::binding::ClusterRoleBinding>(),
        KindEntry::of::<core::config_map::ConfigMap>(),
        KindEntry::of::<apps::controller_revision::ControllerRevision>(),
        KindEntry::of::<batch::cron_job::CronJob>(),
        KindEntry::of::<storage::csi_driver::CSIDriver>(),
        KindEntry::of::<storage::csi_node::CSINode>(),
        KindEntry::of::<storage::csi_storage_capacity::CSIStorageCapacity>(),
        KindEntry::of::<apps::daemon_set::DaemonSet>(),
        KindEntry::of::<apps::deployment::Deployment>(),
        KindEntry::of::<discovery::endpoint_slice::EndpointSlice>(),
        KindEntry::of::<core::endpoints::Endpoints>(),
        KindEntry::of::<core::event::Event>(),
        KindEntry::of::<networking::ingress::Ingress>(),
        KindEntry::of::<networking::ingress_class::IngressClass>(),
        KindEntry::of::<networking::ip_address::IpAddress>(),
        KindEntry::of::<autoscaling::horizontal_pod_autoscaler::HorizontalPodAutoscaler>(),
        KindEntry::of::<batch::job::Job>(),
        KindEntry::of::<coordination::lease::Lease>(),
        KindEntry::of::<core::limit_range::LimitRange>(),
        KindEntry::of::<core::namespace::Namespace>(),
        KindEntry::of::<networking::network_policy::NetworkPolicy>(),
        KindEntry::of::<core::node::Node>(),
        KindEntry::of::<core::persistent_volume::PersistentVolume>(),
        KindEntry::of::<core::persistent_volume_claim::PersistentVolumeClaim>(),
        KindEntry::of::<core::pod::Pod>(),
        KindEntry::of::<policy::pod_disruption_budget::PodDisruptionBudget>(),
        KindEntry::of::<core::pod_template::PodTemplate>(),
        KindEntry::of::<scheduling::priority_class::PriorityClass>(),
        KindEntry::of::<apps::replica_set::ReplicaSet>(),
        KindEntry::of::<core::replication_controller::ReplicationController>(),
        KindEntry::of::<core::resource_quota::ResourceQuota>(),
        KindEntry::of::<rbac::role::Role>(),
        KindEntry::of::<rbac::binding::RoleBinding>(),
        KindEntry::of::<node::runtime_class::RuntimeClass>(),
        KindEntry::of::<core::secret::Secret>(),
        KindEntry::of::<core::service::Service>(),
        KindEntry::of::<core::service_account::ServiceAccount>(),
        KindEntry::of::<networking::service_cidr::ServiceCidr>(),
        KindEntry::of::<apps::stateful_set::StatefulSet>(),
        KindEntry::of::<storage::storage_class::StorageClass>(),
        KindEntry::of::<storage::volume_attachment::VolumeAttachment>(),
        KindEntry::of::<storage::volume_attributes_class::VolumeAttributesClass>(),
    ]
}
