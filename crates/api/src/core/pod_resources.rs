//! What a pod asks for and may take as a whole.
// Models component-helpers/resource/helpers.go.

use apimachinery::wire::Wire;

use super::container::{Container, ResourceList};
use super::pod_spec::PodBody;
use super::resource_list::{add, raise};
use super::resource_names::is_huge_page;

/// Sum of requests: containers and sidecars together, or the largest moment of the start.
pub fn requests(body: &PodBody) -> ResourceList {
    let mut sum = total(body, "requests", |container| &container.resources.requests);
    add(&mut sum, &body.overhead);
    sum
}

/// The same for limits; overhead counts where there is a limit.
pub fn limits(body: &PodBody) -> ResourceList {
    let mut sum = total(body, "limits", |container| &container.resources.limits);
    let more: ResourceList = body
        .overhead
        .iter()
        .filter(|(name, _)| sum.get(*name).is_some_and(|limit| !limit.is_zero()))
        .map(|(name, amount)| (name.clone(), amount.clone()))
        .collect();
    add(&mut sum, &more);
    sum
}

/// The sum without overhead. `part` names the list in the resources of the whole pod.
pub fn total(body: &PodBody, part: &str, list: fn(&Container) -> &ResourceList) -> ResourceList {
    let mut sum = ResourceList::new();
    body.containers.iter().for_each(|container| add(&mut sum, list(container)));
    let mut sidecars = ResourceList::new();
    let mut start = ResourceList::new();
    for container in &body.init_containers {
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut sum, list(container));
            add(&mut sidecars, list(container));
            raise(&mut start, &sidecars);
        } else {
            let mut moment = list(container).clone();
            add(&mut moment, &sidecars);
            raise(&mut start, &moment);
        }
    }
    raise(&mut sum, &start);
    let whole = body.extra.get("resources").map(|resources| resources[part].clone());
    let whole = whole.and_then(|list| ResourceList::from_value(list).ok()).unwrap_or_default();
    let supported = |name: &str| matches!(name, "cpu" | "memory") || is_huge_page(name);
    sum.extend(whole.into_iter().filter(|(name, _)| supported(name)));
    sum
}
