//! Who asks: tokens, client certificates and impersonation, each to a user.
// Models apiserver/pkg/authentication and endpoints/filters/impersonation.

mod impersonation;
pub(crate) mod token;

use api::certificates::x509;
use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use client::{Credentials, User, Verb};
use smol_str::{SmolStr, format_smolstr};

use crate::authorization::Attributes;
use crate::server::{ApiServer, Result};

pub(crate) const AUTHENTICATED: &str = "system:authenticated";
const ACCOUNT_PREFIX: &str = "system:serviceaccount:";
const ACCOUNTS: &str = "system:serviceaccounts";

/// `system:serviceaccount:NAMESPACE:NAME`, taken apart.
pub(crate) fn split_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(ACCOUNT_PREFIX)?.split_once(':')?;
    (!namespace.is_empty() && !name.is_empty() && !name.contains(':')).then_some((namespace, name))
}

pub(crate) fn account_name(namespace: &str, name: &str) -> SmolStr {
    format_smolstr!("{ACCOUNT_PREFIX}{namespace}:{name}")
}

fn account_groups(namespace: &str) -> Vec<SmolStr> {
    vec![SmolStr::new_static(ACCOUNTS), format_smolstr!("{ACCOUNTS}:{namespace}")]
}

pub(crate) fn unauthorized() -> Box<Status> {
    Status::new(Reason::Unauthorized, "Unauthorized")
}

/// The common name is the user, the organizations are his groups.
// Models CommonNameUserConversion of apiserver/pkg/authentication/request/x509.
fn user_of_certificate(pem: &str, now: Time) -> Option<User> {
    let subject = x509::verify(pem, now)?;
    let groups = subject.organizations.iter().map(SmolStr::new).collect();
    Some(User { name: subject.common_name.into(), groups, ..User::default() })
}

fn add_group(user: &mut User, group: &'static str) {
    if !user.is_in(group) {
        user.groups.push(SmolStr::new_static(group));
    }
}

impl ApiServer {
    /// The user behind credentials, before impersonation.
    pub fn authenticate(&self, credentials: &Credentials, now: Time) -> Result<User> {
        let shown = credentials.certificate.as_str();
        let mut user = match (user_of_certificate(shown, now), credentials.token.as_str()) {
            (Some(user), _) => user,
            (None, "") if shown.is_empty() => {
                return Ok(User { restricted: true, ..User::anonymous() });
            }
            (None, token) => {
                let user = self.user_of_token(token, &[token::ISSUER], now);
                user.ok_or_else(unauthorized)?
            }
        };
        add_group(&mut user, AUTHENTICATED);
        user.restricted = true;
        Ok(user)
    }

    /// The user that a request acts as: authenticated, and impersonating whom it may. `verb` and
    /// `path` say what is asked of a path that is no resource.
    pub fn identify(
        &self,
        credentials: &Credentials,
        now: Time,
        (verb, path): (&str, &str),
    ) -> Result<User> {
        self.identify_for(credentials, now, &Attributes { verb, path, ..Attributes::default() })
    }

    pub(crate) fn identify_for(
        &self,
        credentials: &Credentials,
        now: Time,
        asked: &Attributes<'_>,
    ) -> Result<User> {
        let user = self.authenticate(credentials, now)?;
        match &credentials.impersonate {
            Some(wanted) => impersonation::impersonate(self, &user, wanted, asked),
            None => Ok(user),
        }
    }

    pub(crate) fn user_of_token(&self, text: &str, audiences: &[&str], now: Time) -> Option<User> {
        let fixed = self.config.static_tokens.iter().find(|fixed| fixed.token == text);
        match fixed {
            Some(fixed) => Some(fixed.user.clone()),
            None => token::verify(self, text, audiences, now),
        }
    }
}

/// The HTTP method's verb for a path that is no resource.
pub fn path_verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "post",
        Verb::Get | Verb::List => "get",
        Verb::Update => "put",
        Verb::Patch => "patch",
        Verb::Delete | Verb::DeleteCollection => "delete",
    }
}
