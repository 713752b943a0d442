//! Whether somebody's rules cover others: nobody may give what he does not have.
// Models component-helpers/auth/rbac/validation/policy_comparator.go and policy_compact.go.

use std::collections::{BTreeMap, BTreeSet};

use api::rbac::policy_rule::PolicyRule;
use smol_str::SmolStr;

/// The smallest right: one verb on one resource (perhaps of one name), or on one path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Right {
    Resource { group: SmolStr, resource: SmolStr, name: Option<SmolStr> },
    Path(SmolStr),
}

fn break_down(rule: &PolicyRule) -> Vec<(Right, SmolStr)> {
    let mut rights = Vec::new();
    let names: Vec<Option<SmolStr>> = match rule.resource_names.is_empty() {
        true => vec![None],
        false => rule.resource_names.iter().cloned().map(Some).collect(),
    };
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                for name in &names {
                    let (group, resource, name) = (group.clone(), resource.clone(), name.clone());
                    rights.push((Right::Resource { group, resource, name }, verb.clone()));
                }
            }
        }
    }
    for path in &rule.non_resource_urls {
        rights.extend(rule.verbs.iter().map(|verb| (Right::Path(path.clone()), verb.clone())));
    }
    rights
}

fn covers(owner: &PolicyRule, right: &Right, verb: &str) -> bool {
    owner.verb_matches(verb)
        && match right {
            Right::Resource { group, resource, name } => {
                let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
                let named = owner.resource_names.is_empty()
                    || name.as_ref().is_some_and(|name| owner.resource_names.contains(name));
                named && owner.group_matches(group) && owner.resource_matches(resource, sub)
            }
            Right::Path(path) => owner.path_matches(path),
        }
}

/// What `owned` does not cover of `wanted`, one line each, sorted; empty if it covers all.
pub(super) fn missing(owned: &[PolicyRule], wanted: &[PolicyRule]) -> Vec<String> {
    // Verbs on the same resource make one line; paths have a line for each verb.
    let mut resources: BTreeMap<Right, Vec<SmolStr>> = BTreeMap::new();
    let mut lines = BTreeSet::new();
    for (right, verb) in wanted.iter().flat_map(break_down) {
        if owned.iter().any(|owner| covers(owner, &right, &verb)) {
            continue;
        }
        match &right {
            Right::Resource { .. } => resources.entry(right).or_default().push(verb),
            Right::Path(_) => {
                lines.insert(line(&right, &[verb]));
            }
        }
    }
    lines.extend(resources.iter().map(|(right, verbs)| line(right, verbs)));
    lines.into_iter().collect()
}

fn line(right: &Right, verbs: &[SmolStr]) -> String {
    let mut parts = Vec::new();
    match right {
        Right::Resource { group, resource, name } => {
            parts.push(format!("APIGroups:[{group:?}]"));
            parts.push(format!("Resources:[{resource:?}]"));
            parts.extend(name.as_ref().map(|name| format!("ResourceNames:[{name:?}]")));
        }
        Right::Path(path) => parts.push(format!("NonResourceURLs:[{path:?}]")),
    }
    parts.push(format!("Verbs:{}", quoted(verbs)));
    format!("{{{}}}", parts.join(", "))
}

/// A list of texts as Go's `%q` prints it.
pub(super) fn quoted(texts: &[SmolStr]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(" "))
}
