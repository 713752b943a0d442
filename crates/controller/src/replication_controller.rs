//! ReplicationControllers are kept as if they were ReplicaSets: one controller serves both kinds,
//! and this is where they differ.
//! Models pkg/controller/replication/conversion.go.

use std::sync::Arc;

use api::apps::replica_set::{ReplicaSetCondition, ReplicaSetSpec, ReplicaSetStatus};
use api::core::replication_controller::{
    ReplicationControllerCondition, ReplicationControllerStatus,
};
use api::{Kind, ReplicaSet, ReplicationController};
use apimachinery::labels::LabelSelector;
use apimachinery::meta::{Key, OwnerReference};
use client::{ApiExt, Ctx};
use smol_str::SmolStr;

use crate::controllers::SyncError;
use crate::informers::Informers;
use crate::pod_control::controller_reference;

/// Which of the two kinds a controller serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    ReplicaSet,
    ReplicationController,
}

impl Served {
    pub fn kind(self) -> SmolStr {
        match self {
            Served::ReplicaSet => ReplicaSet::INFO.gvk.kind,
            Served::ReplicationController => ReplicationController::INFO.gvk.kind,
        }
    }

    pub fn api_version(self) -> SmolStr {
        match self {
            Served::ReplicaSet => ReplicaSet::INFO.gvk.api_version(),
            Served::ReplicationController => ReplicationController::INFO.gvk.api_version(),
        }
    }

    pub fn get(self, informers: &Informers, key: &Key) -> Option<Arc<ReplicaSet>> {
        match self {
            Served::ReplicaSet => informers.replica_sets.get(key).cloned(),
            Served::ReplicationController => {
                informers.replication_controllers.get(key).map(|rc| Arc::new(as_replica_set(rc)))
            }
        }
    }

    /// Everything of the kind in a namespace.
    pub fn namespace(self, informers: &Informers, namespace: &str) -> Vec<Arc<ReplicaSet>> {
        match self {
            Served::ReplicaSet => informers.replica_sets.namespace(namespace).cloned().collect(),
            Served::ReplicationController => {
                let all = informers.replication_controllers.namespace(namespace);
                all.map(|rc| Arc::new(as_replica_set(rc))).collect()
            }
        }
    }

    pub fn controller_reference(self, rs: &ReplicaSet) -> OwnerReference {
        let reference = controller_reference(rs);
        OwnerReference { api_version: self.api_version(), kind: self.kind(), ..reference }
    }

    pub fn fetch(self, ctx: &mut Ctx<'_>, key: &Key) -> Result<Arc<ReplicaSet>, SyncError> {
        let Key { namespace, name } = key;
        Ok(match self {
            Served::ReplicaSet => ctx.api.get(namespace, name)?,
            Served::ReplicationController => {
                let rc: Arc<ReplicationController> = ctx.api.get(namespace, name)?;
                Arc::new(as_replica_set(&rc))
            }
        })
    }

    pub fn update_status(
        self,
        ctx: &mut Ctx<'_>,
        rs: ReplicaSet,
    ) -> Result<Arc<ReplicaSet>, SyncError> {
        Ok(match self {
            Served::ReplicaSet => ctx.api.update_status(rs)?,
            Served::ReplicationController => {
                let updated = ctx.api.update_status(with_status(rs))?;
                Arc::new(as_replica_set(&updated))
            }
        })
    }
}

fn as_replica_set(rc: &ReplicationController) -> ReplicaSet {
    let (spec, status) = (&rc.spec, &rc.status);
    let condition = |c: &ReplicationControllerCondition| ReplicaSetCondition {
        last_transition_time: c.last_transition_time,
        message: c.message.clone(),
        reason: c.reason.clone(),
        status: c.status,
        type_: c.type_.clone(),
        ..ReplicaSetCondition::default()
    };
    ReplicaSet {
        metadata: rc.metadata.clone(),
        spec: ReplicaSetSpec {
            min_ready_seconds: spec.min_ready_seconds,
            replicas: spec.replicas,
            selector: Some(LabelSelector::from_labels(spec.selector.clone())),
            template: spec.template.clone().unwrap_or_default(),
            ..ReplicaSetSpec::default()
        },
        status: ReplicaSetStatus {
            available_replicas: status.available_replicas,
            conditions: status.conditions.iter().map(condition).collect(),
            fully_labeled_replicas: status.fully_labeled_replicas,
            observed_generation: status.observed_generation,
            ready_replicas: status.ready_replicas,
            replicas: status.replicas,
            ..ReplicaSetStatus::default()
        },
        ..ReplicaSet::default()
    }
}

/// What a write of the status needs: who it is, and the status.
fn with_status(rs: ReplicaSet) -> ReplicationController {
    let condition = |c: ReplicaSetCondition| ReplicationControllerCondition {
        last_transition_time: c.last_transition_time,
        message: c.message,
        reason: c.reason,
        status: c.status,
        type_: c.type_,
        ..ReplicationControllerCondition::default()
    };
    let status = rs.status;
    ReplicationController {
        metadata: rs.metadata,
        status: ReplicationControllerStatus {
            available_replicas: status.available_replicas,
            conditions: status.conditions.into_iter().map(condition).collect(),
            fully_labeled_replicas: status.fully_labeled_replicas,
            observed_generation: status.observed_generation,
            ready_replicas: status.ready_replicas,
            replicas: status.replicas,
            ..ReplicationControllerStatus::default()
        },
        ..ReplicationController::default()
    }
}
