//! What is wrong with an Ingress.
// Models pkg/apis/networking/validation/validation.go.

use super::ingress::{
    HttpIngressPath, IngressBackend, IngressLoadBalancerStatus, IngressRule, IngressSpec,
    TypedLocalObjectReference,
};
use crate::validation::check;
use apimachinery::field_path::FieldPath;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};

const PATH_TYPES: [&str; 3] = ["Exact", "ImplementationSpecific", "Prefix"];
const NOT_IN_PATHS: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const NOT_AT_END: [&str; 2] = ["/..", "/."];
const NO_ADDRESS: &str = "must be a DNS name, not an IP address";

/// Checks a spec. What an old one had wrong already is not held against the new one.
pub fn spec(spec: &IngressSpec, old: Option<&IngressSpec>, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    if spec.rules.is_empty() && spec.default_backend.is_none() {
        let detail = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(&path, serde_json::Value::Null, detail));
    }
    if let Some(default) = &spec.default_backend {
        backend(default, &path.child("defaultBackend"), errors);
    }
    let is_loose = old.is_some_and(has_bad_wildcard_rule);
    for (at, one) in spec.rules.iter().enumerate() {
        rule(one, is_loose, &path.child("rules").index(at), errors);
    }
    tls(spec, old, &path.child("tls"), errors);
    if let Some(class) = &spec.ingress_class_name {
        check(names::is_dns1123_subdomain, class, &path.child("ingressClassName"), errors);
    }
}

fn host(text: &str, path: &FieldPath, errors: &mut FieldErrors) {
    let rule = match text.contains('*') {
        true => names::is_wildcard_dns1123_subdomain,
        false => names::is_dns1123_subdomain,
    };
    check(rule, text, path, errors);
}

fn is_bad_secret_name(name: &str) -> bool {
    !name.is_empty() && !names::is_dns1123_subdomain(name).is_empty()
}

fn tls(spec: &IngressSpec, old: Option<&IngressSpec>, path: &FieldPath, errors: &mut FieldErrors) {
    let was_bad =
        |old: &IngressSpec| old.tls.iter().any(|tls| is_bad_secret_name(&tls.secret_name));
    let is_loose = old.is_some_and(was_bad);
    for (at, one) in spec.tls.iter().enumerate() {
        let path = path.index(at);
        for (at, name) in one.hosts.iter().enumerate() {
            host(name, &path.child("hosts").index(at), errors);
        }
        if !is_loose && !one.secret_name.is_empty() {
            let path = path.child("secretName");
            check(names::is_dns1123_subdomain, &one.secret_name, &path, errors);
        }
    }
}

fn has_bad_wildcard_rule(spec: &IngressSpec) -> bool {
    spec.rules.iter().filter(|rule| rule.host.contains('*')).any(|rule| {
        let mut errors = FieldErrors::new();
        paths(rule, &FieldPath::root(), &mut errors);
        !errors.is_empty()
    })
}

fn rule(rule: &IngressRule, is_loose: bool, path: &FieldPath, errors: &mut FieldErrors) {
    if !rule.host.is_empty() {
        let path = path.child("host");
        if names::parse_ip_sloppy(&rule.host).is_some() {
            errors.push(FieldError::invalid(&path, rule.host.as_str(), NO_ADDRESS));
        }
        host(&rule.host, &path, errors);
    }
    if !(is_loose && rule.host.contains('*')) {
        paths(rule, path, errors);
    }
}

fn paths(rule: &IngressRule, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(http) = &rule.http else { return };
    let path = path.child("http").child("paths");
    if http.paths.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    for (at, one) in http.paths.iter().enumerate() {
        http_path(one, &path.index(at), errors);
    }
}

fn http_path(one: &HttpIngressPath, path: &FieldPath, errors: &mut FieldErrors) {
    let Some(path_type) = &one.path_type else {
        errors.push(FieldError::required(path.child("pathType"), "pathType must be specified"));
        return;
    };
    let text = one.path.as_str();
    let mut wrong =
        |detail: &str| errors.push(FieldError::invalid(path.child("path"), text, detail));
    let is_strict = matches!(path_type.as_str(), "Exact" | "Prefix");
    if !PATH_TYPES.contains(&path_type.as_str()) {
        let path = path.child("pathType");
        errors.push(FieldError::not_supported(path, path_type, &PATH_TYPES));
    } else {
        if !text.starts_with('/') && (is_strict || !text.is_empty()) {
            wrong("must be an absolute path");
        }
        if is_strict {
            for part in NOT_IN_PATHS.iter().filter(|part| text.contains(**part)) {
                wrong(&format!("must not contain '{part}'"));
            }
            for end in NOT_AT_END.iter().filter(|end| text.ends_with(**end)) {
                wrong(&format!("cannot end with '{end}'"));
            }
        }
    }
    backend(&one.backend, &path.child("backend"), errors);
}

fn backend(backend: &IngressBackend, path: &FieldPath, errors: &mut FieldErrors) {
    let service = match (&backend.service, &backend.resource) {
        (Some(_), Some(_)) => {
            let detail = "cannot set both resource and service backends";
            errors.push(FieldError::invalid(path, "", detail));
            return;
        }
        (None, Some(resource)) => return reference(resource, &path.child("resource"), errors),
        (None, None) => {
            let detail = "resource or service backend is required";
            errors.push(FieldError::invalid(path, "", detail));
            return;
        }
        (Some(service), None) => service,
    };
    let inner = path.child("service");
    match service.name.is_empty() {
        true => errors.push(FieldError::required(inner.child("name"), "")),
        false => check(names::is_dns1123_label, &service.name, &inner.child("name"), errors),
    }
    let port = inner.child("port");
    match (service.port.name.as_str(), service.port.number) {
        ("", 0) => errors.push(FieldError::required(path, "port name or number is required")),
        ("", number) => {
            for message in names::is_valid_port_num(i64::from(number)) {
                errors.push(FieldError::invalid(port.child("number"), number, &message));
            }
        }
        (name, 0) => check(names::is_valid_port_name, name, &port.child("name"), errors),
        _ => {
            let detail = "cannot set both port name & port number";
            errors.push(FieldError::invalid(path, "", detail));
        }
    }
}

fn reference(to: &TypedLocalObjectReference, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(group) = &to.api_group {
        check(names::is_dns1123_subdomain, group, &path.child("apiGroup"), errors);
    }
    segments(&to.kind, &to.name, path, errors);
}

/// The kind and the name of an object that is referred to.
pub fn segments(kind: &str, name: &str, path: &FieldPath, errors: &mut FieldErrors) {
    for (field, text) in [("kind", kind), ("name", name)] {
        match text.is_empty() {
            true => errors.push(FieldError::required(path.child(field), "")),
            false => check(names::is_path_segment_name, text, &path.child(field), errors),
        }
    }
}

pub fn load_balancer(status: &IngressLoadBalancerStatus, errors: &mut FieldErrors) {
    let path = FieldPath::new("status").child("loadBalancer").child("ingress");
    for (at, one) in status.ingress.iter().enumerate() {
        let path = path.index(at);
        if !one.ip.is_empty() && names::parse_ip_sloppy(&one.ip).is_none() {
            check(names::is_valid_ip, &one.ip, &path.child("ip"), errors);
        }
        if !one.hostname.is_empty() {
            let path = path.child("hostname");
            check(names::is_dns1123_subdomain, &one.hostname, &path, errors);
            if names::parse_ip_sloppy(&one.hostname).is_some() {
                errors.push(FieldError::invalid(&path, one.hostname.as_str(), NO_ADDRESS));
            }
        }
    }
}
