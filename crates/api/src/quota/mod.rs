//! What objects weigh against a ResourceQuota: one evaluator for pods, services and claims each,
//! and counting for all others. The API server asks before it writes, the controller recounts.
// Models apiserver/pkg/quota/v1 and pkg/quota/v1/evaluator/core.

mod claims;
mod pods;
mod services;

use apimachinery::gvk::GroupResource;
use apimachinery::quantity::{Format, Quantity};
use apimachinery::time::Time;
use smol_str::{SmolStr, format_smolstr};

use crate::core::container::ResourceList;
use crate::core::resource_quota::{ResourceQuota, ScopedResourceSelectorRequirement};
use crate::{Object, PersistentVolumeClaim, Pod, Service, as_kind};

/// Kinds with rules of their own; `Other` is counted only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Claims,
    Pods,
    Services,
    Other,
}

/// How the objects of one resource weigh.
#[derive(Clone, Debug)]
pub struct Evaluator {
    sort: Sort,
    /// `count/deployments.apps`
    count: SmolStr,
    /// The name under which a resource was counted before there was `count/`.
    alias: &'static str,
}

/// Resources that no quota counts.
fn ignored(resource: &GroupResource) -> bool {
    resource.resource == "events" && matches!(resource.group.as_str(), "" | "events.k8s.io")
}

pub(crate) fn amount(count: i64) -> Quantity {
    Quantity::from_i64(count, Format::DecimalSI)
}

/// The resource whose objects weigh under a quota's name, if that can be told from it.
pub fn counted_resource(name: &str) -> Option<GroupResource> {
    const OTHERS: [&str; 4] = ["configmaps", "resourcequotas", "replicationcontrollers", "secrets"];
    if let Some(resource) = name.strip_prefix("count/") {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        return Some(GroupResource { group: group.into(), resource: resource.into() });
    }
    if let Some(plural) = OTHERS.into_iter().find(|plural| *plural == name) {
        return Some(GroupResource::fixed("", plural));
    }
    let resource = if pods::measures(name) {
        "pods"
    } else if services::measures(name) {
        "services"
    } else if claims::measures(name) {
        "persistentvolumeclaims"
    } else {
        return None;
    };
    Some(GroupResource::fixed("", resource))
}

impl Evaluator {
    /// The evaluator of a resource, unless quotas ignore it.
    pub fn of(resource: &GroupResource) -> Option<Self> {
        if ignored(resource) {
            return None;
        }
        let core = resource.group.is_empty();
        let (sort, alias) = match resource.resource.as_str() {
            "pods" if core => (Sort::Pods, ""),
            "services" if core => (Sort::Services, ""),
            "persistentvolumeclaims" if core => (Sort::Claims, ""),
            "configmaps" if core => (Sort::Other, "configmaps"),
            "resourcequotas" if core => (Sort::Other, "resourcequotas"),
            "replicationcontrollers" if core => (Sort::Other, "replicationcontrollers"),
            "secrets" if core => (Sort::Other, "secrets"),
            _ => (Sort::Other, ""),
        };
        let count = match core {
            true => format_smolstr!("count/{}", resource.resource),
            false => format_smolstr!("count/{}.{}", resource.resource, resource.group),
        };
        Some(Evaluator { sort, count, alias })
    }

    /// Whether an update can change what an object weighs.
    pub fn handles_update(&self, new: &dyn Object, old: &dyn Object) -> bool {
        match self.sort {
            Sort::Claims | Sort::Services => true,
            Sort::Pods => match (as_kind::<Pod>(new), as_kind::<Pod>(old)) {
                (Some(new), Some(old)) => pods::has_deadline(new) != pods::has_deadline(old),
                _ => false,
            },
            Sort::Other => false,
        }
    }

    /// Whether a quota's name is about these objects.
    pub fn measures(&self, name: &str) -> bool {
        *name == *self.count
            || match self.sort {
                Sort::Claims => claims::measures(name),
                Sort::Pods => pods::measures(name),
                Sort::Services => services::measures(name),
                Sort::Other => !self.alias.is_empty() && name == self.alias,
            }
    }

    /// Those of a quota's bounds that are about these objects.
    pub fn measured(&self, hard: &ResourceList) -> ResourceList {
        let measured = hard.iter().filter(|(name, _)| self.measures(name));
        measured.map(|(name, amount)| (name.clone(), amount.clone())).collect()
    }

    /// Whether all scopes of a quota hold for an object.
    pub fn in_scope(&self, quota: &ResourceQuota, object: &dyn Object) -> bool {
        quota.spec.requirements().iter().all(|scope| self.matches_scope(scope, object))
    }

    fn matches_scope(
        &self,
        scope: &ScopedResourceSelectorRequirement,
        object: &dyn Object,
    ) -> bool {
        match self.sort {
            Sort::Pods => as_kind::<Pod>(object).is_some_and(|pod| pods::in_scope(scope, pod)),
            Sort::Claims => as_kind::<PersistentVolumeClaim>(object)
                .is_some_and(|claim| claims::in_scope(scope, claim)),
            Sort::Services | Sort::Other => false,
        }
    }

    /// What an object must say and does not. `bounds` are those that `measured` gave.
    pub fn missing(&self, bounds: &ResourceList, object: &dyn Object) -> Option<String> {
        match (self.sort, as_kind::<Pod>(object)) {
            (Sort::Pods, Some(pod)) => pods::missing(bounds, pod),
            _ => None,
        }
    }

    /// What an object weighs now.
    pub fn usage(&self, object: &dyn Object, now: Time) -> ResourceList {
        let mut usage = match self.sort {
            Sort::Claims => as_kind::<PersistentVolumeClaim>(object).map(claims::usage),
            Sort::Pods => as_kind::<Pod>(object).map(|pod| pods::usage(pod, now)),
            Sort::Services => as_kind::<Service>(object).map(services::usage),
            Sort::Other => None,
        }
        .unwrap_or_default();
        usage.insert(self.count.clone(), amount(1));
        if !self.alias.is_empty() {
            usage.insert(SmolStr::new_static(self.alias), amount(1));
        }
        usage
    }
}

/// One rule on one word, as label selectors know it. `None` is an object without that word.
fn selects(rule: &ScopedResourceSelectorRequirement, word: Option<&str>) -> bool {
    let listed = word.is_some_and(|word| rule.values.iter().any(|value| value == word));
    match rule.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => word.is_some(),
        "DoesNotExist" => word.is_none(),
        _ => false,
    }
}
