//! Volumes of a pod and where containers mount them. Sources other than those modelled here stay
//! in `extra` in their JSON form.

use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// A directory that lives as long as its pod.
    pub struct EmptyDirVolumeSource {
        pub medium: SmolStr => "medium",
        pub size_limit: Option<apimachinery::quantity::Quantity> => "sizeLimit",
    }
}

wire_struct! {
    /// A volume of a pod.
    pub struct Volume {
        pub config_map: Option<Box<Value>> => "configMap",
        pub empty_dir: Option<Box<EmptyDirVolumeSource>> => "emptyDir",
        pub host_path: Option<Box<Value>> => "hostPath",
        pub name: SmolStr => "name" keep,
        pub persistent_volume_claim: Option<Box<Value>> => "persistentVolumeClaim",
        pub projected: Option<Box<Value>> => "projected",
        pub secret: Option<Box<Value>> => "secret",
    }
}

wire_struct! {
    /// Where a container sees a volume.
    pub struct VolumeMount {
        pub mount_path: SmolStr => "mountPath" keep,
        pub name: SmolStr => "name" keep,
        pub read_only: bool => "readOnly",
        pub sub_path: SmolStr => "subPath",
    }
}
