//! The API in memory: versions, conflicts, generations, deletion with finalizers and grace.

use std::collections::BTreeMap;

use api::{Kind, Namespace, Obj, Pod, as_kind};
use apimachinery::gvk::GroupResource;
use apimachinery::meta::{Key, Uid};
use apimachinery::status::{Cause, Reason, Status};
use apimachinery::time::Time;
use client::{
    Api, Body, DeleteOptions, List, Propagation, Reply, ReplyBody, Request, Verb, WatchEvent,
    WatchKind,
};
use clock::Rng;
use serde_json::Value;

type Id = (GroupResource, Key);

pub struct FakeApi {
    objects: BTreeMap<Id, Obj>,
    version: u64,
    rng: Rng,
    pub now: Time,
    pub outbox: Vec<WatchEvent>,
    /// Requests by verb and resource.
    pub requests: BTreeMap<String, u64>,
    /// Creations of pods fail with this text.
    pub refuse_pods: Option<String>,
}

impl FakeApi {
    pub fn new(epoch: i64) -> Self {
        FakeApi {
            objects: BTreeMap::new(),
            version: 1,
            rng: Rng::new(99),
            now: Time(epoch),
            outbox: Vec::new(),
            requests: BTreeMap::new(),
            refuse_pods: None,
        }
    }

    fn tell(&mut self, kind: WatchKind, object: &Obj, previous: Option<Obj>) {
        self.outbox.push(WatchEvent { kind, object: object.clone(), previous });
    }

    fn put(&mut self, id: Id, mut object: Obj) -> Obj {
        self.version += 1;
        api::make_mut(&mut object).meta_mut().resource_version = self.version;
        let previous = self.objects.insert(id, object.clone());
        let kind = if previous.is_some() { WatchKind::Modified } else { WatchKind::Added };
        self.tell(kind, &object, previous);
        object
    }

    fn remove(&mut self, id: &Id) {
        if let Some(mut last) = self.objects.remove(id) {
            let previous = last.clone();
            self.version += 1;
            api::make_mut(&mut last).meta_mut().resource_version = self.version;
            self.tell(WatchKind::Deleted, &last, Some(previous));
        }
    }

    /// Writes spec and status alike, as binding and the kubelet do together.
    pub fn force<K: Kind>(&mut self, object: K) {
        let id = (K::INFO.resource, Key::of(object.meta()));
        self.put(id, std::sync::Arc::new(object));
    }

    pub fn remove_now<K: Kind>(&mut self, key: &Key) {
        self.remove(&(K::INFO.resource, key.clone()));
    }

    pub fn apply_json(&mut self, value: Value) {
        let kind = value["kind"].as_str().unwrap().to_owned();
        let entry = api::kinds::kinds().into_iter().find(|e| e.info.gvk.kind == kind).unwrap();
        let object = (entry.decode)(value).unwrap();
        let id = (entry.info.resource.clone(), Key::of(object.meta()));
        let result = if self.objects.contains_key(&id) {
            self.update(&id, object, "")
        } else {
            self.create(id.0, object)
        };
        result.unwrap();
    }

    fn create(&mut self, resource: GroupResource, mut object: Obj) -> Result<Obj, Box<Status>> {
        if let (Some(text), true) = (&self.refuse_pods, object.as_any().is::<Pod>()) {
            return Err(Status::forbidden(&resource, "x", text));
        }
        let namespace = (Namespace::INFO.resource, Key::new("", object.meta().namespace.clone()));
        if self.objects.get(&namespace).is_some_and(|found| found.meta().is_deleting()) {
            let why = "the namespace is being terminated";
            let mut status = Status::forbidden(&resource, "x", why);
            status.causes.push(Cause {
                reason: "NamespaceTerminating".into(),
                message: why.to_owned(),
                field: "metadata.namespace".to_owned(),
            });
            return Err(status);
        }
        let now = self.now;
        let uid = Uid::from_random(self.rng.next_u128());
        let inner = api::make_mut(&mut object);
        let meta = inner.meta_mut();
        if meta.name.is_empty() {
            let rng = &mut self.rng;
            let suffix = apimachinery::encode::random_suffix(5, || rng.next_u64());
            meta.name = format!("{}{suffix}", meta.generate_name).into();
        }
        meta.uid = uid;
        meta.generation = 1;
        meta.creation_timestamp = Some(now);
        if let Some(pod) = inner.as_any_mut().downcast_mut::<Pod>() {
            pod.status.phase = api::core::pod_status::PodPhase::Pending;
        }
        if let Some(namespace) = inner.as_any_mut().downcast_mut::<Namespace>() {
            namespace.spec.finalizers = vec!["kubernetes".into()];
            namespace.status.phase = "Active".into();
        }
        let id = (resource, Key::of(object.meta()));
        if self.objects.contains_key(&id) {
            return Err(Status::already_exists(&id.0, &id.1.name));
        }
        Ok(self.put(id, object))
    }

