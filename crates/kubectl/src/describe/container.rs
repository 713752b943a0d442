//! Containers of pods and of templates.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::{long_time, or_none};
use crate::path::{Look, scalar};

/// Lists containers. Templates have no `pod` and stand deeper.
pub fn containers(
    pen: &mut Pen,
    title: &str,
    containers: &[Value],
    statuses: &[Value],
    pod: Option<&Value>,
) {
    let space = if pod.is_some() { "" } else { "  " };
    let none = if containers.is_empty() { " <none>" } else { "" };
    pen.line(0, &format!("{space}{title}:{none}"));
    for container in containers {
        let name = container.text("name");
        let status = statuses.iter().find(|status| status.text("name") == name);
        let indent = if pod.is_some() { "" } else { " " };
        pen.line(1, &format!("{indent}{name}:"));
        basics(pen, container, status);
        words(pen, "Command", container.items("command"));
        words(pen, "Args", container.items("args"));
        if let Some(status) = status {
            state(pen, "State", status.at("state"));
            if status.has("lastState.terminated") {
                state(pen, "Last State", status.at("lastState"));
            }
            pen.field(2, "Ready", if status.flag("ready") { "True" } else { "False" });
            pen.field(2, "Restart Count", &status.int("restartCount").to_string());
        }
        resources(pen, 2, container.at("resources"));
        for (title, field) in [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ] {
            if container.has(field) {
                pen.field(2, title, &probe(container.at(field)));
            }
        }
        environment(pen, container, pod);
        mounts(pen, container);
    }
}

fn ports(container: &Value, field: &str) -> String {
    let port = |port: &Value| {
        let text = format!("{}/{}", port.int(field), port.text("protocol"));
        match port.text("name") {
            "" => text,
            name => format!("{text} ({name})"),
        }
    };
    container.items("ports").iter().map(port).collect::<Vec<_>>().join(", ")
}

fn basics(pen: &mut Pen, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        pen.field(2, "Container ID", status.text("containerID"));
    }
    pen.field(2, "Image", container.text("image"));
    if let Some(status) = status {
        pen.field(2, "Image ID", status.text("imageID"));
    }
    for (one, many, field) in
        [("Port", "Ports", "containerPort"), ("Host Port", "Host Ports", "hostPort")]
    {
        let text = ports(container, field);
        let title = if text.contains(',') { many } else { one };
        pen.field(2, title, or_none(&text));
    }
    let profile = container.at("securityContext.seccompProfile");
    if !profile.is_null() {
        pen.field(2, "SeccompProfile", profile.text("type"));
        if profile.text("type") == "Localhost" {
            pen.field(3, "LocalhostProfile", profile.text("localhostProfile"));
        }
    }
}

fn words(pen: &mut Pen, title: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    pen.line(2, &format!("{title}:"));
    for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
        pen.line(3, line);
    }
}

fn state(pen: &mut Pen, title: &str, state: &Value) {
    if state.has("running") {
        pen.field(2, title, "Running");
        pen.field(3, "Started", &long_time(state.at("running.startedAt")));
    } else if state.has("terminated") {
        let end = state.at("terminated");
        pen.field(2, title, "Terminated");
        pen.some(3, "Reason", end.text("reason"));
        pen.some(3, "Message", end.text("message"));
        pen.field(3, "Exit Code", &end.int("exitCode").to_string());
        if end.int("signal") > 0 {
            pen.field(3, "Signal", &end.int("signal").to_string());
        }
        pen.field(3, "Started", &long_time(end.at("startedAt")));
        pen.field(3, "Finished", &long_time(end.at("finishedAt")));
    } else {
        pen.field(2, title, "Waiting");
        pen.some(3, "Reason", state.text("waiting.reason"));
    }
}

pub fn resources(pen: &mut Pen, level: usize, resources: &Value) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let pairs = resources.pairs(field);
        if !pairs.is_empty() {
            pen.line(level, &format!("{title}:"));
        }
        for (name, value) in pairs {
            pen.field(level + 1, name, &scalar(value));
        }
    }
}

