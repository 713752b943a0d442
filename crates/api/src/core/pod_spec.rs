//! What a pod asks for. The body is shared between all pods of one template; what the scheduler
//! and the service account admission give to each pod lies outside it.

use std::ops::Deref;
use std::sync::Arc;

use apimachinery::wire::{StringMap, Wire, WireError};
use apimachinery::wire_struct;
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::container::{Container, ResourceList};
use super::volume::Volume;

pub use super::pod_validation::validate_body;

/// Every pod gets its token volume under this prefix.
pub const TOKEN_VOLUME_PREFIX: &str = "kube-api-access-";
/// Where containers find their service account's token.
pub const TOKEN_MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

wire_struct! {
    /// Lets a pod run on nodes with a matching taint.
    pub struct Toleration {
        pub effect: SmolStr => "effect",
        pub key: SmolStr => "key",
        pub operator: SmolStr => "operator",
        pub toleration_seconds: Option<i64> => "tolerationSeconds",
        pub value: SmolStr => "value",
    }
}

wire_struct! {
    /// One rule on a node's labels or fields.
    pub struct NodeSelectorRequirement {
        pub key: SmolStr => "key" keep,
        pub operator: SmolStr => "operator" keep,
        pub values: Vec<SmolStr> => "values",
    }
}

wire_struct! {
    /// Rules that must all hold.
    pub struct NodeSelectorTerm {
        pub match_expressions: Vec<NodeSelectorRequirement> => "matchExpressions",
        pub match_fields: Vec<NodeSelectorRequirement> => "matchFields",
    }
}

wire_struct! {
    /// Terms of which one must hold.
    pub struct NodeSelector {
        pub node_selector_terms: Vec<NodeSelectorTerm> => "nodeSelectorTerms" keep,
    }
}

wire_struct! {
    /// A wish with its weight, 1 to 100.
    pub struct PreferredSchedulingTerm {
        pub preference: NodeSelectorTerm => "preference" keep,
        pub weight: i32 => "weight" keep,
    }
}

wire_struct! {
    /// Which nodes a pod must or should run on.
    pub struct NodeAffinity {
        pub preferred: Vec<PreferredSchedulingTerm> =>
            "preferredDuringSchedulingIgnoredDuringExecution",
        pub required: Option<NodeSelector> => "requiredDuringSchedulingIgnoredDuringExecution",
    }
}

wire_struct! {
    /// Affinity to nodes; to other pods it is kept in its JSON form.
    pub struct Affinity {
        pub node_affinity: Option<NodeAffinity> => "nodeAffinity",
        pub pod_affinity: Option<Value> => "podAffinity",
        pub pod_anti_affinity: Option<Value> => "podAntiAffinity",
    }
}

wire_struct! {
    /// The part of a pod's spec that all pods of a template share.
    pub struct PodBody {
        pub active_deadline_seconds: Option<i64> => "activeDeadlineSeconds",
        pub affinity: Option<Box<Affinity>> => "affinity",
        pub automount_service_account_token: Option<bool> => "automountServiceAccountToken",
        pub containers: Vec<Container> => "containers" keep,
        pub dns_policy: SmolStr => "dnsPolicy",
        pub enable_service_links: Option<bool> => "enableServiceLinks",
        pub host_network: bool => "hostNetwork",
        pub hostname: SmolStr => "hostname",
        pub init_containers: Vec<Container> => "initContainers",
        pub node_selector: StringMap => "nodeSelector",
        pub overhead: ResourceList => "overhead",
        pub preemption_policy: Option<SmolStr> => "preemptionPolicy",
        pub priority: Option<i32> => "priority",
        pub priority_class_name: SmolStr => "priorityClassName",
        pub readiness_gates: Vec<Value> => "readinessGates",
        pub restart_policy: SmolStr => "restartPolicy",
        pub runtime_class_name: Option<SmolStr> => "runtimeClassName",
        pub scheduler_name: SmolStr => "schedulerName",
        pub scheduling_gates: Vec<Value> => "schedulingGates",
        pub security_context: Option<Value> => "securityContext",
        /// The old name of `service_account_name`.
        pub service_account: SmolStr => "serviceAccount",
        pub service_account_name: SmolStr => "serviceAccountName",
        pub subdomain: SmolStr => "subdomain",
        pub termination_grace_period_seconds: Option<i64> => "terminationGracePeriodSeconds",
        pub tolerations: Vec<Toleration> => "tolerations",
        pub topology_spread_constraints: Vec<Value> => "topologySpreadConstraints",
        pub volumes: Vec<Volume> => "volumes",
    }
}

/// A pod's spec: the shared body and what is this pod's alone. Reads through to the body.
#[derive(Clone, Debug, Default)]
pub struct PodSpec {
    pub body: Arc<PodBody>,
    /// Empty until the pod is bound.
    pub node_name: SmolStr,
    /// The five characters behind `kube-api-access-`; empty where no token is mounted. In the JSON
    /// form it shows as a projected volume and a mount in every container.
    pub token_volume: SmolStr,
}

