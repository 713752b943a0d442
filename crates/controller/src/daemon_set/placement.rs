//! On which nodes a DaemonSet's pod should be, and the pod that is bound to one of them.
//! Models NodeShouldRunDaemonPod and pkg/controller/daemon/util/daemonset_util.go.

use std::sync::Arc;

use api::apps::controller_revision::CONTROLLER_REVISION_HASH;
use api::apps::daemon_set::DaemonSet;
use api::core::node_selector::{FIELD_NAME, RequiredNodes, tolerated};
use api::core::pod_spec::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodBody,
    Toleration,
};
use api::{Node, Pod};
use apimachinery::meta::OwnerReference;
use apimachinery::wire::Shared;
use smol_str::SmolStr;

use crate::pod_control::pod_from_template;

const GENERATION_LABEL: &str = "pod-template-generation";

/// Taints that a daemon's pods bear for ever.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
const TOLERATED_IN_HOST_NETWORK: (&str, &str) =
    ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// The template's tolerations and those that all daemons have.
fn tolerations(body: &PodBody) -> Vec<Toleration> {
    let mut all = body.tolerations.clone();
    let more = body.host_network.then_some(TOLERATED_IN_HOST_NETWORK);
    for (key, effect) in TOLERATED.into_iter().chain(more) {
        let toleration = Toleration {
            key: SmolStr::new_static(key),
            effect: SmolStr::new_static(effect),
            operator: SmolStr::new_static("Exists"),
            ..Toleration::default()
        };
        let same = |one: &&mut Toleration| {
            let key = (&one.key, &one.effect, &one.operator, &one.value);
            key == (&toleration.key, &toleration.effect, &toleration.operator, &toleration.value)
        };
        match all.iter_mut().find(same) {
            Some(known) => *known = toleration,
            None => all.push(toleration),
        }
    }
    all
}

/// What a DaemonSet says of nodes, compiled once for all of them.
pub struct Placement {
    node_name: SmolStr,
    required: Option<RequiredNodes>,
    tolerations: Vec<Toleration>,
}

/// Whether a pod should be made on a node, and whether one that is there may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    pub run: bool,
    pub stay: bool,
}

impl Placement {
    pub fn of(ds: &DaemonSet) -> Self {
        let spec = &ds.spec.template.spec;
        Placement {
            node_name: spec.node_name.clone(),
            required: RequiredNodes::of(spec),
            tolerations: tolerations(spec),
        }
    }

    pub fn fit(&self, node: &Node) -> Fit {
        let named = self.node_name.is_empty() || self.node_name == node.metadata.name;
        if !named || self.required.as_ref().is_some_and(|required| !required.matches(node)) {
            return Fit { run: false, stay: false };
        }
        let refused = |effects: &[&str]| {
            let mut taints = node.spec.taints.iter();
            taints.any(|taint| {
                effects.contains(&taint.effect.as_str()) && !tolerated(&self.tolerations, taint)
            })
        };
        let stay = !refused(&["NoExecute"]);
        Fit { run: stay && !refused(&["NoSchedule"]), stay }
    }
}

/// The pod that all nodes' pods are made from.
pub fn prototype(ds: &DaemonSet, hash: &str, owners: &Shared<Vec<OwnerReference>>) -> Pod {
    let mut pod = pod_from_template(&ds.spec.template, &ds.metadata, owners);
    let tolerations = tolerations(&pod.spec);
    pod.spec.body_mut().tolerations = tolerations;
    if let Some(generation) = ds.template_generation() {
        pod.metadata.set_label(GENERATION_LABEL, &generation.to_string());
    }
    pod.metadata.set_label(CONTROLLER_REVISION_HASH, hash);
    pod
}

/// A pod for one node: affinity by the node's name takes the place of what the template requires.
pub fn pod_for(prototype: &Pod, node: &SmolStr) -> Pod {
    let mut pod = prototype.clone();
    let term = NodeSelectorTerm {
        match_fields: vec![NodeSelectorRequirement {
            key: SmolStr::new_static(FIELD_NAME),
            operator: SmolStr::new_static("In"),
            values: vec![node.clone()],
            ..NodeSelectorRequirement::default()
        }],
        ..NodeSelectorTerm::default()
    };
    let affinity: &mut Affinity = pod.spec.body_mut().affinity.get_or_insert_default();
    let nodes: &mut NodeAffinity = affinity.node_affinity.get_or_insert_default();
    let required: &mut NodeSelector = nodes.required.get_or_insert_default();
    required.node_selector_terms = vec![term];
    pod
}

/// The node that a pod is on or is meant for.
pub fn target_node(pod: &Pod) -> Option<&SmolStr> {
    if !pod.spec.node_name.is_empty() {
        return Some(&pod.spec.node_name);
    }
    let nodes = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &nodes.required.as_ref()?.node_selector_terms;
    let mut rules = terms.iter().flat_map(|term| &term.match_fields);
    let rule = rules.find(|rule| rule.key == FIELD_NAME && rule.operator == "In")?;
    match rule.values.as_slice() {
        [name] => Some(name),
        _ => None,
    }
}

/// Whether a pod is of the newest template.
pub fn is_updated(pod: &Pod, hash: &str, generation: Option<i64>) -> bool {
    let of_generation = generation.is_some_and(|generation| {
        pod.metadata.label(GENERATION_LABEL) == Some(generation.to_string().as_str())
    });
    of_generation || pod.metadata.label(CONTROLLER_REVISION_HASH) == Some(hash)
}

/// Bound pods first, then the older ones.
pub fn sort(pods: &mut [Arc<Pod>]) {
    pods.sort_by(|a, b| {
        let key = |pod: &Pod| (pod.spec.node_name.is_empty(), pod.metadata.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
}
