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

/// Refuses a field that objects of the resource cannot be selected by.
pub(crate) fn check(resource: &Resource, field: &str) -> Result<()> {
    if field == "metadata.name" || field == "metadata.namespace" {
        return Ok(());
    }
    match selectable(resource) {
        Some(fields) if fields.contains(&field) => Ok(()),
        Some(_) => Err(Status::bad_request(format!("field label not supported: {field}"))),
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
