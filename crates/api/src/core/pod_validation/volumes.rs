//! Volumes and where containers mount them.
// Models ValidateVolumes and ValidateVolumeMounts of pkg/apis/core/validation/validation.go.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::Value;

use super::containers::VolumeNames;
use crate::core::container::Container;
use crate::core::volume::Volume;
use crate::validation::check;

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
const HOST_PATH_TYPES: [&str; 8] = [
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// The names of the volumes that are fine.
pub fn validate<'a>(
    volumes: &'a [Volume],
    path: &FieldPath,
    errors: &mut FieldErrors,
) -> VolumeNames<'a> {
    let mut good = BTreeSet::new();
    for (i, volume) in volumes.iter().enumerate() {
        let path = path.index(i);
        let name = path.child("name");
        let before = errors.len();
        source(volume, &path, errors);
        if volume.name.is_empty() {
            errors.push(FieldError::required(&name, ""));
        } else {
            check(names::is_dns1123_label, &volume.name, &name, errors);
        }
        if good.contains(volume.name.as_str()) {
            errors.push(FieldError::duplicate(&name, volume.name.as_str()));
        }
        if errors.len() == before {
            good.insert(volume.name.as_str());
        }
    }
    good
}

fn source(volume: &Volume, path: &FieldPath, errors: &mut FieldErrors) {
    let mut given: Vec<(&str, Option<&Value>)> = Vec::new();
    if let Some(empty_dir) = &volume.empty_dir {
        given.push(("emptyDir", None));
        if empty_dir.size_limit.as_ref().is_some_and(|limit| limit.signum() < 0) {
            let path = path.child("emptyDir").child("sizeLimit");
            let detail = "SizeLimit field must be a valid resource quantity";
            errors.push(FieldError::forbidden(path, detail));
        }
    }
    for (name, source) in [
        ("hostPath", &volume.host_path),
        ("secret", &volume.secret),
        ("persistentVolumeClaim", &volume.persistent_volume_claim),
        ("configMap", &volume.config_map),
        ("projected", &volume.projected),
    ] {
        given.extend(source.iter().map(|source| (name, Some(&**source))));
    }
    for (name, source) in volume.extra.0.iter().flat_map(|extra| extra.iter()) {
        given.push((name, Some(source)));
    }
    let mut given = given.into_iter();
    let Some((name, first)) = given.next() else {
        return errors.push(FieldError::required(path, "must specify a volume type"));
    };
    if let Some(source) = first {
        one_source(name, source, &path.child(name), errors);
    }
    for (more, _) in given {
        let detail = "may not specify more than 1 volume type";
        errors.push(FieldError::forbidden(path.child(more), detail));
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn one_source(name: &str, source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let required = match name {
        "secret" => "secretName",
        "configMap" => "name",
        "persistentVolumeClaim" => "claimName",
        "csi" => "driver",
        "nfs" => "server",
        _ => "",
    };
    if !required.is_empty() && text(source, required).is_empty() {
        errors.push(FieldError::required(path.child(required), ""));
    }
    match name {
        "hostPath" => host_path(source, path, errors),
        "secret" | "configMap" | "projected" | "downwardAPI" => files(source, path, errors),
        _ => {}
    }
}

/// Models validateHostPathVolumeSource.
pub fn host_path(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    let (target, type_) = (text(source, "path"), text(source, "type"));
    if target.is_empty() {
        errors.push(FieldError::required(path.child("path"), ""));
        return;
    }
    no_back_steps(target, &path.child("path"), errors);
    if !HOST_PATH_TYPES.contains(&type_) {
        errors.push(FieldError::not_supported(path.child("type"), type_, &HOST_PATH_TYPES));
    }
}

fn files(source: &Value, path: &FieldPath, errors: &mut FieldErrors) {
    mode(source, "defaultMode", path, errors);
    for (i, item) in source["items"].as_array().into_iter().flatten().enumerate() {
        let path = path.child("items").index(i);
        let keyed = item["fieldRef"].is_null() && item["resourceFieldRef"].is_null();
        if keyed && text(item, "key").is_empty() {
            errors.push(FieldError::required(path.child("key"), ""));
        }
        let target = path.child("path");
        if text(item, "path").is_empty() {
            errors.push(FieldError::required(&target, ""));
        }
        local_descending(text(item, "path"), &target, errors);
        mode(item, "mode", &path, errors);
    }
}

fn mode(source: &Value, name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(mode) = source[name].as_i64()
        && !(0..=0o777).contains(&mode)
    {
        errors.push(FieldError::invalid(path.child(name), mode, FILE_MODE));
    }
}

pub fn no_back_steps(target: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if target.split('/').any(|step| step == "..") {
        errors.push(FieldError::invalid(path, target, "must not contain '..'"));
    }
}

fn local_descending(target: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if target.starts_with('/') {
        errors.push(FieldError::invalid(path, target, "must be a relative path"));
    }
    no_back_steps(target, path, errors);
}

pub fn mounts(
    container: &Container,
    volumes: &VolumeNames<'_>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let mut seen = BTreeSet::new();
    for (i, mount) in container.volume_mounts.iter().enumerate() {
        let at = path.index(i);
        if mount.name.is_empty() {
            errors.push(FieldError::required(at.child("name"), ""));
        }
        if !volumes.contains(mount.name.as_str()) {
            errors.push(FieldError::not_found(at.child("name"), mount.name.as_str()));
        }
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(at.child("mountPath"), ""));
        }
        if !seen.insert(mount.mount_path.as_str()) {
            let value = mount.mount_path.as_str();
            errors.push(FieldError::invalid(at.child("mountPath"), value, "must be unique"));
        }
        // Upstream leaves the index out of these paths.
        if !mount.sub_path.is_empty() {
            local_descending(&mount.sub_path, &path.child("subPath"), errors);
        }
        let expression = mount.extra.get("subPathExpr").and_then(Value::as_str);
        if let Some(expression) = expression.filter(|expression| !expression.is_empty()) {
            if !mount.sub_path.is_empty() {
                let detail = "subPathExpr and subPath are mutually exclusive";
                errors.push(FieldError::invalid(at.child("subPathExpr"), expression, detail));
            }
            local_descending(expression, &path.child("subPathExpr"), errors);
        }
    }
}
