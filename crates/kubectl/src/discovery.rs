//! Which resources there are, and what an argument such as `deploy` or `po/web` means.

use apimachinery::gvk::GroupResource;
use schema::{Resource, Schema};

use crate::fail::{Outcome, error};

pub type Kind = &'static Resource;

/// What a resource must allow to be one that the API server keeps objects of.
const STORED: [&str; 5] = ["create", "delete", "get", "list", "update"];

/// Whether the API server of this cluster keeps objects of the resource: those with a type of their
/// own, and every other one in its JSON form.
/// Reviews are answered and not kept.
pub fn is_served(resource: &Resource) -> bool {
    resource.plural.ends_with("reviews") || STORED.iter().all(|verb| resource.verbs.contains(verb))
}

pub fn served() -> Vec<Kind> {
    Schema::get().resources().iter().filter(|resource| is_served(resource)).collect()
}

pub fn group_resource(kind: &Resource) -> GroupResource {
    GroupResource::fixed(kind.group, kind.plural)
}

/// The resource an argument names, or kubectl's complaint.
pub fn resolve(argument: &str) -> Outcome<Kind> {
    match Schema::get().resolve(argument).filter(|kind| is_served(kind)) {
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
        let all = Schema::get().resources().iter();
        let category: Vec<Kind> =
            all.filter(|kind| kind.categories.contains(&part) && is_served(kind)).collect();
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
    let resource = Schema::get().resource_for_kind(group, version, kind)?;
    is_served(resource).then_some(resource)
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
