//! Volumes, claims, classes, and the nodes of storage drivers.
// Models kubectl/pkg/describe/describe.go.

use serde_json::Value;

use crate::describe::pen::{long_time, or_none};
use crate::describe::{Pen, source};
use crate::discovery;
use crate::path::{Look, keyed, name, scalar};
use crate::server::{self, Filter};
use crate::session::Cx;

const DEFAULT_CLASS: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];
const ACCESS_MODES: [(&str, &str); 4] = [
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];

/// The class that an object names, old annotation first.
fn class(object: &Value) -> &str {
    let old = keyed(object, "metadata.annotations", "volume.beta.kubernetes.io/storage-class");
    old.unwrap_or(object.text("spec.storageClassName"))
}

fn modes(list: &[Value]) -> String {
    let given = ACCESS_MODES.iter().filter(|(mode, _)| list.iter().any(|one| one == mode));
    given.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

/// `[a b]`, as Go prints a list.
fn go_list(list: &[Value]) -> String {
    format!("[{}]", list.iter().map(scalar).collect::<Vec<_>>().join(" "))
}

/// `a=b,c=d`, or `<none>`.
fn format_labels(map: &Value) -> String {
    let pairs = map.pairs("");
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", scalar(value))).collect();
    or_none(&pairs.join(",")).to_owned()
}

fn phase(pen: &mut Pen, object: &Value) {
    let deleted = object.at("metadata.deletionTimestamp");
    if deleted.is_null() {
        pen.field(0, "Status", object.text("status.phase"));
    } else {
        let lasts = pen.since(deleted);
        pen.field(0, "Status", &format!("Terminating (lasts {lasts})"));
    }
}

/// A quantity that may be missing.
fn amount(value: &Value) -> String {
    if value.is_null() { "0".to_owned() } else { scalar(value) }
}

pub fn persistent_volume(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", name(object));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.field(0, "Finalizers", &go_list(object.items("metadata.finalizers")));
    pen.field(0, "StorageClass", class(object));
    phase(pen, object);
    let claim = object.at("spec.claimRef");
    let claim = match claim.is_null() {
        true => String::new(),
        false => format!("{}/{}", claim.text("namespace"), claim.text("name")),
    };
    pen.field(0, "Claim", &claim);
    pen.field(0, "Reclaim Policy", object.text("spec.persistentVolumeReclaimPolicy"));
    pen.field(0, "Access Modes", &modes(object.items("spec.accessModes")));
    pen.some(0, "VolumeMode", object.text("spec.volumeMode"));
    pen.field(0, "Capacity", &amount(object.at("spec.capacity.storage")));
    node_affinity(pen, object.at("spec.nodeAffinity.required"));
    pen.field(0, "Message", object.text("status.message"));
    pen.line(0, "Source:");
    if !source::print(pen, object.at("spec")) {
        pen.line(1, "<unknown>");
    }
}

fn node_affinity(pen: &mut Pen, required: &Value) {
    if required.is_null() {
        pen.field(0, "Node Affinity", "<none>");
        return;
    }
    pen.line(0, "Node Affinity:\t");
    let terms = required.items("nodeSelectorTerms");
    if terms.is_empty() {
        pen.field(1, "Required Terms", "<none>");
        return;
    }
    pen.line(1, "Required Terms:\t");
    for (number, term) in terms.iter().enumerate() {
        let rules = term.items("matchExpressions");
        rule_lines(pen, 2, number, rules, |rule| rule.text("operator").to_lowercase());
    }
}

/// The rules of one term, under each other.
fn rule_lines(
    pen: &mut Pen,
    level: usize,
    number: usize,
    rules: &[Value],
    operator: impl Fn(&Value) -> String,
) {
    if rules.is_empty() {
        pen.field(level, &format!("Term {number}"), "<none>");
    }
    for (at, rule) in rules.iter().enumerate() {
        let values: Vec<String> = rule.items("values").iter().map(scalar).collect();
        let mut text = format!("{} {}", rule.text("key"), operator(rule));
        if !values.is_empty() {
            text.push_str(&format!(" [{}]", values.join(", ")));
        }
        let title = if at == 0 { format!("Term {number}:") } else { String::new() };
        pen.line(level, &format!("{title}\t{text}"));
    }
}

pub fn persistent_volume_claim(cx: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    claim(pen, 0, object, true);
    pen.lines("Used By", &users(cx, object));
    let conditions = object.items("status.conditions");
    if conditions.is_empty() {
        return;
    }
    pen.line(0, "Conditions:");
    pen.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
    pen.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for one in conditions {
        let (probe, moved) =
            (long_time(one.at("lastProbeTime")), long_time(one.at("lastTransitionTime")));
        let (ty, status) = (one.text("type"), one.text("status"));
        let (reason, message) = (one.text("reason"), one.text("message"));
        pen.line(1, &format!("{ty} \t{status} \t{probe} \t{moved} \t{reason} \t{message}"));
    }
}

/// Names of the pods that use the claim, those that own it last.
fn users(cx: &mut Cx<'_>, object: &Value) -> Vec<String> {
    let Ok(kind) = discovery::resolve("pods") else { return Vec::new() };
    let namespace = object.text("metadata.namespace").to_owned();
    let pods = server::list(cx, kind, &namespace, &Filter::default()).unwrap_or_default();
    let uses = |pod: &&Value| {
        let volumes = pod.items("spec.volumes");
        volumes.iter().any(|v| v.text("persistentVolumeClaim.claimName") == name(object))
    };
    let owners = object.items("metadata.ownerReferences");
    let owns = |pod: &&Value| {
        let uid = pod.text("metadata.uid");
        owners.iter().any(|owner| owner.text("kind") == "Pod" && owner.text("uid") == uid)
    };
    let owning = pods.iter().filter(|pod| owns(pod) && !uses(pod));
    pods.iter().filter(uses).chain(owning).map(|pod| name(pod).to_owned()).collect()
}

fn claim(pen: &mut Pen, level: usize, object: &Value, is_full: bool) {
    if is_full {
        pen.field(level, "Name", name(object));
        pen.field(level, "Namespace", object.text("metadata.namespace"));
    }
    pen.field(level, "StorageClass", class(object));
    if is_full {
        phase(pen, object);
    }
    let volume = object.text("spec.volumeName");
    pen.field(level, "Volume", volume);
    pen.nested(level, |pen| {
        pen.labels("Labels", object.at("metadata.labels"));
        pen.annotations("Annotations", object.at("metadata.annotations"));
    });
    if is_full {
        pen.field(level, "Finalizers", &go_list(object.items("metadata.finalizers")));
    }
    let given = (amount(object.at("status.capacity.storage")), object.items("status.accessModes"));
    let (capacity, modes) = match volume {
        "" => (String::new(), String::new()),
        _ => (given.0, modes(given.1)),
    };
    pen.field(level, "Capacity", &capacity);
    pen.field(level, "Access Modes", &modes);
    pen.some(level, "VolumeMode", object.text("spec.volumeMode"));
    let source = object.at("spec.dataSource");
    if !source.is_null() {
        pen.line(level, "DataSource:");
        pen.some(level + 1, "APIGroup", source.text("apiGroup"));
        pen.field(level + 1, "Kind", source.text("kind"));
        pen.field(level + 1, "Name", source.text("name"));
    }
}

/// A pod's volume with a claim of its own.
pub fn ephemeral(pen: &mut Pen, value: &Value) {
    let about = "EphemeralVolume (an inline specification for a volume that gets created and \
                 deleted with the pod)";
    pen.field(2, "Type", about);
    if value.has("volumeClaimTemplate") {
        claim(pen, 2, value.at("volumeClaimTemplate"), false);
    }
}

pub fn storage_class(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    let marked = |key: &&str| keyed(object, "metadata.annotations", key) == Some("true");
    let is_default = DEFAULT_CLASS.iter().any(marked);
    pen.field(0, "Name", name(object));
    pen.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    pen.field(0, "Annotations", &format_labels(object.at("metadata.annotations")));
    pen.field(0, "Provisioner", object.text("provisioner"));
    pen.field(0, "Parameters", &format_labels(object.at("parameters")));
    let expansion = match object.at("allowVolumeExpansion").as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    pen.field(0, "AllowVolumeExpansion", expansion);
    let options = object.items("mountOptions");
    if options.is_empty() {
        pen.field(0, "MountOptions", "<none>");
    } else {
        pen.line(0, "MountOptions:");
        options.iter().for_each(|option| pen.line(1, &scalar(option)));
    }
    pen.some(0, "ReclaimPolicy", object.text("reclaimPolicy"));
    pen.some(0, "VolumeBindingMode", object.text("volumeBindingMode"));
    if object.has("allowedTopologies") {
        pen.line(0, "AllowedTopologies:\t");
        for (number, term) in object.items("allowedTopologies").iter().enumerate() {
            rule_lines(pen, 1, number, term.items("matchLabelExpressions"), |_| "in".to_owned());
        }
    }
}

pub fn volume_attributes_class(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", name(object));
    pen.field(0, "Annotations", &format_labels(object.at("metadata.annotations")));
    pen.field(0, "DriverName", object.text("driverName"));
    pen.field(0, "Parameters", &format_labels(object.at("parameters")));
}

pub fn csi_node(_: &mut Cx<'_>, pen: &mut Pen, object: &Value) {
    pen.field(0, "Name", name(object));
    pen.labels("Labels", object.at("metadata.labels"));
    pen.annotations("Annotations", object.at("metadata.annotations"));
    pen.field(0, "CreationTimestamp", &long_time(object.at("metadata.creationTimestamp")));
    pen.line(0, "Spec:");
    let drivers = object.items("spec.drivers");
    if !drivers.is_empty() {
        pen.line(1, "Drivers:");
    }
    for driver in drivers {
        pen.line(2, &format!("{}:", driver.text("name")));
        pen.field(3, "Node ID", driver.text("nodeID"));
        if driver.has("allocatable.count") {
            pen.line(3, "Allocatables:");
            pen.field(4, "Count", &driver.int("allocatable.count").to_string());
        }
        if driver.has("topologyKeys") {
            pen.field(3, "Topology Keys", &go_list(driver.items("topologyKeys")));
        }
    }
}
