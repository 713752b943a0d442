//! IngressClass: which controller an Ingress belongs to.

use super::ingress_validation::segments;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::move_generation;
use crate::validation::{check, immutable, object_meta, too_long};
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// An object with more settings of the class.
    pub struct IngressClassParametersReference {
        pub api_group: Option<SmolStr> => "apiGroup",
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
        pub namespace: Option<SmolStr> => "namespace",
        pub scope: Option<SmolStr> => "scope",
    }
}

wire_struct! {
    /// The controller and its settings.
    pub struct IngressClassSpec {
        pub controller: SmolStr => "controller",
        pub parameters: Option<IngressClassParametersReference> => "parameters",
    }
}

wire_struct! {
    /// Which controller an Ingress belongs to.
    pub struct IngressClass {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: IngressClassSpec => "spec" keep,
    }
}

pub const DEFAULT_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";
const CONTROLLER_MAX: usize = 250;
const SCOPES: [&str; 2] = ["Cluster", "Namespace"];

impl IngressClass {
    pub fn is_default(&self) -> bool {
        self.metadata.annotation(DEFAULT_ANNOTATION) == Some("true")
    }
}

/// `example.com/controller`.
// Models IsDomainPrefixedPath of apimachinery/pkg/util/validation/validation.go.
fn domain_prefixed_path(text: &str, path: &FieldPath, errors: &mut FieldErrors) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let Some((host, rest)) = text.split_once('/').filter(|(h, r)| !h.is_empty() && !r.is_empty())
    else {
        let detail = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid(path, text, detail));
        return;
    };
    for message in names::is_dns1123_subdomain(host) {
        errors.push(FieldError::invalid(path, host, &message));
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    if !rest.chars().all(is_path) {
        let detail = names::regex_error("Invalid path", "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", &[]);
        errors.push(FieldError::invalid(path, rest, &detail));
    }
}

// Models validateIngressClassParametersReference of pkg/apis/networking/validation/validation.go.
fn parameters(to: &IngressClassParametersReference, path: &FieldPath, errors: &mut FieldErrors) {
    if let Some(group) = &to.api_group {
        check(names::is_dns1123_subdomain, group, &path.child("apiGroup"), errors);
    }
    segments(&to.kind, &to.name, path, errors);
    let inner = path.child("namespace");
    match (to.scope.as_deref(), &to.namespace) {
        (None, _) => errors.push(FieldError::required(path.child("scope"), "")),
        (Some("Namespace"), None) => {
            let detail = "`parameters.scope` is set to 'Namespace'";
            errors.push(FieldError::required(inner, detail));
        }
        (Some("Namespace"), Some(name)) => check(names::is_dns1123_label, name, &inner, errors),
        (Some("Cluster"), Some(_)) => {
            let detail = "`parameters.scope` is set to 'Cluster'";
            errors.push(FieldError::forbidden(inner, detail));
        }
        (Some("Cluster"), None) => {}
        (Some(other), _) => {
            errors.push(FieldError::not_supported(path.child("scope"), other, &SCOPES));
        }
    }
}

impl Kind for IngressClass {
    const INFO: KindInfo =
        KindInfo::fixed("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, &[]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        if let Some(parameters) = &mut self.spec.parameters {
            parameters.scope.get_or_insert_with(|| "Cluster".into());
        }
    }

    fn prepare_for_create(&mut self) {
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, false, names::is_dns1123_subdomain, &mut errors);
        let path = FieldPath::new("spec");
        if self.spec.controller.len() > CONTROLLER_MAX {
            errors.push(too_long(path.child("controller"), CONTROLLER_MAX));
        }
        domain_prefixed_path(&self.spec.controller, &path.child("controller"), &mut errors);
        if let Some(to) = &self.spec.parameters {
            parameters(to, &path.child("parameters"), &mut errors);
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        let path = FieldPath::new("spec").child("controller");
        immutable(&self.spec.controller, &old.spec.controller, path, &mut errors);
        errors.extend(self.validate());
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Controller"),
                Column::text("Parameters"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let suffix = if self.is_default() { " (default)" } else { "" };
        let parameters = match &self.spec.parameters {
            None => "<none>".to_owned(),
            Some(to) => match &to.api_group {
                Some(group) => format!("{}.{group}/{}", to.kind, to.name),
                None => format!("{}/{}", to.kind, to.name),
            },
        };
        vec![
            format!("{}{suffix}", self.metadata.name).into(),
            self.spec.controller.as_str().into(),
            parameters.into(),
            age(&self.metadata, now).into(),
        ]
    }
}
