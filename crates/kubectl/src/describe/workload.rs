//! Deployments, ReplicaSets, ReplicationControllers and the pod templates that workloads carry.

use serde_json::{Value, json};

use crate::describe::Pen;
use crate::describe::container::containers;
use crate::describe::pen::{controller, long_time};
use crate::describe::pod::{selector, spread, tolerations};
use crate::describe::volume::volumes;
use crate::discovery;
use crate::path::{Look, keyed, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

/// A pod template.
pub fn pod_template(pen: &mut Pen, template: &Value) {
    pen.line(0, "Pod Template:");
    pen.labels("  Labels", template.at("metadata.labels"));
    if !template.pairs("metadata.annotations").is_empty() {
        pen.annotations("  Annotations", template.at("metadata.annotations"));
    }
    let spec = template.at("spec");
    pen.some(1, "Service Account", spec.text("serviceAccountName"));
    let init = spec.items("initContainers");
    if !init.is_empty() {
        containers(pen, "Init Containers", init, &[], None);
    }
    containers(pen, "Containers", spec.items("containers"), &[], None);
    volumes(pen, spec.items("volumes"), true);
    spread(pen, "  ", spec.items("topologySpreadConstraints"));
    pen.some(1, "Priority Class Name", spec.text("priorityClassName"));
    pen.labels("  Node-Selectors", spec.at("nodeSelector"));
    pen.lines("  Tolerations", &tolerations(spec.items("tolerations")));
}

fn conditions(pen: &mut Pen, object: &Value) {
    let conditions = object.items("status.conditions");
    if conditions.is_empty() {
        return;
    }
    pen.line(0, "Conditions:");
    pen.line(1, "Type\tStatus\tReason");
    pen.line(1, "----\t------\t------");
    for one in conditions {
        let (ty, status, reason) = (one.text("type"), one.text("status"), one.text("reason"));
        pen.line(1, &format!("{ty} \t{status}\t{reason}"));
    }
}

pub fn deployment(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.field(0, "Selector", &selector(object.at("spec.selector")));
    let status = object.at("status");
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        object.int("spec.replicas"),
        status.int("updatedReplicas"),
        status.int("replicas"),
        status.int("availableReplicas"),
        status.int("unavailableReplicas")
    );
    pen.field(0, "Replicas", &replicas);
    pen.field(0, "StrategyType", object.text("spec.strategy.type"));
    pen.field(0, "MinReadySeconds", &object.int("spec.minReadySeconds").to_string());
    if object.has("spec.strategy.rollingUpdate") {
        let update = object.at("spec.strategy.rollingUpdate");
        let (unavailable, surge) =
            (scalar(update.at("maxUnavailable")), scalar(update.at("maxSurge")));
        let text = format!("{unavailable} max unavailable, {surge} max surge");
        pen.field(0, "RollingUpdateStrategy", &text);
    }
    pod_template(pen, object.at("spec.template"));
    conditions(pen, object);
    let sets = owned_sets(cx, object);
    let newest = newest(object, &sets);
    let old: Vec<&Value> = sets
        .iter()
        .filter(|set| newest.is_none_or(|new| new.text("metadata.uid") != set.text("metadata.uid")))
        .collect();
    if !sets.is_empty() {
        pen.field(0, "OldReplicaSets", &set_names(&old));
        pen.field(0, "NewReplicaSet", &set_names(newest.as_slice()));
    }
}

fn set_names(sets: &[&Value]) -> String {
    let name = |set: &&Value| {
        let (now, wanted) = (set.int("status.replicas"), set.int("spec.replicas"));
        format!("{} ({now}/{wanted} replicas created)", set.text("metadata.name"))
    };
    let names: Vec<String> = sets.iter().map(name).collect();
    if names.is_empty() { "<none>".to_owned() } else { names.join(", ") }
}

pub fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    let uid = owner.text("metadata.uid");
    let owners = object.items("metadata.ownerReferences");
    owners.iter().any(|owner| owner.flag("controller") && owner.text("uid") == uid)
}

/// The ReplicaSets of a deployment, oldest first.
pub fn owned_sets(cx: &mut Cx<'_>, deployment: &Value) -> Vec<Value> {
    let Ok(kind) = discovery::resolve("replicasets.apps") else { return Vec::new() };
    let filter = Filter { labels: selector(deployment.at("spec.selector")), ..Filter::default() };
    let filter = if filter.labels == "<none>" { Filter::default() } else { filter };
    let namespace = deployment.text("metadata.namespace");
    let mut sets = server::list(cx, kind, namespace, &filter).unwrap_or_default();
    sets.retain(|set| is_controlled_by(set, deployment));
    let key = |set: &Value| {
        let born = set.text("metadata.creationTimestamp").to_owned();
        (born, set.text("metadata.name").to_owned())
    };
    sets.sort_by_key(key);
    sets
}

/// The set whose template is the deployment's.
pub fn newest<'a>(deployment: &Value, sets: &'a [Value]) -> Option<&'a Value> {
    sets.iter().find(|set| same_template(set.at("spec.template"), deployment.at("spec.template")))
}

/// Templates without the hash label that the controller adds.
pub fn same_template(a: &Value, b: &Value) -> bool {
    let plain = |template: &Value| {
        let mut template = template.clone();
        if let Some(labels) =
            template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut)
        {
            labels.remove("pod-template-hash");
        }
        template
    };
    plain(a) == plain(b)
}

pub fn replica_set(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    let selector = selector(object.at("spec.selector"));
    replicas(cx, pen, object, &selector);
}

/// A ReplicationController's selector is a plain map.
pub fn replication_controller(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", object.text("metadata.name"));
    pen.field(0, "Namespace", object.text("metadata.namespace"));
    let selector = selector(&json!({ "matchLabels": object.at("spec.selector") }));
    replicas(cx, pen, object, &selector);
}

fn replicas(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value, selector: &str) {
    pen.field(0, "Selector", selector);
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    if object.text("kind") == "ReplicaSet" {
        pen.some(0, "Controlled By", &controller(object));
    }
    let (now, wanted) = (object.int("status.replicas"), object.int("spec.replicas"));
    pen.field(0, "Replicas", &format!("{now} current / {wanted} desired"));
    pods_status(cx, pen, object, selector);
    pod_template(pen, object.at("spec.template"));
    conditions(pen, object);
}

/// How many pods of a controller are in each phase.
pub fn pods_status(cx: &mut Cx<'_>, pen: &mut Pen, owner: &Value, selector: &str) {
    let [running, waiting, succeeded, failed] = pods(cx, owner, selector);
    let text =
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed");
    pen.field(0, "Pods Status", &text);
}

fn pods(cx: &mut Cx<'_>, owner: &Value, selector: &str) -> [usize; 4] {
    let Ok(kind) = discovery::resolve("pods") else { return [0; 4] };
    let filter = Filter { labels: selector.to_owned(), ..Filter::default() };
    let namespace = owner.text("metadata.namespace");
    let mut pods = server::list(cx, kind, namespace, &filter).unwrap_or_default();
    pods.retain(|pod| is_controlled_by(pod, owner));
    ["Running", "Pending", "Succeeded", "Failed"]
        .map(|phase| pods.iter().filter(|pod| pod.text("status.phase") == phase).count())
}

/// The revision that the deployment controller gave a set.
pub fn revision(object: &Value) -> i64 {
    let text = keyed(object, "metadata.annotations", "deployment.kubernetes.io/revision");
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
