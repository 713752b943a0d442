//! A storage driver: whose classes it serves, and what its volumes look like.

use api::core::reference::ObjectReference;
use api::core::volume_binding::PROVISIONED_BY;
use api::{PersistentVolume, PersistentVolumeClaim, StorageClass};
use apimachinery::meta::ObjectMeta;
use clock::Duration;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// Where a driver's volumes lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Disks of its own, attached to nodes.
    Csi,
    /// Directories below this one.
    HostPath(SmolStr),
}

/// A program that makes volumes for the classes that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The provisioner of the classes it serves.
    pub name: SmolStr,
    pub source: Source,
    /// The component under whose name it sends events; empty if it sends none.
    pub says_as: SmolStr,
    /// From what it is asked to what it does.
    pub delay: Duration,
}

impl Driver {
    /// A CSI driver that is as silent as the recordings' stand-in.
    pub fn silent(name: &str) -> Self {
        Driver {
            name: name.into(),
            source: Source::Csi,
            says_as: SmolStr::default(),
            delay: Duration::from_millis(150),
        }
    }

    /// A CSI driver with its usual sidecars.
    pub fn csi(name: &str) -> Self {
        let says_as =
            format_smolstr!("{name}_csi-provisioner-0_4d1c7c0e-61f0-4b3c-9c9e-5b8d1f7a2e63");
        Driver { says_as, ..Driver::silent(name) }
    }

    /// minikube's, behind its class `standard`.
    pub fn minikube() -> Self {
        Driver {
            name: "k8s.io/minikube-hostpath".into(),
            source: Source::HostPath("/tmp/hostpath-provisioner".into()),
            says_as: "k8s.io/minikube-hostpath_minikube_0d3c6d14-8a3b-4a8e-b5dc-3a1d6fd0a5c9"
                .into(),
            delay: Duration::from_millis(20),
        }
    }

    /// The volume for a claim. Models sigs.k8s.io/sig-storage-lib-external-provisioner.
    pub fn volume(&self, claim: &PersistentVolumeClaim, class: &StorageClass) -> PersistentVolume {
        let uid = claim.metadata.uid;
        let mut metadata = ObjectMeta::named("", &format!("pvc-{uid}"));
        metadata.set_annotation(PROVISIONED_BY, &self.name);
        let mut volume = PersistentVolume { metadata, ..PersistentVolume::default() };
        let (field, source) = self.source_of(claim);
        let spec = &mut volume.spec;
        spec.extra.insert(field, source);
        spec.access_modes = claim.spec.access_modes.clone();
        spec.capacity.insert("storage".into(), claim.requested());
        spec.claim_ref = Some(Box::new(ObjectReference::to(claim)));
        spec.mount_options = class.mount_options.clone();
        spec.reclaim_policy = class.reclaim_policy.clone().unwrap_or("Delete".into());
        spec.storage_class_name = class.metadata.name.clone();
        spec.volume_attributes_class_name = claim.spec.volume_attributes_class_name.clone();
        spec.volume_mode = claim.spec.volume_mode.clone();
        volume
    }

    fn source_of(&self, claim: &PersistentVolumeClaim) -> (&'static str, Value) {
        let meta = &claim.metadata;
        match &self.source {
            Source::HostPath(folder) => {
                let path = format!("{folder}/{}/{}", meta.namespace, meta.name);
                ("hostPath", json!({"path": path, "type": ""}))
            }
            Source::Csi => {
                let uid = meta.uid.to_string();
                let short = uid.split('-').next().unwrap_or_default();
                let handle = format_smolstr!("vol-{short}");
                let source =
                    json!({"driver": &*self.name, "fsType": "ext4", "volumeHandle": &*handle});
                ("csi", source)
            }
        }
    }
}
