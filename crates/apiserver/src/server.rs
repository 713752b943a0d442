//! The server itself: takes a request to its resource and verb, and commits what came of it.

use api::Obj;
use std::sync::Arc;

use apimachinery::meta::Key;
use apimachinery::status::Status;
use apimachinery::time::Time;
use client::metrics::Metrics;
use client::{Reply, ReplyBody, Request, User, Verb, WatchEvent, WatchFilter, WatchSpec};
use clock::{Rng, SimTime};
use etcd::Store;

use crate::authorization::Attributes;
use crate::config::Config;
use crate::feed::EventTimes;
use crate::managed::Tracker;
use crate::metrics;
use crate::node_proxy::NodeProxy;
use crate::resources::{Resource, Resources, unknown_resource};
use crate::reviews;
use crate::services::ServiceAllocator;
use crate::templates::Templates;
use crate::versioned;
use crate::warnings;
use crate::watches::{Asked, WatcherId, Watches};

pub(crate) type Result<T> = std::result::Result<T, Box<Status>>;

/// What a request may touch beside the server: the time, chance, who asks, and the kubelets.
pub struct CallCx<'a> {
    pub now: SimTime,
    /// Unix seconds at `SimTime::ZERO`.
    pub epoch: i64,
    pub rng: &'a mut Rng,
    pub user: &'a User,
    pub nodes: &'a mut dyn NodeProxy,
}

impl CallCx<'_> {
    /// Now, as API objects tell it.
    pub fn time(&self) -> Time {
        Time(self.epoch.saturating_add((self.now.nanos() / 1_000_000_000) as i64))
    }
}

/// The API server with its store and its watchers.
pub struct ApiServer {
    pub(crate) config: Config,
    pub(crate) resources: Resources,
    pub(crate) store: Store<Key, Obj>,
    pub(crate) watches: Watches,
    pub(crate) services: ServiceAllocator,
    pub(crate) templates: Templates,
    pub(crate) tracker: Tracker,
    pub(crate) event_times: EventTimes,
    pub(crate) kept_from: u64,
    /// What admission has to say of the request that is being answered.
    pub(crate) warnings: Vec<String>,
    /// What the metrics server handed over last; nothing where there is none.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

impl ApiServer {
    pub fn new(config: Config) -> Self {
        let mut store = Store::default();
        let resources = Resources::new(|| store.add_table());
        ApiServer {
            services: ServiceAllocator::new(&config),
            kept_from: store.revision(),
            config,
            resources,
            store,
            watches: Watches::default(),
            templates: Templates::default(),
            tracker: Tracker::default(),
            event_times: EventTimes::default(),
            warnings: Vec::new(),
            metrics: None,
        }
    }

    /// Answers one request. A write is committed at `cx.now` and its watchers are told. A request
    /// without credentials of its own is the connection's and needs no asking.
    pub fn handle(&mut self, cx: &mut CallCx<'_>, mut request: Request) -> Result<Reply> {
        let Some(credentials) = request.sender.take() else {
            return self.dispatch(cx, request);
        };
        let asked = Attributes::of(&request);
        let user = self.identify_for(&credentials, cx.time(), &asked)?;
        self.authorize(&user, &asked)?;
        let mut cx = CallCx {
            now: cx.now,
            epoch: cx.epoch,
            rng: &mut *cx.rng,
            user: &user,
            nodes: &mut *cx.nodes,
        };
        self.dispatch(&mut cx, request)
    }

    fn dispatch(&mut self, cx: &mut CallCx<'_>, request: Request) -> Result<Reply> {
        if reviews::is_review(&request.resource) {
            return self.review(cx, request);
        }
        if metrics::is_metric(&request.resource) {
            return self.serve_metrics(request);
        }
        let resource = self.resources.find(&request.resource, &request.version)?;
        let with_managed = request.managed_fields;
        self.warnings.clear();
        let mut reply = self.handle_resource(cx, &resource, request)?;
        reply.warnings.append(&mut self.warnings);
        if with_managed || resource.version.is_some() {
            self.view_reply(&resource, &mut reply, with_managed);
        }
        Ok(reply)
    }

    /// The answer with its objects in the asked version, with managed fields if asked for.
    fn view_reply(&self, resource: &Resource, reply: &mut Reply, with_managed: bool) {
        let change = |object: &mut Obj| *object = self.viewed(resource, object, with_managed);
        match &mut reply.body {
            ReplyBody::Object(object) => change(object),
            ReplyBody::List(list) => list.items.iter_mut().for_each(change),
            ReplyBody::Table(table) => {
                table.rows.iter_mut().for_each(|row| change(&mut row.object));
            }
            ReplyBody::Json(_) | ReplyBody::Text(_) => {}
        }
    }

    pub(crate) fn viewed(&self, resource: &Resource, object: &Obj, with_managed: bool) -> Obj {
        let managed = if with_managed { self.managed_fields(resource, object) } else { None };
        versioned::view(object.clone(), resource.version, managed)
    }

    fn handle_resource(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: Request,
    ) -> Result<Reply> {
        if !request.subresource.is_empty() {
            if !resource.has_subresource(&request.subresource) {
                return Err(unknown_resource());
            }
            return self.handle_subresource(cx, resource, request);
        }
        let mut reply = self.handle_object(cx, resource, request)?;
        reply.warnings.extend(warnings::deprecation(resource).map(str::to_owned));
        Ok(reply)
    }

