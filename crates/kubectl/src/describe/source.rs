//! Where the bytes of a volume lie, of pods and of persistent volumes: one line of the table a
//! kind of source. Models the print…VolumeSource functions of kubectl/pkg/describe/describe.go.

use serde_json::Value;

use crate::describe::Pen;
use crate::path::{Look, scalar};

/// How a field is printed; missing ones as Go prints their zero.
#[derive(Clone, Copy)]
enum As {
    Text,
    /// `<none>` if it is missing.
    TextOrNone,
    Flag,
    Number,
    /// `[a b]`
    List,
    /// `a, b`
    Joined,
    /// `&SecretReference{Name:…}`, or `nil`.
    Reference,
}

use As::{Flag, Joined, List, Number, Reference, Text, TextOrNone};

struct Source {
    field: &'static str,
    about: &'static str,
    lines: &'static [(&'static str, &'static str, As)],
}

const fn source(
    field: &'static str,
    about: &'static str,
    lines: &'static [(&'static str, &'static str, As)],
) -> Source {
    Source { field, about, lines }
}

const SOURCES: &[Source] = &[
    source(
        "awsElasticBlockStore",
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        &[
            ("VolumeID", "volumeID", Text),
            ("FSType", "fsType", Text),
            ("Partition", "partition", Number),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "azureDisk",
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        &[
            ("DiskName", "diskName", Text),
            ("DiskURI", "diskURI", Text),
            ("Kind", "kind", Text),
            ("FSType", "fsType", Text),
            ("CachingMode", "cachingMode", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "cephfs",
        "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        &[
            ("Monitors", "monitors", List),
            ("Path", "path", Text),
            ("User", "user", Text),
            ("SecretFile", "secretFile", Text),
            ("SecretRef", "secretRef", Reference),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "cinder",
        "Cinder (a Persistent Disk resource in OpenStack)",
        &[
            ("VolumeID", "volumeID", Text),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
            ("SecretRef", "secretRef", Reference),
        ],
    ),
    source(
        "configMap",
        "ConfigMap (a volume populated by a ConfigMap)",
        &[("Name", "name", Text), ("Optional", "optional", Flag)],
    ),
    source(
        "emptyDir",
        "EmptyDir (a temporary directory that shares a pod's lifetime)",
        &[("Medium", "medium", Text)],
    ),
    source(
        "fc",
        "FC (a Fibre Channel disk)",
        &[
            ("TargetWWNs", "targetWWNs", Joined),
            ("LUN", "lun", TextOrNone),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "gcePersistentDisk",
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        &[
            ("PDName", "pdName", Text),
            ("FSType", "fsType", Text),
            ("Partition", "partition", Number),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "hostPath",
        "HostPath (bare host directory volume)",
        &[("Path", "path", Text), ("HostPathType", "type", TextOrNone)],
    ),
    source(
        "image",
        "Image (a container image or OCI artifact)",
        &[("Reference", "reference", Text), ("PullPolicy", "pullPolicy", Text)],
    ),
    source(
        "iscsi",
        "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then \
         exposed to the pod)",
        &[
            ("TargetPortal", "targetPortal", Text),
            ("IQN", "iqn", Text),
            ("Lun", "lun", Number),
            ("ISCSIInterface", "iscsiInterface", Text),
            ("FSType", "fsType", Text),
            ("ReadOnly", "readOnly", Flag),
            ("Portals", "portals", List),
            ("DiscoveryCHAPAuth", "chapAuthDiscovery", Flag),
            ("SessionCHAPAuth", "chapAuthSession", Flag),
            ("SecretRef", "secretRef", Reference),
            ("InitiatorName", "initiatorName", TextOrNone),
        ],
    ),
    source(
        "local",
        "LocalVolume (a persistent volume backed by local storage on a node)",
        &[("Path", "path", Text)],
    ),
    source(
        "nfs",
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        &[("Server", "server", Text), ("Path", "path", Text), ("ReadOnly", "readOnly", Flag)],
    ),
    source(
        "persistentVolumeClaim",
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        &[("ClaimName", "claimName", Text), ("ReadOnly", "readOnly", Flag)],
    ),
    source(
        "rbd",
        "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        &[
            ("CephMonitors", "monitors", List),
            ("RBDImage", "image", Text),
            ("FSType", "fsType", Text),
            ("RBDPool", "pool", Text),
            ("RadosUser", "user", Text),
            ("Keyring", "keyring", Text),
            ("SecretRef", "secretRef", Reference),
            ("ReadOnly", "readOnly", Flag),
        ],
    ),
    source(
        "secret",
        "Secret (a volume populated by a Secret)",
        &[("SecretName", "secretName", Text), ("Optional", "optional", Flag)],
    ),
    source(
        "vsphereVolume",
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        &[
            ("VolumePath", "volumePath", Text),
            ("FSType", "fsType", Text),
            ("StoragePolicyName", "storagePolicyName", Text),
        ],
    ),
];

fn show(value: &Value, how: As) -> String {
    let joined = |between: &str| {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(scalar).collect::<Vec<_>>().join(between)
    };
    match how {
        As::TextOrNone if value.is_null() => "<none>".to_owned(),
        As::Text | As::TextOrNone => scalar(value),
        As::Flag => value.as_bool().unwrap_or(false).to_string(),
        As::Number => value.as_i64().unwrap_or(0).to_string(),
        As::List => format!("[{}]", joined(" ")),
        As::Joined => joined(", "),
        As::Reference if value.is_null() => "nil".to_owned(),
        As::Reference => {
            let (name, namespace) = (value.text("name"), value.text("namespace"));
            format!("&SecretReference{{Name:{name},Namespace:{namespace},}}")
        }
    }
}

/// Type and fields of a source that the table knows; false if it does not.
fn from_table(pen: &mut Pen, field: &str, value: &Value) -> bool {
    let Some(found) = SOURCES.iter().find(|source| source.field == field) else { return false };
    pen.field(2, "Type", found.about);
    for (name, path, how) in found.lines {
        pen.field(2, name, &show(value.at(path), *how));
    }
    true
}

/// The source of a volume; `volume` holds it in one of its fields. False: there is none.
pub fn print(pen: &mut Pen, volume: &Value) -> bool {
    let known = |field: &str| {
        SOURCES.iter().any(|source| source.field == field)
            || matches!(field, "csi" | "downwardAPI" | "ephemeral" | "projected")
    };
    let found =
        volume.pairs("").into_iter().find(|(field, value)| known(field) && value.is_object());
    let Some((field, value)) = found else { return false };
    match field {
        "csi" => csi(pen, value),
        "downwardAPI" => downward_api(pen, value),
        "ephemeral" => super::storage::ephemeral(pen, value),
        "projected" => projected(pen, value),
        _ => {
            from_table(pen, field, value);
        }
    }
    if field == "emptyDir" {
        let limit = scalar(value.at("sizeLimit"));
        let is_set = !limit.is_empty() && limit != "0";
        pen.field(2, "SizeLimit", if is_set { &limit } else { "<unset>" });
    }
    true
}

fn csi(pen: &mut Pen, value: &Value) {
    pen.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
    pen.field(2, "Driver", value.text("driver"));
    pen.field(2, "FSType", value.text("fsType"));
    if value.has("volumeHandle") {
        pen.field(2, "VolumeHandle", value.text("volumeHandle"));
    }
    pen.field(2, "ReadOnly", &value.flag("readOnly").to_string());
    let attributes = value.pairs("volumeAttributes");
    if attributes.is_empty() {
        pen.field(2, "VolumeAttributes", "<none>");
    }
    for (at, (key, value)) in attributes.iter().enumerate() {
        let title = if at == 0 { "VolumeAttributes:\t" } else { "    \t    " };
        pen.line(2, &format!("{title}{key}={}", scalar(value)));
    }
}

fn downward_api(pen: &mut Pen, value: &Value) {
    pen.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
    pen.line(2, "Items:");
    for item in value.items("items") {
        let from = match item.has("fieldRef") {
            true => item.text("fieldRef.fieldPath"),
            false => item.text("resourceFieldRef.resource"),
        };
        pen.line(3, &format!("{from} -> {}", item.text("path")));
    }
}

fn projected(pen: &mut Pen, volume: &Value) {
    let about = "Projected (a volume that contains injected data from multiple sources)";
    pen.field(2, "Type", about);
    for source in volume.items("sources") {
        for (field, title) in [("secret", "SecretName"), ("configMap", "ConfigMapName")] {
            if source.has(field) {
                let source = source.at(field);
                pen.field(2, title, source.text("name"));
                pen.field(2, "Optional", &source.flag("optional").to_string());
            }
        }
        if source.has("downwardAPI") {
            pen.field(2, "DownwardAPI", "true");
        }
        if source.has("serviceAccountToken") {
            let seconds = source.int("serviceAccountToken.expirationSeconds");
            pen.field(2, "TokenExpirationSeconds", &seconds.to_string());
        }
    }
}
