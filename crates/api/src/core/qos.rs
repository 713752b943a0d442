//! The quality of service class of a pod, from its requests and limits.
// Models pkg/apis/core/v1/helper/qos/qos.go.

use apimachinery::wire::Wire;
use serde_json::Value;
use smol_str::SmolStr;

use super::container::ResourceList;
use super::pod_spec::PodBody;

const NAMES: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub fn qos_class(body: &PodBody) -> SmolStr {
    if let Some(pod_level) = body.extra.get("resources") {
        return pod_level_class(pod_level);
    }
    let mut requests = ResourceList::new();
    let mut limits = ResourceList::new();
    let mut guaranteed = true;
    for container in body.init_containers.iter().chain(&body.containers) {
        add_positive(&mut requests, &container.resources.requests);
        add_positive(&mut limits, &container.resources.limits);
        let limited = |name: &&str| {
            container.resources.limits.get(*name).is_some_and(|amount| amount.signum() > 0)
        };
        guaranteed &= NAMES.iter().all(limited);
    }
    class(&requests, &limits, guaranteed)
}

/// Resources of the whole pod decide alone.
fn pod_level_class(resources: &Value) -> SmolStr {
    let list = |name: &str| {
        let mut sum = ResourceList::new();
        let given = ResourceList::from_value(resources[name].clone()).unwrap_or_default();
        add_positive(&mut sum, &given);
        sum
    };
    let (requests, limits) = (list("requests"), list("limits"));
    let limited = limits.is_empty() || limits.len() == NAMES.len();
    class(&requests, &limits, limited)
}

fn class(requests: &ResourceList, limits: &ResourceList, mut guaranteed: bool) -> SmolStr {
    if requests.is_empty() && limits.is_empty() {
        return SmolStr::new_static("BestEffort");
    }
    guaranteed &= requests.len() == limits.len()
        && requests.iter().all(|(name, amount)| limits.get(name) == Some(amount));
    SmolStr::new_static(if guaranteed { "Guaranteed" } else { "Burstable" })
}

fn add_positive(sum: &mut ResourceList, list: &ResourceList) {
    for name in NAMES {
        let Some(amount) = list.get(name).filter(|amount| amount.signum() > 0) else { continue };
        match sum.get_mut(name) {
            Some(total) => total.add(amount),
            None => {
                sum.insert(SmolStr::new_static(name), amount.clone());
            }
        }
    }
}
