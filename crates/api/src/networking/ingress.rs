//! Ingress: HTTP from outside, led to services by host and path.

use super::ingress_validation;
use crate::object::{Column, Kind, KindInfo, age};
use crate::object_update::{keep_deletion, move_generation};
use crate::validation::object_meta;
use apimachinery::field_path::FieldPath;
use apimachinery::meta::ObjectMeta;
use apimachinery::names;
use apimachinery::status::{FieldError, FieldErrors};
use apimachinery::time::Time;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeSet;

wire_struct! {
    /// A port of a service, by name or by number.
    pub struct ServiceBackendPort {
        pub name: SmolStr => "name",
        pub number: i32 => "number",
    }
}

wire_struct! {
    /// A port of a service.
    pub struct IngressServiceBackend {
        pub name: SmolStr => "name" keep,
        pub port: ServiceBackendPort => "port" keep,
    }
}

wire_struct! {
    /// An object of another kind that serves.
    pub struct TypedLocalObjectReference {
        pub api_group: Option<SmolStr> => "apiGroup",
        pub kind: SmolStr => "kind" keep,
        pub name: SmolStr => "name" keep,
    }
}

wire_struct! {
    /// Where requests go.
    pub struct IngressBackend {
        pub resource: Option<TypedLocalObjectReference> => "resource",
        pub service: Option<IngressServiceBackend> => "service",
    }
}

wire_struct! {
    /// A path, how it is compared, and where its requests go.
    pub struct HttpIngressPath {
        pub backend: IngressBackend => "backend" keep,
        pub path: SmolStr => "path",
        pub path_type: Option<SmolStr> => "pathType" keep,
    }
}

wire_struct! {
    /// The paths of a host.
    pub struct HttpIngressRuleValue {
        pub paths: Vec<HttpIngressPath> => "paths" keep,
    }
}

wire_struct! {
    /// A host and its paths.
    pub struct IngressRule {
        pub host: SmolStr => "host",
        pub http: Option<HttpIngressRuleValue> => "http",
    }
}

wire_struct! {
    /// A certificate and the hosts it is for.
    pub struct IngressTls {
        pub hosts: Vec<SmolStr> => "hosts",
        pub secret_name: SmolStr => "secretName",
    }
}

wire_struct! {
    /// Which requests go where.
    pub struct IngressSpec {
        pub default_backend: Option<IngressBackend> => "defaultBackend",
        pub ingress_class_name: Option<SmolStr> => "ingressClassName",
        pub rules: Vec<IngressRule> => "rules",
        pub tls: Vec<IngressTls> => "tls",
    }
}

wire_struct! {
    /// An address that leads to the controller.
    pub struct IngressLoadBalancerIngress {
        pub hostname: SmolStr => "hostname",
        pub ip: SmolStr => "ip",
    }
}

wire_struct! {
    /// The addresses that lead to the controller.
    pub struct IngressLoadBalancerStatus {
        pub ingress: Vec<IngressLoadBalancerIngress> => "ingress",
    }
}

wire_struct! {
    /// What the controller tells.
    pub struct IngressStatus {
        pub load_balancer: IngressLoadBalancerStatus => "loadBalancer" keep,
    }
}

wire_struct! {
    /// HTTP from outside, led to services by host and path.
    pub struct Ingress {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: IngressSpec => "spec" keep,
        pub status: IngressStatus => "status" keep,
    }
}

/// The older way to name a class.
const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const HOSTS_SHOWN: usize = 3;
const ADDRESS_WIDTH: usize = 16;

// Models formatHosts of pkg/printers/internalversion/printers.go.
fn hosts(rules: &[IngressRule]) -> String {
    let (mut shown, mut more) = (Vec::new(), false);
    for rule in rules {
        more = more || shown.len() == HOSTS_SHOWN;
        if !more && !rule.host.is_empty() {
            shown.push(rule.host.as_str());
        }
    }
    let text = if shown.is_empty() { "*".to_owned() } else { shown.join(",") };
    match more {
        true => format!("{text} + {} more...", rules.len().saturating_sub(HOSTS_SHOWN)),
        false => text,
    }
}

fn addresses(status: &IngressLoadBalancerStatus) -> String {
    let address = |one: &IngressLoadBalancerIngress| match one.ip.is_empty() {
        true => one.hostname.to_string(),
        false => one.ip.to_string(),
    };
    let all: BTreeSet<String> =
        status.ingress.iter().map(address).filter(|text| !text.is_empty()).collect();
    let text = all.into_iter().collect::<Vec<_>>().join(",");
    match text.get(..ADDRESS_WIDTH - 3).filter(|_| text.len() > ADDRESS_WIDTH) {
        Some(start) => format!("{start}..."),
        None => text,
    }
}

impl Kind for Ingress {
    const INFO: KindInfo =
        KindInfo::fixed("networking.k8s.io", "v1", "Ingress", "ingresses", true, &["status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    // Models pkg/registry/networking/ingress/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = IngressStatus::default();
        self.metadata.generation = 1;
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        move_generation(&mut self.metadata, &old.metadata, self.spec != old.spec);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        self.metadata.generation = old.metadata.generation;
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        object_meta(&self.metadata, true, names::is_dns1123_subdomain, &mut errors);
        ingress_validation::spec(&self.spec, None, &mut errors);
        let annotation = self.metadata.annotation(CLASS_ANNOTATION);
        if let (Some(given), Some(class)) = (annotation, &self.spec.ingress_class_name)
            && given != class.as_str()
        {
            let path = FieldPath::new("annotations").child(CLASS_ANNOTATION);
            let detail = "must match `ingressClassName` when both are specified";
            errors.push(FieldError::invalid(path, given, detail));
        }
        errors
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        ingress_validation::spec(&self.spec, Some(&old.spec), &mut errors);
        errors
    }

    fn validate_status_update(&self, _old: &Self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        ingress_validation::load_balancer(&self.status.load_balancer, &mut errors);
        errors
    }

    fn columns() -> &'static [Column] {
        const {
            &[
                Column::text("Name"),
                Column::text("Class"),
                Column::text("Hosts"),
                Column::text("Address"),
                Column::text("Ports"),
                Column::text("Age"),
            ]
        }
    }

    fn row(&self, now: Time) -> Vec<Value> {
        let class = self.spec.ingress_class_name.as_deref().unwrap_or("<none>");
        vec![
            self.metadata.name.as_str().into(),
            class.into(),
            hosts(&self.spec.rules).into(),
            addresses(&self.status.load_balancer).into(),
            if self.spec.tls.is_empty() { "80" } else { "80, 443" }.into(),
            age(&self.metadata, now).into(),
        ]
    }
}
