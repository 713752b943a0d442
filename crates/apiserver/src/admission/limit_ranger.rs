//! LimitRanges give containers what they do not say, and refuse what is out of bounds.
// Models plugin/pkg/admission/limitranger/admission.go.

use api::core::container::{Container, ResourceList};
use api::core::limit_range::{CLAIM, CONTAINER, LimitRangeItem, POD};
use api::core::pod_resources;
use api::{LimitRange, PersistentVolumeClaim, Pod, as_kind, make_mut};
use apimachinery::gvk::GroupResource;
use apimachinery::quantity::Quantity;
use client::Verb;
use smol_str::SmolStr;

use super::{Attributes, Checked};
use crate::server::{ApiServer, CallCx, Result};
use crate::templates::LIMIT_RANGER;

fn ranges<'a>(server: &'a ApiServer, namespace: &'a str) -> impl Iterator<Item = &'a LimitRange> {
    let resource = server.resources.get(&GroupResource::fixed("", "limitranges"));
    let objects = resource.into_iter().flat_map(|r| server.in_namespace(r, namespace));
    objects.filter_map(|(_, object)| as_kind::<LimitRange>(object.as_ref()))
}

pub(super) fn admit(
    server: &ApiServer,
    _: &mut CallCx<'_>,
    attributes: &mut Attributes<'_>,
) -> Result<()> {
    let create = attributes.verb == Verb::Create;
    if !attributes.resource.is_pod || !create || attributes.known {
        return Ok(());
    }
    for range in ranges(server, attributes.namespace) {
        let (mut requests, mut limits) = (ResourceList::new(), ResourceList::new());
        for item in range.spec.limits.iter().filter(|item| item.type_ == CONTAINER) {
            requests.extend(item.default_request.clone());
            limits.extend(item.default.clone());
        }
        if requests.is_empty() && limits.is_empty() {
            continue;
        }
        let Some(pod) = make_mut(attributes.object).as_any_mut().downcast_mut::<Pod>() else {
            return Ok(());
        };
        let body = pod.spec.body_mut();
        let mut said = Vec::new();
        let containers = body.containers.iter_mut().map(|container| ("container", container));
        let starters = body.init_containers.iter_mut().map(|c| ("init container", c));
        for (word, container) in containers.chain(starters) {
            fill(container, word, &requests, &limits, &mut said);
        }
        if !said.is_empty() {
            let text = format!("LimitRanger plugin set: {}", said.join("; "));
            let annotations = pod.metadata.annotations.make_mut();
            annotations.insert(SmolStr::new_static(LIMIT_RANGER), text.into());
        }
    }
    Ok(())
}

/// Gives a container what it does not say, and tells what that was.
fn fill(
    container: &mut Container,
    word: &str,
    requests: &ResourceList,
    limits: &ResourceList,
    said: &mut Vec<String>,
) {
    let name = container.name.clone();
    let resources = &mut container.resources;
    let lists =
        [("request", requests, &mut resources.requests), ("limit", limits, &mut resources.limits)];
    for (what, given, own) in lists {
        let missing: Vec<&SmolStr> = given.keys().filter(|key| !own.contains_key(*key)).collect();
        if missing.is_empty() {
            continue;
        }
        let names: Vec<&str> = missing.iter().map(|key| key.as_str()).collect();
        said.push(format!("{} {what} for {word} {name}", names.join(", ")));
        for key in missing {
            own.insert(key.clone(), given.get(key).cloned().unwrap_or_default());
        }
    }
}

pub(super) fn validate(
    server: &mut ApiServer,
    _: &mut CallCx<'_>,
    checked: &Checked<'_>,
) -> Result<()> {
    let ending = checked.old.is_some_and(|old| old.meta().is_deleting());
    if checked.known || ending {
        return Ok(());
    }
    for range in ranges(server, checked.namespace) {
        let mut wrong = Vec::new();
        if let Some(pod) = as_kind::<Pod>(checked.object.as_ref()) {
            if checked.verb == Verb::Create {
                pod_bounds(range, pod, &mut wrong);
            }
        } else if let Some(claim) = as_kind::<PersistentVolumeClaim>(checked.object.as_ref()) {
            claim_bounds(range, claim, &mut wrong);
        } else {
            return Ok(());
        }
        match wrong.as_slice() {
            [] => {}
            [one] => return Err(checked.forbidden(one)),
            more => return Err(checked.forbidden(&format!("[{}]", more.join(", ")))),
        }
    }
    Ok(())
}

