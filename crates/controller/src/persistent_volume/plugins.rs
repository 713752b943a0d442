//! The volume plugins that the controller itself has. All other sources and provisioners are
//! somebody else's work. Models cmd/kube-controller-manager/app/plugins.go.

use api::PersistentVolume;
use api::core::volume_binding::PROVISIONED_BY;

pub const HOST_PATH: &str = "kubernetes.io/host-path";
const IN_TREE: &str = "kubernetes.io/";

/// Provisioners of old whose work CSI drivers took over.
const MIGRATED: [(&str, &str); 7] = [
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

/// The driver that does an old provisioner's work.
pub fn migrated(provisioner: &str) -> Option<&'static str> {
    MIGRATED.iter().find(|(old, _)| *old == provisioner).map(|(_, new)| *new)
}

/// Who makes volumes of a class.
pub enum Provisioner {
    HostPath,
    External,
    Unknown(String),
}

pub fn provisioner(name: &str) -> Provisioner {
    match name {
        HOST_PATH => Provisioner::HostPath,
        _ if migrated(name).is_some() || !name.starts_with(IN_TREE) => Provisioner::External,
        "kubernetes.io/nfs" => {
            Provisioner::Unknown("no provisionable volume plugin matched".to_owned())
        }
        _ => Provisioner::Unknown(format!("no volume plugin matched name: {name}")),
    }
}

/// Who can take a released volume away.
pub enum Deleter {
    HostPath,
    /// Somebody outside the controller does.
    External,
    Missing(String),
}

pub fn deleter(volume: &PersistentVolume) -> Deleter {
    match volume.metadata.annotation(PROVISIONED_BY).filter(|name| !name.is_empty()) {
        Some(HOST_PATH) => return Deleter::HostPath,
        Some(name) if migrated(name).is_some() || !name.starts_with(IN_TREE) => {
            return Deleter::External;
        }
        Some(name) => return Deleter::Missing(format!("no volume plugin matched name: {name}")),
        None => {}
    }
    let why = match source(volume) {
        "csi" => return Deleter::External,
        "hostPath" => return Deleter::HostPath,
        "nfs" => "no deletable volume plugin matched",
        _ => "no volume plugin matched",
    };
    let name = &volume.metadata.name;
    Deleter::Missing(format!("error getting deleter volume plugin for volume {name:?}: {why}"))
}

/// Whether a pod of the controller's could empty the volume.
pub fn recycles(volume: &PersistentVolume) -> bool {
    matches!(source(volume), "hostPath" | "nfs")
}

/// The field in which the volume's source stands.
pub fn source(volume: &PersistentVolume) -> &str {
    let fields = volume.spec.extra.0.as_ref();
    fields
        .and_then(|fields| fields.iter().find(|(_, value)| value.is_object()))
        .map_or("", |(name, _)| name.as_str())
}

/// Where a hostPath volume lies.
pub fn host_path(volume: &PersistentVolume) -> &str {
    volume.spec.extra.get("hostPath").and_then(|s| s["path"].as_str()).unwrap_or_default()
}
