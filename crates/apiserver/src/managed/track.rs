//! Notes who wrote. What components write of the many kinds costs a look at a small memory.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use api::{Deployment, Event, Node, Obj, as_kind};
use apimachinery::field_set::{FieldSet, PathElement};
use apimachinery::managed::{Fields, Managed, ManagedEntry, Operation, Writer};
use apimachinery::time::Time;
use client::Request;
use serde_json::Value;
use smol_str::SmolStr;

use super::derived::{is_derived, owners};
use super::forms::Forms;
use super::owners::Change;
use super::{apply::given, kept};
use crate::resources::Resource;
use crate::server::{ApiServer, CallCx};

const SETS_MAX: usize = 8192;
const STEPS_MAX: usize = 32;

/// A note that was made: on what, by whom, and what came out.
#[derive(Debug)]
struct Step {
    before: Option<Arc<Managed>>,
    writer: Arc<Writer>,
    fields: Fields,
    time: Time,
    after: Arc<Managed>,
}

/// What all objects share: writers, sets, and the last notes.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    writers: Vec<Arc<Writer>>,
    sets: BTreeSet<Arc<FieldSet>>,
    steps: VecDeque<Step>,
}

fn same(a: Option<&Arc<Managed>>, b: Option<&Arc<Managed>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

impl Tracker {
    pub fn writer(
        &mut self,
        manager: &str,
        operation: Operation,
        api_version: &str,
        subresource: &str,
    ) -> Arc<Writer> {
        let known = self.writers.iter().find(|writer| {
            writer.manager == manager
                && writer.operation == operation
                && writer.api_version == api_version
                && writer.subresource == subresource
        });
        if let Some(writer) = known {
            return Arc::clone(writer);
        }
        let (manager, api_version) = (SmolStr::new(manager), SmolStr::new(api_version));
        let subresource = SmolStr::new(subresource);
        let writer = Arc::new(Writer { manager, operation, api_version, subresource });
        self.writers.push(Arc::clone(&writer));
        writer
    }

    /// One set for all objects that have the same.
    pub fn intern(&mut self, set: FieldSet) -> Arc<FieldSet> {
        if let Some(known) = self.sets.get(&set) {
            return Arc::clone(known);
        }
        if self.sets.len() >= SETS_MAX {
            self.sets.retain(|set| Arc::strong_count(set) > 1);
        }
        let set = Arc::new(set);
        if self.sets.len() < SETS_MAX {
            self.sets.insert(Arc::clone(&set));
        }
        set
    }

    /// Notes that a component wrote its part of a kind that is derived.
    fn note(
        &mut self,
        before: Option<&Arc<Managed>>,
        writer: &Arc<Writer>,
        fields: Fields,
        time: Time,
    ) -> Arc<Managed> {
        let known = self.steps.iter().find(|step| {
            step.time == time
                && Arc::ptr_eq(&step.writer, writer)
                && step.fields == fields
                && same(step.before.as_ref(), before)
        });
        if let Some(step) = known {
            return Arc::clone(&step.after);
        }
        let mut managed = before.map_or_else(Managed::default, |managed| Managed::clone(managed));
        let own = managed
            .entries
            .iter_mut()
            .find(|entry| entry.writer.same_as(writer) && entry.fields == fields);
        match own {
            Some(entry) => entry.time = Some(time),
            None => {
                let writer = Arc::clone(writer);
                managed.entries.push(ManagedEntry {
                    writer,
                    time: Some(time),
                    fields: fields.clone(),
                });
            }
        }
        managed.sort();
        let after = Arc::new(managed);
        let (before, writer) = (before.cloned(), Arc::clone(writer));
        self.steps.push_back(Step { before, writer, fields, time, after: Arc::clone(&after) });
        if self.steps.len() > STEPS_MAX {
            self.steps.pop_front();
        }
        after
    }
}

/// The cluster's own programs, by the user they are.
fn component(request: &Request, user: &str) -> Option<&'static str> {
    if request.query("fieldManager").is_some() || request.query("userAgent").is_some() {
        return None;
    }
    Some(match user {
        "" | "system:apiserver" => "kube-apiserver",
        "system:kube-controller-manager" => "kube-controller-manager",
        "system:kube-scheduler" => "kube-scheduler",
        "system:kube-proxy" => "kube-proxy",
        _ if user.starts_with("system:node:") => "kubelet",
        _ if user.starts_with("system:serviceaccount:kube-system:") => "kube-controller-manager",
        _ => return None,
    })
}