impl PartialEq for PodSpec {
    fn eq(&self, other: &Self) -> bool {
        self.node_name == other.node_name
            && self.token_volume == other.token_volume
            && (Arc::ptr_eq(&self.body, &other.body) || self.body == other.body)
    }
}

impl Deref for PodSpec {
    type Target = PodBody;
    fn deref(&self) -> &PodBody {
        &self.body
    }
}

impl PodSpec {
    /// The body for writing, copied first if other pods share it.
    pub fn body_mut(&mut self) -> &mut PodBody {
        Arc::make_mut(&mut self.body)
    }
}

impl Wire for PodSpec {
    fn from_value(mut value: Value) -> Result<Self, WireError> {
        let node_name = value
            .as_object_mut()
            .and_then(|map| map.remove("nodeName"))
            .and_then(|name| name.as_str().map(SmolStr::from))
            .unwrap_or_default();
        let token_volume = take_token_volume(&mut value).unwrap_or_default();
        Ok(PodSpec { body: Arc::new(PodBody::from_value(value)?), node_name, token_volume })
    }

    fn to_value(&self) -> Value {
        let mut value = self.body.to_value();
        if let Some(map) = value.as_object_mut() {
            if !self.node_name.is_empty() {
                map.insert("nodeName".into(), self.node_name.as_str().into());
            }
            if !self.token_volume.is_empty() {
                put_token_volume(map, &self.token_volume);
            }
        }
        value
    }
}

/// The volume that admission adds. Models plugin/pkg/admission/serviceaccount/admission.go.
fn token_source(name: &str) -> Value {
    json!({"name": name, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}})
}

fn token_mount(name: &str) -> Value {
    json!({"name": name, "readOnly": true, "mountPath": TOKEN_MOUNT_PATH})
}

fn put_token_volume(map: &mut Map<String, Value>, suffix: &str) {
    let name = format!("{TOKEN_VOLUME_PREFIX}{suffix}");
    push(map, "volumes", token_source(&name));
    for list in ["initContainers", "containers"] {
        let Some(Value::Array(containers)) = map.get_mut(list) else { continue };
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            if !mounts_token_path(container) {
                push(container, "volumeMounts", token_mount(&name));
            }
        }
    }
}

fn push(map: &mut Map<String, Value>, list: &str, item: Value) {
    if let Value::Array(items) = map.entry(list).or_insert_with(|| Value::Array(Vec::new())) {
        items.push(item);
    }
}

fn mounts_token_path(container: &Map<String, Value>) -> bool {
    container
        .get("volumeMounts")
        .and_then(Value::as_array)
        .is_some_and(|mounts| mounts.iter().any(|mount| mount["mountPath"] == TOKEN_MOUNT_PATH))
}

/// Takes the token volume out of a JSON form, but only where putting it back gives the same again.
fn take_token_volume(value: &mut Value) -> Option<SmolStr> {
    let last = value.get("volumes")?.as_array()?.last()?;
    let suffix = SmolStr::from(last["name"].as_str()?.strip_prefix(TOKEN_VOLUME_PREFIX)?);
    let name = format!("{TOKEN_VOLUME_PREFIX}{suffix}");
    let mut stripped = value.as_object()?.clone();
    drop_item(&mut stripped, "volumes", &token_source(&name));
    for list in ["initContainers", "containers"] {
        let Some(Value::Array(containers)) = stripped.get_mut(list) else { continue };
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            drop_item(container, "volumeMounts", &token_mount(&name));
        }
    }
    let mut again = stripped.clone();
    put_token_volume(&mut again, &suffix);
    if Value::Object(again) != *value {
        return None;
    }
    *value = Value::Object(stripped);
    Some(suffix)
}

fn drop_item(map: &mut Map<String, Value>, list: &str, item: &Value) {
    let Some(Value::Array(items)) = map.get_mut(list) else { return };
    if items.last() == Some(item) {
        items.pop();
    }
    if items.is_empty() {
        map.remove(list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_volume_is_one_word_per_pod_and_comes_back_whole() {
        let mut spec = json!({"nodeName": "node-1", "containers": [{"name": "a", "resources": {}}],
            "volumes": [{"name": "x", "emptyDir": {}}]});
        if let Some(map) = spec.as_object_mut() {
            put_token_volume(map, "abcde");
        }
        let typed = PodSpec::from_value(spec.clone()).unwrap();
        assert_eq!(typed.token_volume, "abcde");
        assert_eq!(typed.volumes.len(), 1);
        assert_eq!(typed.containers[0].volume_mounts.len(), 0);
        assert_eq!(typed.to_value(), spec);
    }
}
