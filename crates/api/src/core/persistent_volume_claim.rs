//! PersistentVolumeClaim: a wish for storage.

use apimachinery::field_path::FieldPath;
use apimachinery::labels::LabelSelector;
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
use super::{pod_diff, storage_names};
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::keep_deletion;
use crate::validation::{check, immutable, label_selector, object_meta};

wire_struct! {
    /// How much storage is asked for.
    pub struct VolumeResourceRequirements {
        pub limits: ResourceList => "limits",
        pub requests: ResourceList => "requests",
    }
}

wire_struct! {
    /// What storage is asked for.
    pub struct PersistentVolumeClaimSpec {
        pub access_modes: Vec<SmolStr> => "accessModes",
        pub data_source: Option<Box<Value>> => "dataSource",
        pub data_source_ref: Option<Box<Value>> => "dataSourceRef",
        pub resources: VolumeResourceRequirements => "resources" keep,
        pub selector: Option<Box<LabelSelector>> => "selector",
        pub storage_class_name: Option<SmolStr> => "storageClassName",
        pub volume_attributes_class_name: Option<SmolStr> => "volumeAttributesClassName",
        pub volume_mode: Option<SmolStr> => "volumeMode",
        pub volume_name: SmolStr => "volumeName",
    }
}

wire_struct! {
    /// `Pending`, `Bound` or `Lost`, and what was given.
    pub struct PersistentVolumeClaimStatus {
        pub access_modes: Vec<SmolStr> => "accessModes",
        pub allocated_resources: ResourceList => "allocatedResources",
        pub capacity: ResourceList => "capacity",
        pub conditions: Vec<Value> => "conditions",
        pub current_volume_attributes_class_name: Option<SmolStr> =>
            "currentVolumeAttributesClassName",
        pub phase: SmolStr => "phase",
    }
}

wire_struct! {
    /// A wish for storage.
    pub struct PersistentVolumeClaim {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: PersistentVolumeClaimSpec => "spec" keep,
        pub status: PersistentVolumeClaimStatus => "status" keep,
    }
}

// Models ValidatePersistentVolumeClaimSpec of pkg/apis/core/validation/validation.go.
pub fn validate_spec(spec: &PersistentVolumeClaimSpec, path: &FieldPath) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let detail = "at least 1 access mode is required";
    let modes = path.child("accessModes");
    let selector_at = errors.len();
    storage_names::validate_modes(&spec.access_modes, &modes, detail, &mut errors);
    if let Some(selector) = &spec.selector {
        let mut found = FieldErrors::new();
        label_selector(selector, &path.child("selector"), &mut found);
        let at = selector_at + usize::from(spec.access_modes.is_empty());
        errors.splice(at..at, found);
    }
    let storage = path.child("resources").key("storage");
    match spec.resources.requests.get("storage") {
        None => errors.push(FieldError::required(storage, "")),
        Some(amount) => storage_names::positive(amount, &storage, &mut errors),
    }
    if let Some(class) = spec.storage_class_name.as_ref().filter(|class| !class.is_empty()) {
        let path = path.child("storageClassName");
        check(names::is_dns1123_subdomain, class, &path, &mut errors);
    }
    storage_names::validate_mode(&spec.volume_mode, path.child("volumeMode"), &mut errors);
    data_sources(spec, path, &mut errors);
    let class = spec.volume_attributes_class_name.as_ref();
    if let Some(class) = class.filter(|class| !class.is_empty()) {
        let path = path.child("volumeAttributesClassName");
        check(names::is_dns1123_subdomain, class, &path, &mut errors);
    }
    errors
}

// Models validateDataSource and validateDataSourceRef.
fn data_sources(spec: &PersistentVolumeClaimSpec, path: &FieldPath, errors: &mut FieldErrors) {
    let all = [("dataSource", &spec.data_source), ("dataSourceRef", &spec.data_source_ref)];
    for (name, source) in all {
        let Some(source) = source else { continue };
        let path = path.child(name);
        let text = |field: &str| source[field].as_str().unwrap_or_default();
        for field in ["name", "kind"] {
            if text(field).is_empty() {
                errors.push(FieldError::required(path.child(field), ""));
            }
        }
        let (group, kind) = (text("apiGroup"), text("kind"));
        if group.is_empty() && kind != "PersistentVolumeClaim" {
            let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            errors.push(FieldError::invalid(&path, kind, detail));
        }
        if !group.is_empty() {
            check(names::is_dns1123_subdomain, group, &path.child("apiGroup"), errors);
        }
    }
    let (Some(source), Some(reference)) = (&spec.data_source, &spec.data_source_ref) else {
        return;
    };
    let same = |field: &str| {
        let text = |value: &Value| value[field].as_str().unwrap_or_default().to_owned();
        text(source) == text(reference)
    };
    let foreign = reference["namespace"].as_str().is_some_and(|name| !name.is_empty());
    let why = match (foreign, ["apiGroup", "kind", "name"].into_iter().all(same)) {
        (true, _) => "may not be specified when dataSourceRef.namespace is specified",
        (false, false) => "must match dataSourceRef",
        (false, true) => return,
    };
    errors.push(FieldError::invalid(path, Value::Object(serde_json::Map::new()), why));
}

