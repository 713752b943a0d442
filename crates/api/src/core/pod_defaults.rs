//! What the API server fills into a pod's spec where the user said nothing.
// Models pkg/apis/core/v1/defaults.go.

use std::sync::Arc;

use apimachinery::quantity::Quantity;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::container::{Container, EnvVar, ResourceList};
use super::pod_spec::{PodBody, PodSpec};
use super::probe::{HttpGetAction, Lifecycle, Probe};
use super::volume::Volume;

/// The mode of files that secrets and config maps give: 0644.
const FILE_MODE: i32 = 420;

/// Fills a pod's own spec. The body stays shared if nothing is missing in it.
pub fn default_pod(spec: &mut PodSpec) {
    default_shared(spec, default_pod_body);
}

/// Fills the spec of a controller's template. The body stays shared if nothing is missing in it.
pub fn default_template(spec: &mut PodSpec) {
    default_shared(spec, default_template_body);
}

fn default_shared(spec: &mut PodSpec, fill: fn(&mut PodBody)) {
    let mut body = (*spec.body).clone();
    fill(&mut body);
    if body != *spec.body {
        spec.body = Arc::new(body);
    }
}

/// What a pod's body has beyond a template's: requests from limits, service links, host ports.
pub fn default_pod_body(body: &mut PodBody) {
    default_template_body(body);
    body.enable_service_links.get_or_insert(true);
    let host_network = body.host_network;
    for container in body.containers.iter_mut().chain(&mut body.init_containers) {
        for (name, limit) in &container.resources.limits {
            let requests = &mut container.resources.requests;
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
        for port in container.ports.iter_mut().filter(|port| host_network && port.host_port == 0) {
            port.host_port = port.container_port;
        }
    }
}

/// What every pod spec gets, template or not.
pub fn default_template_body(body: &mut PodBody) {
    fill(&mut body.dns_policy, "ClusterFirst");
    fill(&mut body.restart_policy, "Always");
    fill(&mut body.scheduler_name, "default-scheduler");
    body.security_context.get_or_insert_with(|| json!({}));
    body.termination_grace_period_seconds.get_or_insert(30);
    // The old and the new name of the field stand for each other.
    if body.service_account_name.is_empty() {
        body.service_account_name = body.service_account.clone();
    } else {
        body.service_account = body.service_account_name.clone();
    }
    round_resources(&mut body.overhead);
    body.volumes.iter_mut().for_each(default_volume);
    body.init_containers.iter_mut().for_each(default_container);
    body.containers.iter_mut().for_each(default_container);
}

fn fill(text: &mut SmolStr, value: &'static str) {
    if text.is_empty() {
        *text = SmolStr::new_static(value);
    }
}

/// Amounts finer than a thousandth are rounded up.
pub fn round_resources(list: &mut ResourceList) {
    for amount in list.values_mut() {
        let milli = Quantity::from_milli(amount.milli_value(), amount.format());
        if *amount > Quantity::zero() && milli > *amount {
            *amount = milli;
        }
    }
}

fn default_container(container: &mut Container) {
    if container.image_pull_policy.is_empty() {
        let latest = image_tag(&container.image) == "latest";
        let policy = if latest { "Always" } else { "IfNotPresent" };
        container.image_pull_policy = SmolStr::new_static(policy);
    }
    fill(&mut container.termination_message_path, "/dev/termination-log");
    fill(&mut container.termination_message_policy, "File");
    for port in &mut container.ports {
        fill(&mut port.protocol, "TCP");
    }
    container.env.iter_mut().for_each(default_env);
    round_resources(&mut container.resources.limits);
    round_resources(&mut container.resources.requests);
    let probes = [
        &mut container.liveness_probe,
        &mut container.readiness_probe,
        &mut container.startup_probe,
    ];
    probes.into_iter().flatten().for_each(|probe| default_probe(probe));
    if let Some(lifecycle) = &mut container.lifecycle {
        default_lifecycle(lifecycle);
    }
}

fn default_env(variable: &mut EnvVar) {
    let Some(source) = &mut variable.value_from else { return };
    if let Some(field) = source.get_mut("fieldRef") {
        set_missing(field, "apiVersion", "v1");
    }
}

fn default_probe(probe: &mut Probe) {
    for (number, value) in [
        (&mut probe.timeout_seconds, 1),
        (&mut probe.period_seconds, 10),
        (&mut probe.success_threshold, 1),
        (&mut probe.failure_threshold, 3),
    ] {
        if *number == 0 {
            *number = value;
        }
    }
    if let Some(get) = &mut probe.http_get {
        default_http_get(get);
    }
    if let Some(grpc) = &mut probe.grpc {
        grpc.service.get_or_insert_default();
    }
}

fn default_http_get(get: &mut HttpGetAction) {
    fill(&mut get.path, "/");
    fill(&mut get.scheme, "HTTP");
}

fn default_lifecycle(lifecycle: &mut Lifecycle) {
    for hook in [&mut lifecycle.post_start, &mut lifecycle.pre_stop].into_iter().flatten() {
        if let Some(get) = &mut hook.http_get {
            default_http_get(get);
        }
    }
}

fn set_missing(value: &mut Value, key: &str, default: impl Into<Value>) {
    if let Some(map) = value.as_object_mut() {
        let field = map.entry(key).or_insert(Value::Null);
        if field.is_null() || field == "" {
            *field = default.into();
        }
    }
}

fn default_items(source: &mut Value) {
    for item in source.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(field) = item.get_mut("fieldRef") {
            set_missing(field, "apiVersion", "v1");
        }
    }
}

