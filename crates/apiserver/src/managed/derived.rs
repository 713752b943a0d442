//! What a component owns follows from the object, for kinds of which there are many: nobody keeps
//! sets for them. The sets are made when somebody reads them, or writes from outside.

use std::sync::Arc;

use api::Obj;
use apimachinery::field_set::{FieldSet, PathElement};
use apimachinery::managed::{Fields, Managed, Writer};
use schema::structured::compare;
use serde_json::Value;
use smol_str::SmolStr;

use super::forms::Forms;
use super::owners::{Owner, strip};

/// Kinds whose main part, or status, components write without sets.
const MAIN: &[(&str, &str)] = &[
    ("", "endpoints"),
    ("", "events"),
    ("", "pods"),
    ("apps", "controllerrevisions"),
    ("apps", "replicasets"),
    ("coordination.k8s.io", "leases"),
    ("discovery.k8s.io", "endpointslices"),
];
const STATUS: &[(&str, &str)] = &[("", "pods"), ("apps", "replicasets")];

pub(super) fn is_derived(group: &str, plural: &str, fields: &Fields) -> bool {
    let list = match fields {
        Fields::Main => MAIN,
        Fields::Status => STATUS,
        Fields::Set(_) => return false,
    };
    list.contains(&(group, plural))
}

/// The sets of all managers, entry by entry.
pub(super) fn owners(forms: &Forms<'_>, object: &Obj, managed: &Managed) -> Vec<Owner> {
    let explicit = managed.entries.iter().filter_map(|entry| match &entry.fields {
        Fields::Set(set) => Some(set),
        _ => None,
    });
    let taken = explicit.fold(FieldSet::default(), |all, set| all.union(set));
    let owner = |entry: &apimachinery::managed::ManagedEntry| {
        let set = match &entry.fields {
            Fields::Set(set) => FieldSet::clone(set),
            fields => {
                let forms = forms.in_version(&entry.writer.api_version);
                let set = forms.map(|forms| derive(&forms, object, &entry.writer, fields));
                set.unwrap_or_default().difference(&taken)
            }
        };
        Owner { writer: Arc::clone(&entry.writer), time: entry.time, set }
    };
    managed.entries.iter().map(owner).collect()
}

fn derive(forms: &Forms<'_>, object: &Obj, writer: &Writer, fields: &Fields) -> FieldSet {
    let document = forms.document(object);
    let found = compare(&forms.nothing(), &document, forms.place());
    let all = strip(&found.added.union(&found.modified));
    let status = PathElement::field("status");
    let is_pod = forms.resource().is_pod;
    match fields {
        Fields::Status => {
            let mut set = FieldSet::default();
            all.for_each(&mut |path| {
                let own = !is_pod || is_of_pod_writer(&document, writer, path);
                if path.first() == Some(&status) && own {
                    set.insert(path);
                }
            });
            if is_pod && writer.manager == SCHEDULER {
                set = set.union(&unscheduled());
            }
            set
        }
        _ => {
            let ignored = forms.ignored("");
            let mut set = all.recursive_difference(&ignored);
            if is_pod {
                set = set.recursive_difference(&admitted(&document));
            }
            set
        }
    }
}

const SCHEDULER: &str = "kube-scheduler";

/// What the scheduler wrote of a pod that did not fit stays its own: a binding takes nothing.
fn unscheduled() -> FieldSet {
    let key = PathElement::key(vec![(SmolStr::new_static("type"), "PodScheduled".into())]);
    let at = [PathElement::field("status"), PathElement::field("conditions"), key];
    let mut set = FieldSet::default();
    for name in [
        "lastProbeTime",
        "lastTransitionTime",
        "message",
        "observedGeneration",
        "reason",
        "status",
        "type",
    ] {
        set.insert(&[&at[..], &[PathElement::field(name)]].concat());
    }
    set
}

/// Of a pod's status, the scheduler writes its condition and the kubelet all else but what the
/// server set itself.
fn is_of_pod_writer(pod: &Value, writer: &Writer, path: &[PathElement]) -> bool {
    let name = |at: usize| match path.get(at) {
        Some(PathElement::Field(name)) => name.as_str(),
        _ => "",
    };
    let scheduled = match path.get(2) {
        Some(PathElement::Key(keys)) => keys.iter().any(|(_, value)| value == "PodScheduled"),
        None => true,
        _ => false,
    };
    let of_scheduler = (name(1) == "conditions" && scheduled) || name(1) == "nominatedNodeName";
    let of_server = match name(1) {
        "" | "qosClass" => true,
        "phase" => pod["status"]["phase"] == "Pending",
        _ => false,
    };
    match writer.manager.as_str() {
        SCHEDULER => of_scheduler,
        _ => !of_scheduler && !of_server,
    }
}

/// What admission and the binding gave to a pod.
fn admitted(pod: &Value) -> FieldSet {
    let mut set = FieldSet::of(&[
        &["spec", "nodeName"],
        &["spec", "preemptionPolicy"],
        &["spec", "priority"],
        &["metadata", "labels", "topology.kubernetes.io/region"],
        &["metadata", "labels", "topology.kubernetes.io/zone"],
    ]);
    let spec = &pod["spec"];
    let mut add = |path: &[&str]| set = set.union(&FieldSet::of(&[path]));
    if spec["serviceAccountName"] == "default" {
        add(&["spec", "serviceAccount"]);
        add(&["spec", "serviceAccountName"]);
    }
    let is_default = |toleration: &Value| toleration["tolerationSeconds"] == 300;
    if spec["tolerations"].as_array().is_some_and(|list| list.iter().all(is_default)) {
        add(&["spec", "tolerations"]);
    }
    let items = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let is_token = |volume: &Value| {
        volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"))
    };
    let key =
        |name: &str, value: &Value| PathElement::key(vec![(SmolStr::new(name), value.clone())]);
    let (spec_at, volumes) = (PathElement::field("spec"), items(&spec["volumes"]));
    for volume in volumes.iter().filter(|volume| is_token(volume)) {
        let at = [spec_at.clone(), PathElement::field("volumes")];
        match volumes.len() {
            1 => set.insert(&at),
            _ => set.insert(&[&at[..], &[key("name", &volume["name"])]].concat()),
        }
    }
    for kind in ["containers", "initContainers"] {
        for container in items(&spec[kind]) {
            let mounts = items(&container["volumeMounts"]);
            for mount in mounts.iter().filter(|mount| is_token(mount)) {
                let name = key("name", &container["name"]);
                let at = [
                    spec_at.clone(),
                    PathElement::field(kind),
                    name,
                    PathElement::field("volumeMounts"),
                ];
                match mounts.len() {
                    1 => set.insert(&at),
                    _ => set.insert(&[&at[..], &[key("mountPath", &mount["mountPath"])]].concat()),
                }
            }
        }
    }
    set
}
