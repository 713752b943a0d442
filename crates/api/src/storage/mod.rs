//! storage.k8s.io/v1.

pub mod csi_driver;
pub mod csi_node;
pub mod csi_storage_capacity;
pub mod storage_class;
pub mod volume_attachment;
pub mod volume_attributes_class;

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::wire::StringMap;

use crate::validation::{check, too_long};

const DRIVER_NAME_MAX: usize = 63;
const PARAMETERS_MAX: usize = 512;
const PARAMETERS_BYTES_MAX: usize = 256 * 1024;

/// Models ValidateCSIDriverName of pkg/apis/core/validation/validation.go.
pub(crate) fn driver_name(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    if name.len() > DRIVER_NAME_MAX {
        errors.push(too_long(path, DRIVER_NAME_MAX));
    }
    for message in names::is_dns1123_subdomain(&name.to_lowercase()) {
        errors.push(FieldError::invalid(path, name, &message));
    }
}

/// Models validateProvisioner of pkg/apis/storage/validation/validation.go.
fn provisioner(name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        check(names::is_qualified_name, &name.to_lowercase(), path, errors);
    }
}

/// Models validateParameters of pkg/apis/storage/validation/validation.go.
fn parameters(parameters: &StringMap, path: &FieldPath, errors: &mut FieldErrors) {
    if parameters.len() > PARAMETERS_MAX {
        errors.push(too_long(path, PARAMETERS_MAX));
        return;
    }
    if parameters.keys().any(|key| key.is_empty()) {
        errors.push(FieldError::invalid(path, "", "field can not be empty."));
    }
    let bytes: usize = parameters.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > PARAMETERS_BYTES_MAX {
        errors.push(too_long(path, PARAMETERS_BYTES_MAX));
    }
}
