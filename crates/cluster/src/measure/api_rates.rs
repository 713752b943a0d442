//! What the API server alone answers in a second: typed objects, as the engine's components ask,
//! and JSON, as people and programs outside do.

use std::sync::Arc;

use api::{Kind, Obj, Object, Pod, ServiceAccount};
use apimachinery::meta::{ObjectMeta, string_map};
use apiserver::{ApiServer, CallCx};
use client::{Accept, Body, Reply, ReplyBody, Request, User, Verb, WatchFilter, WatchSpec};
use clock::{Rng, SimTime};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

use crate::Config;
use crate::nodes::NoNodes;

const WATCHERS: u32 = 100;
/// Changes that each watcher gets, as they are and as JSON.
const TYPED_CHANGES: u32 = 1_000;
const JSON_CHANGES: u32 = 50;
const LISTS: u32 = 10;
const JSON_LISTS: u32 = 3;

/// How often something is done in a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Rate {
    pub name: String,
    pub per_s: f64,
}

struct Bench<'a> {
    server: ApiServer,
    rng: Rng,
    user: User,
    now_ms: &'a dyn Fn() -> f64,
    rates: Vec<Rate>,
}

/// Creates, reads, lists and updates `pods` pods of one template, and lets a hundred watchers
/// follow changes. `None` if one of these is refused.
pub fn api_rates(pods: u32, now_ms: &dyn Fn() -> f64) -> Option<Vec<Rate>> {
    let mut bench = Bench {
        server: ApiServer::new(apiserver::Config::default()),
        rng: Rng::new(1),
        user: User::new("system:kube-controller-manager", &[]),
        now_ms,
        rates: Vec::new(),
    };
    bench.start()?;
    bench.typed(pods)?;
    bench.lists(pods)?;
    // Who manages which field is worked out at once for people only.
    bench.user = User::new("kubernetes-admin", &["system:masters"]);
    bench.json(pods / 4)?;
    bench.user = User::new("system:kube-controller-manager", &[]);
    bench.watches("API watch deliveries, 100 watchers", TYPED_CHANGES, false)?;
    bench.watches("API watch deliveries, 100 watchers, JSON", JSON_CHANGES, true)?;
    Some(bench.rates)
}

