//! From a request on the wire to a request of the API.
// Models apiserver/pkg/endpoints/installer.go and handlers/{get,create,update,patch,delete}.go.

use apimachinery::gvk::GroupResource;
use apimachinery::status::{Reason, Status};
use client::{Accept, Body, PatchType, Request, Verb};
use schema::Resource;
use smol_str::{SmolStr, format_smolstr};

use crate::accept::{Form, Shape, negotiate};
use crate::catalog::Catalog;
use crate::path::Place;
use crate::query::Query;
use crate::{body, options};

type Result<T> = std::result::Result<T, Box<Status>>;

/// What came over the wire, beside its path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http<'a> {
    pub method: &'a str,
    pub accept: &'a str,
    pub content_type: &'a str,
    pub user_agent: &'a str,
    pub body: &'a [u8],
}

/// How a watch is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// Empty and `0` begin with what exists.
    pub resource_version: SmolStr,
    pub bookmarks: bool,
    /// A list in the form of a watch: what exists, then a bookmark, then what changes.
    pub initial_events: bool,
    pub timeout_seconds: Option<u64>,
}

/// A request, and how its answer is wanted.
#[derive(Clone, Debug)]
pub struct Call {
    pub request: Request,
    pub form: Form,
    pub watch: Option<Watch>,
    /// The kind of the objects, with the kind of their lists behind.
    pub served: &'static Resource,
}

/// What the server says of a path that it does not know.
pub(crate) fn unknown() -> Box<Status> {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

/// A page that no part of the server has.
pub(crate) const NO_PAGE: &str = "404 page not found";

/// What the server says of a group that it does not serve, or of a path that is no resource's: only
/// the groups that there are answer in the API's own form.
pub fn not_found(group: Option<&str>, catalog: &Catalog) -> Box<Status> {
    let is_served = |group: &str| catalog.resources.iter().any(|r| r.group == group);
    if group.is_some_and(is_served) { unknown() } else { Status::new(Reason::NotFound, NO_PAGE) }
}

fn not_allowed() -> Box<Status> {
    let message = "the server does not allow this method on the requested resource";
    Status::new(Reason::MethodNotAllowed, message)
}

/// The verb of a method on an object, a part of it or a collection.
fn verb(method: &str, place: &Place) -> Result<Verb> {
    match (method, place.name.is_empty()) {
        ("GET", true) => Ok(Verb::List),
        ("GET", false) => Ok(Verb::Get),
        ("POST", _) => Ok(Verb::Create),
        ("PUT", false) => Ok(Verb::Update),
        ("PATCH", false) => Ok(Verb::Patch),
        ("DELETE", false) => Ok(Verb::Delete),
        ("DELETE", true) => Ok(Verb::DeleteCollection),
        _ => Err(not_allowed()),
    }
}

/// Whether a path of this form is registered for a verb at all.
fn check(served: &Resource, place: &Place, verb: Verb) -> Result<()> {
    if !place.subresource.is_empty() {
        let part = served.subresource(&place.subresource).ok_or_else(unknown)?;
        let allowed = part.verbs.contains(&verb.as_str());
        return if allowed { Ok(()) } else { Err(not_allowed()) };
    }
    if !served.namespaced && !place.namespace.is_empty() {
        return Err(unknown());
    }
    let everywhere = served.namespaced && place.namespace.is_empty();
    let created_by_name = verb == Verb::Create && !place.name.is_empty();
    match everywhere {
        true if !place.name.is_empty() => Err(unknown()),
        true if verb != Verb::List => Err(not_allowed()),
        _ if created_by_name || !served.verbs.contains(&verb.as_str()) => Err(not_allowed()),
        _ => Ok(()),
    }
}

fn watch(query: &Query) -> Watch {
    Watch {
        resource_version: query.text("resourceVersion").into(),
        bookmarks: query.flag("allowWatchBookmarks"),
        initial_events: query.flag("sendInitialEvents"),
        timeout_seconds: query.get("timeoutSeconds").and_then(|text| text.parse().ok()),
    }
}

fn read_body(http: &Http<'_>, request: &mut Request, kind: &str, query: &Query) -> Result<()> {
    request.body = match request.verb {
        Verb::Get | Verb::List => return Ok(()),
        // Streams are opened by POST too and carry nothing yet.
        Verb::Create if is_stream(&request.subresource) => return Ok(()),
        Verb::Create | Verb::Update => {
            Body::Json(body::object(http.content_type, http.body, kind)?)
        }
        Verb::Patch => body::patch(http.content_type, http.body)?,
        Verb::Delete | Verb::DeleteCollection => {
            let (options, dry_run) = body::delete(http.content_type, http.body, query)?;
            request.dry_run |= dry_run;
            Body::Delete(options)
        }
    };
    Ok(())
}

fn is_stream(subresource: &str) -> bool {
    matches!(subresource, "exec" | "attach" | "portforward" | "proxy")
}

/// A write that names no field manager is its program's. Apply must name one.
// Models managerOrUserAgent of endpoints/handlers/create.go.
fn name_manager(request: &mut Request, user_agent: &str) {
    const MANAGER_MAX: usize = 128;
    let writes = matches!(request.verb, Verb::Create | Verb::Update | Verb::Patch);
    let applies = matches!(request.body, Body::Patch(PatchType::Apply, _));
    if !writes || applies || request.query("fieldManager").is_some_and(|name| !name.is_empty()) {
        return;
    }
    let program = user_agent.split('/').next().unwrap_or_default();
    let end = (0..=program.len().min(MANAGER_MAX)).rev().find(|at| program.is_char_boundary(*at));
    let name = program.get(..end.unwrap_or(0)).unwrap_or_default();
    request.query.retain(|(key, _)| key != "fieldManager");
    request.query.push(("fieldManager".into(), name.into()));
}

/// Reads a request on a resource.
pub fn call(http: &Http<'_>, place: &Place, query: &Query, catalog: &Catalog) -> Result<Call> {
    let served = catalog
        .find(&place.group, &place.version, &place.resource)
        .ok_or_else(|| not_found(Some(&place.group), catalog))?;
    let verb = verb(http.method, place)?;
    check(served, place, verb)?;
    let form = negotiate(http.accept, query, http.user_agent)?;
    let resource = GroupResource { group: place.group.clone(), resource: place.resource.clone() };
    let mut request = Request::new(verb, resource, &place.namespace, &place.name);
    request.version = place.version.clone();
    request.subresource = place.subresource.clone();
    let is_read = matches!(verb, Verb::Get | Verb::List) && place.subresource.is_empty();
    let watches = is_read && (place.is_watch || query.flag("watch"));
    if watches || matches!(verb, Verb::List | Verb::DeleteCollection) {
        request.list = options::list(query, watches)?;
    }
    request.strict = false;
    request.query = query.0.clone();
    request.managed_fields = true;
    if form.shape == Shape::Table {
        request.accept = Accept::Table;
    }
    let kind = served.subresource(&place.subresource).map_or(served.kind, |part| part.kind);
    read_body(http, &mut request, kind, query)?;
    if !matches!(verb, Verb::Get | Verb::List) {
        let applies = matches!(request.body, Body::Patch(PatchType::Apply, _));
        request.dry_run |= options::write(query, verb, applies)?;
    }
    name_manager(&mut request, http.user_agent);
    if watches && verb == Verb::Get {
        request.verb = Verb::List;
        request.list.field_selector = format_smolstr!("metadata.name={}", place.name);
        request.name = SmolStr::default();
    }
    Ok(Call { request, form, watch: watches.then(|| watch(query)), served })
}
