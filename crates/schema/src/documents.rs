//! The documents by which a client learns what a server has: discovery, version, health.
//! All of them come from a list of resources, so that whoever adds resources tells of them too.
// Models apiserver/pkg/endpoints/discovery and apiserver/pkg/server/healthz.

use serde_json::{Value, json};

use crate::sha256::sha256;
use crate::{Resource, Schema};

/// `/api`: `address` is where the server says it can be reached.
pub fn api_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// Groups with their versions in the order of preference, without the core group.
fn groups<'a>(resources: &[&'a Resource]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for resource in resources.iter().filter(|resource| !resource.group.is_empty()) {
        match groups.iter_mut().find(|(name, _)| *name == resource.group) {
            Some((_, versions)) if versions.contains(&resource.version) => {}
            Some((_, versions)) => versions.push(resource.version),
            None => groups.push((resource.group, vec![resource.version])),
        }
    }
    groups
}

fn group_value(name: &str, versions: &[&str]) -> Value {
    let version =
        |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    let all: Vec<Value> = versions.iter().map(version).collect();
    json!({"name": name, "preferredVersion": all.first(), "versions": all})
}

/// `/apis`
pub fn api_group_list(resources: &[&Resource]) -> Value {
    let groups: Vec<Value> =
        groups(resources).iter().map(|(name, versions)| group_value(name, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`
pub fn api_group(resources: &[&Resource], group: &str) -> Option<Value> {
    let groups = groups(resources);
    let (name, versions) = groups.iter().find(|(name, _)| *name == group)?;
    let mut value = group_value(name, versions);
    value["kind"] = "APIGroup".into();
    value["apiVersion"] = "v1".into();
    Some(value)
}

/// `/api/v1` and `/apis/GROUP/VERSION`
pub fn api_resource_list(resources: &[&Resource], group: &str, version: &str) -> Option<Value> {
    let mut list: Vec<Value> = Vec::new();
    for resource in resources.iter().filter(|r| r.group == group && r.version == version) {
        list.push(listed(resource));
        for sub in &resource.subresources {
            let mut value = json!({
                "name": format!("{}/{}", resource.plural, sub.name),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": sub.kind,
                "verbs": sub.verbs,
            });
            if (sub.group, sub.version) != (group, version) {
                value["version"] = sub.version.into();
                value["group"] = sub.group.into();
            }
            list.push(value);
        }
    }
    if list.is_empty() {
        return None;
    }
    list.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let mut value = json!({
        "kind": "APIResourceList", "groupVersion": group_version(group, version), "resources": list,
    });
    if !group.is_empty() {
        value["apiVersion"] = "v1".into();
    }
    Some(value)
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn listed(resource: &Resource) -> Value {
    let mut value = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.verbs,
    });
    add_names(&mut value, resource);
    if resource.verbs.contains(&"update") {
        value["storageVersionHash"] = storage_version_hash(resource).into();
    }
    value
}

fn add_names(value: &mut Value, resource: &Resource) {
    if !resource.short_names.is_empty() {
        value["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        value["categories"] = json!(resource.categories);
    }
}

/// Which group and version objects are kept in, where that is another one.
const STORED_ELSEWHERE: [(&str, &str, &str, &str); 2] =
    [("events.k8s.io", "v1", "", "v1"), ("autoscaling", "v1", "autoscaling", "v2")];

// Models StorageVersionHash of apiserver/pkg/endpoints/discovery/storageversionhash.go.
fn storage_version_hash(resource: &Resource) -> String {
    let elsewhere = STORED_ELSEWHERE
        .iter()
        .find(|(group, version, ..)| *group == resource.group && *version == resource.version);
    let (group, version) = elsewhere
        .map_or((resource.group, resource.version), |(_, _, group, version)| (*group, *version));
    let digest = sha256(format!("{group}/{version}/{}", resource.kind).as_bytes());
    base64(digest.get(..8).unwrap_or(&[]))
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |n, i| n << 8 | u32::from(part.get(i).copied().unwrap_or(0)));
        for place in 0..4u32 {
            let sign = SIGNS.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'A');
            let is_there = usize::try_from(place).is_ok_and(|place| place <= part.len());
            out.push(if is_there { char::from(sign) } else { '=' });
        }
    }
    out
}

/// `/api` and `/apis` as one document each (`APIGroupDiscoveryList`).
// Models apiserver/pkg/endpoints/discovery/aggregated.
pub fn aggregated(resources: &[&Resource], is_core: bool) -> Value {
    let mut groups = groups(resources);
    if is_core {
        groups = vec![("", vec!["v1"])];
    }
    let items: Vec<Value> = groups
        .iter()
        .map(|(name, versions)| {
            let versions: Vec<Value> =
                versions.iter().map(|version| in_version(resources, name, version)).collect();
            let metadata = if is_core { json!({}) } else { json!({"name": name}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn in_version(resources: &[&Resource], group: &str, version: &str) -> Value {
    let own = resources.iter().filter(|r| r.group == group && r.version == version);
    let listed: Vec<Value> = own.map(|resource| discovered(resource)).collect();
    json!({"version": version, "freshness": "Current", "resources": listed})
}

fn discovered(resource: &Resource) -> Value {
    let kind = |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut value = json!({
        "resource": resource.plural,
        "responseKind": kind("", "", resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    add_names(&mut value, resource);
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| {
            let is_own = (sub.group, sub.version) == (resource.group, resource.version);
            let (group, version) = if is_own { ("", "") } else { (sub.group, sub.version) };
            json!({
                "subresource": sub.name,
                "responseKind": kind(group, version, sub.kind),
                "verbs": sub.verbs,
            })
        })
        .collect();
    if !subresources.is_empty() {
        value["subresources"] = subresources.into();
    }
    value
}

/// What a build says of itself; `is_server` adds what only a server tells.
// Models apimachinery/pkg/version/types.go. No Go built this program, so it names no compiler.
pub fn version(is_server: bool) -> Value {
    let mut info = json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": "kubarium/wasm",
    });
    if is_server {
        for (key, value) in [
            ("emulationMajor", "1"),
            ("emulationMinor", "36"),
            ("minCompatibilityMajor", "1"),
            ("minCompatibilityMinor", "35"),
        ] {
            info[key] = value.into();
        }
    }
    info
}

/// Hooks that run after the server's start, in the order in which they were added.
const HOOKS: [&str; 30] = [
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer",
    "priority-and-fairness-filter",
    "storage-object-count-tracker-hook",
    "start-apiextensions-informers",
    "start-apiextensions-controllers",
    "crd-informer-synced",
    "start-system-namespaces-controller",
    "peer-endpoint-reconciler-controller",
    "start-cluster-authentication-info-controller",
    "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector",
    "storage-readiness",
    "start-legacy-token-tracking-controller",
    "start-service-ip-repair-controllers",
    "rbac/bootstrap-roles",
    "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer",
    "bootstrap-controller",
    "start-kubernetes-service-cidr-controller",
    "start-kube-aggregator-informers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-wait-for-first-sync",
    "apiservice-discovery-controller",
    "kube-apiserver-autoregistration",
    "apiservice-openapi-controller",
    "apiservice-openapiv3-controller",
];

/// The checks of `healthz`, `livez` or `readyz`, in the order in which they are told.
fn checks(endpoint: &str) -> Vec<String> {
    let first: &[&str] = match endpoint {
        "readyz" => &["ping", "log", "informer-sync"],
        _ => &["ping", "log", "loopback-serving-certificate", "etcd"],
    };
    let mut all: Vec<String> = first.iter().map(|name| (*name).to_owned()).collect();
    for hook in HOOKS {
        all.push(format!("poststarthook/{hook}"));
        if hook == "kube-apiserver-autoregistration" {
            all.push("autoregister-completion".to_owned());
        }
    }
    if endpoint == "readyz" {
        all.push("shutdown".to_owned());
    }
    all
}

const ENDPOINTS: [&str; 3] = ["healthz", "livez", "readyz"];

/// What a server that is well answers at `healthz`, `livez` and `readyz`, or at one check below.
pub fn health(path: &str, query: &[(String, String)]) -> Option<String> {
    let path = path.trim_matches('/');
    let (endpoint, check) = path.split_once('/').unwrap_or((path, ""));
    if !ENDPOINTS.contains(&endpoint) {
        return None;
    }
    let all = checks(endpoint);
    if !check.is_empty() {
        return all.iter().any(|name| name == check).then(|| "ok".to_owned());
    }
    if !query.iter().any(|(key, _)| key == "verbose") {
        return Some("ok".to_owned());
    }
    let is_excluded = |name: &String| query.iter().any(|(key, v)| key == "exclude" && v == name);
    let line = |name: &String| match is_excluded(name) {
        true => format!("[+]{name} excluded: ok\n"),
        false => format!("[+]{name} ok\n"),
    };
    let lines: String = all.iter().map(line).collect();
    Some(format!("{lines}{endpoint} check passed\n"))
}

/// `/`: every path that is no resource's.
pub fn paths(resources: &[&Resource]) -> Value {
    let fixed = [
        "/.well-known/openid-configuration",
        "/api",
        "/api/v1",
        "/apis",
        "/apis/",
        "/flagz",
        "/metrics",
        "/metrics/slis",
        "/openapi/v2",
        "/openapi/v3",
        "/openapi/v3/",
        "/openid/v1/jwks",
        "/statusz",
        "/version",
    ];
    let mut paths: Vec<String> = fixed.iter().map(|path| (*path).to_owned()).collect();
    for (group, versions) in groups(resources) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
    }
    for endpoint in ENDPOINTS {
        paths.push(format!("/{endpoint}"));
        paths.extend(checks(endpoint).iter().map(|check| format!("/{endpoint}/{check}")));
    }
    paths.sort();
    json!({"paths": paths})
}

/// Values of a URL's query, decoded.
fn query_pairs(query: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (percent_decode(key), percent_decode(value))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// `%20` and `+` as what they stand for.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |at: usize| tail.get(at).and_then(|b| char::from(*b).to_digit(16));
        rest = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                tail.get(2..).unwrap_or(&[])
            }
            (b'+', ..) => {
                bytes.push(b' ');
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A path with its query apart: `("/readyz", [("verbose", "")])`.
pub fn split_url(url: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    (percent_decode(path), query_pairs(query))
}

/// One of the documents, by its path, as the text the server sends. `None`: the path is none.
pub fn document(url: &str, address: &str) -> Option<String> {
    let (path, query) = split_url(url);
    let all: Vec<&Resource> = Schema::get().resources().iter().collect();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let value = match parts.as_slice() {
        [] => return Some(indented(&paths(&all))),
        ["version"] => return Some(indented(&version(true))),
        ["api"] => api_versions(address),
        ["api", "v1"] => api_resource_list(&all, "", "v1")?,
        ["apis"] => api_group_list(&all),
        ["apis", group] => api_group(&all, group)?,
        ["apis", group, version] => api_resource_list(&all, group, version)?,
        _ => return health(&path, &query),
    };
    Some(format!("{value}\n"))
}

fn indented(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{document, storage_version_hash};
    use crate::Schema;

    #[test]
    fn documents_are_as_long_as_the_recorded_ones() {
        for (path, length) in [
            ("/api", 133),
            ("/apis", 3495),
            ("/api/v1", 6488),
            ("/apis/apps/v1", 2254),
            ("/apis/batch/v1", 755),
            ("/", 7796),
            ("/healthz", 2),
        ] {
            let text = document(path, "192.0.2.1:16443").expect(path);
            assert_eq!(text.len(), length, "{path}");
        }
        assert!(document("/readyz?verbose", "").expect("ready").ends_with("readyz check passed\n"));
        assert_eq!(document("/apis/none/v1", ""), None);
    }

    #[test]
    fn hashes_are_those_of_the_stored_kind() {
        let hash = |group, version, plural| {
            storage_version_hash(Schema::get().resource(group, version, plural).expect(plural))
        };
        assert_eq!(hash("", "v1", "pods"), "xPOwRZ+Yhw8=");
        assert_eq!(hash("apps", "v1", "deployments"), "8aSe+NMegvE=");
    }
}