impl Bench<'_> {
    fn start(&mut self) -> Option<()> {
        let mut cx = CallCx {
            now: SimTime::ZERO,
            epoch: Config::default().epoch,
            rng: &mut self.rng,
            user: &self.user,
            nodes: &mut NoNodes,
        };
        self.server.bootstrap(&mut cx);
        let account = ServiceAccount {
            metadata: ObjectMeta::named("default", "default"),
            ..ServiceAccount::default()
        };
        let request = Request::new(Verb::Create, ServiceAccount::INFO.resource, "default", "");
        self.call(request.body(Body::Object(Arc::new(account)))).map(drop)
    }

    fn call(&mut self, request: Request) -> Option<Reply> {
        let mut cx = CallCx {
            now: SimTime::ZERO,
            epoch: Config::default().epoch,
            rng: &mut self.rng,
            user: &self.user,
            nodes: &mut NoNodes,
        };
        self.server.handle(&mut cx, request).ok()
    }

    /// Does something `count` times, `each` things at once.
    fn timed(
        &mut self,
        name: &str,
        count: u32,
        each: u32,
        work: &mut dyn FnMut(&mut Self, u32) -> Option<()>,
    ) -> Option<()> {
        let begun = (self.now_ms)();
        (0..count).try_for_each(|number| work(self, number))?;
        let took_ms = ((self.now_ms)() - begun).max(1e-3);
        let per_s = f64::from(count) * f64::from(each) * 1e3 / took_ms;
        self.rates.push(Rate { name: name.to_owned(), per_s });
        Some(())
    }

    fn typed(&mut self, pods: u32) -> Option<()> {
        let mut made: Vec<Obj> = Vec::new();
        let pod: Obj = Arc::new(bare_pod());
        self.timed("API creates", pods, 1, &mut |bench, _| {
            let request = pods_request(Verb::Create, "").body(Body::Object(Arc::clone(&pod)));
            made.push(bench.call(request)?.object()?);
            Some(())
        })?;
        let names: Vec<SmolStr> = made.iter().map(|object| object.meta().name.clone()).collect();
        self.timed("API gets", pods, 1, &mut |bench, number| {
            let name = names.get(number as usize)?;
            bench.call(pods_request(Verb::Get, name))?.object().map(drop)
        })?;
        let mut left = made.into_iter();
        self.timed("API status updates", pods, 1, &mut |bench, _| {
            bench.say(left.next()?, "measured")
        })
    }

    fn lists(&mut self, pods: u32) -> Option<()> {
        let name = |form: &str| format!("API lists of {pods} pods, {form}");
        self.timed(&name("objects"), LISTS, 1, &mut |bench, _| {
            let list = bench.call(pods_request(Verb::List, ""))?.list()?;
            (list.items.len() >= pods as usize).then_some(())
        })?;
        self.timed(&name("tables"), JSON_LISTS, 1, &mut |bench, _| {
            let request = Request { accept: Accept::Table, ..pods_request(Verb::List, "") };
            match bench.call(request)?.body {
                ReplyBody::Table(table) => (table.rows.len() >= pods as usize).then_some(()),
                _ => None,
            }
        })?;
        self.timed(&name("JSON"), JSON_LISTS, 1, &mut |bench, _| {
            let list = bench.call(pods_request(Verb::List, ""))?.list()?;
            let bytes = list.items.iter().try_fold(0, |sum, item| Some(sum + text(item)?))?;
            (bytes > 0).then_some(())
        })
    }

    fn json(&mut self, pods: u32) -> Option<()> {
        let body = bare_pod().to_wire();
        let mut known: Vec<Value> = Vec::new();
        self.timed("API creates, JSON", pods, 1, &mut |bench, number| {
            let mut body = body.clone();
            let metadata = body.pointer_mut("/metadata")?.as_object_mut()?;
            metadata.insert("name".to_owned(), format!("json-{number}").into());
            bench.call(pods_request(Verb::Create, "").body(Body::Json(body))).map(drop)
        })?;
        self.timed("API gets, JSON", pods, 1, &mut |bench, number| {
            let name = format_smolstr!("json-{number}");
            let object = bench.call(pods_request(Verb::Get, &name))?.object()?;
            let value = object.to_wire();
            serde_json::to_string(&value).ok()?;
            known.push(value);
            Some(())
        })?;
        let mut left = known.into_iter();
        self.timed("API updates, JSON", pods, 1, &mut |bench, number| {
            let mut body = left.next()?;
            let labels = body.pointer_mut("/metadata/labels")?.as_object_mut()?;
            labels.insert("measured".to_owned(), "yes".into());
            let name = format_smolstr!("json-{number}");
            bench.call(pods_request(Verb::Update, &name).body(Body::Json(body))).map(drop)
        })
    }

    /// Writes the same pod again and again; every watcher reads each change.
    fn watches(&mut self, name: &str, changes: u32, as_json: bool) -> Option<()> {
        let spec = WatchSpec::new(Pod::INFO.resource, WatchFilter::All);
        let watchers: Vec<_> = (0..WATCHERS).map(|_| self.server.open_watch(&spec)).collect();
        let mut events = Vec::new();
        for watcher in &watchers {
            self.server.poll_watch(*watcher, SimTime::ZERO, &mut events);
            events.clear();
        }
        self.timed(name, changes, WATCHERS, &mut |bench, number| {
            let pod = bench.call(pods_request(Verb::Get, "json-0"))?.object()?;
            bench.say(pod, &format!("{name} {number}"))?;
            for watcher in &watchers {
                bench.server.poll_watch(*watcher, SimTime::ZERO, &mut events);
                (events.len() == 1).then_some(())?;
                if as_json {
                    text(&events.first()?.object)?;
                }
                events.clear();
            }
            Some(())
        })?;
        watchers.iter().for_each(|watcher| self.server.close_watch(*watcher));
        Some(())
    }

    /// Writes a pod's status.
    fn say(&mut self, mut object: Obj, message: &str) -> Option<()> {
        let name = object.meta().name.clone();
        let pod = api::make_mut(&mut object).as_any_mut().downcast_mut::<Pod>()?;
        pod.status.message = message.into();
        let request = pods_request(Verb::Update, &name).subresource("status");
        self.call(request.body(Body::Object(object))).map(drop)
    }
}

fn pods_request(verb: Verb, name: &str) -> Request {
    Request::new(verb, Pod::INFO.resource, "default", name)
}

/// The length of an object's JSON.
fn text(object: &Obj) -> Option<usize> {
    serde_json::to_string(&object.to_wire()).ok().map(|text| text.len())
}

fn bare_pod() -> Pod {
    let mut metadata = ObjectMeta::named("default", "");
    metadata.generate_name = SmolStr::new_static("measured-");
    metadata.labels = string_map(&[("app", "measured")]);
    let mut pod = Pod { metadata, ..Pod::default() };
    let container = api::core::container::Container {
        name: SmolStr::new_static("nginx"),
        image: SmolStr::new_static("nginx"),
        ..api::core::container::Container::default()
    };
    Arc::make_mut(&mut pod.spec.body).containers.push(container);
    pod
}
