//! Topology spread constraints, compiled once per template.
//! Models pkg/scheduler/framework/plugins/podtopologyspread/common.go.

use api::Node;
use apimachinery::labels::{LabelSelector, Labels, Operator, Requirement, Selector};
use apimachinery::wire::Wire;
use serde_json::Value;
use smol_str::SmolStr;

use crate::cache::NodeId;
use crate::framework::Cycle;
use crate::template::Template;
use api::core::node_selector::untolerated;

/// One constraint.
#[derive(Clone, Debug)]
pub struct Constraint {
    pub max_skew: i64,
    pub topology_key: SmolStr,
    /// `DoNotSchedule`; otherwise only a wish.
    pub hard: bool,
    pub selector: Selector,
    pub match_label_keys: Vec<SmolStr>,
    pub min_domains: i64,
    pub honor_affinity: bool,
    pub honor_taints: bool,
}

impl Constraint {
    pub fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let number = |name: &str| value.get(name).and_then(Value::as_i64);
        let selector = match value.get("labelSelector") {
            None | Some(Value::Null) => Selector::nothing(),
            Some(selector) => {
                LabelSelector::from_value(selector.clone()).ok()?.to_selector().ok()?
            }
        };
        Some(Constraint {
            max_skew: number("maxSkew")?,
            topology_key: text("topologyKey")?.into(),
            hard: text("whenUnsatisfiable") == Some("DoNotSchedule"),
            selector,
            match_label_keys: value
                .get("matchLabelKeys")
                .and_then(Value::as_array)
                .map(|keys| keys.iter().filter_map(Value::as_str).map(SmolStr::from).collect())
                .unwrap_or_default(),
            min_domains: number("minDomains").unwrap_or(1),
            honor_affinity: text("nodeAffinityPolicy") != Some("Ignore"),
            honor_taints: text("nodeTaintsPolicy") == Some("Honor"),
        })
    }

    /// A wish of the scheduler itself, for pods that say nothing.
    pub fn default_wish(topology_key: &'static str, max_skew: i64, selector: Selector) -> Self {
        Constraint {
            max_skew,
            topology_key: SmolStr::new_static(topology_key),
            hard: false,
            selector,
            match_label_keys: Vec::new(),
            min_domains: 1,
            honor_affinity: true,
            honor_taints: false,
        }
    }

    /// With the values that this pod has for `matchLabelKeys`.
    pub fn for_pod(&self, labels: &Labels) -> Constraint {
        let mut own = self.clone();
        if self.match_label_keys.is_empty() || self.selector.is_nothing() {
            return own;
        }
        let mut all = self.selector.requirements().to_vec();
        for key in &self.match_label_keys {
            let Some(value) = labels.get(key) else { continue };
            all.extend(Requirement::new(key.clone(), Operator::In, vec![value.clone()]).ok());
        }
        own.selector = Selector::from_requirements(all);
        own
    }

    /// The same, for a node of the cache. Most pods want any node and look at no taints.
    pub fn includes_node(&self, cycle: &Cycle<'_>, id: NodeId) -> bool {
        let template = cycle.template();
        if !self.honor_taints && (!self.honor_affinity || template.required_nodes.is_none()) {
            return true;
        }
        let node = cycle.cache.node(id).and_then(|info| info.node.as_ref());
        node.is_some_and(|node| self.includes(template, node))
    }

    /// Whether the node takes part in the count for pods of this template.
    fn includes(&self, template: &Template, node: &Node) -> bool {
        let affine = || template.required_nodes.as_ref().is_none_or(|nodes| nodes.matches(node));
        (!self.honor_affinity || affine())
            && !(self.honor_taints && untolerated(&node.spec.taints, &template.body.tolerations))
    }
}
