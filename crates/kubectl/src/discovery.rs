//! Which resources there are, and what an argument such as `deploy` or `po/web` means.

use std::cell::RefCell;

use apimachinery::gvk::GroupResource;
use schema::{Resource, Schema};

use crate::fail::{Outcome, error};
use crate::session::Cx;

pub type Kind = &'static Resource;

/// What a resource must allow to be one that the API server keeps objects of.
const STORED: [&str; 5] = ["create", "delete", "get", "list", "update"];

/// Whether the API server of this cluster keeps objects of the resource: those with a type of their
/// own, and every other one in its JSON form.
/// Reviews are answered and not kept.
pub fn is_served(resource: &Resource) -> bool {
    resource.plural.ends_with("reviews") || STORED.iter().all(|verb| resource.verbs.contains(verb))
}

thread_local! {
    /// The custom kinds of the session whose command runs. Set whenever a command is given its
    /// turn, and only read until that turn is over.
    static CUSTOM: RefCell<Vec<Kind>> = const { RefCell::new(Vec::new()) };
}

/// Learns the server's custom kinds for the turn of a command. What was known before stays known,
/// as in kubectl's cache of the discovery, until `fresh` empties it.
pub fn learn(cx: &mut Cx<'_>, fresh: bool) {
    let served = cx.api.custom_resources();
    let known = &mut cx.session.custom_kinds;
    known.retain(|old| {
        !fresh && !served.iter().any(|new| (new.group, new.plural) == (old.group, old.plural))
    });
    known.extend(served);
    CUSTOM.with_borrow_mut(|custom| custom.clone_from(known));
}

/// Every kind: the API's own and the custom ones.
pub fn all() -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Schema::get().resources().iter().collect();
    CUSTOM.with_borrow(|custom| kinds.extend(custom));
    kinds
}

pub fn served() -> Vec<Kind> {
    all().into_iter().filter(|resource| is_served(resource)).collect()
}

pub fn group_resource(kind: &Resource) -> GroupResource {
    GroupResource::fixed(kind.group, kind.plural)
}

/// The resource an argument names, or kubectl's complaint.
pub fn resolve(argument: &str) -> Outcome<Kind> {
    let mut name = argument.split('.');
    let (first, rest) = (name.next().unwrap_or_default(), name.next());
    let found = schema::resolve(&all(), argument);
    // A short name forgets the version behind it.
    let found = found.and_then(|kind| match (rest, kind.short_names.contains(&first)) {
        (Some(_), true) if !kind.group.is_empty() => {
            schema::resolve(&all(), &format!("{}.{}", kind.plural, kind.group))
        }
        _ => Some(kind),
    });
    match found.filter(|kind| is_served(kind)) {
        Some(kind) => Ok(kind),
        None => {
            let name = argument.split('.').next().unwrap_or(argument);
            error(format!("the server doesn't have a resource type {name:?}"))
        }
    }
}

/// The resources of comma lists such as `deploy,svc` and categories such as `all`.
pub fn resolve_list(argument: &str) -> Outcome<Vec<Kind>> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut add = |kind: Kind| {
        if !kinds.iter().any(|known| known.plural == kind.plural && known.group == kind.group) {
            kinds.push(kind);
        }
    };
    for part in argument.split(',') {
        if part.is_empty() {
            continue;
        }
        let category: Vec<Kind> =
            served().into_iter().filter(|kind| kind.categories.contains(&part)).collect();
        if category.is_empty() {
            add(resolve(part)?);
        }
        category.into_iter().for_each(&mut add);
    }
    Ok(kinds)
}

/// The resource of an object by its `apiVersion` and `kind`.
pub fn for_object(api_version: &str, kind: &str) -> Option<Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    served().into_iter().find(|it| it.kind == kind && it.group == group && it.version == version)
}

/// `deployment.apps` or `pod`: what stands before the `/` in `deployment.apps/web`.
pub fn kind_group(kind: &Resource) -> String {
    let lower = kind.kind.to_ascii_lowercase();
    if kind.group.is_empty() { lower } else { format!("{lower}.{}", kind.group) }
}

/// `/v1, Resource=pods` and `apps/v1, Kind=Deployment`, as Go prints them.
pub fn go_resource(kind: &Resource) -> String {
    format!("{}/{}, Resource={}", kind.group, kind.version, kind.plural)
}

pub fn go_kind(kind: &Resource) -> String {
    format!("{}/{}, Kind={}", kind.group, kind.version, kind.kind)
}