pub fn probe(probe: &Value) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        probe.int("initialDelaySeconds"),
        probe.int("timeoutSeconds"),
        probe.int("periodSeconds"),
        probe.int("successThreshold"),
        probe.int("failureThreshold")
    );
    if probe.has("exec") {
        let words: Vec<String> = probe.items("exec.command").iter().map(scalar).collect();
        return format!("exec [{}] {attributes}", words.join(" "));
    }
    if probe.has("httpGet") {
        let get = probe.at("httpGet");
        let scheme = get.text("scheme").to_ascii_lowercase();
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
        let host = get.text("host");
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let path = get.text("path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let port = scalar(get.at("port"));
        return format!("http-get {scheme}//{host}:{port}{slash}{path} {attributes}");
    }
    if probe.has("tcpSocket") {
        let port = scalar(probe.at("tcpSocket.port"));
        return format!("tcp-socket {}:{port} {attributes}", probe.text("tcpSocket.host"));
    }
    if probe.has("grpc") {
        let (port, service) = (probe.int("grpc.port"), probe.text("grpc.service"));
        return format!("grpc <pod>:{port} {service} {attributes}");
    }
    format!("unknown {attributes}")
}

fn environment(pen: &mut Pen, container: &Value, pod: Option<&Value>) {
    let from = container.items("envFrom");
    if !from.is_empty() {
        pen.line(2, "Environment Variables from:");
    }
    for source in from {
        let (kind, reference) = match source.has("configMapRef") {
            true => ("ConfigMap", source.at("configMapRef")),
            false => ("Secret", source.at("secretRef")),
        };
        let prefix = match source.text("prefix") {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let (name, optional) = (reference.text("name"), reference.flag("optional"));
        pen.line(3, &format!("{name}\t{kind}{prefix}\tOptional: {optional}"));
    }
    let variables = container.items("env");
    pen.line(2, if variables.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in variables {
        let name = variable.text("name");
        if !variable.has("valueFrom") {
            for (at, line) in variable.text("value").split('\n').enumerate() {
                let name = if at == 0 { format!("{name}:") } else { String::new() };
                pen.line(3, &format!("{name}\t{line}"));
            }
            continue;
        }
        let source = variable.at("valueFrom");
        pen.field(3, name, &value_from(source, container, pod));
    }
}

fn value_from(source: &Value, container: &Value, pod: Option<&Value>) -> String {
    if source.has("fieldRef") {
        let path = source.text("fieldRef.fieldPath");
        let value = pod.map(|pod| scalar(field_of(pod, path))).unwrap_or_default();
        return format!("{value} ({}:{path})", source.text("fieldRef.apiVersion"));
    }
    if source.has("resourceFieldRef") {
        let resource = source.text("resourceFieldRef.resource");
        let value = scalar(container.at("resources").at(resource));
        let value = if value.is_empty() && resource.starts_with("limits.") {
            "node allocatable".to_owned()
        } else if value.is_empty() {
            "0".to_owned()
        } else {
            value
        };
        return format!("{value} ({resource})");
    }
    let (field, words) = match source.has("secretKeyRef") {
        true => ("secretKeyRef", "in secret"),
        false => ("configMapKeyRef", "of config map"),
    };
    let reference = source.at(field);
    format!(
        "<set to the key '{}' {words} '{}'>\tOptional: {}",
        reference.text("key"),
        reference.text("name"),
        reference.flag("optional")
    )
}

/// `metadata.labels['app']` or a plain path.
fn field_of<'a>(pod: &'a Value, path: &str) -> &'a Value {
    match path.split_once("['") {
        Some((map, key)) => {
            let key = key.trim_end_matches("']");
            pod.at(map).get(key).unwrap_or(&Value::Null)
        }
        None => pod.at(path),
    }
}

fn mounts(pen: &mut Pen, container: &Value) {
    let mut mounts: Vec<&Value> = container.items("volumeMounts").iter().collect();
    mounts.sort_by_key(|mount| mount.text("mountPath"));
    pen.line(2, if mounts.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    for mount in mounts {
        let mode = if mount.flag("readOnly") { "ro" } else { "rw" };
        let path = match mount.text("subPath") {
            "" => String::new(),
            path => format!(",path={path:?}"),
        };
        let (at, from) = (mount.text("mountPath"), mount.text("name"));
        pen.line(3, &format!("{at} from {from} ({mode}{path})"));
    }
    let devices = container.items("volumeDevices");
    if !devices.is_empty() {
        pen.line(2, "Devices:");
    }
    for device in devices {
        pen.line(3, &format!("{} from {}", device.text("devicePath"), device.text("name")));
    }
}
