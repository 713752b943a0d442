//! CSIDriver: what a storage driver can do, and what it wants.

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::{immutable, object_meta};

const TOKEN_SECONDS_MIN: i64 = 600;
const TOKEN_SECONDS_MAX: i64 = 1 << 32;
const UPDATE_SECONDS_MIN: i64 = 10;

wire_struct! {
    /// What a storage driver can do, and what it wants.
    pub struct CSIDriverSpec {
        pub attach_required: Option<bool> => "attachRequired",
        pub fs_group_policy: Option<SmolStr> => "fsGroupPolicy",
        pub node_allocatable_update_period_seconds: Option<i64> =>
            "nodeAllocatableUpdatePeriodSeconds",
        pub pod_info_on_mount: Option<bool> => "podInfoOnMount",
        pub requires_republish: Option<bool> => "requiresRepublish",
        pub se_linux_mount: Option<bool> => "seLinuxMount",
        pub service_account_token_in_secrets: Option<bool> => "serviceAccountTokenInSecrets",
        pub storage_capacity: Option<bool> => "storageCapacity",
        pub token_requests: Vec<Value> => "tokenRequests",
        pub volume_lifecycle_modes: Vec<SmolStr> => "volumeLifecycleModes",
    }
}

wire_struct! {
    /// A storage driver.
    pub struct CSIDriver {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: CSIDriverSpec => "spec" keep,
    }
}

// Models validateCSIDriverSpec of pkg/apis/storage/validation/validation.go.
fn validate_spec(spec: &CSIDriverSpec, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec");
    let supported = ["File", "None", "ReadWriteOnceWithFSType"];
    if let Some(policy) = spec.fs_group_policy.as_ref().filter(|p| !supported.contains(&p.as_str()))
    {
        errors.push(FieldError::not_supported(path.child("fsGroupPolicy"), policy, &supported));
    }
    token_requests(&spec.token_requests, &path.child("tokenRequests"), errors);
    let supported = ["Persistent", "Ephemeral"];
    let modes = spec.volume_lifecycle_modes.iter();
    for mode in modes.filter(|mode| !supported.contains(&mode.as_str())) {
        let path = path.child("volumeLifecycleModes");
        errors.push(FieldError::not_supported(path, mode, &supported));
    }
    let period = spec.node_allocatable_update_period_seconds;
    if let Some(seconds) = period.filter(|seconds| *seconds < UPDATE_SECONDS_MIN) {
        let path = path.child("nodeAllocatableUpdatePeriodSeconds");
        let detail = "must be greater than or equal to 10 seconds";
        errors.push(FieldError::invalid(path, seconds, detail));
    }
    if let Some(given) = spec.service_account_token_in_secrets
        && spec.token_requests.is_empty()
    {
        let path = path.child("serviceAccountTokenInSecrets");
        let detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        errors.push(FieldError::invalid(path, given, detail));
    }
}

fn token_requests(requests: &[Value], path: &FieldPath, errors: &mut FieldErrors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        let path = path.index(i);
        let audience = request["audience"].as_str().unwrap_or_default();
        if seen.contains(&audience) {
            errors.push(FieldError::duplicate(path.child("audience"), audience));
            continue;
        }
        seen.push(audience);
        let Some(seconds) = request["expirationSeconds"].as_i64() else { continue };
        let detail = match seconds {
            ..TOKEN_SECONDS_MIN => "may not specify a duration less than 10 minutes",
            TOKEN_SECONDS_MIN..=TOKEN_SECONDS_MAX => continue,
            _ => "may not specify a duration larger than 2^32 seconds",
        };
        errors.push(FieldError::invalid(path.child("expirationSeconds"), seconds, detail));
    }
}

impl CSIDriver {
    /// Whether volumes must be attached to a node before they can be mounted there.
    pub fn attaches(&self) -> bool {
        self.spec.attach_required.unwrap_or(true)
    }
}

impl Kind for CSIDriver {
    const INFO: KindInfo =
        KindInfo::fixed("storage.k8s.io", "v1", "CSIDriver", "csidrivers", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/apis/storage/v1/defaults.go.
    fn set_defaults(&mut self) {
        let spec = &mut self.spec;
        spec.attach_required.get_or_insert(true);
        spec.pod_info_on_mount.get_or_insert(false);
        spec.storage_capacity.get_or_insert(false);
        spec.fs_group_policy.get_or_insert(SmolStr::new_static("ReadWriteOnceWithFSType"));
        if spec.volume_lifecycle_modes.is_empty() {
            spec.volume_lifecycle_modes.push(SmolStr::new_static("Persistent"));
        }
        spec.requires_republish.get_or_insert(false);
        spec.se_linux_mount.get_or_insert(false);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        if self.spec != old.spec {
            self.metadata.generation = old.metadata.generation.saturating_add(1);
        }
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        validate_spec(&self.spec, &mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        validate_spec(&self.spec, &mut errors);
        let (new, old) = (&self.spec, &old.spec);
        let path = FieldPath::new("spec");
        let attach = path.child("attachedRequired");
        immutable(&new.attach_required, &old.attach_required, attach, &mut errors);
        let (new, old) = (&new.volume_lifecycle_modes, &old.volume_lifecycle_modes);
        immutable(new, old, path.child("volumeLifecycleModes"), &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("AttachRequired"),
                Column::text("PodInfoOnMount"),
                Column::text("StorageCapacity"),
                Column::text("TokenRequests"),
                Column::text("RequiresRepublish"),
                Column::text("Modes"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let spec = &self.spec;
        let audiences = spec.token_requests.iter().map(|one| one["audience"].as_str());
        let audiences: Vec<&str> = audiences.map(Option::unwrap_or_default).collect();
        let tokens = if audiences.is_empty() { "<unset>".into() } else { audiences.join(",") };
        let modes = spec.volume_lifecycle_modes.join(",");
        vec![
            self.metadata.name.as_str().into(),
            self.attaches().into(),
            spec.pod_info_on_mount.unwrap_or(false).into(),
            spec.storage_capacity.unwrap_or(false).into(),
            tokens.into(),
            spec.requires_republish.unwrap_or(false).into(),
            if modes.is_empty() { "<none>".into() } else { modes.into() },
            age(&self.metadata, now).into(),
        ]
    }
}
