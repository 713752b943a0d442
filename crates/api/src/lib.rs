//! The API's kinds: one file each with type, defaults, validation, update rules and printer
//! columns. `kinds.rs` lists them.

pub mod apps;
pub mod batch;
pub mod coordination;
pub mod core;
pub mod discovery;
pub mod events;
pub mod kinds;
pub mod object;
pub mod object_update;
pub mod policy;
pub mod quota;
pub mod scheduling;
pub mod storage;
pub mod validation;

pub use apps::controller_revision::ControllerRevision;
pub use apps::daemon_set::DaemonSet;
pub use apps::deployment::Deployment;
pub use apps::replica_set::ReplicaSet;
pub use apps::stateful_set::StatefulSet;
pub use batch::cron_job::CronJob;
pub use batch::job::Job;
pub use coordination::lease::Lease;
pub use core::config_map::ConfigMap;
pub use core::endpoints::Endpoints;
pub use core::event::Event;
pub use core::limit_range::LimitRange;
pub use core::namespace::Namespace;
pub use core::node::Node;
pub use core::persistent_volume::PersistentVolume;
pub use core::persistent_volume_claim::PersistentVolumeClaim;
pub use core::pod::Pod;
pub use core::pod_template::PodTemplate;
pub use core::replication_controller::ReplicationController;
pub use core::resource_quota::ResourceQuota;
pub use core::secret::Secret;
pub use core::service::Service;
pub use core::service_account::ServiceAccount;
pub use discovery::endpoint_slice::EndpointSlice;
pub use object::{Kind, KindEntry, KindInfo, Obj, Object, Version, as_kind, make_mut, to_kind};
pub use policy::pod_disruption_budget::PodDisruptionBudget;
pub use scheduling::priority_class::PriorityClass;
pub use storage::storage_class::StorageClass;
