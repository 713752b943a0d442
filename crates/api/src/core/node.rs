//! Node: a machine that runs pods.

use std::collections::BTreeSet;

use super::container::ResourceList;
use super::pod_status::ConditionStatus;
use super::pod_validation::TAINT_EFFECTS;
use super::resource_names::quantity_value;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{check, object_meta, one_of};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
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

    /// The first address of a type: `InternalIP`, `ExternalIP`, `Hostname`.
    pub fn address(&self, type_: &str) -> Option<&str> {
        let address = self.addresses.iter().find(|address| address.type_ == type_)?;
        Some(&address.address)
    }
}

// Models ValidateNode of pkg/apis/core/validation/validation.go.
impl Node {
    fn validate_parts(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        // Upstream puts the taints under the metadata.
        let taints = FieldPath::new("metadata").child("taints");
        let mut seen = BTreeSet::new();
        for (i, taint) in self.spec.taints.iter().enumerate() {
            let path = taints.index(i);
            check(names::is_qualified_name, &taint.key, &path.child("key"), &mut errors);
            let wrong = names::is_valid_label_value(&taint.value);
            if !wrong.is_empty() {
                let value = taint.value.as_str();
                errors.push(FieldError::invalid(path.child("value"), value, &wrong.join(";")));
            }
            one_of(&taint.effect, &TAINT_EFFECTS, path.child("effect"), &mut errors);
            if !seen.insert((&taint.effect, &taint.key)) {
                let mut error = FieldError::duplicate(path, taint.to_value());
                error.detail = "taints must be unique by key and effect pair".to_owned();
                errors.push(error);
            }
        }
        for (list, amounts) in
            [("capacity", &self.status.capacity), ("allocatable", &self.status.allocatable)]
        {
            for (name, amount) in amounts {
                let path = FieldPath::new("status").child(list).key(name);
                quantity_value(name, amount, &path, &mut errors);
            }
        }
        errors
    }
}

// Models printNode of pkg/printers/internalversion/printers.go.
impl Node {
    /// `Ready`, `NotReady,SchedulingDisabled`, …
    pub fn status_text(&self) -> String {
        let ready = match self.status.condition("Ready").map(|condition| condition.status) {
            Some(ConditionStatus::True) => "Ready",
            Some(_) => "NotReady",
            None => "Unknown",
        };
        let suffix = if self.spec.unschedulable { ",SchedulingDisabled" } else { "" };
        format!("{ready}{suffix}")
    }

    /// Roles from labels, or `<none>`.
    pub fn roles_text(&self) -> String {
        let role = |(key, value): (&SmolStr, &SmolStr)| match key
            .strip_prefix("node-role.kubernetes.io/")
        {
            Some(role) if !role.is_empty() => Some(role.to_owned()),
            None if key == "kubernetes.io/role" && !value.is_empty() => Some(value.to_string()),
            _ => None,
        };
        let roles: BTreeSet<String> = self.metadata.labels.iter().filter_map(role).collect();
        if roles.is_empty() {
            return "<none>".to_owned();
        }
        roles.into_iter().collect::<Vec<_>>().join(",")
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

    // Models pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        if self.status.allocatable.is_empty() && !self.status.capacity.is_empty() {
            self.status.allocatable = self.status.capacity.clone();
        }
    }

    // Models pkg/registry/core/node/strategy.go: a creator may set the status.
    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        errors.extend(self.validate_parts());
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        if self.spec == old.spec {
            return FieldErrors::new();
        }
        let mut errors = self.validate_parts();
        let path = FieldPath::new("spec");
        let (new, old) = (&self.spec, &old.spec);
        if !old.pod_cidrs.is_empty() && new.pod_cidrs != old.pod_cidrs {
            let detail = "node updates may not change podCIDR except from \"\" to valid";
            errors.push(FieldError::forbidden(path.child("podCIDRs"), detail));
        }
        if !old.provider_id.is_empty() && new.provider_id != old.provider_id {
            let detail = "node updates may not change providerID except from \"\" to valid";
            errors.push(FieldError::forbidden(path.child("providerID"), detail));
        }
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Status"),
                Column::text("Roles"),
                Column::text("Age"),
                Column::text("Version"),
                Column::wide("Internal-IP"),
                Column::wide("External-IP"),
                Column::wide("OS-Image"),
                Column::wide("Kernel-Version"),
                Column::wide("Container-Runtime"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let unknown = NodeSystemInfo::default();
        let info = self.status.node_info.as_deref().unwrap_or(&unknown);
        let or_unknown = |text: &SmolStr| match text.as_str() {
            "" => "<unknown>".to_owned(),
            known => known.to_owned(),
        };
        let mut kernel = or_unknown(&info.kernel_version);
        if !info.architecture.is_empty() {
            kernel = format!("{kernel} ({})", info.architecture);
        }
        vec![
            self.metadata.name.as_str().into(),
            self.status_text().into(),
            self.roles_text().into(),
            age(&self.metadata, now).into(),
            info.kubelet_version.as_str().into(),
            self.status.address("InternalIP").unwrap_or("<none>").into(),
            self.status.address("ExternalIP").unwrap_or("<none>").into(),
            or_unknown(&info.os_image).into(),
            kernel.into(),
            or_unknown(&info.container_runtime_version).into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        let unschedulable = if self.spec.unschedulable { "true" } else { "false" };
        vec![("spec.unschedulable", SmolStr::new_static(unschedulable))]
    }
}
