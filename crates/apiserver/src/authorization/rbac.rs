//! Role-based access control: the rules that bindings give to a user.
// Models plugin/pkg/auth/authorizer/rbac/rbac.go and pkg/registry/rbac/validation/rule.go.

use api::rbac::binding::{self, RoleRef, Subject};
use api::rbac::policy_rule::PolicyRule;
use api::{ClusterRole, ClusterRoleBinding, Kind, Role, RoleBinding, as_kind};
use apimachinery::meta::Key;
use client::User;

use super::{Attributes, Decision};
use crate::server::ApiServer;

/// What a visitor is shown: a rule and whence it comes, or why a role gave none.
pub(crate) enum Found<'a> {
    Rule(&'a PolicyRule, &'a dyn Fn() -> String),
    Missing(String),
}

/// Kubelets are authorized by the objects that their pods refer to; here they have what the role
/// of nodes has, without a binding.
// Models plugin/pkg/auth/authorizer/node/node_authorizer.go in outline.
const NODES_GROUP: &str = "system:nodes";
const NODE_ROLE: &str = "system:node";

pub(crate) fn allows(rule: &PolicyRule, attributes: &Attributes<'_>) -> bool {
    if !rule.verb_matches(attributes.verb) {
        return false;
    }
    match attributes.path {
        "" => {
            rule.group_matches(attributes.group)
                && rule.resource_matches(attributes.resource, attributes.subresource)
                && rule.name_matches(attributes.name)
        }
        path => rule.path_matches(path),
    }
}

pub(super) fn decide(server: &ApiServer, user: &User, attributes: &Attributes<'_>) -> Decision {
    let mut decision = Decision::default();
    let mut missing: Vec<String> = Vec::new();
    visit(server, user, attributes.namespace, &mut |found| {
        match found {
            Found::Rule(rule, source) if allows(rule, attributes) => {
                let reason = format!("RBAC: allowed by {}", source());
                decision = Decision { allowed: true, reason };
            }
            Found::Rule(..) => {}
            Found::Missing(why) if missing.contains(&why) => {}
            Found::Missing(why) => missing.push(why),
        }
        !decision.allowed
    });
    if !decision.allowed && !missing.is_empty() {
        decision.reason = format!("RBAC: {}", aggregate(&missing));
    }
    decision
}

/// Several errors as one, as Go's aggregates print.
pub(crate) fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

fn applies(user: &User, subject: &Subject, namespace: &str) -> bool {
    match subject.kind.as_str() {
        binding::USER => user.name == subject.name,
        binding::GROUP_KIND => user.groups.contains(&subject.name),
        binding::SERVICE_ACCOUNT => {
            let home = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
            let account = crate::authentication::split_account(&user.name);
            !home.is_empty() && account == Some((home, subject.name.as_str()))
        }
        _ => false,
    }
}

fn describe(subject: &Subject, namespace: &str) -> String {
    let (kind, name) = (&subject.kind, &subject.name);
    if subject.kind == binding::SERVICE_ACCOUNT {
        let home = if subject.namespace.is_empty() { namespace } else { &subject.namespace };
        return format!("{kind} {:?}", format!("{name}/{home}"));
    }
    format!("{kind} {name:?}")
}

/// Shows all rules that hold for a user in a namespace (or outside of all) until the visitor has
/// seen enough.
pub(crate) fn visit(
    server: &ApiServer,
    user: &User,
    namespace: &str,
    visitor: &mut dyn FnMut(Found<'_>) -> bool,
) {
    let mut show = |role: &RoleRef, home: &str, source: &dyn Fn() -> String| -> bool {
        match role_rules(server, role, home) {
            Ok(rules) => rules.iter().all(|rule| visitor(Found::Rule(rule, source))),
            Err(why) => visitor(Found::Missing(why)),
        }
    };
    if user.is_in(NODES_GROUP) {
        let kind = ClusterRole::INFO.gvk.kind;
        let role = RoleRef { kind, name: NODE_ROLE.into(), ..RoleRef::default() };
        if !show(&role, "", &|| "the node authorizer".to_owned()) {
            return;
        }
    }
    let everywhere = server.resources.get(&ClusterRoleBinding::INFO.resource);
    let everywhere = everywhere.into_iter().flat_map(|r| server.store.range(r.table, ..));
    for (_, item) in everywhere {
        let Some(one) = as_kind::<ClusterRoleBinding>(item.value.as_ref()) else { continue };
        let Some(subject) = one.subjects.iter().find(|s| applies(user, s, "")) else { continue };
        let source = || {
            let (name, role) = (&one.metadata.name, &one.role_ref);
            let subject = describe(subject, "");
            format!("ClusterRoleBinding {name:?} of {} {:?} to {subject}", role.kind, role.name)
        };
        if !show(&one.role_ref, "", &source) {
            return;
        }
    }
    if namespace.is_empty() {
        return;
    }
    let here = server.resources.get(&RoleBinding::INFO.resource);
    for (_, object) in here.into_iter().flat_map(|r| server.in_namespace(r, namespace)) {
        let Some(one) = as_kind::<RoleBinding>(object.as_ref()) else { continue };
        let subject = one.subjects.iter().find(|s| applies(user, s, namespace));
        let Some(subject) = subject else { continue };
        let source = || {
            let (meta, role) = (&one.metadata, &one.role_ref);
            let name = format!("{}/{}", meta.name, meta.namespace);
            let subject = describe(subject, namespace);
            format!("RoleBinding {name:?} of {} {:?} to {subject}", role.kind, role.name)
        };
        if !show(&one.role_ref, namespace, &source) {
            return;
        }
    }
}

/// The rules of the role that a binding names.
pub(crate) fn role_rules<'a>(
    server: &'a ApiServer,
    role: &RoleRef,
    namespace: &str,
) -> Result<&'a [PolicyRule], String> {
    let stored = |resource, namespace: &str| {
        let resource = server.resources.get(&resource)?;
        server.stored(resource, &Key::new(namespace, role.name.clone()))
    };
    let (found, kind) = match role.kind.as_str() {
        "Role" => {
            let object = stored(Role::INFO.resource, namespace);
            (object.and_then(|o| as_kind::<Role>(o.as_ref())).map(Role::rules), "role")
        }
        "ClusterRole" => {
            let object = stored(ClusterRole::INFO.resource, "");
            let role = object.and_then(|o| as_kind::<ClusterRole>(o.as_ref()));
            (role.map(ClusterRole::rules), "clusterrole")
        }
        other => return Err(format!("unsupported role reference kind: {other:?}")),
    };
    found.ok_or_else(|| format!("{kind}.{} {:?} not found", api::rbac::GROUP, role.name))
}

/// All of a user's rules, and what could not be found.
pub(crate) fn rules_for(
    server: &ApiServer,
    user: &User,
    namespace: &str,
) -> (Vec<PolicyRule>, Vec<String>) {
    let (mut rules, mut missing) = (Vec::new(), Vec::new());
    visit(server, user, namespace, &mut |found| {
        match found {
            Found::Rule(rule, _) => rules.push(rule.clone()),
            Found::Missing(why) => missing.push(why),
        }
        true
    });
    (rules, missing)
}
