//! What is wrong with a pod, in the API server's words and order. The shared body is checked apart
//! from what each pod has of its own, so that a template is checked once for all of its pods.
// Models pkg/apis/core/validation/validation.go.

mod affinity;
mod containers;
mod env;
mod probes;
mod resources;
mod spread;
pub mod updates;
mod volumes;

pub(super) use affinity::node_term;
pub(super) use volumes::{host_path, no_back_steps};

use std::collections::BTreeSet;

use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use serde_json::Value;

use super::pod::{Pod, PodTemplateSpec};
use super::pod_spec::{PodBody, Toleration};
use crate::validation::{self, check, one_of};

/// Everything about a new pod.
pub fn validate_pod(pod: &Pod) -> FieldErrors {
    let mut errors = validate_own(pod);
    let path = FieldPath::new("spec");
    // The node's name stands among the body's errors upstream; it is set by few.
    errors.extend(validate_body(&pod.spec.body, &path, Owner::Pod));
    if !pod.spec.node_name.is_empty() {
        let path = path.child("nodeName");
        check(names::is_dns1123_subdomain, &pod.spec.node_name, &path, &mut errors);
        if !pod.spec.scheduling_gates.is_empty() {
            let detail = "cannot be set until all schedulingGates have been cleared";
            errors.push(FieldError::forbidden(path, detail));
        }
    }
    errors
}

/// What a pod has of its own: its metadata.
pub fn validate_own(pod: &Pod) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validation::object_meta(&pod.metadata, true, names::is_dns1123_subdomain, &mut errors);
    errors
}

/// A controller's template.
pub fn validate_template(template: &PodTemplateSpec, path: &FieldPath) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validation::labels(&template.metadata.labels, &path.child("labels"), &mut errors);
    let annotations = path.child("annotations");
    validation::annotations(&template.metadata.annotations, &annotations, &mut errors);
    let spec = path.child("spec");
    errors.extend(validate_body(&template.spec.body, &spec, Owner::Template));
    if !template.spec.node_name.is_empty() {
        let path = spec.child("nodeName");
        check(names::is_dns1123_subdomain, &template.spec.node_name, &path, &mut errors);
    }
    if template.spec.extra.get("ephemeralContainers").is_some() {
        let detail = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(spec.child("ephemeralContainers"), detail));
    }
    errors
}

/// Whose body is checked: a few rules hold for pods only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Pod,
    Template,
}

/// The part that all pods of a template share. Models ValidatePodSpec.
pub fn validate_body(body: &PodBody, path: &FieldPath, owner: Owner) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let volumes = volumes::validate(&body.volumes, &path.child("volumes"), &mut errors);
    containers::validate(body, &volumes, path, &mut errors);
    host_ports(body, path, owner, &mut errors);
    let restart = path.child("restartPolicy");
    one_of(&body.restart_policy, &["Always", "OnFailure", "Never"], restart, &mut errors);
    let dns = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    one_of(&body.dns_policy, &dns, path.child("dnsPolicy"), &mut errors);
    validation::labels(&body.node_selector, &path.child("nodeSelector"), &mut errors);
    if let Some(affinity) = &body.affinity {
        affinity::validate(affinity, &path.child("affinity"), &mut errors);
    }
    dns_config(body, &path.child("dnsConfig"), &mut errors);
    gates(body, path, &mut errors);
    let spread = path.child("topologySpreadConstraints");
    spread::validate(&body.topology_spread_constraints, &spread, &mut errors);
    named_fields(body, path, &mut errors);
    tolerations(&body.tolerations, &path.child("tolerations"), &mut errors);
    priorities(body, path, &mut errors);
    resources::overhead(&body.overhead, &path.child("overhead"), &mut errors);
    if owner == Owner::Pod {
        pod_only(body, path, &mut errors);
    }
    errors
}

/// Rules that pods follow and templates need not, for old templates' sake.
fn pod_only(body: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    let lists = [("containers", &body.containers), ("initContainers", &body.init_containers)];
    for (list, containers) in lists {
        for (i, container) in containers.iter().enumerate() {
            if container.image.trim() != container.image {
                let path = path.child(list).index(i).child("image");
                let detail = "must not have leading or trailing whitespace";
                errors.push(FieldError::invalid(path, container.image.as_str(), detail));
            }
        }
    }
    if body.extra.get("ephemeralContainers").is_some() {
        let path = path.child("ephemeralContainers");
        errors.push(FieldError::forbidden(path, "cannot be set on create"));
    }
}

fn host_ports(body: &PodBody, path: &FieldPath, owner: Owner, errors: &mut FieldErrors) {
    if !body.host_network {
        return;
    }
    for (i, container) in body.containers.iter().enumerate() {
        for (j, port) in container.ports.iter().enumerate() {
            let unset = port.host_port == 0 && owner == Owner::Template;
            if !unset && port.host_port != port.container_port {
                let path = path.child("containers").index(i).child("ports").index(j);
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(path.child("hostPort"), port.host_port, detail));
            }
        }
    }
}

