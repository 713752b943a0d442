//! A store of objects behind the API's contract, and a terminal on it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use api::Obj;
use api::kinds::kinds;
use apimachinery::status::Status;
use client::{
    Accept, Api, Body, List, PatchType, Reply, ReplyBody, Request, Table, TableRow, Verb,
};
use clock::{Rng, SimTime};
use kubectl::{Cx, Output, Progress, Session, Stream};
use serde_json::Value;

#[derive(Default)]
pub struct Store {
    objects: BTreeMap<(String, String, String), Obj>,
    revision: u64,
}

impl Store {
    fn key(request: &Request, name: &str) -> (String, String, String) {
        let resource = request.resource.to_string();
        (resource, request.namespace.to_string(), name.to_owned())
    }

    fn put(&mut self, request: &Request, mut value: Value) -> client::api::Result<Reply> {
        let kinds = kinds();
        let Some(kind) = kinds.iter().find(|kind| kind.info.resource == request.resource) else {
            return Err(Status::not_found(&request.resource, ""));
        };
        self.revision += 1;
        value["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = (kind.decode)(value).map_err(|why| Status::bad_request(why.to_string()))?;
        let key = Self::key(request, object.meta().name.as_str());
        self.objects.insert(key, object.clone());
        Ok(Reply::new(ReplyBody::Object(object)))
    }

    fn found(&self, request: &Request) -> client::api::Result<Obj> {
        let key = Self::key(request, &request.name);
        let object = self.objects.get(&key).cloned();
        object.ok_or_else(|| Status::not_found(&request.resource, &request.name))
    }

    fn listed(&self, request: &Request) -> Vec<Obj> {
        let objects = self.objects.iter().filter(|((resource, namespace, _), _)| {
            *resource == request.resource.to_string()
                && (request.namespace.is_empty() || *namespace == request.namespace)
        });
        objects.map(|(_, object)| object.clone()).collect()
    }

    fn table(objects: &[Obj]) -> Table {
        let now = apimachinery::time::Time(1_000_000_000);
        let row = |object: &Obj| TableRow { cells: object.row(now), object: object.clone() };
        Table {
            columns: objects.first().map_or(Cow::Borrowed(&[]), |object| object.columns()),
            rows: objects.iter().map(row).collect(),
            ..Table::default()
        }
    }
}

impl Api for Store {
    fn call(&mut self, request: Request) -> client::api::Result<Reply> {
        let table = request.accept == Accept::Table;
        match (request.verb, request.body.clone()) {
            (Verb::List, _) => {
                let items = self.listed(&request);
                Ok(Reply::new(match table {
                    true => ReplyBody::Table(Self::table(&items)),
                    false => ReplyBody::List(List { items, ..List::default() }),
                }))
            }
            (Verb::Get, _) => {
                let object = self.found(&request)?;
                Ok(Reply::new(match table {
                    true => ReplyBody::Table(Self::table(&[object])),
                    false => ReplyBody::Object(object),
                }))
            }
            (Verb::Create | Verb::Update, Body::Json(value)) => self.put(&request, value),
            (Verb::Patch, Body::Patch(kind, patch)) => {
                let object = self.found(&request)?;
                let gvk = object.gvk();
                let ty = schema::Schema::get().type_for(&gvk.group, &gvk.version, &gvk.kind);
                let value = object.to_wire();
                let patched = match (kind, ty) {
                    (PatchType::Json, _) => schema::patch::json::apply(&value, &patch),
                    (PatchType::Strategic, Some(ty)) => {
                        schema::patch::strategic::apply(&value, &patch, ty)
                    }
                    _ => schema::patch::merge::apply(&value, &patch),
                };
                self.put(&request, patched.map_err(|why| Status::bad_request(why.message))?)
            }
            (Verb::Delete, _) => {
                let object = self.found(&request)?;
                self.objects.remove(&Self::key(&request, &request.name));
                Ok(Reply::new(ReplyBody::Object(object)))
            }
            _ => Err(Status::method_not_supported(&request.resource, request.verb.as_str())),
        }
    }
}

pub struct Terminal {
    pub store: Store,
    pub session: Session,
    pub now: SimTime,
}

impl Default for Terminal {
    fn default() -> Self {
        Terminal {
            store: Store::default(),
            session: Session::default(),
            now: SimTime::from_secs(10),
        }
    }
}

impl Terminal {
    /// Runs a line until it ends or waits without an end: what it said, and its exit code.
    pub fn run(&mut self, line: &str) -> (String, String, Option<i32>) {
        let mut process = kubectl::start(line, &self.session);
        let (mut out, mut rng) = (Output::default(), Rng::new(1));
        let mut code = None;
        for _ in 0..20 {
            let mut cx = Cx {
                api: &mut self.store,
                now: self.now,
                epoch: 1_000_000_000,
                rng: &mut rng,
                session: &mut self.session,
                out: &mut out,
            };
            match process.poll(&mut cx) {
                Progress::Done(done) => {
                    code = Some(done);
                    break;
                }
                Progress::Wait { until: Some(until), .. } => self.now = until,
                Progress::Wait { until: None, .. } => break,
            }
        }
        (out.text(Stream::Stdout), out.text(Stream::Stderr), code)
    }
}