    fn handle_object(
        &mut self,
        cx: &mut CallCx<'_>,
        resource: &Resource,
        request: Request,
    ) -> Result<Reply> {
        match request.verb {
            Verb::Create => self.create(cx, resource, request),
            Verb::Get => self.get(cx, resource, &request),
            Verb::List => self.list(cx, resource, &request),
            Verb::Update => self.update(cx, resource, request),
            Verb::Patch => self.patch(cx, resource, request),
            Verb::Delete => self.delete(cx, resource, request),
            Verb::DeleteCollection => self.delete_collection(cx, resource, request),
        }
    }

    /// An object as it is stored.
    pub(crate) fn stored(&self, resource: &Resource, key: &Key) -> Option<&Obj> {
        self.store.get(resource.table, key).map(|item| &item.value)
    }

    pub(crate) fn found(&self, resource: &Resource, key: &Key) -> Result<Obj> {
        let stored = self.stored(resource, key).cloned();
        stored.ok_or_else(|| Status::not_found(resource.name(), &key.name))
    }

    /// Writes an object; its resource version becomes the write's revision.
    pub(crate) fn commit(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        key: Key,
        old: Option<&Obj>,
        mut object: Obj,
    ) -> Obj {
        api::make_mut(&mut object).meta_mut().resource_version = self.store.next_revision();
        self.watches.publish(resource.table, &key, cx.now, old, &object);
        if resource.is_event {
            self.event_times.note(cx.now, &key, self.store.next_revision());
        } else if resource.changes_admission {
            self.templates.forget();
        }
        self.store.put(resource.table, key, cx.now.nanos(), object.clone());
        self.bound_history();
        if resource.is_definition {
            self.definition_changed(cx, resource, &object);
        }
        object
    }

    /// Takes an object out.
    pub(crate) fn remove(&mut self, now: SimTime, resource: &Resource, key: &Key, old: &Obj) {
        if resource.is_service {
            self.services.release(old.as_ref());
        } else if resource.changes_admission {
            self.templates.forget();
        }
        let mut last = old.clone();
        api::make_mut(&mut last).meta_mut().resource_version = self.store.next_revision();
        if self.store.delete(resource.table, key, now.nanos()).is_some() {
            self.watches.publish_delete(resource.table, key, now, old, &last);
        }
        self.bound_history();
        if resource.custom.is_some() {
            self.instance_removed(now, resource);
        }
    }

    fn bound_history(&mut self) {
        let limit = self.config.history_limit as usize;
        if self.store.history_len() > limit {
            self.store.compact(self.store.revision() - limit as u64 / 2);
        }
    }

    /// Opens a watch; the objects that exist are delivered first, as `Added`.
    pub fn open_watch(&mut self, spec: &WatchSpec) -> WatcherId {
        let at = SimTime::from_nanos(self.store.last_time());
        let Ok(resource) = self.resources.find(&spec.resource, &spec.version) else {
            let nowhere = etcd::TableId(u16::MAX);
            let asked = Asked { resource: None, managed_fields: false };
            return self.watches.open((nowhere, asked), &WatchFilter::All, at, std::iter::empty());
        };
        let table = resource.table;
        let all = || self.store.range(table, ..).map(|(_, item)| item.value.clone());
        let existing: Vec<Obj> = match &spec.filter {
            WatchFilter::All => all().collect(),
            WatchFilter::Node(node) => all().filter(|object| object.node_name() == node).collect(),
            WatchFilter::Namespace(namespace) => {
                self.in_namespace(&resource, namespace).map(|(_, object)| object.clone()).collect()
            }
            WatchFilter::Name { namespace, name } if namespace.is_empty() => {
                all().filter(|object| object.meta().name == *name).collect()
            }
            WatchFilter::Name { namespace, name } => {
                let key = Key::new(namespace.clone(), name.clone());
                self.stored(&resource, &key).cloned().into_iter().collect()
            }
        };
        let asks = spec.managed_fields || resource.version.is_some();
        let asked = Asked {
            resource: asks.then(|| Arc::clone(&resource)),
            managed_fields: spec.managed_fields,
        };
        self.watches.open((table, asked), &spec.filter, at, existing.into_iter())
    }

    pub fn close_watch(&mut self, id: WatcherId) {
        self.watches.close(id);
    }

    /// Watchers that slept and got news since the last call.
    pub fn take_wakes(&mut self) -> Vec<WatcherId> {
        let mut woken = Vec::new();
        self.take_wakes_into(&mut woken);
        woken
    }

    /// The same, appended to a list that is used again and again.
    pub fn take_wakes_into(&mut self, woken: &mut Vec<WatcherId>) {
        self.watches.take_wakes(woken);
    }

    /// Takes the events that were committed at or before `until`. Gives the commit time of the
    /// next one, or `None` when nothing is left and the watcher falls asleep.
    pub fn poll_watch(
        &mut self,
        id: WatcherId,
        until: SimTime,
        out: &mut Vec<WatchEvent>,
    ) -> Option<SimTime> {
        let Some(asked) = self.watches.asked(id) else {
            return self.watches.poll(id, until, out);
        };
        let start = out.len();
        let next = self.watches.poll(id, until, out);
        let Some(resource) = &asked.resource else { return next };
        for event in out.iter_mut().skip(start) {
            let with_managed = asked.managed_fields;
            event.object = self.viewed(resource, &event.object, with_managed);
            let previous = event.previous.as_ref();
            event.previous = previous.map(|object| self.viewed(resource, object, with_managed));
        }
        next
    }
}
