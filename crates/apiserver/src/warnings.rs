//! What the server has to say of a request that it grants (`Warning` headers).
// Models rest.CreateUpdateWarner of the strategies and endpoints/deprecation.

use api::Obj;
use apimachinery::names;

use crate::custom::definition;
use crate::resources::Resource;

/// Of a resource that is served, but not for long.
pub(crate) fn deprecation(resource: &Resource) -> Option<&'static str> {
    resource
        .is_endpoints
        .then_some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")
}

/// Of a new object.
pub(crate) fn on_create(resource: &Resource, object: &Obj) -> Option<String> {
    if resource.is_definition {
        return definition::has_rules(&object.to_wire()).then(|| {
            "x-kubernetes-validations are stored, but this simulation does not evaluate them"
                .to_owned()
        });
    }
    let used = match (resource.name().group.as_str(), resource.plural()) {
        ("", "pods") => "the Pod's hostname",
        ("", "replicationcontrollers") => "Pod names and hostnames",
        ("apps", "deployments" | "replicasets") | ("batch", "jobs" | "cronjobs") => {
            "Pod names and hostnames"
        }
        _ => return None,
    };
    let wrong = names::is_dns1123_label(&object.meta().name);
    (!wrong.is_empty()).then(|| {
        format!(
            "metadata.name: this is used in {used}, which can result in surprising behavior; a DNS \
             label is recommended: [{}]",
            wrong.join(" ")
        )
    })
}