/// Alone, `dataSource` may only be a claim or a snapshot: anything else was always ignored.
/// Models EnforceDataSourceBackwardsCompatibility of pkg/api/persistentvolumeclaim/util.go.
fn drop_odd_source(spec: &mut PersistentVolumeClaimSpec) {
    let Some(source) = spec.data_source.as_ref().filter(|_| spec.data_source_ref.is_none()) else {
        return;
    };
    let text = |field: &str| source[field].as_str().unwrap_or_default();
    let known = matches!(
        (text("apiGroup"), text("kind")),
        ("", "PersistentVolumeClaim") | ("snapshot.storage.k8s.io", "VolumeSnapshot")
    );
    if !known {
        spec.data_source = None;
    }
}

/// `dataSource` and `dataSourceRef` say the same unless a namespace is named.
fn normalize_sources(spec: &mut PersistentVolumeClaimSpec) {
    match (&spec.data_source, &spec.data_source_ref) {
        (Some(source), None) => spec.data_source_ref = Some(source.clone()),
        (None, Some(reference)) if reference["namespace"].as_str().is_none_or(str::is_empty) => {
            spec.data_source = Some(reference.clone());
        }
        _ => {}
    }
}

impl PersistentVolumeClaim {
    /// What may change: the volume's name once, and size and attributes of a bound claim.
    fn validate_change(&self, old: &Self, errors: &mut FieldErrors) {
        let (mut new, mut before) = (self.spec.clone(), old.spec.clone());
        if before.volume_name.is_empty() {
            before.volume_name = new.volume_name.clone();
        }
        let size = |spec: &PersistentVolumeClaimSpec| {
            spec.resources.requests.get("storage").cloned().unwrap_or_default()
        };
        let (size_new, size_old) = (size(&new), size(&before));
        if self.status.phase == "Bound" {
            new.resources.requests = before.resources.requests.clone();
            new.volume_attributes_class_name = before.volume_attributes_class_name.clone();
        }
        // A claim without a class may get the default one.
        if before.storage_class_name.is_none() {
            new.storage_class_name = None;
        }
        if new != before {
            let type_ = "PersistentVolumeClaimSpec";
            let diff = pod_diff::value_diff(type_, &before.to_value(), &new.to_value());
            let detail = format!(
                "spec is immutable after creation except resources.requests and \
                 volumeAttributesClassName for bound claims\n{diff}"
            );
            errors.push(FieldError::forbidden(FieldPath::new("spec"), &detail));
        }
        let given = self.status.capacity.get("storage").cloned().unwrap_or_else(Quantity::zero);
        if size_new < size_old && size_new <= given {
            let path = FieldPath::new("spec").child("resources").child("requests");
            let detail = "field can not be less than status.capacity";
            errors.push(FieldError::forbidden(path.child("storage"), detail));
        }
        let path = FieldPath::new("volumeMode");
        immutable(&self.spec.volume_mode, &old.spec.volume_mode, path, errors);
    }
}

impl Kind for PersistentVolumeClaim {
    const INFO: KindInfo = KindInfo::fixed(
        "",
        "v1",
        "PersistentVolumeClaim",
        "persistentvolumeclaims",
        true,
        &["status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        self.spec.volume_mode.get_or_insert(SmolStr::new_static("Filesystem"));
        if self.status.phase.is_empty() {
            self.status.phase = SmolStr::new_static("Pending");
        }
    }

    fn prepare_for_create(&mut self) {
        self.status = PersistentVolumeClaimStatus {
            phase: SmolStr::new_static("Pending"),
            ..PersistentVolumeClaimStatus::default()
        };
        drop_odd_source(&mut self.spec);
        normalize_sources(&mut self.spec);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        if old.spec.data_source.is_none() && old.spec.data_source_ref.is_none() {
            drop_odd_source(&mut self.spec);
        }
        normalize_sources(&mut self.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors.extend(validate_spec(&self.spec, &FieldPath::new("spec")));
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = validate_spec(&self.spec, &FieldPath::new("spec"));
        self.validate_change(old, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Status"),
                Column::text("Volume"),
                Column::text("Capacity"),
                Column::text("Access Modes"),
                Column::text("StorageClass"),
                Column::text("VolumeAttributesClass"),
                Column::text("Age"),
                Column::wide("VolumeMode"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let (spec, status) = (&self.spec, &self.status);
        let bound = !spec.volume_name.is_empty();
        let capacity = status.capacity.get("storage").map_or("0".to_owned(), Quantity::to_string);
        let phase = if self.metadata.is_deleting() { "Terminating" } else { &status.phase };
        let class = storage_names::class_name(&self.metadata, spec.storage_class_name.as_deref());
        let modes = storage_names::access_modes_text(&status.access_modes);
        vec![
            self.metadata.name.as_str().into(),
            phase.into(),
            spec.volume_name.as_str().into(),
            if bound { capacity.into() } else { "".into() },
            if bound { modes.into() } else { "".into() },
            class.into(),
            spec.volume_attributes_class_name.as_deref().unwrap_or("<unset>").into(),
            age(&self.metadata, now).into(),
            spec.volume_mode.as_deref().unwrap_or("<unset>").into(),
        ]
    }
}
