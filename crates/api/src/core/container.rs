//! Containers of a pod: image, command, ports, environment, resources, probes.

use std::collections::BTreeMap;

use apimachinery::int_or_string::IntOrString;
use apimachinery::quantity::Quantity;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::probe::{Lifecycle, Probe};
use super::volume::VolumeMount;

/// Amounts by resource name.
pub type ResourceList = BTreeMap<SmolStr, Quantity>;

wire_struct! {
    /// A port that a container exposes.
    pub struct ContainerPort {
        pub container_port: i32 => "containerPort" keep,
        pub host_ip: SmolStr => "hostIP",
        pub host_port: i32 => "hostPort",
        pub name: SmolStr => "name",
        pub protocol: SmolStr => "protocol",
    }
}

wire_struct! {
    /// A variable of the environment; `value_from` is kept in its JSON form.
    pub struct EnvVar {
        pub name: SmolStr => "name" keep,
        pub value: SmolStr => "value",
        pub value_from: Option<Box<Value>> => "valueFrom",
    }
}

wire_struct! {
    /// What a container asks for and what it may take at most.
    pub struct ResourceRequirements {
        pub claims: Vec<Value> => "claims",
        pub limits: ResourceList => "limits",
        pub requests: ResourceList => "requests",
    }
}

wire_struct! {
    /// One container of a pod.
    pub struct Container {
        pub args: Vec<SmolStr> => "args",
        pub command: Vec<SmolStr> => "command",
        pub env: Vec<EnvVar> => "env",
        pub env_from: Vec<Value> => "envFrom",
        pub image: SmolStr => "image",
        pub image_pull_policy: SmolStr => "imagePullPolicy",
        pub lifecycle: Option<Box<Lifecycle>> => "lifecycle",
        pub liveness_probe: Option<Box<Probe>> => "livenessProbe",
        pub name: SmolStr => "name" keep,
        pub ports: Vec<ContainerPort> => "ports",
        pub readiness_probe: Option<Box<Probe>> => "readinessProbe",
        pub resources: ResourceRequirements => "resources" keep,
        /// Only for init containers: `Always` makes a sidecar.
        pub restart_policy: Option<SmolStr> => "restartPolicy",
        pub startup_probe: Option<Box<Probe>> => "startupProbe",
        pub termination_message_path: SmolStr => "terminationMessagePath",
        pub termination_message_policy: SmolStr => "terminationMessagePolicy",
        pub volume_mounts: Vec<VolumeMount> => "volumeMounts",
        pub working_dir: SmolStr => "workingDir",
    }
}

impl Container {
    /// The number of a port given by number or by name.
    pub fn port(&self, port: &IntOrString) -> Option<i32> {
        match port {
            IntOrString::Int(number) => Some(*number),
            IntOrString::String(name) => self
                .ports
                .iter()
                .find(|declared| declared.name == name.as_str())
                .map(|declared| declared.container_port),
        }
    }
}

/// Names and images of containers, as wide tables show them.
pub fn container_cells(containers: &[Container]) -> [String; 2] {
    let join = |field: fn(&Container) -> &SmolStr| {
        containers.iter().map(|container| field(container).as_str()).collect::<Vec<_>>().join(",")
    };
    [join(|container| &container.name), join(|container| &container.image)]
}
