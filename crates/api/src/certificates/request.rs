//! CertificateSigningRequest: somebody asks to be certified, somebody approves, a signer signs.
// Models pkg/apis/certificates/validation/validation.go.

use std::collections::{BTreeMap, BTreeSet};

use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

use super::pkcs10;
use crate::object::{Column, Kind, KindInfo, age};
use crate::validation::object_meta;

pub const APPROVED: &str = "Approved";
pub const DENIED: &str = "Denied";
pub const FAILED: &str = "Failed";
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";
const SHORTEST_SECONDS: i32 = 600;

wire_struct! {
    /// What is asked for, and by whom.
    pub struct RequestSpec {
        pub expiration_seconds: Option<i32> => "expirationSeconds",
        pub user_extra: BTreeMap<SmolStr, Vec<SmolStr>> => "extra",
        pub groups: Vec<SmolStr> => "groups",
        pub request: String => "request" keep,
        pub signer_name: SmolStr => "signerName" keep,
        pub uid: SmolStr => "uid",
        pub usages: Vec<SmolStr> => "usages",
        pub username: SmolStr => "username",
    }
}

wire_struct! {
    /// What was decided.
    pub struct RequestCondition {
        pub last_transition_time: Option<Time> => "lastTransitionTime" keep,
        pub last_update_time: Option<Time> => "lastUpdateTime" keep,
        pub message: SmolStr => "message",
        pub reason: SmolStr => "reason",
        pub status: SmolStr => "status" keep,
        pub type_: SmolStr => "type" keep,
    }
}

wire_struct! {
    /// What became of it.
    pub struct RequestStatus {
        pub certificate: String => "certificate",
        pub conditions: Vec<RequestCondition> => "conditions",
    }
}

wire_struct! {
    /// A request to be certified.
    pub struct CertificateSigningRequest {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: RequestSpec => "spec" keep,
        pub status: RequestStatus => "status" keep,
    }
}

const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

fn usages(usages: &[SmolStr], errors: &mut FieldErrors) {
    let path = FieldPath::new("spec").child("usages");
    if usages.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    for (i, usage) in usages.iter().enumerate() {
        if !USAGES.contains(&usage.as_str()) {
            errors.push(FieldError::not_supported(path.index(i), usage, USAGES));
        }
    }
    let mut seen = BTreeSet::new();
    for (i, usage) in usages.iter().enumerate() {
        if !seen.insert(usage) {
            errors.push(FieldError::duplicate(path.index(i), usage.as_str()));
        }
    }
}

// Models ValidateSignerName of pkg/apis/core/validation/names.go.
fn signer_name(name: &str, errors: &mut FieldErrors) {
    let path = FieldPath::new("spec").child("signerName");
    if name.is_empty() {
        errors.push(FieldError::required(&path, ""));
        return;
    }
    if name == LEGACY_SIGNER {
        let detail = "the legacy signerName is not allowed via this API version";
        errors.push(FieldError::invalid(&path, name, detail));
        return;
    }
    let (domain, rest) = match name.split_once('/') {
        Some((domain, rest)) if !rest.contains('/') => (domain, rest),
        _ => {
            let detail =
                "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            errors.push(FieldError::invalid(&path, name, detail));
            return;
        }
    };
    let mut labels = |text: &str, rule: fn(&str) -> Vec<String>| {
        let wrong = text.split('.').map(|label| (label, rule(label)));
        if let Some((label, why)) = wrong.into_iter().find(|(_, why)| !why.is_empty()) {
            for why in why {
                let detail = format!("validating label {label:?}: {why}");
                errors.push(FieldError::invalid(&path, text, &detail));
            }
        }
    };
    labels(domain, names::is_dns1123_label);
    labels(rest, names::is_dns1123_subdomain);
    if !domain.contains('.') {
        let detail = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid(&path, domain, detail));
    }
}

impl CertificateSigningRequest {
    pub fn has(&self, condition: &str) -> bool {
        self.status.conditions.iter().any(|one| one.type_ == condition)
    }

    fn conditions_of(&self, condition: &str) -> Vec<&RequestCondition> {
        self.status.conditions.iter().filter(|one| one.type_ == condition).collect()
    }

    /// Keeps all but the conditions, which the approver writes.
    pub fn prepare_for_approval(&mut self, old: &Self, now: Time) {
        self.spec = old.spec.clone();
        self.status.certificate = old.status.certificate.clone();
        self.stamp(old, now);
    }

    /// Gives new conditions their times.
    pub fn stamp(&mut self, old: &Self, now: Time) {
        for one in &mut self.status.conditions {
            one.last_update_time.get_or_insert(now);
            let same = |was: &&RequestCondition| was.type_ == one.type_ && was.status == one.status;
            let was = old.status.conditions.iter().find(same).and_then(|c| c.last_transition_time);
            one.last_transition_time.get_or_insert(was.unwrap_or(now));
        }
    }

