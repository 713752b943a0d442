//! StatefulSets and DaemonSets, and the ControllerRevisions that keep their templates.

use serde_json::Value;

use crate::describe::Pen;
use crate::describe::pen::long_time;
use crate::describe::pod::selector;
use crate::describe::workload::{is_controlled_by, pod_template, pods_status};
use crate::discovery;
use crate::path::{Look, keyed, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

pub fn stateful_set(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    let selector = selector(object.at("spec.selector"));
    pen.field(0, "Selector", &selector);
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    let (wanted, all) = (object.int("spec.replicas"), object.int("status.replicas"));
    pen.field(0, "Replicas", &format!("{wanted} desired | {all} total"));
    pen.field(0, "Update Strategy", object.text("spec.updateStrategy.type"));
    let rolling = object.at("spec.updateStrategy.rollingUpdate");
    if rolling.has("partition") {
        pen.field(1, "Partition", &rolling.int("partition").to_string());
        if rolling.has("maxUnavailable") {
            pen.field(1, "MaxUnavailable", &scalar(rolling.at("maxUnavailable")));
        }
    }
    pods_status(cx, pen, object, &selector);
    pod_template(pen, object.at("spec.template"));
    claims(pen, object.items("spec.volumeClaimTemplates"));
}

fn claims(pen: &mut Pen, claims: &[Value]) {
    if claims.is_empty() {
        pen.field(0, "Volume Claims", "<none>");
        return;
    }
    pen.line(0, "Volume Claims:");
    for claim in claims {
        pen.field(1, "Name", claim.text("metadata.name"));
        let by_annotation =
            keyed(claim, "metadata.annotations", "volume.beta.kubernetes.io/storage-class");
        let class = by_annotation.unwrap_or_else(|| claim.text("spec.storageClassName"));
        pen.field(1, "StorageClass", class);
        pen.labels("  Labels", claim.at("metadata.labels"));
        pen.labels("  Annotations", claim.at("metadata.annotations"));
        let capacity = claim.text("spec.resources.requests.storage");
        pen.field(1, "Capacity", if capacity.is_empty() { "<default>" } else { capacity });
        let modes: Vec<String> = claim.items("spec.accessModes").iter().map(scalar).collect();
        pen.field(1, "Access Modes", &format!("[{}]", modes.join(" ")));
    }
}

pub fn daemon_set(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    let selector = selector(object.at("spec.selector"));
    pen.field(0, "Selector", &selector);
    let nodes = object.pairs("spec.template.spec.nodeSelector");
    let nodes: Vec<String> =
        nodes.iter().map(|(key, value)| format!("{key}={}", scalar(value))).collect();
    let nodes = if nodes.is_empty() { "<none>".to_owned() } else { nodes.join(",") };
    pen.field(0, "Node-Selector", &nodes);
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    for (what, count) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        pen.line(0, &format!("{what}: {}", object.at("status").int(count)));
    }
    pods_status(cx, pen, object, &selector);
    pod_template(pen, object.at("spec.template"));
}

/// The ControllerRevisions of a StatefulSet or DaemonSet, oldest first.
pub fn revisions(cx: &mut Cx<'_>, owner: &Value) -> Vec<Value> {
    let Ok(kind) = discovery::resolve("controllerrevisions.apps") else { return Vec::new() };
    let labels = selector(owner.at("spec.selector"));
    let filter = Filter { labels, ..Filter::default() };
    let namespace = owner.text("metadata.namespace");
    let mut revisions = server::list(cx, kind, namespace, &filter).unwrap_or_default();
    revisions.retain(|revision| is_controlled_by(revision, owner));
    revisions.sort_by_key(|revision| revision.int("revision"));
    revisions
}

/// The template that a revision keeps.
pub fn revision_template(revision: &Value) -> Value {
    let mut template = revision.at("data.spec.template").clone();
    if let Some(map) = template.as_object_mut() {
        map.remove("$patch");
    }
    template
}
