//! What the controllers know: one cache a kind, fed by one watch each, shared by all of them.
//! Models client-go/informers: the shared informer factory.

use api::{
    CSIDriver, CertificateSigningRequest, ClusterRole, ConfigMap, ControllerRevision, CronJob,
    DaemonSet, Deployment, EndpointSlice, Endpoints, HorizontalPodAutoscaler, Job, Kind, Lease,
    Namespace, Node, Object, PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget,
    ReplicaSet, ReplicationController, ResourceQuota, Service, ServiceAccount, StatefulSet,
    StorageClass, VolumeAttachment,
};
use client::{Delta, Store, WatchEvent, WatchSpec};

use crate::pod_store::{PodDelta, PodStore};

/// The kinds that controllers watch.
#[allow(clippy::enum_variant_names, reason = "ResourceQuota is the kind's name")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    CSIDriver,
    CertificateSigningRequest,
    ClusterRole,
    ConfigMap,
    ControllerRevision,
    CronJob,
    DaemonSet,
    Deployment,
    EndpointSlice,
    Endpoints,
    HorizontalPodAutoscaler,
    Job,
    Lease,
    Namespace,
    Node,
    PersistentVolume,
    PersistentVolumeClaim,
    Pod,
    PodDisruptionBudget,
    ReplicaSet,
    ReplicationController,
    ResourceQuota,
    Service,
    ServiceAccount,
    StatefulSet,
    StorageClass,
    VolumeAttachment,
}

/// One change, typed.
#[derive(Clone, Debug)]
pub enum Change {
    CSIDriver(Delta<CSIDriver>),
    CertificateSigningRequest(Delta<CertificateSigningRequest>),
    ClusterRole(Delta<ClusterRole>),
    ConfigMap(Delta<ConfigMap>),
    ControllerRevision(Delta<ControllerRevision>),
    CronJob(Delta<CronJob>),
    DaemonSet(Delta<DaemonSet>),
    Deployment(Delta<Deployment>),
    EndpointSlice(Delta<EndpointSlice>),
    Endpoints(Delta<Endpoints>),
    HorizontalPodAutoscaler(Delta<HorizontalPodAutoscaler>),
    Job(Delta<Job>),
    Lease(Delta<Lease>),
    Namespace(Delta<Namespace>),
    Node(Delta<Node>),
    PersistentVolume(Delta<PersistentVolume>),
    PersistentVolumeClaim(Delta<PersistentVolumeClaim>),
    Pod(PodDelta),
    PodDisruptionBudget(Delta<PodDisruptionBudget>),
    ReplicaSet(Delta<ReplicaSet>),
    ReplicationController(Delta<ReplicationController>),
    ResourceQuota(Delta<ResourceQuota>),
    Service(Delta<Service>),
    ServiceAccount(Delta<ServiceAccount>),
    StatefulSet(Delta<StatefulSet>),
    StorageClass(Delta<StorageClass>),
    VolumeAttachment(Delta<VolumeAttachment>),
}

#[derive(Debug, Default)]
pub struct Informers {
    pub csi_drivers: Store<CSIDriver>,
    pub certificate_signing_requests: Store<CertificateSigningRequest>,
    pub cluster_roles: Store<ClusterRole>,
    pub config_maps: Store<ConfigMap>,
    pub controller_revisions: Store<ControllerRevision>,
    pub daemon_sets: Store<DaemonSet>,
    pub cron_jobs: Store<CronJob>,
    pub deployments: Store<Deployment>,
    pub endpoint_slices: Store<EndpointSlice>,
    pub endpoints: Store<Endpoints>,
    pub horizontal_pod_autoscalers: Store<HorizontalPodAutoscaler>,
    pub jobs: Store<Job>,
    pub leases: Store<Lease>,
    pub namespaces: Store<Namespace>,
    pub nodes: Store<Node>,
    pub persistent_volumes: Store<PersistentVolume>,
    pub persistent_volume_claims: Store<PersistentVolumeClaim>,
    pub pod_disruption_budgets: Store<PodDisruptionBudget>,
    pub pods: PodStore,
    pub replica_sets: Store<ReplicaSet>,
    pub replication_controllers: Store<ReplicationController>,
    pub resource_quotas: Store<ResourceQuota>,
    pub services: Store<Service>,
    pub service_accounts: Store<ServiceAccount>,
    pub stateful_sets: Store<StatefulSet>,
    pub storage_classes: Store<StorageClass>,
    pub volume_attachments: Store<VolumeAttachment>,
}