    pub fn validate_approval(&self, old: &Self) -> FieldErrors {
        self.check_change(old, true, false)
    }

    fn check_conditions(&self, errors: &mut FieldErrors) {
        let path = FieldPath::new("status").child("conditions");
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (i, one) in self.status.conditions.iter().enumerate() {
            let (at, type_) = (path.index(i), one.type_.as_str());
            if type_.is_empty() {
                errors.push(FieldError::required(at.child("type"), ""));
            }
            let known = [APPROVED, DENIED, FAILED].contains(&type_);
            let allowed: &[&str] = if known { &["True"] } else { &["False", "True", "Unknown"] };
            if one.status.is_empty() {
                errors.push(FieldError::required(at.child("status"), ""));
            } else if !allowed.contains(&one.status.as_str()) {
                let error = FieldError::not_supported(at.child("status"), &one.status, allowed);
                errors.push(error);
            }
            let other = if type_ == APPROVED { DENIED } else { APPROVED };
            if [APPROVED, DENIED].contains(&type_) && seen.contains(other) {
                let detail = "Approved and Denied conditions are mutually exclusive";
                errors.push(FieldError::invalid(&path, type_, detail));
            }
            if !seen.insert(type_) {
                errors.push(FieldError::duplicate(at.child("type"), type_));
            }
        }
    }

    fn check_change(&self, old: &Self, approves: bool, signs: bool) -> FieldErrors {
        let mut errors = self.validate();
        let path = FieldPath::new("status").child("conditions");
        let mut refuse = |what: &str, condition: &str| {
            let detail = format!("updates may not {what} a condition of type {condition:?}");
            errors.push(FieldError::forbidden(&path, &detail));
        };
        for condition in [APPROVED, DENIED, FAILED] {
            let (new, was) = (self.conditions_of(condition), old.conditions_of(condition));
            if new.len() < was.len() {
                refuse("remove", condition);
            } else if approves || condition == FAILED {
                continue;
            } else if new.len() > was.len() {
                refuse("add", condition);
            } else if new != was {
                refuse("modify", condition);
            }
        }
        if self.status.certificate != old.status.certificate {
            let path = FieldPath::new("status").child("certificate");
            if !signs {
                let detail = "updates may not set certificate content";
                errors.push(FieldError::forbidden(path, detail));
            } else if !old.status.certificate.is_empty() {
                let detail = "updates may not modify existing certificate content";
                errors.push(FieldError::forbidden(path, detail));
            }
        }
        errors
    }

    /// `Approved,Issued` and the like.
    pub fn state(&self) -> String {
        let mut state = match (self.has(DENIED), self.has(APPROVED)) {
            (true, _) => DENIED,
            (_, true) => APPROVED,
            _ => "Pending",
        }
        .to_owned();
        if self.has(FAILED) {
            state.push_str(",Failed");
        }
        if !self.status.certificate.is_empty() {
            state.push_str(",Issued");
        }
        state
    }
}

impl Kind for CertificateSigningRequest {
    const INFO: KindInfo = KindInfo::fixed(
        "certificates.k8s.io",
        "v1",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        false,
        &["approval", "status"],
    );

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/registry/certificates/certificates/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = RequestStatus::default();
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.status = old.status.clone();
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, |_| Vec::new(), &mut errors);
        let path = FieldPath::new("spec");
        if let Err(why) = pkcs10::parse(&self.spec.request) {
            let value = self.spec.request.as_str();
            errors.push(FieldError::invalid(path.child("request"), value, &why));
        }
        usages(&self.spec.usages, &mut errors);
        signer_name(&self.spec.signer_name, &mut errors);
        if let Some(seconds) = self.spec.expiration_seconds.filter(|s| *s < SHORTEST_SECONDS) {
            let detail = "may not specify a duration less than 600 seconds (10 minutes)";
            errors.push(FieldError::invalid(path.child("expirationSeconds"), seconds, detail));
        }
        self.check_conditions(&mut errors);
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        self.check_change(old, false, false)
    }

    fn validate_status_update(&self, old: &Self) -> FieldErrors {
        self.check_change(old, false, true)
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Age"),
                Column::text("SignerName"),
                Column::text("Requestor"),
                Column::text("RequestedDuration"),
                Column::text("Condition"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let signer = self.spec.signer_name.as_str();
        let duration = self.spec.expiration_seconds.map_or_else(
            || "<none>".to_owned(),
            |seconds| apimachinery::duration::human_duration(i64::from(seconds)),
        );
        vec![
            self.metadata.name.as_str().into(),
            age(&self.metadata, now).into(),
            (if signer.is_empty() { "<none>" } else { signer }).into(),
            self.spec.username.as_str().into(),
            duration.into(),
            self.state().into(),
        ]
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![("spec.signerName", self.spec.signer_name.clone())]
    }
}
