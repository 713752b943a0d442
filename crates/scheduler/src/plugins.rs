//! The plugins of the default profile, in their order, with their weights in scores.

mod default_binder;
mod default_preemption;
mod dynamic_resources;
mod image_locality;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_balanced_allocation;
mod node_resources_fit;
mod node_unschedulable;
mod node_volume_limits;
mod pod_topology_spread;
mod priority_sort;
mod scheduling_gates;
mod taint_toleration;
mod volume_binding;
mod volume_restrictions;
mod volume_zone;

pub use self::default_preemption::BY_SCHEDULER;
use crate::framework::Plugin;

/// A plugin that a profile may enable.
pub struct Registered {
    pub plugin: Box<dyn Plugin>,
    /// Zero for plugins that do not score.
    pub weight: i64,
}

fn with(weight: i64, plugin: impl Plugin + 'static) -> Registered {
    Registered { plugin: Box::new(plugin), weight }
}

/// Models pkg/scheduler/apis/config/v1/default_plugins.go.
pub fn defaults() -> Vec<Registered> {
    vec![
        with(0, scheduling_gates::SchedulingGates),
        with(0, priority_sort::PrioritySort),
        with(0, node_unschedulable::NodeUnschedulable),
        with(0, node_name::NodeName),
        with(3, taint_toleration::TaintToleration),
        with(2, node_affinity::NodeAffinity),
        with(0, node_ports::NodePorts),
        with(1, node_resources_fit::NodeResourcesFit),
        with(0, volume_restrictions::VolumeRestrictions),
        with(0, node_volume_limits::NodeVolumeLimits),
        with(0, volume_binding::VolumeBinding),
        with(0, volume_zone::VolumeZone),
        with(2, pod_topology_spread::PodTopologySpread),
        with(2, inter_pod_affinity::InterPodAffinity),
        with(2, dynamic_resources::DynamicResources),
        with(0, default_preemption::DefaultPreemption),
        with(1, node_resources_balanced_allocation::NodeResourcesBalancedAllocation),
        with(1, image_locality::ImageLocality),
        with(0, default_binder::DefaultBinder),
    ]
}
