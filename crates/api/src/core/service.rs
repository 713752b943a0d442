//! Service: one address for a changing set of pods.

use super::{service_printer, service_strategy, service_validation};
use crate::object::{Column, Kind, KindInfo};
use crate::object_update::keep_deletion;
use apimachinery::int_or_string::IntOrString;
use apimachinery::meta::ObjectMeta;
use apimachinery::status::FieldErrors;
use apimachinery::time::Time;
use apimachinery::wire::StringMap;
use apimachinery::wire_struct;
use serde_json::Value;
use smol_str::SmolStr;

wire_struct! {
    /// A port of a service and where it leads.
    pub struct ServicePort {
        pub app_protocol: Option<SmolStr> => "appProtocol",
        pub name: SmolStr => "name",
        pub node_port: i32 => "nodePort",
        pub port: i32 => "port" keep,
        pub protocol: SmolStr => "protocol",
        pub target_port: Option<IntOrString> => "targetPort",
    }
}

wire_struct! {
    /// What a service is to do.
    pub struct ServiceSpec {
        pub allocate_load_balancer_node_ports: Option<bool> => "allocateLoadBalancerNodePorts",
        pub cluster_ip: SmolStr => "clusterIP",
        pub cluster_ips: Vec<SmolStr> => "clusterIPs",
        pub external_ips: Vec<SmolStr> => "externalIPs",
        pub external_name: SmolStr => "externalName",
        pub external_traffic_policy: SmolStr => "externalTrafficPolicy",
        pub health_check_node_port: i32 => "healthCheckNodePort",
        pub internal_traffic_policy: Option<SmolStr> => "internalTrafficPolicy",
        pub ip_families: Vec<SmolStr> => "ipFamilies",
        pub ip_family_policy: Option<SmolStr> => "ipFamilyPolicy",
        pub load_balancer_class: Option<SmolStr> => "loadBalancerClass",
        pub load_balancer_ip: SmolStr => "loadBalancerIP",
        pub load_balancer_source_ranges: Vec<SmolStr> => "loadBalancerSourceRanges",
        pub ports: Vec<ServicePort> => "ports",
        pub publish_not_ready_addresses: bool => "publishNotReadyAddresses",
        pub selector: StringMap => "selector",
        pub session_affinity: SmolStr => "sessionAffinity",
        pub session_affinity_config: Option<Value> => "sessionAffinityConfig",
        pub traffic_distribution: Option<SmolStr> => "trafficDistribution",
        pub type_: SmolStr => "type",
    }
}

wire_struct! {
    /// An address that a load balancer gave.
    pub struct LoadBalancerIngress {
        pub hostname: SmolStr => "hostname",
        pub ip: SmolStr => "ip",
        pub ip_mode: Option<SmolStr> => "ipMode",
        pub ports: Vec<Value> => "ports",
    }
}

wire_struct! {
    /// The load balancer in front of a service.
    pub struct LoadBalancerStatus {
        pub ingress: Vec<LoadBalancerIngress> => "ingress",
    }
}

wire_struct! {
    /// How a service is.
    pub struct ServiceStatus {
        pub conditions: Vec<Value> => "conditions",
        pub load_balancer: LoadBalancerStatus => "loadBalancer" keep,
    }
}

wire_struct! {
    /// One address for a changing set of pods.
    pub struct Service {
        pub metadata: ObjectMeta => "metadata" keep,
        pub spec: ServiceSpec => "spec" keep,
        pub status: ServiceStatus => "status" keep,
    }
}

impl Kind for Service {
    const INFO: KindInfo =
        KindInfo::fixed("", "v1", "Service", "services", true, &["proxy", "status"]);

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn set_defaults(&mut self) {
        service_strategy::set_defaults(self);
    }

    // Models pkg/registry/core/service/strategy.go.
    fn prepare_for_create(&mut self) {
        self.status = ServiceStatus::default();
        service_strategy::normalize_cluster_ips(&mut self.spec, None);
    }

    fn prepare_for_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        service_strategy::patch_allocated(&mut self.spec, &old.spec);
        service_strategy::normalize_cluster_ips(&mut self.spec, Some(&old.spec));
        service_strategy::drop_type_dependent(self, old);
    }

    fn prepare_for_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
        keep_deletion(&mut self.metadata, &old.metadata);
    }

    fn validate(&self) -> FieldErrors {
        service_validation::validate(self)
    }

    fn validate_update(&self, old: &Self) -> FieldErrors {
        service_validation::validate_update(self, old)
    }

    fn columns() -> &'static [Column] {
        &service_printer::COLUMNS
    }

    fn row(&self, now: Time) -> Vec<Value> {
        service_printer::row(self, now)
    }

    fn selectable_fields(&self) -> Vec<(&'static str, SmolStr)> {
        vec![
            ("spec.clusterIP", self.spec.cluster_ip.clone()),
            ("spec.type", self.spec.type_.clone()),
        ]
    }
}
