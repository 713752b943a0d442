//! Containers: names, images, ports, mounts.
// Models validateContainers and validateContainerCommon of pkg/apis/core/validation/validation.go.

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use smol_str::SmolStr;

use super::{env, probes, resources, volumes};
use crate::core::container::{Container, ContainerPort};
use crate::core::pod_spec::PodBody;
use crate::validation::{check, one_of};

/// Names of the volumes that are fine, so that mounts can be held against them.
pub type VolumeNames<'a> = BTreeSet<&'a str>;

pub fn validate(
    body: &PodBody,
    volumes: &VolumeNames<'_>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let grace = body.termination_grace_period_seconds;
    let containers = path.child("containers");
    if body.containers.is_empty() {
        errors.push(FieldError::required(&containers, ""));
    }
    let mut names: BTreeSet<&SmolStr> = BTreeSet::new();
    for (i, container) in body.containers.iter().enumerate() {
        let path = containers.index(i);
        common(container, volumes, &path, errors);
        if !names.insert(&container.name) {
            errors.push(FieldError::duplicate(path.child("name"), container.name.as_str()));
        }
        probes::validate(container, grace, &path, errors);
        restart_policy(container, &path, errors);
    }
    host_port_conflicts(&body.containers, &containers, errors);
    let init_containers = path.child("initContainers");
    for (i, container) in body.init_containers.iter().enumerate() {
        let path = init_containers.index(i);
        common(container, volumes, &path, errors);
        restart_policy(container, &path, errors);
        if !container.name.is_empty() && !names.insert(&container.name) {
            errors.push(FieldError::duplicate(path.child("name"), container.name.as_str()));
        }
        host_port_conflicts(std::slice::from_ref(container), &init_containers, errors);
        if container.restart_policy.as_deref() == Some("Always") {
            probes::validate(container, grace, &path, errors);
        } else {
            no_probes(container, &path, errors);
        }
    }
}

fn no_probes(container: &Container, path: &FieldPath, errors: &mut FieldErrors) {
    for (name, given) in [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ] {
        if given {
            let detail = "may not be set for init containers without restartPolicy=Always";
            errors.push(FieldError::forbidden(path.child(name), detail));
        }
    }
}

fn restart_policy(container: &Container, path: &FieldPath, errors: &mut FieldErrors) {
    let rules = container.extra.get("restartPolicyRules").and_then(|rules| rules.as_array());
    let path = path.child("restartPolicy");
    match &container.restart_policy {
        None if rules.is_some_and(|rules| !rules.is_empty()) => {
            let detail = "must specify restartPolicy when restart rules are used";
            errors.push(FieldError::required(path, detail));
        }
        None => {}
        Some(policy) => {
            let supported = ["Always", "Never", "OnFailure"];
            if !supported.contains(&policy.as_str()) {
                errors.push(FieldError::not_supported(path, policy, &supported));
            }
        }
    }
}

fn common(
    container: &Container,
    volumes: &VolumeNames<'_>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    if container.name.is_empty() {
        errors.push(FieldError::required(path.child("name"), ""));
    } else {
        check(names::is_dns1123_label, &container.name, &path.child("name"), errors);
    }
    if container.image.is_empty() {
        errors.push(FieldError::required(path.child("image"), ""));
    }
    let message_policy = path.child("terminationMessagePolicy");
    let policies = ["File", "FallbackToLogsOnError"];
    one_of(&container.termination_message_policy, &policies, message_policy, errors);
    ports(&container.ports, &path.child("ports"), errors);
    env::validate(container, path, errors);
    volumes::mounts(container, volumes, &path.child("volumeMounts"), errors);
    let pull = path.child("imagePullPolicy");
    one_of(&container.image_pull_policy, &["Always", "IfNotPresent", "Never"], pull, errors);
    resources::validate(&container.resources, &path.child("resources"), errors);
}

pub(super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

fn ports(ports: &[ContainerPort], path: &FieldPath, errors: &mut FieldErrors) {
    let mut seen: BTreeSet<&SmolStr> = BTreeSet::new();
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        if !port.name.is_empty() {
            let name = path.child("name");
            if !names::is_valid_port_name(&port.name).is_empty() {
                check(names::is_valid_port_name, &port.name, &name, errors);
            } else if !seen.insert(&port.name) {
                errors.push(FieldError::duplicate(name, port.name.as_str()));
            }
        }
        if port.container_port == 0 {
            errors.push(FieldError::required(path.child("containerPort"), ""));
        }
        for (name, number) in [("containerPort", port.container_port), ("hostPort", port.host_port)]
        {
            if number == 0 {
                continue;
            }
            for message in names::is_valid_port_num(i64::from(number)) {
                errors.push(FieldError::invalid(path.child(name), number, &message));
            }
        }
        one_of(&port.protocol, &PROTOCOLS, path.child("protocol"), errors);
    }
}

fn host_port_conflicts(containers: &[Container], path: &FieldPath, errors: &mut FieldErrors) {
    let mut taken = BTreeSet::new();
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in container.ports.iter().enumerate().filter(|(_, p)| p.host_port != 0) {
            let key = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            if taken.contains(&key) {
                let path = path.index(i).child("ports").index(j).child("hostPort");
                errors.push(FieldError::duplicate(path, key));
            } else {
                taken.insert(key);
            }
        }
    }
}
