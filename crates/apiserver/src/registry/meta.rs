//! Rules that the metadata of every object obeys.
// Models apimachinery/pkg/api/validation/objectmeta.go.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrorKind, FieldErrors};
use serde_json::Value;
use smol_str::SmolStr;

pub(crate) const ORPHAN: &str = "orphan";
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

/// Labels: keys are qualified names, values label values.
pub(crate) fn validate_labels(meta: &ObjectMeta, path: &FieldPath, errors: &mut FieldErrors) {
    for (key, value) in meta.labels.iter() {
        for text in names::is_qualified_name(key) {
            errors.push(FieldError::invalid(path, key.as_str(), &text));
        }
        for text in names::is_valid_label_value(value) {
            errors.push(FieldError::invalid(path, value.as_str(), &text));
        }
    }
}

fn validate_annotations(meta: &ObjectMeta, path: &FieldPath, errors: &mut FieldErrors) {
    let mut size = 0;
    for (key, value) in meta.annotations.iter() {
        size += key.len() + value.len();
        for text in names::is_qualified_name(&key.to_lowercase()) {
            errors.push(FieldError::invalid(path, key.as_str(), &text));
        }
    }
    if size > ANNOTATIONS_LIMIT {
        let detail = format!("may not be more than {ANNOTATIONS_LIMIT} bytes");
        errors.push(FieldError::bare(FieldErrorKind::TooLong, path, &detail));
    }
}

fn validate_owner(owner: &OwnerReference, path: &FieldPath, errors: &mut FieldErrors) {
    let version = owner.api_version.rsplit('/').next().unwrap_or_default();
    if version.is_empty() {
        let field = path.child("apiVersion");
        let detail = "version must not be empty";
        errors.push(FieldError::invalid(field, owner.api_version.as_str(), detail));
    }
    for (name, value) in [("kind", &owner.kind), ("name", &owner.name)] {
        if value.is_empty() {
            errors.push(FieldError::invalid(path.child(name), "", "must not be empty"));
        }
    }
    if owner.uid.is_unset() {
        errors.push(FieldError::invalid(path.child("uid"), "", "must not be empty"));
    }
    if owner.api_version == "v1" && owner.kind == "Event" {
        let value = apimachinery::wire::Wire::to_value(owner);
        let detail = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid(path, value, detail));
    }
}

fn validate_owners(meta: &ObjectMeta, path: &FieldPath, errors: &mut FieldErrors) {
    let mut first: Option<String> = None;
    for owner in meta.owner_references.iter() {
        validate_owner(owner, path, errors);
        if owner.controller != Some(true) {
            continue;
        }
        let this = format!("{}/{}", owner.kind, owner.name);
        let Some(first) = &first else {
            first = Some(this);
            continue;
        };
        let value = apimachinery::wire::Wire::to_value(&meta.owner_references);
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references \
             for {first} and {this}"
        );
        errors.push(FieldError::invalid(path, value, &detail));
    }
}

fn validate_finalizers(meta: &ObjectMeta, path: &FieldPath, errors: &mut FieldErrors) {
    let finalizers = meta.finalizers();
    for name in finalizers {
        for text in names::is_qualified_name(name) {
            errors.push(FieldError::invalid(path, name.as_str(), &text));
        }
    }
    let has = |wanted: &str| finalizers.iter().any(|name| name == wanted);
    if has(ORPHAN) && has(FOREGROUND) {
        let list: Value = finalizers.iter().map(SmolStr::as_str).collect();
        let detail = format!("finalizer {ORPHAN} and {FOREGROUND} cannot be both set");
        errors.push(FieldError::invalid(path, list, &detail));
    }
}

/// What of the metadata need not be looked at again.
#[derive(Clone, Copy, Default)]
pub(crate) struct Known {
    pub labels: bool,
    pub annotations: bool,
    pub owners: bool,
}

fn validate_parts(meta: &ObjectMeta, known: Known, path: &FieldPath, errors: &mut FieldErrors) {
    if !known.labels && !meta.labels.is_empty() {
        validate_labels(meta, &path.child("labels"), errors);
    }
    if !known.annotations && !meta.annotations.is_empty() {
        validate_annotations(meta, &path.child("annotations"), errors);
    }
    if !known.owners && !meta.owner_references.is_empty() {
        validate_owners(meta, &path.child("ownerReferences"), errors);
    }
}

/// The metadata of a new object.
pub(crate) fn validate(meta: &ObjectMeta, namespaced: bool, known: Known) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("metadata");
    if meta.name.is_empty() {
        let detail = "name or generateName is required";
        errors.push(FieldError::required(path.child("name"), detail));
    }
    for (field, value) in [("generateName", &meta.generate_name), ("name", &meta.name)] {
        for text in names::is_path_segment_name(value) {
            errors.push(FieldError::invalid(path.child(field), value.as_str(), &text));
        }
    }
    if namespaced && meta.namespace.is_empty() {
        errors.push(FieldError::required(path.child("namespace"), ""));
    } else if !namespaced && !meta.namespace.is_empty() {
        errors.push(FieldError::forbidden(path.child("namespace"), "not allowed on this type"));
    }
    validate_parts(meta, known, &path, &mut errors);
    if !meta.finalizers().is_empty() {
        validate_finalizers(meta, &path.child("finalizers"), &mut errors);
    }
    errors
}

fn go_strings(names: &[&SmolStr]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("[]string{{{}}}", quoted.join(", "))
}

fn validate_no_new_finalizers(new: &ObjectMeta, old: &ObjectMeta, errors: &mut FieldErrors) {
    let mut added: Vec<&SmolStr> =
        new.finalizers().iter().filter(|name| !old.finalizers().contains(name)).collect();
    if added.is_empty() {
        return;
    }
    added.sort();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers {}",
        go_strings(&added)
    );
    errors.push(FieldError::forbidden(FieldPath::new("metadata").child("finalizers"), &detail));
}

/// The metadata of a changed object. Times and the generation were carried over before.
pub(crate) fn validate_update(new: &ObjectMeta, old: &ObjectMeta) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("metadata");
    let immutable = |name: &str, value: Value| {
        FieldError::invalid(path.child(name), value, "field is immutable")
    };
    if new.finalizers() != old.finalizers() {
        validate_finalizers(new, &path.child("finalizers"), &mut errors);
        if old.is_deleting() {
            validate_no_new_finalizers(new, old, &mut errors);
        }
    }
    if new.name != old.name {
        errors.push(immutable("name", new.name.as_str().into()));
    }
    if new.namespace != old.namespace {
        errors.push(immutable("namespace", new.namespace.as_str().into()));
    }
    if new.uid != old.uid {
        errors.push(immutable("uid", new.uid.to_string().into()));
    }
    if new.deletion_timestamp() != old.deletion_timestamp() {
        let value = new.deletion_timestamp().map_or(Value::Null, |time| time.to_string().into());
        errors.push(immutable("deletionTimestamp", value));
    }
    if new.deletion_grace_period_seconds() != old.deletion_grace_period_seconds() {
        let value = new.deletion_grace_period_seconds().map_or(Value::Null, Value::from);
        errors.push(immutable("deletionGracePeriodSeconds", value));
    }
    let known = Known {
        labels: new.labels.same(&old.labels),
        annotations: new.annotations.same(&old.annotations),
        owners: new.owner_references.same(&old.owner_references),
    };
    validate_parts(new, known, &path, &mut errors);
    errors
}
