//! Requests from outside in the form in which a log keeps them.

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::gvk::GroupResource;
use apimachinery::meta::Uid;
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use crate::request::{
    Accept, Body, Credentials, DeleteOptions, Impersonate, ListOptions, PatchType, Propagation,
    Request, User, Verb,
};

const VERBS: [Verb; 7] = [
    Verb::Create,
    Verb::Get,
    Verb::List,
    Verb::Update,
    Verb::Patch,
    Verb::Delete,
    Verb::DeleteCollection,
];

const PATCHES: [(PatchType, &str); 4] = [
    (PatchType::Json, "json"),
    (PatchType::Merge, "merge"),
    (PatchType::Strategic, "strategic"),
    (PatchType::Apply, "apply"),
];

const PROPAGATIONS: [(Propagation, &str); 3] = [
    (Propagation::Background, "Background"),
    (Propagation::Foreground, "Foreground"),
    (Propagation::Orphan, "Orphan"),
];

fn text(value: &Value, name: &str) -> SmolStr {
    value[name].as_str().unwrap_or_default().into()
}

fn texts(value: &Value) -> Vec<SmolStr> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(SmolStr::from).collect()
}

type Extra = BTreeMap<SmolStr, Vec<SmolStr>>;

fn list_to_saved(list: &[SmolStr]) -> Value {
    list.iter().map(SmolStr::as_str).collect()
}

fn extra_to_saved(extra: &Extra) -> Value {
    let pairs = extra.iter().map(|(key, values)| (key.to_string(), list_to_saved(values)));
    Value::Object(pairs.collect())
}

fn extra_from_saved(value: &Value) -> Extra {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, values)| (key.as_str().into(), texts(values))).collect()
}

impl User {
    pub fn to_saved(&self) -> Value {
        let User { name, uid, groups, extra, restricted } = self;
        json!({
            "name": name.as_str(), "uid": uid.as_str(), "groups": list_to_saved(groups),
            "extra": extra_to_saved(extra), "restricted": restricted,
        })
    }

    pub fn from_saved(value: &Value) -> Self {
        User {
            name: text(value, "name"),
            uid: text(value, "uid"),
            groups: texts(&value["groups"]),
            extra: extra_from_saved(&value["extra"]),
            restricted: value["restricted"] == true,
        }
    }
}

fn sender_to_saved(credentials: &Credentials) -> Value {
    let Credentials { token, certificate, impersonate } = credentials;
    let impersonated = impersonate.as_ref().map(|Impersonate { user, uid, groups, extra }| {
        json!({
            "user": user.as_str(), "uid": uid.as_str(), "groups": list_to_saved(groups),
            "extra": extra_to_saved(extra),
        })
    });
    json!({ "token": token.as_str(), "certificate": certificate, "impersonate": impersonated })
}

fn sender_from_saved(value: &Value) -> Credentials {
    let impersonate = value.get("impersonate").filter(|wanted| wanted.is_object());
    Credentials {
        token: text(value, "token"),
        certificate: value["certificate"].as_str().unwrap_or_default().to_owned(),
        impersonate: impersonate.map(|wanted| Impersonate {
            user: text(wanted, "user"),
            uid: text(wanted, "uid"),
            groups: texts(&wanted["groups"]),
            extra: extra_from_saved(&wanted["extra"]),
        }),
    }
}

fn options_to_saved(options: &DeleteOptions) -> Value {
    let policy = PROPAGATIONS.iter().find(|(own, _)| Some(*own) == options.propagation);
    json!({
        "grace": options.grace_period_seconds,
        "propagation": policy.map(|(_, name)| *name),
        "uid": options.precondition_uid.map(|uid| uid.to_string()),
        "version": options.precondition_resource_version,
    })
}

fn options_from_saved(value: &Value) -> DeleteOptions {
    let policy = PROPAGATIONS.iter().find(|(_, name)| value["propagation"] == *name);
    DeleteOptions {
        grace_period_seconds: value["grace"].as_i64(),
        propagation: policy.map(|(own, _)| *own),
        precondition_uid: value["uid"].as_str().and_then(Uid::parse),
        precondition_resource_version: value["version"].as_u64(),
    }
}

fn body_to_saved(body: &Body) -> Value {
    match body {
        // Metrics come from inside, and are read anew.
        Body::None | Body::Metrics(_) => Value::Null,
        Body::Object(object) => json!({ "json": object.to_wire() }),
        Body::Json(value) => json!({ "json": value }),
        Body::Patch(kind, value) => {
            let name = PATCHES.iter().find(|(own, _)| own == kind).map_or("", |(_, name)| name);
            json!({ "patch": name, "json": value })
        }
        Body::Delete(options) => json!({ "delete": options_to_saved(options) }),
        Body::Binding(node) => json!({ "node": node.as_str() }),
    }
}

