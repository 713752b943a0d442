//! A pod's affinity and anti-affinity to other pods, compiled once per template.
//! Models kube-scheduler/framework `AffinityTerm`.

use std::collections::BTreeMap;

use api::Pod;
use api::core::pod_spec::PodBody;
use apimachinery::labels::{LabelSelector, Labels, Selector};
use apimachinery::wire::Wire;
use serde_json::Value;
use smol_str::SmolStr;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// Pods of some namespaces with some labels, and the domain in which they count.
#[derive(Clone, Debug)]
pub struct PodTerm {
    pub topology_key: SmolStr,
    selector: Selector,
    namespaces: Vec<SmolStr>,
    /// Neither namespaces nor a selector for them are given: the namespace of the pod itself.
    own_namespace: bool,
    namespace_selector: Selector,
}

impl PodTerm {
    fn of(term: &Value) -> Option<Self> {
        let selector = |name: &str| match term.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => {
                let selector = LabelSelector::from_value(value.clone()).ok()?;
                Some(Some(selector.to_selector().ok()?))
            }
        };
        let namespaces: Vec<SmolStr> = term
            .get("namespaces")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).map(SmolStr::from).collect())
            .unwrap_or_default();
        let namespace_selector = selector("namespaceSelector")?;
        Some(PodTerm {
            topology_key: term.get("topologyKey").and_then(Value::as_str)?.into(),
            selector: selector("labelSelector")?.unwrap_or(Selector::nothing()),
            own_namespace: namespaces.is_empty() && namespace_selector.is_none(),
            namespaces,
            namespace_selector: namespace_selector.unwrap_or(Selector::nothing()),
        })
    }

    /// Whether the term of a pod in `owner_namespace` is about `pod`.
    pub fn matches(&self, owner_namespace: &str, pod: &Pod, namespaces: &NamespaceLabels) -> bool {
        let namespace = &pod.metadata.namespace;
        let named = if self.own_namespace {
            namespace == owner_namespace
        } else {
            self.namespaces.contains(namespace)
        };
        (named || self.selects(namespace, namespaces))
            && self.selector.matches(&pod.metadata.labels)
    }

    fn selects(&self, namespace: &SmolStr, namespaces: &NamespaceLabels) -> bool {
        if self.namespace_selector.is_nothing() {
            return false;
        }
        self.namespace_selector.matches(namespaces.get(namespace).unwrap_or(&NO_LABELS))
    }
}

static NO_LABELS: Labels = Labels::new();

/// The labels of every namespace.
pub type NamespaceLabels = BTreeMap<SmolStr, Labels>;

/// All terms of a pod.
#[derive(Clone, Debug, Default)]
pub struct PodTerms {
    pub required: Vec<PodTerm>,
    pub required_anti: Vec<PodTerm>,
    pub preferred: Vec<(PodTerm, i64)>,
    pub preferred_anti: Vec<(PodTerm, i64)>,
}

impl PodTerms {
    pub fn of(body: &PodBody) -> Self {
        let Some(affinity) = &body.affinity else { return PodTerms::default() };
        let (with, against) = (&affinity.pod_affinity, &affinity.pod_anti_affinity);
        PodTerms {
            required: required(with.as_ref()),
            required_anti: required(against.as_ref()),
            preferred: preferred(with.as_ref()),
            preferred_anti: preferred(against.as_ref()),
        }
    }

    pub fn any(&self) -> bool {
        !(self.required.is_empty()
            && self.required_anti.is_empty()
            && self.preferred.is_empty()
            && self.preferred_anti.is_empty())
    }

    pub fn requires_anti(&self) -> bool {
        !self.required_anti.is_empty()
    }

    pub fn prefers(&self) -> bool {
        !(self.preferred.is_empty() && self.preferred_anti.is_empty())
    }
}

fn list<'a>(affinity: Option<&'a Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    affinity.and_then(|a| a.get(name)).and_then(Value::as_array).into_iter().flatten()
}

fn required(affinity: Option<&Value>) -> Vec<PodTerm> {
    list(affinity, REQUIRED).filter_map(PodTerm::of).collect()
}

fn preferred(affinity: Option<&Value>) -> Vec<(PodTerm, i64)> {
    list(affinity, PREFERRED)
        .filter_map(|wish| {
            let weight = wish.get("weight").and_then(Value::as_i64)?;
            Some((PodTerm::of(wish.get("podAffinityTerm")?)?, weight))
        })
        .collect()
}

/// Whether the pod fulfils all terms; no terms are not fulfilled by anyone.
pub fn matches_all(
    terms: &[PodTerm],
    owner_namespace: &str,
    pod: &Pod,
    namespaces: &NamespaceLabels,
) -> bool {
    !terms.is_empty() && terms.iter().all(|term| term.matches(owner_namespace, pod, namespaces))
}
