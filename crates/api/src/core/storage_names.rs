//! What volumes and claims have in common: access modes, classes, sizes.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};
use smol_str::SmolStr;

/// The old way to name a storage class.
pub const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";
const MODES: [(&str, &str); 4] = [
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];

/// `RWO,ROX`. Models pkg/apis/core/helper/helpers.go `GetAccessModesAsString`.
pub fn access_modes_text(modes: &[SmolStr]) -> String {
    let given = |(name, _): &&(&str, &str)| modes.iter().any(|mode| mode == name);
    MODES.iter().filter(given).map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

/// The storage class that an object names, old annotation first.
pub fn class_name<'a>(meta: &'a ObjectMeta, class: Option<&'a str>) -> &'a str {
    meta.annotation(CLASS_ANNOTATION).or(class).unwrap_or_default()
}

pub fn validate_modes(modes: &[SmolStr], path: &FieldPath, detail: &str, errors: &mut FieldErrors) {
    if modes.is_empty() {
        errors.push(FieldError::required(path, detail));
    }
    let supported = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
    for mode in modes.iter().filter(|mode| !supported.contains(&mode.as_str())) {
        errors.push(FieldError::not_supported(path, mode, &supported));
    }
    let alone = modes.iter().any(|mode| mode == "ReadWriteOncePod");
    let shared = |mode: &SmolStr| mode != "ReadWriteOncePod" && supported.contains(&mode.as_str());
    if alone && modes.iter().any(shared) {
        let detail = "may not use ReadWriteOncePod with other access modes";
        errors.push(FieldError::forbidden(path, detail));
    }
}

pub fn positive(amount: &Quantity, path: &FieldPath, errors: &mut FieldErrors) {
    if amount.signum() <= 0 {
        let detail = "must be greater than zero";
        errors.push(FieldError::invalid(path, amount.to_string(), detail));
    }
}

pub fn validate_mode(mode: &Option<SmolStr>, path: FieldPath, errors: &mut FieldErrors) {
    let supported = ["Block", "Filesystem"];
    if let Some(mode) = mode.as_ref().filter(|mode| !supported.contains(&mode.as_str())) {
        errors.push(FieldError::not_supported(path, mode, &supported));
    }
}