fn pod_bounds(range: &LimitRange, pod: &Pod, wrong: &mut Vec<String>) {
    for item in &range.spec.limits {
        match item.type_.as_str() {
            CONTAINER => {
                for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
                    let own = &container.resources;
                    item_bounds(item, &own.requests, &own.limits, wrong);
                }
            }
            POD => {
                let body = &pod.spec.body;
                let requests = pod_resources::total(body, "requests", |c| &c.resources.requests);
                let limits = pod_resources::total(body, "limits", |c| &c.resources.limits);
                item_bounds(item, &requests, &limits, wrong);
            }
            _ => {}
        }
    }
}

fn claim_bounds(range: &LimitRange, claim: &PersistentVolumeClaim, wrong: &mut Vec<String>) {
    let requests = &claim.spec.resources.requests;
    let none = ResourceList::new();
    for item in range.spec.limits.iter().filter(|item| item.type_ == CLAIM) {
        for (name, bound) in &item.min {
            let asked = Asked::of(name, requests, &none);
            wrong.extend(asked.below(CLAIM, bound));
        }
        for (name, bound) in &item.max {
            let words = || format!("maximum {name} usage per {CLAIM} is {bound}");
            match requests.get(name) {
                None => wrong.push(format!("{}.  No request is specified", words())),
                Some(asked) if asked > bound => {
                    wrong.push(format!("{}, but request is {asked}", words()));
                }
                Some(_) => {}
            }
        }
    }
}

fn item_bounds(
    item: &LimitRangeItem,
    requests: &ResourceList,
    limits: &ResourceList,
    wrong: &mut Vec<String>,
) {
    let type_ = item.type_.as_str();
    let asked = |name| Asked::of(name, requests, limits);
    wrong.extend(item.min.iter().filter_map(|(name, bound)| asked(name).below(type_, bound)));
    wrong.extend(item.max.iter().filter_map(|(name, bound)| asked(name).above(type_, bound)));
    let ratios = &item.max_limit_request_ratio;
    wrong.extend(ratios.iter().filter_map(|(name, bound)| asked(name).apart(type_, bound)));
}

/// What is asked for of one resource.
struct Asked<'a> {
    name: &'a str,
    request: Option<&'a Quantity>,
    limit: Option<&'a Quantity>,
}

impl<'a> Asked<'a> {
    fn of(name: &'a str, requests: &'a ResourceList, limits: &'a ResourceList) -> Self {
        Asked { name, request: requests.get(name), limit: limits.get(name) }
    }

    fn below(&self, type_: &str, bound: &Quantity) -> Option<String> {
        let words = format!("minimum {} usage per {type_} is {bound}", self.name);
        match (self.request, self.limit) {
            (None, _) => Some(format!("{words}.  No request is specified")),
            (Some(asked), _) if asked < bound => Some(format!("{words}, but request is {asked}")),
            (_, Some(limit)) if limit < bound => Some(format!("{words}, but limit is {limit}")),
            _ => None,
        }
    }

    fn above(&self, type_: &str, bound: &Quantity) -> Option<String> {
        let words = format!("maximum {} usage per {type_} is {bound}", self.name);
        match (self.limit, self.request) {
            (None, _) => Some(format!("{words}.  No limit is specified")),
            (Some(limit), _) if limit > bound => Some(format!("{words}, but limit is {limit}")),
            (_, Some(asked)) if asked > bound => Some(format!("{words}, but request is {asked}")),
            _ => None,
        }
    }

    fn apart(&self, type_: &str, bound: &Quantity) -> Option<String> {
        let words = format!("{} max limit to request ratio per {type_} is {bound}", self.name);
        let given = |amount: Option<&'a Quantity>| amount.filter(|amount| !amount.is_zero());
        let Some(request) = given(self.request) else {
            return Some(format!("{words}, but no request is specified or request is 0"));
        };
        let Some(limit) = given(self.limit) else {
            return Some(format!("{words}, but no limit is specified or limit is 0"));
        };
        let most = i64::MAX / 1000;
        let small = request.value() <= most && limit.value() <= most && bound.value() <= most;
        let ratio = match small {
            true => limit.milli_value() as f64 / request.milli_value() as f64,
            false => limit.value() as f64 / request.value() as f64,
        };
        let too_far = match bound.value() <= most {
            true => ratio * 1000.0 > bound.milli_value() as f64,
            false => ratio > bound.value() as f64,
        };
        too_far.then(|| format!("{words}, but provided ratio is {ratio:.6}"))
    }
}
