//! Claims: how many and how much storage, also class by class.

use smol_str::format_smolstr;

use super::selects;
use crate::core::container::ResourceList;
use crate::core::persistent_volume_claim::PersistentVolumeClaim;
use crate::core::resource_quota::ScopedResourceSelectorRequirement;
use crate::quota::amount;

const COUNT: &str = "persistentvolumeclaims";
const STORAGE: &str = "requests.storage";
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub fn measures(name: &str) -> bool {
    let end = name.find(OF_CLASS).and_then(|at| name.get(at + OF_CLASS.len()..));
    [COUNT, STORAGE].contains(&end.unwrap_or(name))
}

pub fn in_scope(rule: &ScopedResourceSelectorRequirement, claim: &PersistentVolumeClaim) -> bool {
    if rule.scope_name != "VolumeAttributesClass" {
        return false;
    }
    let class = claim.spec.volume_attributes_class_name.as_deref();
    selects(rule, class.filter(|class| !class.is_empty()))
}

pub fn usage(claim: &PersistentVolumeClaim) -> ResourceList {
    let mut usage = ResourceList::from([(COUNT.into(), amount(1))]);
    let asked = claim.spec.resources.requests.get("storage").cloned();
    let given = claim.status.allocated_resources.get("storage").cloned();
    let storage = asked.map(|asked| match given {
        Some(given) if given > asked => given,
        _ => asked,
    });
    let class = claim.metadata.annotation(OLD_CLASS);
    let class = class.or(claim.spec.storage_class_name.as_deref()).unwrap_or_default();
    if !class.is_empty() {
        usage.insert(format_smolstr!("{class}{OF_CLASS}{COUNT}"), amount(1));
    }
    if let Some(storage) = storage {
        if !class.is_empty() {
            usage.insert(format_smolstr!("{class}{OF_CLASS}{STORAGE}"), storage.clone());
        }
        usage.insert(STORAGE.into(), storage);
    }
    usage
}
