//! Tokens of service accounts: real claims in three parts, signed by a simulated key.
// Models pkg/serviceaccount/claims.go and jwt.go.

use std::collections::BTreeMap;

use api::certificates::x509::signature;
use api::{Kind, Node, Pod, Secret, ServiceAccount};
use apimachinery::base64;
use apimachinery::gvk::GroupResource;
use apimachinery::meta::{Key, ObjectMeta, Uid};
use apimachinery::time::Time;
use client::User;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use super::{account_groups, account_name};
use crate::server::ApiServer;

/// Who signs the tokens, and the audience that this server is.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
const KEY_ID: &str = "mJ4iXfWk1Yl2P1dYvJQd0nq0sZ3b9a7oT5u8c6wHkXE";
/// A pod's token is asked for with this many seconds by old clients that never ask again: it
/// lives for a year and warns after the time asked for.
const EXTENDED_SECONDS: i64 = 3607;
const YEAR_SECONDS: i64 = 24 * 365 * 60 * 60;

/// What a token is made of.
pub(crate) struct Claims<'a> {
    pub account: &'a ServiceAccount,
    /// The object whose end is the token's: its kind and metadata.
    pub bound: Option<(&'static str, &'a ObjectMeta)>,
    /// The node of a bound pod.
    pub node: Option<&'a ObjectMeta>,
    pub audiences: Vec<String>,
    pub seconds: i64,
    pub id: Uid,
}

fn reference(meta: &ObjectMeta) -> Value {
    json!({ "name": meta.name.as_str(), "uid": meta.uid.to_string() })
}

/// The token, and how long it lives.
pub(crate) fn issue(claims: &Claims<'_>, now: Time) -> (String, Time) {
    let meta = &claims.account.metadata;
    let is_pod = claims.bound.is_some_and(|(kind, _)| kind == "pod");
    let extended = is_pod && claims.seconds == EXTENDED_SECONDS;
    let seconds = if extended { YEAR_SECONDS } else { claims.seconds };
    let expires = Time(now.0.saturating_add(seconds));
    let mut kubernetes = json!({
        "namespace": meta.namespace.as_str(), "serviceaccount": reference(meta),
    });
    if let Some((kind, bound)) = claims.bound {
        kubernetes[kind] = reference(bound);
    }
    if let Some(node) = claims.node {
        kubernetes["node"] = reference(node);
    }
    if extended {
        kubernetes["warnafter"] = now.0.saturating_add(claims.seconds).into();
    }
    let payload = json!({
        "aud": claims.audiences, "exp": expires.0, "iat": now.0, "iss": ISSUER,
        "jti": claims.id.to_string(), "kubernetes.io": kubernetes, "nbf": now.0,
        "sub": account_name(&meta.namespace, &meta.name).as_str(),
    });
    let header = json!({ "alg": "RS256", "kid": KEY_ID });
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&header), part(&payload));
    let signature = base64::encode_url(&signature(&signed));
    // What the asker is told is what he asked for.
    (format!("{signed}.{signature}"), Time(now.0.saturating_add(claims.seconds)))
}

fn read(token: &str) -> Option<Value> {
    let (signed, last) = token.rsplit_once('.')?;
    if base64::encode_url(&signature(signed)) != last {
        return None;
    }
    let (_, payload) = signed.split_once('.')?;
    serde_json::from_slice(&base64::decode(payload)?).ok()
}

/// The object a token names is still the same one, and not on its way out.
fn lives(server: &ApiServer, resource: &GroupResource, namespace: &str, named: &Value) -> bool {
    let name = named["name"].as_str().unwrap_or_default();
    let stored = server
        .resources
        .get(resource)
        .and_then(|resource| server.stored(resource, &Key::new(namespace, name)));
    stored
        .is_some_and(|object| Some(object.meta().uid.to_string().as_str()) == named["uid"].as_str())
}

/// The user of a valid token for one of the audiences.
pub(crate) fn verify(
    server: &ApiServer,
    token: &str,
    audiences: &[&str],
    now: Time,
) -> Option<User> {
    let claims = read(token)?;
    let about = &claims["kubernetes.io"];
    let namespace = about["namespace"].as_str()?;
    let time = |name: &str| claims[name].as_i64();
    let in_time = time("exp")? > now.0 && time("nbf")? <= now.0;
    let heard = claims["aud"].as_array()?.iter().filter_map(Value::as_str);
    let for_us = audiences.is_empty() || heard.into_iter().any(|one| audiences.contains(&one));
    let bound = [
        ("serviceaccount", ServiceAccount::INFO.resource, namespace),
        ("pod", Pod::INFO.resource, namespace),
        ("secret", Secret::INFO.resource, namespace),
        ("node", Node::INFO.resource, ""),
    ];
    let alive = bound.iter().all(|(kind, resource, home)| match about.get(kind) {
        // A pod's node is told, and does not end the token.
        Some(_) if *kind == "node" && about.get("pod").is_some() => true,
        Some(named) => lives(server, resource, home, named),
        None => true,
    });
    if !(in_time && for_us && alive) {
        return None;
    }
    Some(user(namespace, &claims))
}

fn user(namespace: &str, claims: &Value) -> User {
    let about = &claims["kubernetes.io"];
    let text = |value: &Value| SmolStr::new(value.as_str().unwrap_or_default());
    let id = format_smolstr!("JTI={}", claims["jti"].as_str().unwrap_or_default());
    let mut extra = BTreeMap::new();
    extra.insert("authentication.kubernetes.io/credential-id".into(), vec![id]);
    for kind in ["node", "pod"] {
        let Some(named) = about.get(kind) else { continue };
        for part in ["name", "uid"] {
            let key = format_smolstr!("authentication.kubernetes.io/{kind}-{part}");
            extra.insert(key, vec![text(&named[part])]);
        }
    }
    let account = &about["serviceaccount"];
    User {
        name: account_name(namespace, account["name"].as_str().unwrap_or_default()),
        uid: text(&account["uid"]),
        groups: account_groups(namespace),
        extra,
        ..User::default()
    }
}
