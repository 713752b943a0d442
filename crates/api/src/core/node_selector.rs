//! Node selectors and tolerations, compiled once per template.
//! Models component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go.

use apimachinery::labels::{Operator, Requirement, Selector};
use smol_str::SmolStr;

use super::node::{Node, Taint};
use super::pod_spec::{
    NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodBody, PreferredSchedulingTerm,
    Toleration,
};

/// The field by which affinity names a node.
pub const FIELD_NAME: &str = "metadata.name";

/// One term: what the labels and the name of a node must be.
#[derive(Clone, Debug)]
pub struct Term {
    labels: Option<Selector>,
    /// `(the name, whether the node must not have it)`
    names: Vec<(SmolStr, bool)>,
    /// A term that could not be parsed matches nothing.
    broken: bool,
}

impl Term {
    /// `None` for an empty term: it selects no node and is left out.
    fn new(term: &NodeSelectorTerm) -> Option<Self> {
        if term.match_expressions.is_empty() && term.match_fields.is_empty() {
            return None;
        }
        let expressions: Option<Vec<Requirement>> =
            term.match_expressions.iter().map(requirement).collect();
        let names: Option<Vec<(SmolStr, bool)>> = term.match_fields.iter().map(name_rule).collect();
        let broken = expressions.is_none() || names.is_none();
        let labels = match expressions {
            Some(all) if !all.is_empty() => Some(Selector::from_requirements(all)),
            _ => None,
        };
        Some(Term { labels, names: names.unwrap_or_default(), broken })
    }

    fn matches(&self, node: &Node) -> bool {
        !self.broken
            && self.labels.as_ref().is_none_or(|labels| labels.matches(&node.metadata.labels))
            && self.names.iter().all(|(name, not)| (node.metadata.name == *name) != *not)
    }
}

/// A rule about labels; nothing if it is none that can hold.
pub(super) fn requirement(rule: &NodeSelectorRequirement) -> Option<Requirement> {
    let operator = match rule.operator.as_str() {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        "Gt" => Operator::GreaterThan,
        "Lt" => Operator::LessThan,
        _ => return None,
    };
    Requirement::new(rule.key.clone(), operator, rule.values.clone()).ok()
}

fn name_rule(rule: &NodeSelectorRequirement) -> Option<(SmolStr, bool)> {
    let [name] = rule.values.as_slice() else { return None };
    match (rule.key.as_str(), rule.operator.as_str()) {
        (FIELD_NAME, "In") => Some((name.clone(), false)),
        (FIELD_NAME, "NotIn") => Some((name.clone(), true)),
        _ => None,
    }
}

/// `nodeSelector` and required node affinity together.
#[derive(Clone, Debug, Default)]
pub struct RequiredNodes {
    labels: Option<Selector>,
    terms: Option<Vec<Term>>,
    /// The only nodes that affinity by name leaves, sorted; `Some` of nothing is a contradiction.
    pub names: Option<Vec<SmolStr>>,
}

impl RequiredNodes {
    /// `None` when every node will do.
    pub fn of(body: &PodBody) -> Option<Self> {
        let required = body
            .affinity
            .as_ref()
            .and_then(|affinity| affinity.node_affinity.as_ref())
            .and_then(|affinity| affinity.required.as_ref());
        if required.is_none() && body.node_selector.is_empty() {
            return None;
        }
        let labels = &body.node_selector;
        Some(RequiredNodes {
            labels: (!labels.is_empty()).then(|| Selector::from_labels(labels)),
            terms: required
                .map(|all| all.node_selector_terms.iter().filter_map(Term::new).collect()),
            names: required.and_then(names_left),
        })
    }

    pub fn matches(&self, node: &Node) -> bool {
        self.labels.as_ref().is_none_or(|labels| labels.matches(&node.metadata.labels))
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(node)))
    }
}

/// Terms are alternatives, so one term without a rule on the name leaves all nodes.
fn names_left(selector: &NodeSelector) -> Option<Vec<SmolStr>> {
    let mut names: Vec<SmolStr> = Vec::new();
    if selector.node_selector_terms.is_empty() {
        return None;
    }
    for term in &selector.node_selector_terms {
        let mut of_term: Option<Vec<SmolStr>> = None;
        for rule in term.match_fields.iter().filter(|r| r.key == FIELD_NAME && r.operator == "In") {
            of_term = Some(match of_term {
                None => rule.values.clone(),
                Some(known) => known.into_iter().filter(|n| rule.values.contains(n)).collect(),
            });
        }
        names.extend(of_term?);
    }
    names.sort();
    names.dedup();
    Some(names)
}

/// Preferred terms with their weights.
pub fn preferred(body: &PodBody) -> Vec<(Term, i64)> {
    let wishes: &[PreferredSchedulingTerm] = body
        .affinity
        .as_ref()
        .and_then(|affinity| affinity.node_affinity.as_ref())
        .map_or(&[], |affinity| affinity.preferred.as_slice());
    wishes
        .iter()
        .filter(|wish| wish.weight != 0)
        .filter_map(|wish| Some((Term::new(&wish.preference)?, i64::from(wish.weight))))
        .collect()
}

/// The weights of all wishes that a node fulfils.
pub fn preference(wishes: &[(Term, i64)], node: &Node) -> i64 {
    wishes.iter().filter(|(term, _)| term.matches(node)).map(|(_, weight)| weight).sum()
}

pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let same = |rule: &str, value: &str| rule.is_empty() || rule == value;
    same(&toleration.effect, &taint.effect)
        && same(&toleration.key, &taint.key)
        && match toleration.operator.as_str() {
            "" | "Equal" => toleration.value == taint.value,
            "Exists" => true,
            _ => false,
        }
}

pub fn tolerated(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| tolerates(toleration, taint))
}

/// Whether a taint that keeps pods from being scheduled is not tolerated.
pub fn untolerated(taints: &[Taint], tolerations: &[Toleration]) -> bool {
    taints
        .iter()
        .filter(|taint| taint.effect == "NoSchedule" || taint.effect == "NoExecute")
        .any(|taint| !tolerated(tolerations, taint))
}
