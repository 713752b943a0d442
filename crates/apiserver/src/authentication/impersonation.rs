//! Acting as somebody else, by whoever may: first in the constrained modes, then the old one.
// Models apiserver/pkg/endpoints/filters/impersonation/{constrained_impersonation,mode}.go.

use apimachinery::status::{Reason, Status};
use client::{Impersonate, User};
use smol_str::SmolStr;

use super::{account_groups, add_group, split_account};
use crate::authorization::Attributes;
use crate::server::{ApiServer, Result};

const AUTHENTICATION: &str = "authentication.k8s.io";
const ANONYMOUS: &str = "system:anonymous";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const NODES: &str = "system:nodes";

fn node_of(user: &str) -> Option<&str> {
    user.strip_prefix("system:node:").filter(|name| !name.is_empty())
}

fn only_name(wanted: &Impersonate) -> bool {
    wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty()
}

/// The constrained mode that fits whom one wants to be. Nodes of a pod's own are not told apart.
fn mode(wanted: &Impersonate) -> Option<&'static str> {
    let (node, account) = (node_of(&wanted.user), split_account(&wanted.user));
    match (node, account) {
        (Some(_), _) => only_name(wanted).then_some("arbitrary-node"),
        (_, Some(_)) => only_name(wanted).then_some("serviceaccount"),
        _ => Some("user-info"),
    }
}

pub(super) fn impersonate(
    server: &ApiServer,
    requestor: &User,
    wanted: &Impersonate,
    asked: &Attributes<'_>,
) -> Result<User> {
    if wanted.user.is_empty() {
        let message =
            "requested impersonation of groups, uid or extra without impersonating a user name";
        return Err(Status::new(Reason::BadRequest, message));
    }
    let mut first = None;
    if let Some(mode) = mode(wanted) {
        let verb = format!("impersonate-on:{mode}:{}", asked.verb);
        let constrained = server
            .authorize(requestor, &Attributes { verb: &verb, ..*asked })
            .and_then(|()| check(server, requestor, wanted, &format!("impersonate:{mode}"), true));
        match constrained {
            Ok(user) => return Ok(user),
            Err(status) => first = Some(status),
        }
    }
    check(server, requestor, wanted, "impersonate", false).map_err(|status| first.unwrap_or(status))
}

/// Each part of the wanted identity needs a right of its own.
fn check(
    server: &ApiServer,
    requestor: &User,
    wanted: &Impersonate,
    verb: &str,
    constrained: bool,
) -> Result<User> {
    let may = |group: &str, resource: &str, subresource: &str, name: &str, namespace: &str| {
        let path = "";
        let asked = Attributes { verb, group, resource, subresource, name, namespace, path };
        server.authorize(requestor, &asked)
    };
    let group = if constrained { AUTHENTICATION } else { "" };
    let mut user = User {
        name: wanted.user.clone(),
        uid: wanted.uid.clone(),
        groups: wanted.groups.clone(),
        extra: wanted.extra.clone(),
        restricted: true,
    };
    if let Some((namespace, name)) = split_account(&wanted.user) {
        if user.groups.is_empty() {
            user.groups = account_groups(namespace);
        }
        may(group, "serviceaccounts", "", name, namespace)?;
    } else if let Some(node) = node_of(&wanted.user).filter(|_| constrained) {
        user.groups = vec![SmolStr::new_static(NODES)];
        may(group, "nodes", "", node, "")?;
    } else {
        may(group, "users", "", &wanted.user, "")?;
    }
    if !wanted.uid.is_empty() {
        may(AUTHENTICATION, "uids", "", &wanted.uid, "")?;
    }
    for one in &wanted.groups {
        may(group, "groups", "", one, "")?;
    }
    for (key, values) in &wanted.extra {
        for value in values {
            may(AUTHENTICATION, "userextras", key, value, "")?;
        }
    }
    if user.name == ANONYMOUS {
        add_group(&mut user, UNAUTHENTICATED);
    } else if !user.is_in(UNAUTHENTICATED) {
        add_group(&mut user, super::AUTHENTICATED);
    }
    Ok(user)
}
