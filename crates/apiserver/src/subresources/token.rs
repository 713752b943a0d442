//! `serviceaccounts/token`: a token for a service account, perhaps bound to an object.
// Models pkg/registry/core/serviceaccount/storage/token.go.

use api::{Kind, Node, Obj, Pod, Secret, ServiceAccount, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::{Key, ObjectMeta, Uid};
use apimachinery::status::{FieldError, Status};
use apimachinery::time::Time;
use client::{Body, Reply, ReplyBody, Request};
use schema::Schema;
use serde_json::{Value, json};

use crate::authentication::token::{self, Claims};
use crate::registry::key_of;
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx, Result};

const GROUP: &str = "authentication.k8s.io";
const KIND: &str = "TokenRequest";
const DEFAULT_SECONDS: i64 = 60 * 60;
const SHORTEST_SECONDS: i64 = 10 * 60;
const LONGEST_SECONDS: i64 = 1 << 32;

impl ApiServer {
    pub(crate) fn request_token(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        mut request: Request,
    ) -> Result<Reply> {
        let mut asked = match std::mem::take(&mut request.body) {
            Body::Json(value) if value.is_object() => value,
            Body::None => json!({}),
            _ => return Err(Status::bad_request("the body is not a TokenRequest")),
        };
        let report = Schema::get().type_for(GROUP, "v1", KIND).map(|ty| schema::check(&asked, ty));
        if let Some(message) = report.and_then(|report| report.bad_request("v1", KIND, &[])) {
            return Err(Status::bad_request(message));
        }
        let object = self.found(resource, &key_of(resource, &request))?;
        let Some(account) = as_kind::<ServiceAccount>(object.as_ref()) else {
            return Err(Status::not_found(resource.name(), &request.name));
        };
        complete(&mut asked, &account.metadata, cx.time())?;
        let bound = self.bound_object(&asked["spec"]["boundObjectRef"], account)?;
        let (text, expires) = self.issue_token(cx, account, &asked["spec"], bound.as_ref());
        asked["status"] = json!({ "expirationTimestamp": expires.to_string(), "token": text });
        Ok(Reply { body: ReplyBody::Json(asked), warnings: Vec::new(), created: true })
    }

    fn issue_token(
        &self,
        cx: &mut CallCx<'_>,
        account: &ServiceAccount,
        spec: &Value,
        bound: Option<&(&'static str, Obj)>,
    ) -> (String, Time) {
        let pod = bound.and_then(|(_, object)| as_kind::<Pod>(object.as_ref()));
        let node = pod.map(|pod| pod.spec.node_name.as_str()).filter(|name| !name.is_empty());
        let node = node.and_then(|name| self.lookup(&Node::INFO.resource, "", name));
        let audiences = spec["audiences"].as_array().map(Vec::as_slice).unwrap_or_default();
        let claims = Claims {
            account,
            bound: bound.map(|(kind, object)| (*kind, object.meta())),
            node: node.as_ref().map(|node| node.meta()),
            audiences: audiences.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            seconds: spec["expirationSeconds"].as_i64().unwrap_or(DEFAULT_SECONDS),
            id: Uid::from_random(cx.rng.next_u128()),
        };
        token::issue(&claims, cx.time())
    }

    fn lookup(&self, resource: &GroupResource, namespace: &str, name: &str) -> Option<Obj> {
        let resource = self.resources.get(resource)?;
        self.stored(resource, &Key::new(namespace, name)).cloned()
    }

    /// The object whose end is to be the token's.
    fn bound_object(
        &self,
        reference: &Value,
        account: &ServiceAccount,
    ) -> Result<Option<(&'static str, Obj)>> {
        if reference.is_null() {
            return Ok(None);
        }
        let text = |name: &str| reference[name].as_str().unwrap_or_default();
        let (version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
        let home = account.metadata.namespace.as_str();
        let (claim, resource, home) = match (version, kind) {
            ("v1", "Pod") => ("pod", Pod::INFO.resource, home),
            ("v1", "Node") => ("node", Node::INFO.resource, ""),
            ("v1", "Secret") => ("secret", Secret::INFO.resource, home),
            _ => {
                let (group, version) = version.split_once('/').unwrap_or(("", version));
                let message =
                    format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
                return Err(Status::bad_request(message));
            }
        };
        let found = self.lookup(&resource, home, name);
        let object = found.ok_or_else(|| Status::not_found(&resource, name))?;
        let pod = as_kind::<Pod>(object.as_ref());
        if pod.is_some_and(|pod| pod.spec.service_account_name != account.metadata.name) {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {:?} to pod running with different \
                 serviceaccount name.",
                account.metadata.name
            )));
        }
        let (given, stored) = (text("uid"), object.meta().uid.to_string());
        if !given.is_empty() && given != stored {
            let why = format!(
                "the UID in the bound object reference ({given}) does not match the UID in record. \
                 The object might have been deleted and then recreated"
            );
            let about = GroupResource { group: "".into(), resource: kind.into() };
            return Err(Status::conflict(&about, name, &why));
        }
        Ok(Some((claim, object)))
    }
}

/// Fills what was not said and refuses what cannot be.
fn complete(asked: &mut Value, account: &ObjectMeta, now: Time) -> Result<()> {
    asked["apiVersion"] = format!("{GROUP}/v1").into();
    asked["kind"] = KIND.into();
    let uid = account.uid.to_string();
    for (field, own, what) in [
        ("name", account.name.as_str(), "must match the service account name if specified"),
        ("namespace", &account.namespace, "must match the service account namespace if specified"),
        ("uid", &uid, ""),
    ] {
        let given = asked["metadata"][field].as_str().unwrap_or_default().to_owned();
        if given.is_empty() || given == own {
            asked["metadata"][field] = own.into();
        } else if field == "uid" {
            let why = format!(
                "the UID in the token request ({given}) does not match the UID of the service \
                 account ({own})"
            );
            let about = GroupResource::fixed(GROUP, KIND);
            return Err(Status::conflict(&about, &account.name, &why));
        } else {
            let error = FieldError::invalid(format!("metadata.{field}"), given, what);
            return Err(Status::invalid(GROUP, KIND, &account.name, &[error]));
        }
    }
    asked["metadata"]["creationTimestamp"] = now.to_string().into();
    let spec = &mut asked["spec"];
    if spec["audiences"].as_array().is_none_or(Vec::is_empty) {
        spec["audiences"] = json!([token::ISSUER]);
    }
    if spec["boundObjectRef"].is_null() {
        spec["boundObjectRef"] = Value::Null;
    }
    let seconds = spec["expirationSeconds"].as_i64().unwrap_or(DEFAULT_SECONDS);
    spec["expirationSeconds"] = seconds.into();
    let detail = match seconds {
        ..SHORTEST_SECONDS => "may not specify a duration less than 10 minutes",
        SHORTEST_SECONDS..=LONGEST_SECONDS => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let error = FieldError::invalid("spec.expirationSeconds", seconds, detail);
    Err(Status::invalid(GROUP, KIND, "", &[error]))
}
