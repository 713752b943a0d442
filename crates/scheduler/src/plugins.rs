//! All plugins, in their order, with their weights in scores.

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
use crate::config::{DEFAULT_SCHEDULER, ProfileConfig};
use crate::framework::Plugin;

/// A plugin that a profile may enable.
pub struct Registered {
    pub plugin: Box<dyn Plugin>,
    /// Zero for plugins that do not score.
    pub weight: i64,
    pub enabled: bool,
}

fn with(weight: i64, plugin: impl Plugin + 'static) -> Registered {
    Registered { plugin: Box::new(plugin), weight, enabled: true }
}

/// All plugins as a profile wants them. Each has the same place in every profile.
/// Models pkg/scheduler/apis/config/v1/default_plugins.go.
pub fn of_profile(config: &ProfileConfig) -> Vec<Registered> {
    let fit = node_resources_fit::NodeResourcesFit { strategy: config.fit.clone() };
    let mut all = vec![
        with(0, scheduling_gates::SchedulingGates),
        with(0, priority_sort::PrioritySort),
        with(0, node_unschedulable::NodeUnschedulable),
        with(0, node_name::NodeName),
        with(3, taint_toleration::TaintToleration),
        with(2, node_affinity::NodeAffinity),
        with(0, node_ports::NodePorts),
        with(1, fit),
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
    ];
    for registered in &mut all {
        let name = registered.plugin.name();
        registered.enabled = !config.disabled.contains(name);
        if let Some(weight) = config.weights.get(name) {
            registered.weight = *weight;
        }
        if config.unscored.contains(name) {
            registered.weight = 0;
        }
    }
    all
}

/// The names of all plugins.
pub fn names() -> Vec<&'static str> {
    let all = of_profile(&ProfileConfig::named(DEFAULT_SCHEDULER));
    all.iter().map(|registered| registered.plugin.name()).collect()
}