/// `(kind, field, variant)` for all but pods, which have a cache of their own.
macro_rules! stores {
    ($run:ident) => {
        $run! {
            (csi_drivers, CSIDriver) (volume_attachments, VolumeAttachment)
            (certificate_signing_requests, CertificateSigningRequest)
            (cluster_roles, ClusterRole)
            (config_maps, ConfigMap) (controller_revisions, ControllerRevision)
            (daemon_sets, DaemonSet) (deployments, Deployment) (endpoint_slices, EndpointSlice)
            (cron_jobs, CronJob) (jobs, Job)
            (horizontal_pod_autoscalers, HorizontalPodAutoscaler)
            (endpoints, Endpoints) (leases, Lease) (namespaces, Namespace) (nodes, Node)
            (persistent_volumes, PersistentVolume)
            (persistent_volume_claims, PersistentVolumeClaim)
            (replica_sets, ReplicaSet)
            (replication_controllers, ReplicationController)
            (services, Service)
            (service_accounts, ServiceAccount)
            (stateful_sets, StatefulSet)
            (pod_disruption_budgets, PodDisruptionBudget)
            (resource_quotas, ResourceQuota)
            (storage_classes, StorageClass)
        }
    };
}

macro_rules! define_dispatch {
    ($(($field:ident, $kind:ident))*) => {
        impl Resource {
            /// All of them; `as usize` gives numbers below their count.
            pub const ALL: &[Resource] = &[Resource::Pod, $(Resource::$kind,)*];
        }

        impl Change {
            pub fn of(event: &WatchEvent) -> Option<Self> {
                if event.is_of::<api::Pod>() {
                    return PodDelta::of(event).map(Change::Pod);
                }
                $(if event.is_of::<$kind>() {
                    return Delta::of(event).map(Change::$kind);
                })*
                None
            }

            pub fn resource(&self) -> Resource {
                match self {
                    Change::Pod(_) => Resource::Pod,
                    $(Change::$kind(_) => Resource::$kind,)*
                }
            }

            /// The object as it is now, or as it was last.
            pub fn object(&self) -> &dyn Object {
                match self {
                    Change::Pod(delta) => &*delta.new,
                    $(Change::$kind(delta) => &*delta.new,)*
                }
            }

            /// Whether the object is new, or has other owners than before.
            pub fn owners_changed(&self) -> bool {
                fn changed<K: Kind>(delta: &Delta<K>) -> bool {
                    let owners = &delta.new.meta().owner_references;
                    let old = delta.old.as_ref().map(|old| &old.meta().owner_references);
                    old.is_none_or(|old| !old.same(owners) && **old != **owners)
                }
                match self {
                    Change::Pod(delta) => changed(delta),
                    $(Change::$kind(delta) => changed(delta),)*
                }
            }

            pub fn is_deleted(&self) -> bool {
                match self {
                    Change::Pod(delta) => delta.is_deleted(),
                    $(Change::$kind(delta) => delta.is_deleted(),)*
                }
            }
        }

        impl Informers {
            pub fn apply(&mut self, change: &Change) {
                match change {
                    Change::Pod(delta) => self.pods.apply(delta),
                    $(Change::$kind(delta) => self.$field.apply(delta),)*
                }
            }

            pub fn watches() -> Vec<WatchSpec> {
                vec![WatchSpec::all::<api::Pod>(), $(WatchSpec::all::<$kind>(),)*]
            }
        }
    };
}

stores!(define_dispatch);
