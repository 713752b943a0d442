//! Node: a machine that runs pods.

use super::container::ResourceList;
use super::pod_status::ConditionStatus;
use crate::object::{Kind, KindInfo};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::wire_struct;
use smol_str::SmolStr;

wire_struct! {
    /// Keeps pods away that do not tolerate it.
    pub struct Taint {
        pub effect: SmolStr => "effect" keep,
        pub key: SmolStr => "key" keep,
        pub time_added: Option<Time> => "timeAdded",
        pub value: SmolStr => "value",
    }
}

wire_struct! {
    /// What the cluster wants of a node.
    pub struct NodeSpec {
        pub pod_cidr: SmolStr => "podCIDR",
        pub pod_cidrs: Vec<SmolStr> => "podCIDRs",
        pub provider_id: SmolStr => "providerID",
        pub taints: Vec<Taint> => "taints",
        pub unschedulable: bool => "unschedulable",
    }
}

wire_struct! {
    /// An address of a node.
    pub struct NodeAddress {
        pub address: SmolStr => "address" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// How one aspect of a node is.
    pub struct NodeCondition {
        pub last_heartbeat_time: Option<Time> => "lastHeartbeatTime",
        pub last_transition_time: Option<Time> => "lastTransitionTime",
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: ConditionStatus => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// An image that a node already holds.
    pub struct ContainerImage {
        pub names: Vec<SmolStr> => "names",
        pub size_bytes: i64 => "sizeBytes",
    }
}

wire_struct! {
    /// What a node says of its system.
    pub struct NodeSystemInfo {
        pub architecture: SmolStr => "architecture" keep,
        pub boot_id: SmolStr => "bootID" keep,
        pub container_runtime_version: SmolStr => "containerRuntimeVersion" keep,
        pub kernel_version: SmolStr => "kernelVersion" keep,
        pub kube_proxy_version: SmolStr => "kubeProxyVersion" keep,
        pub kubelet_version: SmolStr => "kubeletVersion" keep,
        pub machine_id: SmolStr => "machineID" keep,
        pub operating_system: SmolStr => "operatingSystem" keep,
        pub os_image: SmolStr => "osImage" keep,
        pub system_uuid: SmolStr => "systemUUID" keep,
    }
}

wire_struct! {
    /// How a node is.
    pub struct NodeStatus {
        pub addresses: Vec<NodeAddress> => "addresses",
        pub allocatable: ResourceList => "allocatable",
        pub capacity: ResourceList => "capacity",
        pub conditions: Vec<NodeCondition> => "conditions",
        pub images: Vec<ContainerImage> => "images",
        pub node_info: Option<Box<NodeSystemInfo>> => "nodeInfo",
    }
}

wire_struct! {
    /// A machine that runs pods.
    pub struct Node {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: NodeSpec => "spec" keep,
        pub status: NodeStatus => "status" keep,
    }
}

impl NodeStatus {
    pub fn condition(&self, type_: &str) -> Option<&NodeCondition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }
}

impl Kind for Node {
    const INFO: KindInfo = KindInfo::fixed("", "v1", "Node", "nodes", false, &["proxy", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