/// The manager's name. Models handlers/create.go managerOrUserAgent.
pub(super) fn manager_of(request: &Request, user: &str) -> SmolStr {
    if let Some(name) = component(request, user) {
        return SmolStr::new_static(name);
    }
    match (request.query("fieldManager"), request.query("userAgent")) {
        (Some(name), _) if !name.is_empty() => name.into(),
        (_, Some(agent)) if !agent.is_empty() => {
            agent.split('/').next().unwrap_or(agent).chars().take(128).collect()
        }
        _ => SmolStr::new_static("unknown"),
    }
}

/// The version that a writer speaks. The scheduler writes events in their newer form.
fn version_of(resource: &Resource, object: &Obj, manager: &str) -> SmolStr {
    let is_new = resource.is_event
        && resource.version.is_none()
        && manager != "kube-apiserver"
        && as_kind::<Event>(object.as_ref()).is_some_and(|event| event.event_time.is_some());
    match is_new {
        true => SmolStr::new_static("events.k8s.io/v1"),
        false => resource.info().gvk.api_version(),
    }
}

impl ApiServer {
    /// Notes who creates. The object is as it came, with defaults.
    pub(crate) fn track_create(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
        object: &Obj,
    ) -> Option<Arc<Managed>> {
        let manager = manager_of(request, &cx.user.name);
        let version = version_of(resource, object, &manager);
        let writer = self.tracker.writer(&manager, Operation::Update, &version, "");
        let name = resource.name();
        if component(request, &cx.user.name).is_some()
            && is_derived(&name.group, &name.resource, &Fields::Main)
        {
            return Some(self.tracker.note(None, &writer, Fields::Main, cx.time()));
        }
        let forms = Forms::new(&self.resources, resource);
        let forms = forms.in_version(&version).unwrap_or(forms);
        let (old, new) = (forms.nothing(), forms.document(object));
        let change = Change { forms, old: &old, new: &new, subresource: "" };
        let mut list = Vec::new();
        change.update(&mut list, &writer, cx.time());
        kept(list, &mut self.tracker)
    }

    /// Notes who changes an existing object, after everything else was decided.
    pub(crate) fn track_update(
        &mut self,
        cx: &CallCx<'_>,
        resource: &Resource,
        request: &Request,
        (existing, object): (&Obj, &Obj),
        sent: &[Value],
    ) -> Option<Arc<Managed>> {
        let managed = given(sent).unwrap_or_else(|| existing.meta().managed.clone())?;
        let manager = manager_of(request, &cx.user.name);
        let version = version_of(resource, object, &manager);
        let subresource = request.subresource.as_str();
        let writer = self.tracker.writer(&manager, Operation::Update, &version, subresource);
        if component(request, &cx.user.name).is_some()
            && let Some(fields) = derived_part(resource, subresource, &managed, &writer)
        {
            return Some(self.tracker.note(Some(&managed), &writer, fields, cx.time()));
        }
        if is_heartbeat(existing, object)
            && let Some(managed) = at_time(&managed, &writer, cx.time())
        {
            return Some(managed);
        }
        if is_recount(existing, object)
            && let Some(managed) = sole_at_time(&managed, &writer, cx.time())
        {
            return Some(managed);
        }
        let forms = Forms::new(&self.resources, resource);
        let forms = forms.in_version(&version).unwrap_or(forms);
        let mut list = owners(&forms, existing, &managed);
        if subresource == "scale" && !list.iter().any(|owner| owner.set.has(&replicas_path())) {
            return Some(managed);
        }
        let (old, new) = (forms.document(existing), forms.document(object));
        let change = Change { forms, old: &old, new: &new, subresource };
        change.update(&mut list, &writer, cx.time());
        kept(list, &mut self.tracker)
    }
}