fn default_projected(source: &mut Value) {
    set_missing(source, "defaultMode", FILE_MODE);
    for part in source.get_mut("sources").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(token) = part.get_mut("serviceAccountToken") {
            set_missing(token, "expirationSeconds", 3600);
        }
        if let Some(downward) = part.get_mut("downwardAPI") {
            default_items(downward);
        }
    }
}

fn default_volume(volume: &mut Volume) {
    if let Some(source) = &mut volume.projected {
        default_projected(source);
    }
    for source in [&mut volume.config_map, &mut volume.secret].into_iter().flatten() {
        set_missing(source, "defaultMode", FILE_MODE);
    }
    if let Some(source) = volume.host_path.as_mut().and_then(|source| source.as_object_mut()) {
        source.entry("type").or_insert_with(|| "".into());
    }
    if let Some(extra) = &mut volume.extra.0 {
        if let Some(source) = extra.get_mut("downwardAPI") {
            set_missing(source, "defaultMode", FILE_MODE);
            default_items(source);
        }
        let claim = extra.get_mut("ephemeral").and_then(|e| e.get_mut("volumeClaimTemplate"));
        if let Some(spec) = claim.and_then(|template| template.get_mut("spec")) {
            set_missing(spec, "volumeMode", "Filesystem");
        }
        if let Some(source) = extra.get_mut("image") {
            let latest = image_tag(source["reference"].as_str().unwrap_or_default()) == "latest";
            set_missing(source, "pullPolicy", if latest { "Always" } else { "IfNotPresent" });
        }
    }
    let sources = [
        &volume.config_map,
        &volume.host_path,
        &volume.persistent_volume_claim,
        &volume.projected,
        &volume.secret,
    ];
    if sources.iter().all(|source| source.is_none())
        && volume.empty_dir.is_none()
        && volume.extra.0.is_none()
    {
        volume.empty_dir = Some(Box::default());
    }
}

/// The tag of an image's reference: `latest` where neither tag nor digest is given, empty where it
/// cannot be read. Models pkg/util/parsers/parsers.go.
pub fn image_tag(reference: &str) -> &str {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let last = name.get(start..).unwrap_or_default();
    let (path, tag) = match last.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (last, None),
    };
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if path.is_empty() || !path.bytes().all(legal) {
        return "";
    }
    tag.unwrap_or(if digest.is_none() { "latest" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use apimachinery::wire::Wire;

    #[test]
    fn tags_decide_the_pull_policy() {
        for (image, tag) in [
            ("nginx", "latest"),
            ("nginx:latest", "latest"),
            ("nginx:1.27", "1.27"),
            ("localhost:5000/nginx", "latest"),
            ("registry.k8s.io/a/b:v1", "v1"),
            ("nginx@sha256:abc", ""),
            ("Nginx", ""),
            ("", ""),
        ] {
            assert_eq!(image_tag(image), tag, "{image}");
        }
    }

    #[test]
    fn a_whole_pod_body_stays_shared() {
        let spec = json!({"containers": [{"name": "c", "image": "a", "resources":
            {"limits": {"cpu": "1"}}, "livenessProbe": {"httpGet": {"port": 80}}}],
            "volumes": [{"name": "v"}, {"name": "c", "configMap": {"name": "m"}}]});
        let mut spec = PodSpec::from_value(spec).unwrap();
        default_pod(&mut spec);
        let body = Arc::clone(&spec.body);
        default_pod(&mut spec);
        assert!(Arc::ptr_eq(&body, &spec.body));
        let value = spec.to_value();
        assert_eq!(value["containers"][0]["resources"]["requests"]["cpu"], "1");
        assert_eq!(value["containers"][0]["livenessProbe"]["httpGet"]["path"], "/");
        assert_eq!(value["volumes"][0]["emptyDir"], json!({}));
        assert_eq!(value["volumes"][1]["configMap"]["defaultMode"], 420);
        assert_eq!(value["enableServiceLinks"], true);
    }
}
