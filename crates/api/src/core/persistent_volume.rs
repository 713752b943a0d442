//! PersistentVolume: a piece of storage. Its source stays in its JSON form.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire::Wire;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::container::ResourceList;
use super::persistent_volume_source;
use super::pod_spec::NodeSelector;
use super::pod_validation::node_term;
use super::reference::ObjectReference;
use super::storage_names;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{check, immutable, object_meta};

wire_struct! {
    /// Which nodes reach the storage.
    pub struct VolumeNodeAffinity {
        pub required: Option<NodeSelector> => "required",
    }
}

wire_struct! {
    /// A piece of storage; its source (`hostPath`, `csi`, …) lies in `extra`.
    pub struct PersistentVolumeSpec {
        pub access_modes: Vec<SmolStr> => "accessModes",
        pub capacity: ResourceList => "capacity",
        pub claim_ref: Option<Box<ObjectReference>> => "claimRef",
        pub mount_options: Vec<SmolStr> => "mountOptions",
        pub node_affinity: Option<Box<VolumeNodeAffinity>> => "nodeAffinity",
        pub reclaim_policy: SmolStr => "persistentVolumeReclaimPolicy",
        pub storage_class_name: SmolStr => "storageClassName",
        pub volume_attributes_class_name: Option<SmolStr> => "volumeAttributesClassName",
        pub volume_mode: Option<SmolStr> => "volumeMode",
    }
}

wire_struct! {
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    pub struct PersistentVolumeStatus {
        pub last_phase_transition_time: Option<Time> => "lastPhaseTransitionTime",
        pub message: SmolStr => "message",
        pub phase: SmolStr => "phase",
        pub reason: SmolStr => "reason",
    }
}

wire_struct! {
    /// A piece of storage.
    pub struct PersistentVolume {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: PersistentVolumeSpec => "spec" keep,
        pub status: PersistentVolumeStatus => "status" keep,
    }
}

// Models ValidatePersistentVolumeSpec of pkg/apis/core/validation/validation.go.
fn validate_spec(spec: &PersistentVolumeSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = FieldPath::new("spec");
    let modes = path.child("accessModes");
    storage_names::validate_modes(&spec.access_modes, &modes, "", &mut errors);
    let capacity = path.child("capacity");
    if spec.capacity.is_empty() {
        errors.push(FieldError::required(&capacity, ""));
    }
    if !spec.capacity.contains_key("storage") || spec.capacity.len() > 1 {
        let mut error = FieldError::not_supported(&capacity, "", &["storage"]);
        error.value = match spec.capacity.is_empty() {
            true => "{}".to_owned(),
            false => spec.capacity.to_value().to_string(),
        };
        errors.push(error);
    }
    for (name, amount) in &spec.capacity {
        storage_names::positive(amount, &capacity.key(name), &mut errors);
    }
    let policies = ["Delete", "Recycle", "Retain"];
    let policy = spec.reclaim_policy.as_str();
    if !policy.is_empty() && !policies.contains(&policy) {
        let path = path.child("persistentVolumeReclaimPolicy");
        errors.push(FieldError::not_supported(path, policy, &policies));
    }
    node_affinity(spec, &path, &mut errors);
    persistent_volume_source::validate(spec.extra.0.as_deref(), &path, &mut errors);
    let root = spec.extra.get("hostPath").and_then(|source| source["path"].as_str());
    if root.is_some_and(|path| !path.is_empty() && path.trim_matches('/').is_empty())
        && policy == "Recycle"
    {
        let path = path.child("persistentVolumeReclaimPolicy");
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        errors.push(FieldError::forbidden(path, detail));
    }
    if !spec.storage_class_name.is_empty() {
        let path = path.child("storageClassName");
        check(names::is_dns1123_subdomain, &spec.storage_class_name, &path, &mut errors);
    }
    storage_names::validate_mode(&spec.volume_mode, path.child("volumeMode"), &mut errors);
    let Some(class) = &spec.volume_attributes_class_name else { return errors };
    let field = path.child("volumeAttributesClassName");
    if class.is_empty() {
        errors.push(FieldError::required(&field, "an empty string is disallowed"));
    } else {
        check(names::is_dns1123_subdomain, class, &field, &mut errors);
    }
    if spec.extra.get("csi").is_none() {
        let detail = "has to be specified when using volumeAttributesClassName";
        errors.push(FieldError::required(path.child("csi"), detail));
    }
    errors
}