/// Whether a node only said that it lives: then its kubelet owns what it owned.
fn is_heartbeat(old: &Obj, new: &Obj) -> bool {
    let (Some(old), Some(new)) = (as_kind::<Node>(old.as_ref()), as_kind::<Node>(new.as_ref()))
    else {
        return false;
    };
    let conditions = |node: &Node| {
        let mut conditions = node.status.conditions.clone();
        conditions.iter_mut().for_each(|condition| condition.last_heartbeat_time = None);
        conditions
    };
    old.metadata.labels == new.metadata.labels
        && old.metadata.annotations == new.metadata.annotations
        && old.spec == new.spec
        && conditions(old) == conditions(new)
        && old.status.images.len() == new.status.images.len()
        && old.status.addresses == new.status.addresses
        && old.status.allocatable == new.status.allocatable
        && old.status.capacity == new.status.capacity
}

/// Whether a deployment's controller only counted anew: the status has the fields it had.
fn is_recount(old: &Obj, new: &Obj) -> bool {
    let kinds = (as_kind::<Deployment>(old.as_ref()), as_kind::<Deployment>(new.as_ref()));
    let (Some(old), Some(new)) = kinds else { return false };
    let fields = |d: &Deployment| {
        let status = &d.status;
        let counts = [
            status.available_replicas,
            status.ready_replicas,
            status.replicas,
            status.unavailable_replicas,
            status.updated_replicas,
        ];
        let optional = [status.collision_count, status.terminating_replicas];
        (counts.map(|n| n != 0), optional.map(|n| n.is_some()), status.observed_generation != 0)
    };
    let types = |d: &Deployment| -> Vec<SmolStr> {
        d.status.conditions.iter().map(|condition| condition.type_.clone()).collect()
    };
    fields(old) == fields(new)
        && types(old) == types(new)
        && old.metadata.labels == new.metadata.labels
        && old.metadata.annotations == new.metadata.annotations
        && old.spec == new.spec
}

/// The same owners with another time of the status's only writer.
fn sole_at_time(managed: &Managed, writer: &Writer, now: Time) -> Option<Arc<Managed>> {
    let mut of_status = managed.entries.iter().filter(|e| e.writer.subresource == "status");
    let sole = of_status.next().filter(|entry| entry.writer.same_as(writer))?;
    if of_status.next().is_some() || !matches!(sole.fields, Fields::Set(_)) {
        return None;
    }
    let mut managed = managed.clone();
    let own = managed.entries.iter_mut().find(|entry| entry.writer.same_as(writer))?;
    own.time = Some(now);
    managed.sort();
    Some(Arc::new(managed))
}

/// The same owners with another time of one that owns heartbeats already.
fn at_time(managed: &Managed, writer: &Writer, now: Time) -> Option<Arc<Managed>> {
    let heartbeat = [
        PathElement::field("status"),
        PathElement::field("conditions"),
        PathElement::key(vec![(SmolStr::new_static("type"), "Ready".into())]),
        PathElement::field("lastHeartbeatTime"),
    ];
    let mut managed = managed.clone();
    let own = managed.entries.iter_mut().find(|entry| {
        entry.writer.same_as(writer)
            && matches!(&entry.fields, Fields::Set(set) if set.has(&heartbeat))
    })?;
    own.time = Some(now);
    managed.sort();
    Some(Arc::new(managed))
}

/// A scale is tracked where the replicas are somebody's. Models managedfields/scalehandler.go.
fn replicas_path() -> [PathElement; 2] {
    [PathElement::field("spec"), PathElement::field("replicas")]
}

/// Whether a component's write needs no set: nobody else writes that part of the object.
fn derived_part(
    resource: &Resource,
    subresource: &str,
    managed: &Managed,
    writer: &Writer,
) -> Option<Fields> {
    let fields = match subresource {
        "" => Fields::Main,
        "status" => Fields::Status,
        _ => return None,
    };
    let name = resource.name();
    if !is_derived(&name.group, &name.resource, &fields) {
        return None;
    }
    let is_alone = managed.entries.iter().all(|entry| match fields {
        Fields::Main => {
            entry.fields == Fields::Status
                || (entry.fields == Fields::Main && entry.writer.same_as(writer))
        }
        _ => !matches!(entry.fields, Fields::Set(_)) || entry.writer.subresource != "status",
    });
    is_alone.then_some(fields)
}
