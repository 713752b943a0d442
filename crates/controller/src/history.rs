//! ControllerRevisions: what the template of a StatefulSet or DaemonSet was, kept as a patch.
//! Models pkg/controller/history/controller_history.go.

use std::sync::Arc;

use api::core::pod::PodTemplateSpec;
use api::{ControllerRevision, Kind};
use apimachinery::encode::{fnv32, safe_encode_string};
use apimachinery::meta::ObjectMeta;
use apimachinery::strconv;
use apimachinery::wire::{Shared, Wire};
use client::{ApiExt, Ctx};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

use crate::controllers::SyncError;
use crate::pod_control::controller_reference;

pub type Revisions = Vec<Arc<ControllerRevision>>;

/// So much of the owner's name goes into a revision's.
const PREFIX_MAX_BYTES: usize = 223;

/// The patch that brings a template back.
pub fn patch_of(template: &PodTemplateSpec) -> Value {
    let mut template = template.to_value();
    if let Some(map) = template.as_object_mut() {
        map.insert("$patch".to_owned(), "replace".into());
    }
    json!({ "spec": { "template": template } })
}

/// The template that a revision keeps.
pub fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let mut template = revision.data.pointer("/spec/template")?.clone();
    template.as_object_mut()?.remove("$patch");
    PodTemplateSpec::from_value(template).ok()
}

/// A hash of a patch. `probe` counts the collisions of names so far.
pub fn hash(data: &Value, probe: i32) -> String {
    let bytes = format!("{}{probe}", strconv::json(data));
    safe_encode_string(&fnv32(bytes.as_bytes()).to_string())
}

pub fn revision_name(owner: &str, hash: &str) -> SmolStr {
    let end =
        (0..=PREFIX_MAX_BYTES.min(owner.len())).rev().find(|end| owner.is_char_boundary(*end));
    let prefix = end.and_then(|end| owner.get(..end)).unwrap_or_default();
    format_smolstr!("{prefix}-{hash}")
}

/// A revision of the owner's template, not yet written. `label` is the one that carries the hash.
pub fn new_revision<K: Kind>(
    owner: &K,
    template: &PodTemplateSpec,
    data: Value,
    revision: i64,
    (label, hash): (&str, &str),
) -> ControllerRevision {
    let meta = owner.meta();
    let mut metadata = ObjectMeta::named(&meta.namespace, &revision_name(&meta.name, hash));
    metadata.labels = template.metadata.labels.clone();
    metadata.set_label(label, hash);
    metadata.annotations = meta.annotations.clone();
    metadata.owner_references = Shared::new(vec![controller_reference(owner)]);
    ControllerRevision { metadata, data, revision, ..ControllerRevision::default() }
}

/// By number, then by age, then by name.
pub fn sort(revisions: &mut Revisions) {
    revisions.sort_by(|a, b| {
        let key = |one: &ControllerRevision| (one.revision, one.metadata.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
}

/// Gives a revision another number.
pub fn renumber(
    ctx: &mut Ctx<'_>,
    revision: &ControllerRevision,
    number: i64,
) -> Result<Arc<ControllerRevision>, SyncError> {
    Ok(ctx.api.update(ControllerRevision { revision: number, ..revision.clone() })?)
}

pub fn delete(ctx: &mut Ctx<'_>, revision: &ControllerRevision) -> Result<(), SyncError> {
    let meta = &revision.metadata;
    let options = client::DeleteOptions::default();
    Ok(ctx.api.delete::<ControllerRevision>(&meta.namespace, &meta.name, options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_was_recorded() {
        let container = |image: &str| {
            json!({"image": image, "imagePullPolicy": "IfNotPresent", "name": "pg",
                "resources": {}, "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "volumeMounts": [{"mountPath": "/data", "name": "data"}]})
        };
        for (image, name) in [
            ("postgres:16", "db-cf465659"),
            ("postgres:17", "db-767f64db74"),
            ("postgres:18", "db-6687d8469"),
        ] {
            let template = json!({"metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [container(image)], "dnsPolicy": "ClusterFirst",
                    "restartPolicy": "Always", "schedulerName": "default-scheduler",
                    "securityContext": {}, "terminationGracePeriodSeconds": 2}});
            let template = PodTemplateSpec::from_value(template).unwrap_or_default();
            let data = patch_of(&template);
            assert_eq!(revision_name("db", &hash(&data, 0)), name);
            let revision = ControllerRevision { data, ..ControllerRevision::default() };
            assert_eq!(template_of(&revision), Some(template));
        }
    }
}
