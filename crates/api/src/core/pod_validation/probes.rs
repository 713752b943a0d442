//! Probes and hooks.
// Models validateProbe, validateHandler and validateLifecycle of
// pkg/apis/core/validation/validation.go.

use apimachinery::field_path::FieldPath;
use apimachinery::int_or_string::IntOrString;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};

use crate::core::container::Container;
use crate::core::probe::{
    ExecAction, GrpcAction, HttpGetAction, Lifecycle, Probe, SleepAction, TcpSocketAction,
};
use crate::validation::{non_negative, port};

#[derive(Default)]
struct Handler<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HttpGetAction>,
    tcp_socket: Option<&'a TcpSocketAction>,
    grpc: Option<&'a GrpcAction>,
    sleep: Option<&'a SleepAction>,
}

/// Hooks and probes of a container. `grace` bounds how long a hook may sleep.
pub fn validate(
    container: &Container,
    grace: Option<i64>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    if let Some(lifecycle) = &container.lifecycle {
        hooks(lifecycle, grace, &path.child("lifecycle"), errors);
    }
    if let Some(probe) = &container.liveness_probe {
        once(probe, &path.child("livenessProbe"), errors);
    }
    if let Some(probe) = &container.readiness_probe {
        let path = path.child("readinessProbe");
        validate_probe(probe, &path, errors);
        if let Some(seconds) = probe.termination_grace_period_seconds {
            let path = path.child("terminationGracePeriodSeconds");
            errors.push(FieldError::invalid(path, seconds, "must not be set for readinessProbes"));
        }
    }
    if let Some(probe) = &container.startup_probe {
        once(probe, &path.child("startupProbe"), errors);
    }
}

fn hooks(lifecycle: &Lifecycle, grace: Option<i64>, path: &FieldPath, errors: &mut FieldErrors) {
    for (name, hook) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
        let Some(hook) = hook else { continue };
        let handler = Handler {
            exec: hook.exec.as_ref(),
            http_get: hook.http_get.as_ref(),
            tcp_socket: hook.tcp_socket.as_ref(),
            sleep: hook.sleep.as_ref(),
            grpc: None,
        };
        validate_handler(&handler, grace, &path.child(name), errors);
    }
}

/// Liveness and startup probes succeed at the first success.
fn once(probe: &Probe, path: &FieldPath, errors: &mut FieldErrors) {
    validate_probe(probe, path, errors);
    if probe.success_threshold != 1 {
        let path = path.child("successThreshold");
        errors.push(FieldError::invalid(path, probe.success_threshold, "must be 1"));
    }
}

fn validate_probe(probe: &Probe, path: &FieldPath, errors: &mut FieldErrors) {
    let handler = Handler {
        exec: probe.exec.as_ref(),
        http_get: probe.http_get.as_ref(),
        tcp_socket: probe.tcp_socket.as_ref(),
        grpc: probe.grpc.as_ref(),
        sleep: None,
    };
    validate_handler(&handler, None, path, errors);
    for (name, number) in [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        non_negative(i64::from(number), path.child(name), errors);
    }
    if let Some(seconds @ ..=0) = probe.termination_grace_period_seconds {
        let path = path.child("terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(path, seconds, "must be greater than 0"));
    }
}

fn validate_handler(
    handler: &Handler<'_>,
    grace: Option<i64>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    let set = [
        ("exec", handler.exec.is_some()),
        ("httpGet", handler.http_get.is_some()),
        ("tcpSocket", handler.tcp_socket.is_some()),
        ("grpc", handler.grpc.is_some()),
        ("sleep", handler.sleep.is_some()),
    ];
    let mut given = set.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name);
    let Some(first) = given.next() else {
        return errors.push(FieldError::required(path, "must specify a handler type"));
    };
    validate_action(handler, first, grace, &path.child(first), errors);
    for more in given {
        let detail = "may not specify more than 1 handler type";
        errors.push(FieldError::forbidden(path.child(more), detail));
    }
}

fn validate_action(
    handler: &Handler<'_>,
    name: &str,
    grace: Option<i64>,
    path: &FieldPath,
    errors: &mut FieldErrors,
) {
    match (name, handler) {
        ("exec", Handler { exec: Some(exec), .. }) if exec.command.is_empty() => {
            errors.push(FieldError::required(path.child("command"), ""));
        }
        ("httpGet", Handler { http_get: Some(get), .. }) => http_get(get, path, errors),
        ("tcpSocket", Handler { tcp_socket: Some(tcp), .. }) => {
            port(&tcp.port, path.child("port"), errors);
        }
        ("grpc", Handler { grpc: Some(grpc), .. }) => {
            port(&IntOrString::Int(grpc.port), path.child("port"), errors);
        }
        ("sleep", Handler { sleep: Some(sleep), .. }) => {
            let Some(grace) = grace else { return };
            if sleep.seconds < 0 || sleep.seconds > grace {
                let detail = format!(
                    "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                );
                errors.push(FieldError::invalid(path, sleep.seconds, &detail));
            }
        }
        _ => {}
    }
}

fn http_get(get: &HttpGetAction, path: &FieldPath, errors: &mut FieldErrors) {
    if get.path.is_empty() {
        errors.push(FieldError::required(path.child("path"), ""));
    }
    port(&get.port, path.child("port"), errors);
    let schemes = ["HTTP", "HTTPS"];
    if !schemes.contains(&get.scheme.as_str()) {
        errors.push(FieldError::not_supported(path.child("scheme"), &get.scheme, &schemes));
    }
    for header in &get.http_headers {
        for message in names::is_http_header_name(&header.name) {
            let path = path.child("httpHeaders");
            errors.push(FieldError::invalid(path, header.name.as_str(), &message));
        }
    }
}
