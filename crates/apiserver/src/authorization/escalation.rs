//! Roles and bindings may not give more than their writer has, unless he may `escalate` or `bind`.
// Models pkg/registry/rbac/escalation_check.go and the policybased storages.

use std::collections::BTreeSet;

use api::rbac::binding::RoleRef;
use api::rbac::policy_rule::PolicyRule;
use api::rbac::rules;
use api::{ClusterRole, ClusterRoleBinding, Kind, Obj, Role, RoleBinding, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::status::Status;
use client::User;
use smol_str::SmolStr;

use super::{Attributes, MASTERS, rbac};
use crate::resources::Resource;
use crate::server::{ApiServer, Result};

/// Looks at a role or binding that is to be written.
pub(crate) fn check(
    server: &ApiServer,
    user: &User,
    resource: &Resource,
    object: &Obj,
    old: Option<&Obj>,
) -> Result<()> {
    if !resource.is_rbac || !user.restricted || user.is_in(MASTERS) {
        return Ok(());
    }
    if old.is_some_and(|old| only_collected(object, old)) {
        return Ok(());
    }
    let any = object.as_ref();
    if let Some(role) = as_kind::<Role>(any) {
        role_write(server, user, resource, object, role.rules())
    } else if let Some(role) = as_kind::<ClusterRole>(any) {
        let was = old.and_then(|old| as_kind::<ClusterRole>(old.as_ref()));
        let aggregates = [Some(role), was].into_iter().flatten().any(|r| !r.selectors().is_empty());
        role_write(server, user, resource, object, role.rules())?;
        if aggregates && !may_escalate(server, user, resource, object) {
            return aggregation(server, user, resource, object);
        }
        Ok(())
    } else if let Some(binding) = as_kind::<RoleBinding>(any) {
        bind(server, user, object, &binding.role_ref, RoleBinding::INFO.resource)
    } else if let Some(binding) = as_kind::<ClusterRoleBinding>(any) {
        bind(server, user, object, &binding.role_ref, ClusterRoleBinding::INFO.resource)
    } else {
        Ok(())
    }
}

/// Whether a write changes nothing but what garbage collection needs.
fn only_collected(object: &Obj, old: &Obj) -> bool {
    let (mut copy, was) = (object.clone(), old.meta());
    let meta = api::make_mut(&mut copy).meta_mut();
    meta.owner_references = was.owner_references.clone();
    meta.resource_version = was.resource_version;
    if meta.finalizers() != was.finalizers() {
        meta.rare_mut().finalizers = was.finalizers().into();
        meta.tidy();
    }
    copy.same_as(old.as_ref())
}

fn may_escalate(server: &ApiServer, user: &User, resource: &Resource, object: &Obj) -> bool {
    let meta = object.meta();
    let attributes = Attributes {
        verb: "escalate",
        group: &resource.name().group,
        resource: resource.plural(),
        name: &meta.name,
        namespace: &meta.namespace,
        ..Attributes::default()
    };
    server.decide(user, &attributes).allowed
}

fn role_write(
    server: &ApiServer,
    user: &User,
    resource: &Resource,
    object: &Obj,
    rules: &[PolicyRule],
) -> Result<()> {
    if may_escalate(server, user, resource, object) {
        return Ok(());
    }
    let meta = object.meta();
    confirm(server, user, &meta.namespace, rules)
        .map_err(|why| Status::forbidden(resource.name(), &meta.name, &why))
}

/// An aggregating role may come to hold anything.
fn aggregation(server: &ApiServer, user: &User, resource: &Resource, object: &Obj) -> Result<()> {
    let all = || vec![SmolStr::new_static("*")];
    let everything = [
        PolicyRule { verbs: all(), api_groups: all(), resources: all(), ..PolicyRule::default() },
        PolicyRule { verbs: all(), non_resource_urls: all(), ..PolicyRule::default() },
    ];
    confirm(server, user, "", &everything).map_err(|_| {
        let why = "must have cluster-admin privileges to use the aggregationRule";
        Status::forbidden(resource.name(), &object.meta().name, why)
    })
}

fn bind(
    server: &ApiServer,
    user: &User,
    object: &Obj,
    role: &RoleRef,
    about: GroupResource,
) -> Result<()> {
    let meta = object.meta();
    let plural = match role.kind.as_str() {
        "ClusterRole" => "clusterroles",
        "Role" => "roles",
        // Validation has more to say of it.
        _ => return Ok(()),
    };
    let attributes = Attributes {
        verb: "bind",
        group: &role.api_group,
        resource: plural,
        name: &role.name,
        namespace: &meta.namespace,
        ..Attributes::default()
    };
    if server.decide(user, &attributes).allowed {
        return Ok(());
    }
    // A role that is missing is told as if it were the binding.
    let rules = rbac::role_rules(server, role, &meta.namespace)
        .map_err(|_| Status::not_found(&about, &role.name))?;
    confirm(server, user, &meta.namespace, rules)
        .map_err(|why| Status::forbidden(&about, &meta.name, &why))
}

fn confirm(
    server: &ApiServer,
    user: &User,
    namespace: &str,
    wanted: &[PolicyRule],
) -> std::result::Result<(), String> {
    let (owned, errors) = rbac::rules_for(server, user, namespace);
    let missing = rules::uncovered(&owned, wanted);
    if missing.is_empty() {
        return Ok(());
    }
    let missing: BTreeSet<String> = missing.iter().map(PolicyRule::compact_text).collect();
    let missing: Vec<String> = missing.into_iter().collect();
    let mut why = format!(
        "user {:?} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        user.name,
        rules::quoted(&user.groups),
        missing.join("\n")
    );
    if !errors.is_empty() {
        why.push_str(&format!("; resolution errors: [{}]", rbac::aggregate(&errors)));
    }
    Err(why)
}
