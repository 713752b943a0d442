//! Checks where the bytes of a PersistentVolume lie: exactly one source, and what each must say.
// Models ValidatePersistentVolumeSpec of pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::{Map, Value};

use super::pod_validation::{host_path, no_back_steps};
use crate::storage::driver_name;
use crate::validation::check;

/// All sources, in the order in which they are looked at.
const SOURCES: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "azureDisk",
    "portworxVolume",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];
const CSI_SECRETS: [&str; 4] = [
    "controllerPublishSecretRef",
    "controllerExpandSecretRef",
    "nodePublishSecretRef",
    "nodeExpandSecretRef",
];
const LUN_MAX: i64 = 255;

fn text<'a>(source: &'a Value, field: &str) -> &'a str {
    source[field].as_str().unwrap_or_default()
}

fn required(source: &Value, fields: &[&str], path: &FieldPath, errors: &mut FieldErrors) {
    for field in fields.iter().filter(|field| text(source, field).is_empty()) {
        errors.push(FieldError::required(path.child(field), ""));
    }
}

/// The sources of a spec, of which one is allowed.
pub fn validate(fields: Option<&Map<String, Value>>, path: &FieldPath, errors: &mut FieldErrors) {
    let given = |name: &str| fields.and_then(|fields| fields.get(name)).filter(|v| v.is_object());
    let mut all = SOURCES.iter().filter_map(|name| Some((*name, given(name)?)));
    let Some((name, source)) = all.next() else {
        errors.push(FieldError::required(path, "must specify a volume type"));
        return;
    };
    one_source(name, source, &path.child(name), errors);
    for (name, _) in all {
        let detail = "may not specify more than 1 volume type";
        errors.push(FieldError::forbidden(path.child(name), detail));
    }
}

fn one_source(name: &str, source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    match name {
        "hostPath" => host_path(source, path, errors),
        "nfs" => {
            required(source, &["server", "path"], path, errors);
            let target = text(source, "path");
            if !target.starts_with('/') {
                let detail = "must be an absolute path";
                errors.push(FieldError::invalid(path.child("path"), target, detail));
            }
        }
        "local" => {
            required(source, &["path"], path, errors);
            no_back_steps(text(source, "path"), &path.child("path"), errors);
        }
        "csi" => csi(source, path, errors),
        "fc" => fc(source, path, errors),
        "iscsi" => iscsi(source, path, errors),
        "awsElasticBlockStore" | "cinder" => required(source, &["volumeID"], path, errors),
        "gcePersistentDisk" => required(source, &["pdName"], path, errors),
        "vsphereVolume" => required(source, &["volumePath"], path, errors),
        "azureFile" => required(source, &["secretName", "shareName"], path, errors),
        "flexVolume" => required(source, &["driver"], path, errors),
        _ => {}
    }
}

fn csi(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    driver_name(text(source, "driver"), &path.child("driver"), errors);
    required(source, &["volumeHandle"], path, errors);
    for name in CSI_SECRETS {
        let Some(secret) = source.get(name) else { continue };
        let path = path.child(name);
        let rules = [
            ("name", names::is_dns1123_subdomain as fn(&str) -> Vec<String>),
            ("namespace", names::is_dns1123_label),
        ];
        for (field, rule) in rules {
            match text(secret, field) {
                "" => errors.push(FieldError::required(path.child(field), "")),
                value => check(rule, value, &path.child(field), errors),
            }
        }
    }
}

fn lun(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(lun) = source["lun"].as_i64().filter(|lun| !(0..=LUN_MAX).contains(lun)) {
        let detail = names::inclusive_range_error(0, LUN_MAX);
        errors.push(FieldError::invalid(path.child("lun"), lun, &detail));
    }
}

fn fc(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let count = |field: &str| source[field].as_array().map_or(0, Vec::len);
    let targets = path.child("targetWWNs");
    match (count("targetWWNs"), count("wwids")) {
        (0, 0) => {
            let detail = "must specify either targetWWNs or wwids, but not both";
            errors.push(FieldError::required(&targets, detail));
        }
        (0, _) | (_, 0) => {}
        _ => {
            let detail = "targetWWNs and wwids can not be specified simultaneously";
            errors.push(FieldError::invalid(&targets, source["targetWWNs"].clone(), detail));
        }
    }
    if count("targetWWNs") > 0 && source["lun"].is_null() {
        let detail = "lun is required if targetWWNs is specified";
        errors.push(FieldError::required(path.child("lun"), detail));
    }
    lun(source, path, errors);
}

/// `iqn.2001-04.com.example:disk`, `eui.` and 16 digits, or `naa.` and 32.
fn is_initiator(name: &str) -> bool {
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    match name.split_once('.') {
        Some(("iqn", rest)) => {
            let month = rest.split_once('.').map_or("", |(month, _)| month);
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let dated = month.split_once('-').is_some_and(|(year, month)| {
                year.len() == 4 && month.len() == 2 && digits(year) && digits(month)
            });
            dated && rest.split_once(':').is_some_and(|(_, target)| !target.is_empty())
        }
        Some(("eui", rest)) => hex(rest, 16),
        Some(("naa", rest)) => hex(rest, 32),
        _ => false,
    }
}

fn iscsi(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    required(source, &["targetPortal"], path, errors);
    match text(source, "iqn") {
        "" => errors.push(FieldError::required(path.child("iqn"), "")),
        iqn if !is_initiator(iqn) => {
            errors.push(FieldError::invalid(path.child("iqn"), iqn, "must be valid format"));
        }
        _ => {}
    }
    lun(source, path, errors);
    let chap = source["chapAuthDiscovery"] == true || source["chapAuthSession"] == true;
    if chap && source["secretRef"].is_null() {
        errors.push(FieldError::required(path.child("secretRef"), ""));
    }
}
