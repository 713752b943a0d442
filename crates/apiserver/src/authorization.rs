//! Who may do what: the questions that requests ask, the answers of RBAC, and the words of a refusal.
// Models apiserver/pkg/authorization/authorizer and endpoints/handlers/responsewriters/errors.go.

mod bootstrap_policy;
pub(crate) mod escalation;
pub(crate) mod rbac;

use apimachinery::gvk::GroupResource;
use apimachinery::status::{Reason, Status};
use client::{Request, User, Verb};

use crate::server::{ApiServer, Result};

/// Members may do everything, whatever the roles say.
pub(crate) const MASTERS: &str = "system:masters";

/// What somebody wants to do. Empty parts are not asked for; with a path it is no resource.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub name: &'a str,
    pub namespace: &'a str,
    pub path: &'a str,
}

impl<'a> Attributes<'a> {
    // Models apiserver/pkg/endpoints/request/requestinfo.go.
    pub fn of(request: &'a Request) -> Self {
        let subresource = request.subresource.as_str();
        let is_namespace = request.resource.group.is_empty()
            && request.resource.resource == "namespaces"
            && request.namespace.is_empty();
        let verb = match (subresource, request.verb) {
            // Asking to run something is a creation, by whichever method it comes.
            ("exec" | "attach" | "portforward", Verb::Get) => "create",
            (_, verb) => verb.as_str(),
        };
        Attributes {
            verb,
            group: request.resource.group.as_str(),
            resource: request.resource.resource.as_str(),
            subresource,
            name: match request.verb {
                Verb::List | Verb::DeleteCollection => named_by_field(request),
                _ => request.name.as_str(),
            },
            namespace: match is_namespace {
                true => request.name.as_str(),
                false => request.namespace.as_str(),
            },
            path: "",
        }
    }

    fn message(&self, user: &User) -> String {
        let (user, verb) = (&user.name, self.verb);
        let text = if !self.path.is_empty() {
            format!("User {user:?} cannot {verb} path {:?}", self.path)
        } else {
            let slash = if self.subresource.is_empty() { "" } else { "/" };
            let resource = format!("{}{slash}{}", self.resource, self.subresource);
            let place = match self.namespace {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {namespace:?}"),
            };
            let group = self.group;
            format!(
                "User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {place}"
            )
        };
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }

    /// The refusal, with the authorizer's reason if it gave one.
    pub fn forbidden(&self, user: &User, reason: &str) -> Box<Status> {
        let mut why = self.message(user);
        if !reason.is_empty() {
            why = format!("{why}: {reason}");
        }
        if !self.path.is_empty() {
            return Status::new(Reason::Forbidden, format!("forbidden: {why}"));
        }
        let resource = GroupResource { group: self.group.into(), resource: self.resource.into() };
        Status::forbidden(&resource, self.name, &why)
    }
}

/// A list of the one object that its field selector names asks for that object.
fn named_by_field(request: &Request) -> &str {
    let selector = request.list.field_selector.as_str();
    selector.strip_prefix("metadata.name=").filter(|name| !name.contains(',')).unwrap_or("")
}

/// An authorizer's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub allowed: bool,
    pub reason: String,
}

impl ApiServer {
    /// What the authorizers say of it.
    pub(crate) fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        if user.is_in(MASTERS) {
            return Decision { allowed: true, reason: String::new() };
        }
        rbac::decide(self, user, attributes)
    }

    pub(crate) fn authorize(&self, user: &User, attributes: &Attributes<'_>) -> Result<()> {
        let decision = self.decide(user, attributes);
        if decision.allowed {
            return Ok(());
        }
        Err(attributes.forbidden(user, &decision.reason))
    }

    /// Whether a user may ask a path that is no resource (`/healthz`, `/metrics`, …); the verb is
    /// the HTTP method in lower case.
    pub fn authorize_path(&self, user: &User, verb: &str, path: &str) -> Result<()> {
        self.authorize(user, &Attributes { verb, path, ..Attributes::default() })
    }
}
