//! Questions that are answered and not kept: who am I, may I, whose token is this.
// Models pkg/registry/authorization and pkg/registry/authentication.

use api::rbac::policy_rule::PolicyRule;
use apimachinery::gvk::GroupResource;
use apimachinery::status::{FieldError, FieldErrors, Status};
use apimachinery::wire::Wire;
use client::{Body, Reply, ReplyBody, Request, User, Verb};
use schema::Schema;
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use crate::authentication::token;
use crate::authorization::{Attributes, MASTERS, rbac};
use crate::server::{ApiServer, CallCx, Result};

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

type Answer = fn(&ApiServer, &CallCx<'_>, &Request, &mut Value) -> Result<()>;

/// Group, resource, kind and who answers.
const REVIEWS: &[(&str, &str, &str, Answer)] = &[
    (AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", who_am_i),
    (AUTHENTICATION, "tokenreviews", "TokenReview", whose_token),
    (AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", may_they_here),
    (AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", may_i),
    (AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", my_rules),
    (AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", may_they),
];

pub(crate) fn is_review(resource: &GroupResource) -> bool {
    REVIEWS.iter().any(|(group, name, ..)| resource.group == *group && resource.resource == *name)
}

impl ApiServer {
    pub(crate) fn review(&self, cx: &CallCx<'_>, mut request: Request) -> Result<Reply> {
        let name = &request.resource;
        let found = REVIEWS.iter().find(|(g, r, ..)| name.group == *g && name.resource == *r);
        let Some((group, _, kind, answer)) = found else {
            return Err(crate::resources::unknown_resource());
        };
        if request.verb != Verb::Create {
            return Err(Status::method_not_supported(name, request.verb.as_str()));
        }
        let mut review = match std::mem::take(&mut request.body) {
            Body::Json(value) if value.is_object() => value,
            _ => return Err(Status::bad_request(format!("the body is not a {kind}"))),
        };
        let report = Schema::get().type_for(group, "v1", kind).map(|ty| schema::check(&review, ty));
        if let Some(message) = report.and_then(|report| report.bad_request("v1", kind, &[])) {
            return Err(Status::bad_request(message));
        }
        review["apiVersion"] = format!("{group}/v1").into();
        review["kind"] = (*kind).into();
        if review.get("metadata").is_none_or(Value::is_null) {
            review["metadata"] = json!({});
        }
        answer(self, cx, &request, &mut review)?;
        Ok(Reply { body: ReplyBody::Json(review), warnings: Vec::new(), created: true })
    }
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    for (name, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            info.insert(name.to_owned(), text.as_str().into());
        }
    }
    if !user.groups.is_empty() {
        info.insert("groups".to_owned(), user.groups.to_value());
    }
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), user.extra.to_value());
    }
    Value::Object(info)
}

fn who_am_i(_: &ApiServer, cx: &CallCx<'_>, _: &Request, review: &mut Value) -> Result<()> {
    review["metadata"] = json!({ "creationTimestamp": cx.time().to_string() });
    review["status"] = json!({ "userInfo": user_info(cx.user) });
    Ok(())
}

fn whose_token(server: &ApiServer, cx: &CallCx<'_>, _: &Request, review: &mut Value) -> Result<()> {
    let Some(text) = review["spec"]["token"].as_str().filter(|text| !text.is_empty()) else {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    };
    let audiences = strings(&review["spec"]["audiences"]);
    let asked: Vec<&str> = match audiences.is_empty() {
        true => vec![token::ISSUER],
        false => audiences.iter().map(SmolStr::as_str).collect(),
    };
    review["status"] = match server.user_of_token(text, &asked, cx.time()) {
        Some(user) => {
            json!({ "authenticated": true, "user": user_info(&user), "audiences": asked })
        }
        None => json!({ "user": {}, "error": "invalid bearer token" }),
    };
    Ok(())
}

fn strings(value: &Value) -> Vec<SmolStr> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(SmolStr::new).collect()
}

fn present<'a>(spec: &'a Value, name: &str) -> Option<&'a Value> {
    spec.get(name).filter(|value| !value.is_null())
}

// Models pkg/apis/authorization/validation/validation.go.
fn validate(review: &Value, of_others: bool) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let spec = &review["spec"];
    let resource = present(spec, "resourceAttributes");
    let path = present(spec, "nonResourceAttributes");
    if let (Some(_), Some(path)) = (resource, path) {
        let detail = "cannot be specified in combination with resourceAttributes";
        let value = json!({ "Path": path["path"], "Verb": path["verb"] });
        errors.push(FieldError::invalid("spec.nonResourceAttributes", value, detail));
    }
    if resource.is_none() && path.is_none() {
        let detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.push(FieldError::invalid("spec.resourceAttributes", Value::Null, detail));
    }
    let somebody = !spec["user"].as_str().unwrap_or_default().is_empty()
        || !strings(&spec["groups"]).is_empty();
    if of_others && !somebody {
        let detail = "at least one of user or group must be specified";
        errors.push(FieldError::invalid("spec.user", "", detail));
    }
    errors
}

