//! ServiceAccount: who a pod is.

use crate::object::{Kind, KindInfo};
use crate::validation::object_meta;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::FieldErrors;
use apimachinery::wire_struct;
use serde_json::Value;

wire_struct! {
    /// An identity for the processes of a pod.
    pub struct ServiceAccount {
        pub automount_service_account_token: Option<bool> => "automountServiceAccountToken",
        pub image_pull_secrets: Vec<Value> => "imagePullSecrets",
        pub metadata: ObjectMeta => "metadata" keep,
        pub secrets: Vec<Value> => "secrets",
    }
}

impl Kind for ServiceAccount {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "ServiceAccount", "serviceaccounts", true, &["token"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        errors
    }
}
