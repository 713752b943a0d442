//! Who a pod of a StatefulSet is: its number, its names, its revision and its claims.
//! Models pkg/controller/statefulset/stateful_set_utils.go.

use api::apps::controller_revision::CONTROLLER_REVISION_HASH;
use api::core::pod::PodTemplateSpec;
use api::core::volume::Volume;
use api::{PersistentVolumeClaim, Pod, StatefulSet};
use apimachinery::wire::Shared;
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

use crate::pod_control::{controller_reference, pod_from_template};

const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The name of the set and the number that a pod's name tells.
fn parent_and_ordinal(name: &str) -> Option<(&str, i32)> {
    let (parent, digits) = name.rsplit_once('-')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some((parent, digits.parse().unwrap_or(-1)))
}

/// The number of a pod; -1 if its name tells none.
pub fn ordinal(pod: &Pod) -> i32 {
    parent_and_ordinal(&pod.metadata.name).map_or(-1, |(_, ordinal)| ordinal)
}

pub fn is_member(set: &StatefulSet, pod: &Pod) -> bool {
    parent_and_ordinal(&pod.metadata.name).is_some_and(|(name, _)| name == set.metadata.name)
}

/// The numbers that the set's pods should have.
pub fn ordinals(set: &StatefulSet) -> std::ops::Range<i32> {
    let start = set.start_ordinal();
    start..start.saturating_add(set.spec.replicas.unwrap_or(0))
}

fn pod_name(set: &StatefulSet, ordinal: i32) -> SmolStr {
    format_smolstr!("{}-{ordinal}", set.metadata.name)
}

pub fn claim_name(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> SmolStr {
    format_smolstr!("{}-{}-{ordinal}", template.metadata.name, set.metadata.name)
}

/// The name of the revision that a pod was made from.
pub fn revision(pod: &Pod) -> &str {
    pod.metadata.label(CONTROLLER_REVISION_HASH).unwrap_or_default()
}

pub fn identity_matches(set: &StatefulSet, pod: &Pod) -> bool {
    let (meta, number) = (&pod.metadata, ordinal(pod));
    number >= 0
        && is_member(set, pod)
        && meta.name == pod_name(set, number)
        && meta.label(POD_NAME_LABEL) == Some(meta.name.as_str())
}

/// Whether the pod mounts the claims of its number.
pub fn storage_matches(set: &StatefulSet, pod: &Pod) -> bool {
    let number = ordinal(pod);
    number >= 0
        && set.spec.volume_claim_templates.iter().all(|template| {
            let volume = pod.spec.volumes.iter().find(|v| v.name == template.metadata.name);
            let source = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
            let claim = source.and_then(|source| source["claimName"].as_str());
            claim == Some(claim_name(set, template, number).as_str())
        })
}

pub fn update_identity(pod: &mut Pod) {
    let (name, number) = (pod.metadata.name.clone(), ordinal(pod).to_string());
    pod.metadata.set_label(POD_NAME_LABEL, &name);
    pod.metadata.set_label(POD_INDEX_LABEL, &number);
}

/// Puts the claims' volumes before the others; a volume of the same name gives way.
pub fn update_storage(set: &StatefulSet, pod: &mut Pod) {
    let (templates, number) = (&set.spec.volume_claim_templates, ordinal(pod));
    if templates.is_empty() {
        return;
    }
    let of_claims = templates.iter().map(|template| {
        let claim = claim_name(set, template, number);
        Volume {
            name: template.metadata.name.clone(),
            persistent_volume_claim: Some(Box::new(json!({"claimName": claim.as_str()}))),
            ..Volume::default()
        }
    });
    let of_claims: Vec<Volume> = of_claims.collect();
    let volumes = &mut pod.spec.body_mut().volumes;
    volumes.retain(|volume| templates.iter().all(|t| t.metadata.name != volume.name));
    volumes.splice(..0, of_claims);
}

/// The claims of a pod's number, as they would be created.
pub fn claims(set: &StatefulSet, number: i32) -> Vec<PersistentVolumeClaim> {
    let selector = set.spec.selector.as_ref();
    let make = |template: &PersistentVolumeClaim| {
        let mut claim = template.clone();
        claim.extra.remove("apiVersion");
        claim.extra.remove("kind");
        claim.metadata.name = claim_name(set, template, number);
        claim.metadata.namespace = set.metadata.namespace.clone();
        for (key, value) in selector.into_iter().flat_map(|s| s.match_labels.iter()) {
            claim.metadata.set_label(key, value);
        }
        claim
    };
    set.spec.volume_claim_templates.iter().map(make).collect()
}

/// A pod of this number from the template of a revision.
pub fn new_pod(set: &StatefulSet, template: &PodTemplateSpec, revision: &str, number: i32) -> Pod {
    let owners = Shared::new(vec![controller_reference(set)]);
    let mut pod = pod_from_template(template, &set.metadata, &owners);
    pod.metadata.name = pod_name(set, number);
    update_identity(&mut pod);
    let body = pod.spec.body_mut();
    body.hostname = pod.metadata.name.clone();
    body.subdomain = set.spec.service_name.clone();
    update_storage(set, &mut pod);
    pod.metadata.set_label(CONTROLLER_REVISION_HASH, revision);
    pod
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_set_and_number() {
        for (name, told) in [
            ("db-0", Some(("db", 0))),
            ("my-db-12", Some(("my-db", 12))),
            ("db", None),
            ("db-", None),
            ("db-x1", None),
            ("db-99999999999", Some(("db", -1))),
        ] {
            assert_eq!(parent_and_ordinal(name), told, "{name}");
        }
    }
}
