//! The controllers, and what each of them is: it is told of changes and puts keys into its queue;
//! a while later it syncs them, looking at the shared cache and writing through the API.

use std::fmt;

use apimachinery::meta::Key;
use apimachinery::status::Status;
use client::{Ctx, WorkQueue};
use clock::{Duration, SimTime};

use crate::informers::{Change, Informers, Resource};
use crate::manager::Config;
use crate::replication_controller::Served;
use crate::{
    attach_detach, certificate_signer, cluster_role_aggregation, cron_job, daemon_set, deployment,
    disruption, endpoint_slice, endpoints, ephemeral_volume, expand, garbage_collector, job,
    namespace, node_ipam, node_lifecycle, persistent_volume, pod_gc, podautoscaler, pv_protection,
    pvc_protection, replica_set, resource_quota, root_ca, service_account, service_lb,
    stateful_set, taint_eviction, ttl, ttl_after_finished,
};

/// Every controller, in alphabetical order.
pub fn all(config: &Config) -> Vec<Box<dyn Controller>> {
    let mut all: Vec<Box<dyn Controller>> = vec![
        Box::new(attach_detach::AttachDetachController::default()),
        Box::new(certificate_signer::CertificateSigner),
        Box::new(cluster_role_aggregation::ClusterRoleAggregationController),
        Box::new(cron_job::CronJobController::default()),
        Box::new(daemon_set::DaemonSetController::default()),
        Box::new(deployment::DeploymentController::default()),
        Box::new(disruption::DisruptionController::default()),
        Box::new(endpoint_slice::EndpointSliceController::default()),
        Box::new(endpoints::EndpointsController::default()),
        Box::new(ephemeral_volume::EphemeralVolumeController::default()),
        Box::new(expand::ExpandController::default()),
        Box::new(garbage_collector::GarbageCollector::default()),
        Box::new(podautoscaler::PodAutoscalerController::default()),
        Box::new(job::JobController::default()),
        Box::new(namespace::NamespaceController::default()),
        Box::new(node_ipam::NodeIpamController::default()),
        Box::new(node_lifecycle::NodeLifecycleController::new(config)),
        Box::new(persistent_volume::PersistentVolumeController::default()),
        Box::new(pod_gc::PodGcController::new(config.terminated_pod_gc_threshold)),
        Box::new(pv_protection::PvProtectionController),
        Box::new(pvc_protection::PvcProtectionController),
        Box::new(replica_set::ReplicaSetController::new(Served::ReplicaSet)),
        Box::new(replica_set::ReplicaSetController::new(Served::ReplicationController)),
        Box::new(resource_quota::ResourceQuotaController),
        Box::new(root_ca::RootCaPublisher),
        Box::new(service_account::ServiceAccountController),
    ];
    if config.load_balancer {
        all.push(Box::new(service_lb::ServiceLbController::default()));
    }
    all.push(Box::new(stateful_set::StatefulSetController::default()));
    all.push(Box::new(disruption::StaleDisruptionController));
    all.push(Box::new(taint_eviction::TaintEvictionController::default()));
    all.push(Box::new(ttl::TtlController::default()));
    all.push(Box::new(ttl_after_finished::TtlAfterFinishedController));
    all
}

/// What a controller sees when something changed.
pub struct Notice<'c> {
    pub now: SimTime,
    pub informers: &'c Informers,
    pub queue: &'c mut WorkQueue<Key>,
}

/// What a controller may use while it syncs.
pub struct Sync<'c, 'a> {
    pub ctx: &'c mut Ctx<'a>,
    pub informers: &'c Informers,
    pub queue: &'c mut WorkQueue<Key>,
    /// Virtual time that this sync takes its worker.
    pub cost: Duration,
}

impl Sync<'_, '_> {
    /// Comes back to the key after a while.
    pub fn requeue_in(&mut self, key: &Key, delay: Duration) {
        let at = self.ctx.now + delay;
        self.queue.add_at(at, key.clone());
    }
}

/// Why a sync failed; the key comes back later.
#[derive(Debug)]
pub enum SyncError {
    Api(Box<Status>),
    Other(String),
}

impl From<Box<Status>> for SyncError {
    fn from(status: Box<Status>) -> Self {
        SyncError::Api(status)
    }
}

impl SyncError {
    pub fn other(text: impl Into<String>) -> Self {
        SyncError::Other(text.into())
    }

    /// Whether nothing can be created any more because the namespace goes away.
    pub fn is_namespace_terminating(&self) -> bool {
        matches!(self, SyncError::Api(status) if namespace_terminating(status))
    }
}

/// Models errors.HasStatusCause(err, NamespaceTerminatingCause).
pub fn namespace_terminating(status: &Status) -> bool {
    status.causes.iter().any(|cause| cause.reason == "NamespaceTerminating")
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SyncError::Api(status) => status.fmt(f),
            SyncError::Other(text) => f.write_str(text),
        }
    }
}

pub type SyncResult = Result<(), SyncError>;

pub trait Controller {
    fn name(&self) -> &'static str;

    /// The kinds whose changes it wants to hear of.
    fn resources(&self) -> &'static [Resource];

    /// How many keys it syncs at a time.
    fn workers(&self) -> usize {
        5
    }

    /// Called once, before anything is known.
    fn start(&mut self, _sync: &mut Sync<'_, '_>) {}

    /// The cache already knows the change.
    fn on_event(&mut self, notice: &mut Notice<'_>, change: &Change);

    fn sync(&mut self, sync: &mut Sync<'_, '_>, key: &Key) -> SyncResult;

    /// How often a failing key is tried before it is dropped until something changes.
    fn max_retries(&self) -> u32 {
        u32::MAX
    }
}
