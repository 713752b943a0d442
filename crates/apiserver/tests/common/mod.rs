//! A server with its well-known objects, and short forms of requests.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use api::{Obj, Pod};
use apimachinery::gvk::GroupResource;
use apimachinery::status::Status;
use apiserver::{ApiServer, CallCx, Config, ExecResult, LogOptions, NodeProxy, StaticToken};
use client::{Body, DeleteOptions, PatchType, Reply, ReplyBody, Request, User, Verb};
use clock::{Duration, Rng, SimTime};
use serde_json::{Value, json};
use smol_str::SmolStr;

pub type Answer = Result<Reply, Box<Status>>;

/// A kubelet that says what it was asked.
struct Echo;

impl NodeProxy for Echo {
    fn logs(&mut self, pod: &Pod, options: &LogOptions) -> Result<String, Box<Status>> {
        Ok(format!("{}/{} tail {:?}", pod.metadata.name, options.container, options.tail_lines))
    }
    fn exec(
        &mut self,
        pod: &Pod,
        container: &str,
        command: &[SmolStr],
    ) -> Result<ExecResult, Box<Status>> {
        let stdout = format!("{}/{container}: {}", pod.metadata.name, command.join(" "));
        Ok(ExecResult { stdout, ..ExecResult::default() })
    }
}

pub struct Cluster {
    pub server: ApiServer,
    rng: Rng,
    user: User,
    pub now: SimTime,
}

pub fn gr(resource: &str) -> GroupResource {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    GroupResource { group: group.into(), resource: resource.into() }
}

impl Cluster {
    pub fn new() -> Self {
        Self::start(Config::default())
    }

    /// A server that knows an administrator by a token.
    pub fn with_administrator(token: &str) -> Self {
        let user = User::new("admin", &["system:masters"]);
        let fixed = StaticToken { token: token.into(), user };
        Self::start(Config { static_tokens: vec![fixed], ..Config::default() })
    }

    fn start(config: Config) -> Self {
        let mut cluster = Cluster {
            server: ApiServer::new(config),
            rng: Rng::new(11),
            user: User::default(),
            now: SimTime::from_secs(10),
        };
        let mut cx = CallCx {
            now: cluster.now,
            epoch: 1_795_000_000,
            rng: &mut cluster.rng,
            user: &cluster.user,
            nodes: &mut Echo,
        };
        cluster.server.bootstrap(&mut cx);
        let account = json!({"metadata": {"name": "default"}});
        cluster.create("serviceaccounts", "default", account).unwrap();
        cluster
    }

    pub fn call(&mut self, request: Request) -> Answer {
        let mut cx = CallCx {
            now: self.now,
            epoch: 1_795_000_000,
            rng: &mut self.rng,
            user: &self.user,
            nodes: &mut Echo,
        };
        self.server.handle(&mut cx, request)
    }

    pub fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub fn request(verb: Verb, resource: &str, namespace: &str, name: &str) -> Request {
        Request::new(verb, gr(resource), namespace, name)
    }

    pub fn create(&mut self, resource: &str, namespace: &str, body: Value) -> Answer {
        let request = Self::request(Verb::Create, resource, namespace, "");
        self.call(request.body(Body::Json(body)))
    }

    pub fn get(&mut self, resource: &str, namespace: &str, name: &str) -> Answer {
        self.call(Self::request(Verb::Get, resource, namespace, name))
    }

    /// The stored object's wire form; `null` if there is none.
    pub fn wire(&mut self, resource: &str, namespace: &str, name: &str) -> Value {
        self.get(resource, namespace, name).map_or(Value::Null, wire_of)
    }

    pub fn update(&mut self, resource: &str, namespace: &str, body: Value) -> Answer {
        let name = body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let request = Self::request(Verb::Update, resource, namespace, &name);
        self.call(request.body(Body::Json(body)))
    }

    pub fn patch(&mut self, kind: PatchType, resource: &str, name: &str, patch: Value) -> Answer {
        let namespace =
            if resource == "nodes" || resource == "namespaces" { "" } else { "default" };
        let request = Self::request(Verb::Patch, resource, namespace, name);
        self.call(request.body(Body::Patch(kind, patch)))
    }

    pub fn delete(&mut self, resource: &str, name: &str, options: DeleteOptions) -> Answer {
        let namespace =
            if resource == "nodes" || resource == "namespaces" { "" } else { "default" };
        let request = Self::request(Verb::Delete, resource, namespace, name);
        self.call(request.body(Body::Delete(options)))
    }

    pub fn list(&mut self, resource: &str, namespace: &str, labels: &str, fields: &str) -> Answer {
        let mut request = Self::request(Verb::List, resource, namespace, "");
        request.list.label_selector = labels.into();
        request.list.field_selector = fields.into();
        self.call(request)
    }

    pub fn bind(&mut self, pod: &str, node: &str) -> Answer {
        let request = Self::request(Verb::Create, "pods", "default", pod).subresource("binding");
        self.call(request.body(Body::Binding(node.into())))
    }

    pub fn config_map(&mut self, name: &str, value: &str) -> Value {
        let body = json!({"metadata": {"name": name}, "data": {"a": value}});
        wire_of(self.create("configmaps", "default", body).unwrap())
    }
}

pub fn wire_of(reply: Reply) -> Value {
    match reply.body {
        ReplyBody::Object(object) => object.to_wire(),
        ReplyBody::Json(value) => value,
        other => panic!("not an object: {other:?}"),
    }
}

pub fn object_of(reply: Answer) -> Obj {
    reply.unwrap().object().unwrap()
}

pub fn names_of(reply: Answer) -> Vec<String> {
    let list = reply.unwrap().list().unwrap();
    list.items.iter().map(|object| object.meta().name.to_string()).collect()
}

/// Reason and message of a refusal.
pub fn refusal(answer: Answer) -> (&'static str, String) {
    match answer {
        Ok(reply) => panic!("not refused: {reply:?}"),
        Err(status) => (status.reason.as_str(), status.message),
    }
}

pub fn pod(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "labels": {"app": "x"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    })
}

pub fn node(name: &str, zone: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}})
}

pub fn deployment(name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {"containers": [{"name": "c", "image": "nginx"}]},
            },
        },
    })
}
