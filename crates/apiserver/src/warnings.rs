//! What the server has to say of a request that it grants (`Warning` headers).
// Models rest.CreateUpdateWarner of the strategies and endpoints/deprecation.

use api::{Obj, PersistentVolumeClaim, as_kind};
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
    if let Some(warning) = fractional_bytes(object) {
        return Some(warning);
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

/// Models the warnings of pkg/api/persistentvolumeclaim/util.go.
fn fractional_bytes(object: &Obj) -> Option<String> {
    let claim = as_kind::<PersistentVolumeClaim>(object.as_ref())?;
    let resources = &claim.spec.resources;
    let all = [("requests", &resources.requests), ("limits", &resources.limits)];
    all.into_iter().find_map(|(field, amounts)| {
        let amount = amounts.get("storage")?;
        let whole = amount.milli_value().checked_rem(1000) == Some(0);
        let text = amount.to_string();
        (!whole).then(|| {
            format!(
                "spec.resources.{field}[storage]: fractional byte value {text:?} is invalid, must \
                 be an integer"
            )
        })
    })
}
