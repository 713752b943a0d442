//! What a path names.
// Models apiserver/pkg/endpoints/request/requestinfo.go.

use smol_str::SmolStr;

use crate::query::decode;

/// A resource, an object or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub group: SmolStr,
    pub version: SmolStr,
    pub namespace: SmolStr,
    pub resource: SmolStr,
    pub name: SmolStr,
    pub subresource: SmolStr,
    /// What follows the subresource: the path behind `proxy`.
    pub rest: String,
    /// The old prefix `/watch/` before the resource.
    pub is_watch: bool,
}

/// Parts of a namespace that are not resources in it.
const OF_NAMESPACE: &[&str] = &["status", "finalize"];

/// The place a path names; none if it is not below `/api/VERSION` or `/apis/GROUP/VERSION`.
pub fn place(path: &str) -> Option<Place> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, mut parts) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let mut place = Place { group: group.into(), version: version.into(), ..Place::default() };
    if let ["watch", rest @ ..] = parts {
        place.is_watch = true;
        parts = rest;
    }
    if let ["namespaces", namespace, rest @ ..] = parts
        && let [first, ..] = rest
        && !OF_NAMESPACE.contains(first)
    {
        place.namespace = decode(namespace, false).into();
        parts = rest;
    }
    let (resource, parts) = parts.split_first()?;
    place.resource = (*resource).into();
    if let Some((name, parts)) = parts.split_first() {
        place.name = decode(name, false).into();
        if let Some((subresource, rest)) = parts.split_first() {
            place.subresource = (*subresource).into();
            place.rest = rest.join("/");
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, wanted: [&str; 6]) {
        let p = place(path).unwrap();
        let found = [&p.group, &p.version, &p.namespace, &p.resource, &p.name, &p.subresource];
        assert_eq!(found.map(SmolStr::as_str), wanted, "{path}");
    }

    #[test]
    fn paths_name_resources_objects_and_parts() {
        check("/api/v1/pods", ["", "v1", "", "pods", "", ""]);
        check("/api/v1/namespaces/a/pods/b/log", ["", "v1", "a", "pods", "b", "log"]);
        check("/api/v1/namespaces/a", ["", "v1", "", "namespaces", "a", ""]);
        check("/api/v1/namespaces/a/finalize", ["", "v1", "", "namespaces", "a", "finalize"]);
        check("/api/v1/watch/nodes/n%3A1", ["", "v1", "", "nodes", "n:1", ""]);
        check(
            "/apis/apps/v1/namespaces/a/deployments/web/scale",
            ["apps", "v1", "a", "deployments", "web", "scale"],
        );
        assert_eq!(place("/api/v1/nodes/n/proxy/a/b").unwrap().rest, "a/b");
        assert_eq!(place("/healthz"), None);
        assert_eq!(place("/apis/apps/v1"), None);
    }
}
