//! The roles and bindings that every cluster begins with, read from their table.
// Models plugin/pkg/auth/authorizer/rbac/bootstrappolicy; the table holds what it makes with 1.36's
// feature gates at their defaults.

use api::rbac::GROUP;
use api::rbac::binding::{GROUP_KIND, RoleRef, SERVICE_ACCOUNT, Subject, USER};
use api::rbac::policy_rule::PolicyRule;
use api::rbac::role::AggregationRule;
use api::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use apimachinery::labels::LabelSelector;
use apimachinery::meta::{ObjectMeta, string_map};
use smol_str::SmolStr;

use crate::server::{ApiServer, CallCx};

/// One object begins at the margin: kind, name (with its namespace before a slash), `to=` and
/// `from=` for aggregation; a binding goes on with its role and subjects. The lines below are a
/// role's rules: verbs, groups, resources and names, or verbs and paths. `-` is the core group.
const TABLE: &str = include_str!("bootstrap_policy.txt");

fn list(text: &str) -> Vec<SmolStr> {
    let word = |one| if one == "-" { SmolStr::default() } else { SmolStr::new(one) };
    text.split(',').map(word).collect()
}

fn rule(line: &str) -> PolicyRule {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let part = |at: usize| parts.get(at).map(|text| list(text)).unwrap_or_default();
    match parts.len() {
        0..=2 => PolicyRule { verbs: part(0), non_resource_urls: part(1), ..PolicyRule::default() },
        _ => PolicyRule {
            verbs: part(0),
            api_groups: part(1),
            resources: part(2),
            resource_names: part(3),
            ..PolicyRule::default()
        },
    }
}

fn aggregate_label(to: &str) -> String {
    format!("rbac.authorization.k8s.io/aggregate-to-{to}")
}

fn subject(text: &str) -> Subject {
    let (kind, name) = text.split_once(':').unwrap_or(("", text));
    let group = SmolStr::new_static(GROUP);
    match kind {
        "sa" => {
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            Subject {
                kind: SmolStr::new_static(SERVICE_ACCOUNT),
                name: name.into(),
                namespace: namespace.into(),
                ..Subject::default()
            }
        }
        kind => Subject {
            api_group: group,
            kind: SmolStr::new_static(if kind == "group" { GROUP_KIND } else { USER }),
            name: name.into(),
            ..Subject::default()
        },
    }
}

/// One object of the table.
struct Entry<'a> {
    kind: &'a str,
    metadata: ObjectMeta,
    from: Vec<LabelSelector>,
    /// A binding's role and subjects.
    words: Vec<&'a str>,
    rules: Vec<PolicyRule>,
}

fn entry(line: &str) -> Entry<'_> {
    let mut words = line.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let name = words.next().unwrap_or_default();
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let mut metadata = ObjectMeta::named(namespace, name);
    metadata.set_annotation("rbac.authorization.kubernetes.io/autoupdate", "true");
    metadata.set_label("kubernetes.io/bootstrapping", "rbac-defaults");
    let (mut from, mut rest) = (Vec::new(), Vec::new());
    for word in words {
        if let Some(to) = word.strip_prefix("to=") {
            metadata.set_label(&aggregate_label(to), "true");
        } else if let Some(to) = word.strip_prefix("from=") {
            let labels = string_map(&[(aggregate_label(to).as_str(), "true")]);
            from.push(LabelSelector::from_labels(labels));
        } else {
            rest.push(word);
        }
    }
    Entry { kind, metadata, from, words: rest, rules: Vec::new() }
}

fn entries() -> Vec<Entry<'static>> {
    let mut entries: Vec<Entry<'static>> = Vec::new();
    for line in TABLE.lines() {
        match (line.strip_prefix("  "), entries.last_mut()) {
            (Some(text), Some(last)) => last.rules.push(rule(text)),
            _ => entries.push(entry(line)),
        }
    }
    entries
}

impl Entry<'_> {
    fn role_ref(&self, kind: &'static str) -> RoleRef {
        RoleRef {
            api_group: SmolStr::new_static(GROUP),
            kind: SmolStr::new_static(kind),
            name: self.words.first().copied().unwrap_or_default().into(),
            ..RoleRef::default()
        }
    }

    fn subjects(&self) -> Vec<Subject> {
        self.words.iter().skip(1).map(|word| subject(word)).collect()
    }
}

impl ApiServer {
    pub(crate) fn bootstrap_policy(&mut self, cx: &mut CallCx<'_>) {
        for entry in entries() {
            let metadata = entry.metadata.clone();
            let rules = (!entry.rules.is_empty()).then(|| entry.rules.clone());
            match entry.kind {
                "Role" => self.make(cx, Role { metadata, rules, ..Role::default() }),
                "ClusterRole" => {
                    let aggregation_rule = (!entry.from.is_empty()).then(|| AggregationRule {
                        cluster_role_selectors: entry.from.clone(),
                        ..AggregationRule::default()
                    });
                    let role =
                        ClusterRole { metadata, rules, aggregation_rule, ..ClusterRole::default() };
                    self.make(cx, role);
                }
                "RoleBinding" => {
                    let (role_ref, subjects) = (entry.role_ref("Role"), entry.subjects());
                    let binding =
                        RoleBinding { metadata, role_ref, subjects, ..RoleBinding::default() };
                    self.make(cx, binding);
                }
                _ => {
                    let (role_ref, subjects) = (entry.role_ref("ClusterRole"), entry.subjects());
                    let binding = ClusterRoleBinding {
                        metadata,
                        role_ref,
                        subjects,
                        ..ClusterRoleBinding::default()
                    };
                    self.make(cx, binding);
                }
            }
        }
    }
}
