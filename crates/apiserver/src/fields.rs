//! Which fields a field selector may name.
// Models pkg/apis/*/v1/conversion.go (AddFieldLabelConversionFunc).

use api::Object;
use apimachinery::status::Status;
use smol_str::SmolStr;

use crate::resources::Resource;
use crate::server::Result;

/// Fields beside `metadata.name` and `metadata.namespace`, by group and resource.
const SELECTABLE: &[(&str, &str, &[&str])] = &[
    (
        "",
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    ("", "nodes", &["spec.unschedulable"]),
    ("", "namespaces", &["status.phase"]),
    ("", "secrets", &["type"]),
    ("", "services", &["spec.clusterIP", "spec.type"]),
    ("", "replicationcontrollers", &["status.replicas"]),
    (
        "",
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("batch", "jobs", &["status.successful"]),
    ("certificates.k8s.io", "certificatesigningrequests", &["spec.signerName"]),
];

fn selectable(resource: &Resource) -> Option<&'static [&'static str]> {
    let name = resource.name();
    SELECTABLE
        .iter()
        .find(|(group, plural, _)| name.group == *group && name.resource == *plural)
        .map(|(_, _, fields)| *fields)
}

/// The name, in the stored form, of a field that objects can be selected by; others are refused.
pub(crate) fn stored_name<'a>(resource: &Resource, field: &'a str) -> Result<&'a str> {
    let unsupported = || Status::bad_request(format!("field label not supported: {field}"));
    if field == "metadata.name" || field == "metadata.namespace" {
        return Ok(field);
    }
    if let Some(fields) = resource.version.and_then(|version| version.fields) {
        let found = fields.iter().find(|(name, _)| *name == field);
        return found.map(|(_, stored)| *stored).ok_or_else(unsupported);
    }
    match selectable(resource) {
        Some(fields) if fields.contains(&field) => Ok(field),
        Some(_) => Err(unsupported()),
        None => Err(Status::bad_request(format!(
            "{field:?} is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        ))),
    }
}

/// The value of a field; empty where there is none.
pub(crate) fn value<'a>(
    object: &'a dyn Object,
    values: &'a [(&'static str, SmolStr)],
    field: &str,
) -> &'a str {
    match field {
        "metadata.name" => &object.meta().name,
        "metadata.namespace" => &object.meta().namespace,
        _ => values.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value.as_str()),
    }
}
