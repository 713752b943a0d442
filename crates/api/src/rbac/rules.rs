//! Rules taken apart, put together again, compared: what of some rules others do not cover.
// Models component-helpers/auth/rbac/validation/policy_comparator.go and policy_compact.go.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::policy_rule::PolicyRule;

/// Into rules of one verb on one resource (perhaps of one name), or on one path.
fn break_down(rule: &PolicyRule) -> Vec<PolicyRule> {
    let names: Vec<Vec<SmolStr>> = match rule.resource_names.is_empty() {
        true => vec![Vec::new()],
        false => rule.resource_names.iter().map(|name| vec![name.clone()]).collect(),
    };
    let mut parts = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                parts.extend(names.iter().map(|names| PolicyRule {
                    api_groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    verbs: vec![verb.clone()],
                    resource_names: names.clone(),
                    ..PolicyRule::default()
                }));
            }
        }
    }
    for path in &rule.non_resource_urls {
        parts.extend(rule.verbs.iter().map(|verb| PolicyRule {
            non_resource_urls: vec![path.clone()],
            verbs: vec![verb.clone()],
            ..PolicyRule::default()
        }));
    }
    parts
}

/// Broken-down rules of the same resource and name as one; those of paths stay apart.
fn compact(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let mut compacted: Vec<PolicyRule> = Vec::new();
    let mut at: BTreeMap<(SmolStr, SmolStr, Option<SmolStr>), usize> = BTreeMap::new();
    for rule in rules {
        let (Some(group), Some(resource)) = (rule.api_groups.first(), rule.resources.first())
        else {
            compacted.push(rule);
            continue;
        };
        let key = (group.clone(), resource.clone(), rule.resource_names.first().cloned());
        let known = at.get(&key).and_then(|index| compacted.get_mut(*index));
        match known {
            Some(known) => known.verbs.extend(rule.verbs),
            None => {
                at.insert(key, compacted.len());
                compacted.push(rule);
            }
        }
    }
    compacted
}

/// Rules as lists show them: one line a resource, in the order of Go's texts of them.
pub fn for_display(rules: &[PolicyRule]) -> Vec<PolicyRule> {
    let mut rules = compact(rules.iter().flat_map(break_down).collect());
    rules.sort_by_cached_key(go_text);
    rules
}

fn go_text(rule: &PolicyRule) -> String {
    let list = |texts: &[SmolStr]| plain(texts);
    format!(
        "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
        list(&rule.verbs),
        list(&rule.api_groups),
        list(&rule.resources),
        list(&rule.resource_names),
        list(&rule.non_resource_urls)
    )
}

/// `[a b]`, as Go's `%v` prints a list.
pub fn plain(texts: &[SmolStr]) -> String {
    format!("[{}]", texts.join(" "))
}

/// `["a" "b"]`, as Go's `%q` prints a list.
pub fn quoted(texts: &[SmolStr]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

/// Whether one rule covers a broken-down one.
fn covers(owner: &PolicyRule, part: &PolicyRule) -> bool {
    let names = || {
        owner.resource_names.is_empty()
            || part.resource_names.first().is_some_and(|name| owner.resource_names.contains(name))
    };
    let resource = |name: &SmolStr| {
        let (name, sub) = name.split_once('/').unwrap_or((name, ""));
        owner.resource_matches(name, sub)
    };
    part.verbs.iter().all(|verb| owner.verb_matches(verb))
        && part.api_groups.iter().all(|group| owner.group_matches(group))
        && part.resources.iter().all(resource)
        && part.non_resource_urls.iter().all(|path| owner.path_matches(path))
        && (part.resources.is_empty() || names())
}

/// What `owned` does not cover of `wanted`.
pub fn uncovered(owned: &[PolicyRule], wanted: &[PolicyRule]) -> Vec<PolicyRule> {
    let parts = wanted.iter().flat_map(break_down);
    compact(parts.filter(|part| !owned.iter().any(|owner| covers(owner, part))).collect())
}

impl PolicyRule {
    /// `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`
    pub fn compact_text(&self) -> String {
        let parts = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ];
        let parts = parts.iter().filter(|(_, texts)| !texts.is_empty());
        let parts: Vec<String> =
            parts.map(|(name, texts)| format!("{name}:{}", quoted(texts))).collect();
        format!("{{{}}}", parts.join(", "))
    }

    /// `deployments.apps/scale`: a displayed rule's resource with its group.
    pub fn resource_text(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (name, sub) = resource.split_once('/').unwrap_or((resource, ""));
        let dot = |group: &SmolStr| format!(".{group}");
        let group = self.api_groups.first().filter(|group| !group.is_empty()).map(dot);
        let slash = if sub.is_empty() { "" } else { "/" };
        format!("{name}{}{slash}{sub}", group.unwrap_or_default())
    }
}
