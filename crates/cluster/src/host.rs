//! How a client reaches the API server: its identity, its clock and the record of what it said.

use apimachinery::gvk::GroupResource;
use apimachinery::meta::Key;
use apimachinery::status::{Reason, Status};
use apimachinery::time::Time;
use apiserver::{ApiServer, CallCx, NodeProxy};
use client::fabric;
use client::{Api, Body, Credentials, Reply, ReplyBody, Request, Trace, TraceKind, User, Verb};
use clock::{Duration, Rng, SimTime};
use serde_json::Value;
use smol_str::SmolStr;

use crate::config::{Config, Latency};
use crate::faults::{Faults, Gate};
use crate::feed::TraceLog;

pub(crate) const API_SERVER: SmolStr = SmolStr::new_static("kube-apiserver");
/// Where clients reach the API server.
const SERVER_ADDRESS: &str = "127.0.0.1:6443";
pub(crate) const ETCD: SmolStr = SmolStr::new_static("etcd");

/// One client's connection for the length of one call into it.
pub(crate) struct Connection<'a> {
    pub server: &'a mut ApiServer,
    pub user: &'a User,
    pub from: &'a SmolStr,
    pub now: SimTime,
    pub epoch: i64,
    pub rng: &'a mut Rng,
    pub nodes: &'a mut dyn NodeProxy,
    pub traces: &'a mut TraceLog,
    pub latency: &'a Latency,
    /// When something other than heartbeats changed last.
    pub changed_at: &'a mut SimTime,
    pub gate: Gate,
    /// What terminals may break, and in which cluster.
    pub faults: Option<(&'a mut Faults, &'a Config)>,
}

impl Api for Connection<'_> {
    fn registry(&mut self) -> Option<&mut fabric::registry::Registry> {
        self.nodes.registry()
    }

    fn send(&mut self, from: &fabric::Client, url: &str) -> Option<fabric::Exchange> {
        self.nodes.send(from, url)
    }

    fn fault(&mut self, line: &str) -> Option<Result<String, String>> {
        let (faults, config) = self.faults.as_mut()?;
        Some(faults.ask(line, config))
    }

    fn call(&mut self, request: Request) -> Result<Reply, Box<Status>> {
        let revision = self.server.revision();
        // A reading that the metrics server hands over is no write: nothing is stored.
        let shown = self.traces.on && !matches!(request.body, Body::Metrics(_));
        let about = shown.then(|| About::of(&request));
        let heartbeat = is_heartbeat(&request);
        let mut cx = CallCx {
            now: self.now,
            epoch: self.epoch,
            rng: self.rng,
            user: self.user,
            nodes: self.nodes,
        };
        let result = match self.gate {
            Gate::Open => self.server.handle(&mut cx, request),
            Gate::ReadOnly if writes(&request) => refuse_write(self.server, &mut cx, request),
            Gate::ReadOnly => self.server.handle(&mut cx, request),
            Gate::Refused | Gate::Silent => Err(self.unreachable()),
        };
        let wrote = self.server.revision() != revision;
        if wrote && !heartbeat {
            *self.changed_at = self.now;
        }
        if let Some(about) = about {
            self.record(about, &result, wrote);
        }
        result
    }

    fn ask_path(
        &mut self,
        sender: Option<&Credentials>,
        verb: &str,
        path: &str,
    ) -> Result<(), Box<Status>> {
        let Some(sender) = sender else { return Ok(()) };
        let user = self.server.identify(sender, self.time(), (verb, path))?;
        self.server.authorize_path(&user, verb, path)
    }

    fn custom_resources(&self) -> Vec<&'static schema::Resource> {
        self.server.custom_resources()
    }

    fn custom_schema(&self, group: &str, version: &str, kind: &str) -> Option<Value> {
        self.server.custom_schema(group, version, kind)
    }
}

impl Connection<'_> {
    /// No answer comes at all.
    fn unreachable(&self) -> Box<Status> {
        let why = match self.gate {
            Gate::Silent => "i/o timeout",
            _ => "connect: connection refused",
        };
        let message = format!("dial tcp {SERVER_ADDRESS}: {why}");
        Status::new(Reason::Unreachable, message)
    }

    fn time(&self) -> Time {
        let seconds = i64::try_from(self.now.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
        Time(self.epoch.saturating_add(seconds))
    }
}

/// Whether a request asks for a change of what is stored.
fn writes(request: &Request) -> bool {
    let is_look = matches!(request.verb, Verb::Get | Verb::List)
        || request.resource.resource.ends_with("reviews")
        || matches!(request.subresource.as_str(), "exec" | "log" | "token" | "portforward");
    !is_look && !request.dry_run
}

/// A store without room: mistakes are still found, and what changes nothing still succeeds.
/// Models etcd's NOSPACE alarm.
fn refuse_write(
    server: &mut ApiServer,
    cx: &mut CallCx<'_>,
    mut request: Request,
) -> Result<Reply, Box<Status>> {
    request.dry_run = true;
    let (resource, verb) = (request.resource.clone(), request.verb);
    let reply = server.handle(cx, request)?;
    if let (ReplyBody::Object(object), Verb::Update | Verb::Patch) = (&reply.body, verb) {
        let meta = object.meta();
        let stored = server.object(&resource, &meta.namespace, &meta.name);
        if stored.is_some_and(|stored| stored.same_as(object.as_ref())) {
            return Ok(reply);
        }
    }
    Err(Status::new(Reason::Unknown, "etcdserver: mvcc: database space exceeded"))
}

/// What a request is about, kept for its trace.
struct About {
    verb: Verb,
    resource: GroupResource,
    key: Key,
    subresource: SmolStr,
}

impl About {
    fn of(request: &Request) -> Self {
        let name = match (&request.body, request.name.is_empty()) {
            (Body::Object(object), true) => object.meta().name.clone(),
            _ => request.name.clone(),
        };
        About {
            verb: request.verb,
            resource: request.resource.clone(),
            key: Key::new(request.namespace.clone(), name),
            subresource: request.subresource.clone(),
        }
    }
}

/// Leases and node status come and go all the time: they are not "something happened".
fn is_heartbeat(request: &Request) -> bool {
    request.resource.resource == "leases"
        || (request.resource.resource == "nodes" && request.subresource == "status")
}

impl Connection<'_> {
    fn record(&mut self, about: About, result: &Result<Reply, Box<Status>>, wrote: bool) {
        let (code, name) = match result {
            Ok(Reply { body: ReplyBody::Object(object), created, .. }) => {
                (if *created { 201 } else { 200 }, Some(object.meta().name.clone()))
            }
            Ok(_) => (200, None),
            Err(status) => (status.code(), None),
        };
        let key = Key::new(about.key.namespace, name.unwrap_or(about.key.name));
        let sent = self.now;
        let request = Trace {
            kind: TraceKind::Request(about.verb),
            from: self.from.clone(),
            to: API_SERVER,
            start: sent,
            end: sent + Duration::from_micros(self.latency.request_us),
            resource: about.resource.clone(),
            key: key.clone(),
            subresource: about.subresource,
            code,
            count: 1,
        };
        let arrived = request.end;
        self.traces.push(request);
        if wrote {
            self.traces.push(Trace {
                kind: TraceKind::Etcd,
                from: API_SERVER,
                to: ETCD,
                start: arrived,
                end: arrived + Duration::from_micros(self.latency.etcd_us),
                resource: about.resource,
                key,
                subresource: SmolStr::default(),
                code,
                count: 1,
            });
        }
    }
}