fn node_affinity(spec: &PersistentVolumeSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let path = path.child("nodeAffinity");
    let Some(affinity) = &spec.node_affinity else {
        if spec.extra.get("local").is_some_and(|source| source["path"] != "") {
            errors.push(FieldError::required(path, "Local volume requires node affinity"));
        }
        return;
    };
    let path = path.child("required");
    let Some(required) = &affinity.required else {
        errors.push(FieldError::required(path, "must specify required node constraints"));
        return;
    };
    let path = path.child("nodeSelectorTerms");
    if required.node_selector_terms.is_empty() {
        errors.push(FieldError::required(&path, "must have at least one node selector term"));
    }
    for (i, term) in required.node_selector_terms.iter().enumerate() {
        node_term(term, true, &path.index(i), errors);
    }
}

impl Kind for PersistentVolume {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "PersistentVolume", "persistentvolumes", false, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/core/v1/defaults.go.
    fn set_defaults(&mut self) {
        if self.status.phase.is_empty() {
            self.status.phase = SmolStr::new_static("Pending");
        }
        if self.spec.reclaim_policy.is_empty() {
            self.spec.reclaim_policy = SmolStr::new_static("Retain");
        }
        self.spec.volume_mode.get_or_insert(SmolStr::new_static("Filesystem"));
        let source = self.spec.extra.0.as_mut().and_then(|extra| extra.get_mut("hostPath"));
        if let Some(source) = source.and_then(Value::as_object_mut) {
            source.entry("type").or_insert_with(|| "".into());
        }
    }

    fn prepare_for_create(&mut self) {
        self.status = PersistentVolumeStatus {
            phase: SmolStr::new_static("Pending"),
            last_phase_transition_time: self.metadata.creation_timestamp,
            ..PersistentVolumeStatus::default()
        };
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }

    /// The time of a change of phase is the writer's to set: there is no clock here.
    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
        if self.status.last_phase_transition_time.is_none() {
            self.status.last_phase_transition_time = old.status.last_phase_transition_time;
        }
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        errors.extend(validate_spec(&self.spec));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = validate_spec(&self.spec);
        if self.spec.extra != old.spec.extra {
            let path = FieldPath::new("spec").child("persistentvolumesource");
            let detail = "spec.persistentvolumesource is immutable after creation";
            errors.push(FieldError::forbidden(path, detail));
        }
        let path = FieldPath::new("volumeMode");
        immutable(&self.spec.volume_mode, &old.spec.volume_mode, path, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Capacity"),
                Column::text("Access Modes"),
                Column::text("Reclaim Policy"),
                Column::text("Status"),
                Column::text("Claim"),
                Column::text("StorageClass"),
                Column::text("VolumeAttributesClass"),
                Column::text("Reason"),
                Column::text("Age"),
                Column::wide("VolumeMode"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let spec = &self.spec;
        let capacity = spec.capacity.get("storage").map_or("0".to_owned(), Quantity::to_string);
        let claim = spec.claim_ref.as_ref();
        let claim = claim.map(|claim| format!("{}/{}", claim.namespace, claim.name));
        let deleting = self.metadata.is_deleting();
        vec![
            self.metadata.name.as_str().into(),
            capacity.into(),
            storage_names::access_modes_text(&spec.access_modes).into(),
            spec.reclaim_policy.as_str().into(),
            if deleting { "Terminating" } else { self.status.phase.as_str() }.into(),
            claim.unwrap_or_default().into(),
            storage_names::class_name(&self.metadata, Some(&spec.storage_class_name)).into(),
            spec.volume_attributes_class_name.as_deref().unwrap_or("<unset>").into(),
            self.status.reason.as_str().into(),
            age(&self.metadata, now).into(),
            spec.volume_mode.as_deref().unwrap_or("<unset>").into(),
        ]
    }
}
