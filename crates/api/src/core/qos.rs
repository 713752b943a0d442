//! The quality of service class of a pod, from its requests and limits.
// Models pkg/apis/core/v1/helper/qos/qos.go.

use smol_str::SmolStr;

use super::container::ResourceList;
use super::pod_spec::PodBody;

const NAMES: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub fn qos_class(body: &PodBody) -> SmolStr {
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
