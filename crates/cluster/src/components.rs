//! Who is at home in a cluster: every component, in the order in which they start.

use std::net::Ipv4Addr;

use apimachinery::quantity::Quantity;
use client::Component;
use kubelet::{Kubelet, NodeConfig};
use volume::Driver;

use crate::config::{Config, NodeSpec};

/// The programs of the control plane that act by the API.
pub(crate) fn control_plane(config: &Config) -> Vec<Box<dyn Component>> {
    let manager =
        controller::Config { load_balancer: config.load_balancer, ..controller::Config::default() };
    // Whoever makes the configuration has read it before.
    let schedulers = scheduler::Config::from_value(&config.scheduler).unwrap_or_default();
    vec![
        Box::new(controller::ControllerManager::new(manager)),
        Box::new(scheduler::Scheduler::new(schedulers)),
    ]
}

/// All components of a cluster. The nodes come last, so that whoever watches them sees them join.
pub(crate) fn all(config: &Config) -> Vec<Box<dyn Component>> {
    let mut all = control_plane(config);
    all.push(Box::new(network::KubeProxy::new()));
    all.push(Box::new(network::CoreDns::new()));
    all.push(Box::new(network::Clients::new()));
    all.push(Box::new(volume::Provisioner::new(drivers(config))));
    if config.metrics_server {
        all.push(Box::new(kubelet::MetricsServer::default()));
    }
    for (number, node) in (2u32..).zip(&config.nodes) {
        all.push(Box::new(Kubelet::new(node_config(node, number, config.as_recorded))));
    }
    if config.system_pods {
        all.push(Box::new(crate::system::Kubeadm::new(config)));
    }
    all
}

/// Who makes volumes. The stand-in of the recordings sent no events, and was alone.
fn drivers(config: &Config) -> Vec<Driver> {
    let driver = |name| if config.as_recorded { Driver::silent(name) } else { Driver::csi(name) };
    let minikube = (!config.as_recorded).then(Driver::minikube);
    config.csi_drivers.iter().map(|name| driver(name)).chain(minikube).collect()
}

/// Machines have the addresses 10.0.0.2 and on, in order.
fn node_config(node: &NodeSpec, number: u32, as_recorded: bool) -> NodeConfig {
    let [_, b, c, d] = number.to_be_bytes();
    let mut made = NodeConfig::new(&node.name, Ipv4Addr::new(10, b, c, d));
    made.cpu = Quantity::parse(&node.cpu).unwrap_or(made.cpu);
    made.memory = Quantity::parse(&node.memory).unwrap_or(made.memory);
    made.pods = node.pods;
    made.zone = node.zone.clone();
    made.knobs.as_recorded = as_recorded;
    if node.control_plane {
        made.labels.push(("node-role.kubernetes.io/control-plane".into(), "".into()));
        made.taints.push((
            "node-role.kubernetes.io/control-plane".into(),
            "".into(),
            "NoSchedule".into(),
        ));
    }
    made
}