fn body_from_saved(value: &mut Value) -> Body {
    let json = value.get_mut("json").map(Value::take);
    let patch = PATCHES.iter().find(|(_, name)| value["patch"] == *name);
    match (json, patch) {
        (Some(json), Some((kind, _))) => Body::Patch(*kind, json),
        (Some(json), None) => Body::Json(json),
        (None, _) => match (value.get("delete"), value["node"].as_str()) {
            (Some(options), _) => Body::Delete(options_from_saved(options)),
            (None, Some(node)) => Body::Binding(node.into()),
            (None, None) => Body::None,
        },
    }
}

impl Request {
    /// Fields that say nothing are left out.
    pub fn to_saved(&self) -> Value {
        let mut map = Map::new();
        map.insert("verb".into(), self.verb.as_str().into());
        for (name, field) in [
            ("group", &self.resource.group),
            ("resource", &self.resource.resource),
            ("version", &self.version),
            ("namespace", &self.namespace),
            ("name", &self.name),
            ("subresource", &self.subresource),
            ("labelSelector", &self.list.label_selector),
            ("fieldSelector", &self.list.field_selector),
            ("continue", &self.list.continue_token),
        ] {
            if !field.is_empty() {
                map.insert(name.into(), field.as_str().into());
            }
        }
        let table = self.accept == Accept::Table;
        for (name, flag) in [("table", table), ("dryRun", self.dry_run), ("strict", self.strict)] {
            if flag {
                map.insert(name.into(), true.into());
            }
        }
        if self.list.limit != 0 {
            map.insert("limit".into(), self.list.limit.into());
        }
        let body = body_to_saved(&self.body);
        if !body.is_null() {
            map.insert("body".into(), body);
        }
        if let Some(sender) = &self.sender {
            map.insert("sender".into(), sender_to_saved(sender));
        }
        if !self.query.is_empty() {
            let pairs =
                self.query.iter().map(|(name, value)| json!([name.as_str(), value.as_str()]));
            map.insert("query".into(), pairs.collect());
        }
        Value::Object(map)
    }

    /// None if it is no request.
    pub fn from_saved(mut value: Value) -> Option<Self> {
        let verb = VERBS.into_iter().find(|verb| value["verb"] == verb.as_str())?;
        let resource =
            GroupResource { group: text(&value, "group"), resource: text(&value, "resource") };
        let mut request =
            Request::new(verb, resource, &text(&value, "namespace"), &text(&value, "name"));
        request.version = text(&value, "version");
        request.subresource = text(&value, "subresource");
        request.list = ListOptions {
            label_selector: text(&value, "labelSelector"),
            field_selector: text(&value, "fieldSelector"),
            limit: value["limit"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            continue_token: text(&value, "continue"),
        };
        request.dry_run = value["dryRun"] == true;
        request.strict = value["strict"] == true;
        if value["table"] == true {
            request.accept = Accept::Table;
        }
        if let Some(body) = value.get_mut("body") {
            request.body = body_from_saved(body);
        }
        request.sender = value.get("sender").map(|sender| Arc::new(sender_from_saved(sender)));
        let pairs = value["query"].as_array().into_iter().flatten().map(texts);
        request.query = pairs
            .filter_map(|pair| match pair.as_slice() {
                [name, value] => Some((name.clone(), value.clone())),
                _ => None,
            })
            .collect();
        Some(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_request_is_the_same_request() {
        let resource = GroupResource::fixed("apps", "deployments");
        let bodies = [
            Body::None,
            Body::Json(json!({ "kind": "Deployment", "json": 1 })),
            Body::Patch(PatchType::Strategic, json!({ "spec": null })),
            Body::Delete(DeleteOptions {
                grace_period_seconds: Some(0),
                propagation: Some(Propagation::Foreground),
                precondition_uid: None,
                precondition_resource_version: Some(7),
            }),
            Body::Binding("node-1".into()),
        ];
        for (body, verb) in bodies.into_iter().zip(VERBS) {
            let mut request = Request::new(verb, resource.clone(), "default", "web").body(body);
            request.query.push(("fieldManager".into(), "k".into()));
            request.list.limit = 3;
            request.accept = Accept::Table;
            request.dry_run = true;
            let mut sender = Credentials { token: "t".into(), ..Credentials::default() };
            sender.impersonate = Some(Impersonate {
                user: "bob".into(),
                groups: vec!["g".into()],
                extra: [("k".into(), vec!["v".into()])].into(),
                ..Impersonate::default()
            });
            request.sender = Some(Arc::new(sender));
            let saved = request.to_saved();
            let again = Request::from_saved(saved.clone()).unwrap();
            assert_eq!(again.to_saved(), saved);
            assert_eq!(format!("{again:?}"), format!("{request:?}"));
        }
        assert!(Request::from_saved(json!({ "verb": "watch" })).is_none());
    }
}