fn decide(server: &ApiServer, user: &User, review: &mut Value) {
    let spec = &review["spec"];
    let text = |part: &str, name: &str| spec[part][name].as_str().unwrap_or_default().to_owned();
    let part = match present(spec, "resourceAttributes") {
        Some(_) => "resourceAttributes",
        None => "nonResourceAttributes",
    };
    let [verb, group, resource, subresource, name, namespace, path] =
        ["verb", "group", "resource", "subresource", "name", "namespace", "path"]
            .map(|name| text(part, name));
    let attributes = Attributes {
        verb: &verb,
        group: &group,
        resource: &resource,
        subresource: &subresource,
        name: &name,
        namespace: &namespace,
        path: &path,
    };
    let decision = server.decide(user, &attributes);
    let mut status = json!({ "allowed": decision.allowed });
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.into();
    }
    review["status"] = status;
}

fn refuse(errors: &FieldErrors) -> Result<()> {
    match errors.is_empty() {
        true => Ok(()),
        // The kind of the internal object is not set where upstream names it.
        false => Err(Status::invalid(AUTHORIZATION, "", "", errors)),
    }
}

fn may_i(server: &ApiServer, cx: &CallCx<'_>, _: &Request, review: &mut Value) -> Result<()> {
    refuse(&validate(review, false))?;
    decide(server, cx.user, review);
    Ok(())
}

fn subject(review: &Value) -> User {
    let spec = &review["spec"];
    let text = |name: &str| SmolStr::new(spec[name].as_str().unwrap_or_default());
    let extra = spec["extra"].as_object().into_iter().flatten();
    User {
        name: text("user"),
        uid: text("uid"),
        groups: strings(&spec["groups"]),
        extra: extra.map(|(key, values)| (key.as_str().into(), strings(values))).collect(),
        restricted: true,
    }
}

fn may_they(server: &ApiServer, _: &CallCx<'_>, _: &Request, review: &mut Value) -> Result<()> {
    refuse(&validate(review, true))?;
    decide(server, &subject(review), review);
    Ok(())
}

fn may_they_here(
    server: &ApiServer,
    _: &CallCx<'_>,
    request: &Request,
    review: &mut Value,
) -> Result<()> {
    let mut errors = validate(review, true);
    let spec = &review["spec"];
    let given = present(spec, "resourceAttributes").map(|a| a["namespace"].as_str().unwrap_or(""));
    if let Some(given) = given.filter(|given| *given != request.namespace) {
        let detail = "must match metadata.namespace";
        errors.push(FieldError::invalid("spec.resourceAttributes.namespace", given, detail));
    }
    if let Some(path) = present(spec, "nonResourceAttributes") {
        let detail = "disallowed on this kind of request";
        errors.push(FieldError::invalid("spec.nonResourceAttributes", path.clone(), detail));
    }
    refuse(&errors)?;
    review["metadata"]["namespace"] = request.namespace.as_str().into();
    decide(server, &subject(review), review);
    Ok(())
}

fn my_rules(server: &ApiServer, cx: &CallCx<'_>, _: &Request, review: &mut Value) -> Result<()> {
    let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let (mut rules, missing) = rbac::rules_for(server, cx.user, namespace);
    if cx.user.is_in(MASTERS) {
        let all = || vec![SmolStr::new_static("*")];
        let any = PolicyRule { verbs: all(), ..PolicyRule::default() };
        let resources = PolicyRule { api_groups: all(), resources: all(), ..any.clone() };
        rules.splice(0..0, [resources, PolicyRule { non_resource_urls: all(), ..any }]);
    }
    let of = |wanted: fn(&PolicyRule) -> &[SmolStr]| -> Vec<Value> {
        rules.iter().filter(|rule| !wanted(rule).is_empty()).map(Wire::to_value).collect()
    };
    let mut status = json!({
        "incomplete": false,
        "resourceRules": of(|rule| &rule.resources),
        "nonResourceRules": of(|rule| &rule.non_resource_urls),
    });
    if !missing.is_empty() {
        status["evaluationError"] = rbac::aggregate(&missing).into();
    }
    review["spec"] = json!({});
    review["status"] = status;
    Ok(())
}