    fn update(&mut self, id: &Id, mut object: Obj, sub: &str) -> Result<Obj, Box<Status>> {
        let old = self.find(id)?;
        let version = object.meta().resource_version;
        if version != 0 && version != old.meta().resource_version {
            return Err(Status::modified(&id.0, &id.1.name));
        }
        let new = api::make_mut(&mut object);
        match sub {
            "status" => new.prepare_for_status_update(&*old),
            "finalize" => {}
            _ => new.prepare_for_update(&*old),
        }
        let meta = new.meta_mut();
        meta.uid = old.meta().uid;
        meta.creation_timestamp = old.meta().creation_timestamp;
        if let Some(at) = old.meta().deletion_timestamp() {
            meta.rare_mut().deletion_timestamp = Some(at);
        }
        meta.resource_version = old.meta().resource_version;
        if new.to_wire() == old.to_wire() {
            return Ok(old);
        }
        let namespace_ends = as_kind::<Namespace>(new).is_none_or(|n| n.spec.finalizers.is_empty());
        let meta = object.meta();
        let ends = meta.is_deleting()
            && meta.finalizers().is_empty()
            && meta.deletion_grace_period_seconds().unwrap_or(0) == 0;
        if ends && namespace_ends {
            self.remove(id);
            return Ok(object);
        }
        Ok(self.put(id.clone(), object))
    }

    fn find(&self, id: &Id) -> Result<Obj, Box<Status>> {
        self.objects.get(id).cloned().ok_or_else(|| Status::not_found(&id.0, &id.1.name))
    }

    fn delete(&mut self, id: &Id, options: &DeleteOptions) -> Result<(), Box<Status>> {
        let mut object = self.find(id)?;
        if options.precondition_uid.is_some_and(|uid| uid != object.meta().uid) {
            return Err(Status::conflict(&id.0, &id.1.name, "the UID does not match"));
        }
        let bound = as_kind::<Pod>(&*object)
            .is_some_and(|p| !p.spec.node_name.is_empty() && !p.status.phase.is_terminal());
        let grace = if bound { options.grace_period_seconds.unwrap_or(30) } else { 0 };
        let ends = as_kind::<Namespace>(&*object).is_none_or(|n| n.spec.finalizers.is_empty());
        let deleting = object.meta().is_deleting();
        let meta = api::make_mut(&mut object).meta_mut();
        match options.propagation {
            Some(Propagation::Foreground) => {
                meta.rare_mut().finalizers.push("foregroundDeletion".into());
            }
            Some(Propagation::Orphan) => meta.rare_mut().finalizers.push("orphan".into()),
            _ => {}
        }
        if meta.finalizers().is_empty() && grace == 0 && ends {
            self.remove(id);
            return Ok(());
        }
        if !deleting {
            meta.rare_mut().deletion_timestamp = Some(Time(self.now.0 + grace));
            meta.rare_mut().deletion_grace_period_seconds = Some(grace);
            if let Some(n) = api::make_mut(&mut object).as_any_mut().downcast_mut::<Namespace>() {
                n.status.phase = "Terminating".into();
            }
            self.put(id.clone(), object);
        }
        Ok(())
    }

    fn patch(&mut self, id: &Id, patch: &Value) -> Result<Obj, Box<Status>> {
        let mut value = self.find(id)?.to_wire();
        for (key, part) in patch.as_object().unwrap() {
            value[key] = part.clone();
        }
        let entry = api::kinds::kinds().into_iter().find(|e| e.info.resource == id.0).unwrap();
        let object = (entry.decode)(value).unwrap();
        self.update(id, object, "")
    }

    fn ids(&self, request: &Request) -> Vec<Id> {
        self.objects
            .keys()
            .filter(|(resource, key)| {
                *resource == request.resource
                    && (request.namespace.is_empty() || key.namespace == request.namespace)
            })
            .cloned()
            .collect()
    }
}

impl Api for FakeApi {
    fn call(&mut self, request: Request) -> client::api::Result<Reply> {
        let counted = format!("{} {}", request.verb.as_str(), request.resource);
        *self.requests.entry(counted).or_insert(0) += 1;
        let id =
            (request.resource.clone(), Key::new(request.namespace.clone(), request.name.clone()));
        let object = |object: Obj| Ok(Reply::new(ReplyBody::Object(object)));
        match (request.verb, &request.body) {
            (Verb::Create, Body::Object(new)) => object(self.create(id.0, new.clone())?),
            (Verb::Update, Body::Object(new)) => {
                object(self.update(&id, new.clone(), &request.subresource)?)
            }
            (Verb::Patch, Body::Patch(_, patch)) => object(self.patch(&id, patch)?),
            (Verb::Get, _) => object(self.find(&id)?),
            (Verb::List, _) => {
                let ids = self.ids(&request);
                let items = ids.iter().filter_map(|id| self.objects.get(id).cloned()).collect();
                let list = List { items, resource_version: self.version, ..List::default() };
                Ok(Reply::new(ReplyBody::List(list)))
            }
            (Verb::Delete, Body::Delete(options)) => {
                self.delete(&id, options)?;
                Ok(Reply::new(ReplyBody::Json(Value::Null)))
            }
            (Verb::DeleteCollection, _) => {
                for id in self.ids(&request) {
                    self.delete(&id, &DeleteOptions::default())?;
                }
                Ok(Reply::new(ReplyBody::Json(Value::Null)))
            }
            _ => Err(Status::new(Reason::BadRequest, "the fake does not know this request")),
        }
    }
}