fn dns_config(body: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    let config = body.extra.get("dnsConfig");
    let list = |name: &str| config.and_then(|config| config[name].as_array());
    if body.dns_policy == "None" {
        if config.is_none() {
            let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
            return errors.push(FieldError::required(path, detail));
        }
        if list("nameservers").is_none_or(Vec::is_empty) {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.push(FieldError::required(path.child("nameservers"), detail));
        }
    }
    let servers = list("nameservers").map_or(&[][..], Vec::as_slice);
    if servers.len() > 3 {
        let detail = "must not have more than 3 nameservers";
        errors.push(FieldError::invalid(path.child("nameservers"), servers, detail));
    }
    for (i, server) in servers.iter().filter_map(Value::as_str).enumerate() {
        if names::parse_ip_sloppy(server).is_none() {
            let detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            let path = path.child("nameservers").index(i);
            errors.push(FieldError::invalid(path, server, detail));
        }
    }
    let searches = list("searches").map_or(&[][..], Vec::as_slice);
    if searches.len() > 32 {
        let detail = "must not have more than 32 search paths";
        errors.push(FieldError::invalid(path.child("searches"), searches, detail));
    }
}

fn gates(body: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    for (i, gate) in body.readiness_gates.iter().enumerate() {
        let path = path.child("readinessGates").index(i).child("conditionType");
        let name = gate["conditionType"].as_str().unwrap_or_default();
        check(names::is_qualified_name, name, &path, errors);
    }
    let mut seen = BTreeSet::new();
    for (i, gate) in body.scheduling_gates.iter().enumerate() {
        let path = path.child("schedulingGates").index(i);
        let name = gate["name"].as_str().unwrap_or_default();
        check(names::is_qualified_name, name, &path, errors);
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(path, name));
        }
    }
}

fn named_fields(body: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    if !body.service_account_name.is_empty() {
        let path = path.child("serviceAccountName");
        check(names::is_dns1123_subdomain, &body.service_account_name, &path, errors);
    }
    if let Some(seconds) = body.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let detail = names::inclusive_range_error(1, i64::from(i32::MAX));
        errors.push(FieldError::invalid(path.child("activeDeadlineSeconds"), seconds, &detail));
    }
    for (name, text) in [("hostname", &body.hostname), ("subdomain", &body.subdomain)] {
        if !text.is_empty() {
            check(names::is_dns1123_label, text, &path.child(name), errors);
        }
    }
}

fn priorities(body: &PodBody, path: &FieldPath, errors: &mut FieldErrors) {
    if !body.priority_class_name.is_empty() {
        let path = path.child("priorityClassName");
        check(names::is_dns1123_subdomain, &body.priority_class_name, &path, errors);
    }
    if let Some(name) = &body.runtime_class_name {
        check(names::is_dns1123_subdomain, name, &path.child("runtimeClassName"), errors);
    }
    if let Some(policy) = &body.preemption_policy {
        let path = path.child("preemptionPolicy");
        one_of(policy, &["PreemptLowerPriority", "Never"], path, errors);
    }
}

/// The effects of taints.
pub const TAINT_EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

pub fn tolerations(tolerations: &[Toleration], path: &FieldPath, errors: &mut FieldErrors) {
    for (i, toleration) in tolerations.iter().enumerate() {
        let path = path.index(i);
        let operator = path.child("operator");
        if !toleration.key.is_empty() {
            check(names::is_qualified_name, &toleration.key, &path.child("key"), errors);
        }
        if toleration.key.is_empty() && toleration.operator != "Exists" {
            let detail = "operator must be Exists when `key` is empty, which means \"match all \
                          values and all keys\"";
            errors.push(FieldError::invalid(&operator, toleration.operator.as_str(), detail));
        }
        if toleration.toleration_seconds.is_some() && toleration.effect != "NoExecute" {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            let value = toleration.effect.as_str();
            errors.push(FieldError::invalid(path.child("effect"), value, detail));
        }
        let value = toleration.value.as_str();
        match toleration.operator.as_str() {
            "Equal" | "" => {
                let wrong = names::is_valid_label_value(value);
                if !wrong.is_empty() {
                    errors.push(FieldError::invalid(&operator, value, &wrong.join(";")));
                }
            }
            "Exists" if value.is_empty() => {}
            "Exists" => {
                let detail = "value must be empty when `operator` is 'Exists'";
                errors.push(FieldError::invalid(&operator, value, detail));
            }
            other => {
                let supported: &[&str] = match other {
                    "Lt" | "Gt" => &["Equal", "Exists", "Lt", "Gt"],
                    _ => &["Equal", "Exists"],
                };
                errors.push(FieldError::not_supported(&operator, other, supported));
            }
        }
        if !toleration.effect.is_empty() {
            one_of(&toleration.effect, &TAINT_EFFECTS, path.child("effect"), errors);
        }
    }
}
