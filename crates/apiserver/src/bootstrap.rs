//! The objects that a server makes for itself before anyone asks.
// Models pkg/controlplane/controller/{systemnamespaces,kubernetesservice}, reconcilers and
// pkg/registry/scheduling/rest.

use api::core::endpoints::{EndpointAddress, EndpointPort, EndpointSubset};
use api::core::service::ServicePort;
use api::discovery::endpoint_slice::{self, Endpoint, EndpointConditions};
use api::scheduling::priority_class::SYSTEM_CLASSES;
use api::{EndpointSlice, Endpoints, Kind, Namespace, Obj, PriorityClass, Service};
use apimachinery::int_or_string::IntOrString;
use apimachinery::meta::{ObjectMeta, string_map};
use client::{Body, Request, Verb};
use smol_str::{SmolStr, format_smolstr};

use crate::server::{ApiServer, CallCx};

const NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];
const NAME: &str = "kubernetes";

fn labelled(labels: &[(&str, &str)]) -> ObjectMeta {
    let mut metadata = ObjectMeta::named("default", NAME);
    metadata.labels = string_map(labels);
    metadata
}

impl ApiServer {
    /// Makes the system's namespaces and priority classes and the service `default/kubernetes`.
    /// Called once.
    pub fn bootstrap(&mut self, cx: &mut CallCx<'_>) {
        for name in NAMESPACES {
            let metadata = ObjectMeta::named("", name);
            self.make(cx, Namespace { metadata, ..Namespace::default() });
        }
        for (name, value, description) in SYSTEM_CLASSES {
            self.make(cx, PriorityClass::system(name, value, description));
        }
        let service = self.kubernetes_service();
        self.make(cx, service);
        let (endpoints, slice) = (self.kubernetes_endpoints(), self.kubernetes_slice());
        self.make(cx, endpoints);
        self.make(cx, slice);
        self.bootstrap_policy(cx);
    }

    pub(crate) fn make<K: Kind>(&mut self, cx: &mut CallCx<'_>, object: K) {
        let namespace = object.meta().namespace.clone();
        let body = Body::Object(std::sync::Arc::new(object) as Obj);
        let request = Request::new(Verb::Create, K::INFO.resource, &namespace, "").body(body);
        // What exists already (a second call) stays as it is.
        let _ = self.handle(cx, request);
    }

    fn kubernetes_service(&self) -> Service {
        let mut service = Service {
            metadata: labelled(&[("component", "apiserver"), ("provider", NAME)]),
            ..Service::default()
        };
        let first = u32::from(self.config.service_network.0).saturating_add(1);
        let address = format_smolstr!("{}", std::net::Ipv4Addr::from(first));
        service.spec.cluster_ips = vec![address.clone()];
        service.spec.cluster_ip = address;
        service.spec.type_ = "ClusterIP".into();
        service.spec.session_affinity = "None".into();
        service.spec.ports = vec![ServicePort {
            name: "https".into(),
            port: 443,
            protocol: "TCP".into(),
            target_port: Some(IntOrString::Int(i32::from(self.config.secure_port))),
            ..ServicePort::default()
        }];
        service
    }

    fn advertised(&self) -> SmolStr {
        format_smolstr!("{}", self.config.advertise_address)
    }

    fn kubernetes_endpoints(&self) -> Endpoints {
        Endpoints {
            metadata: labelled(&[("endpointslice.kubernetes.io/skip-mirror", "true")]),
            subsets: vec![EndpointSubset {
                addresses: vec![EndpointAddress {
                    ip: self.advertised(),
                    ..EndpointAddress::default()
                }],
                ports: vec![EndpointPort {
                    name: "https".into(),
                    port: i32::from(self.config.secure_port),
                    protocol: "TCP".into(),
                    ..EndpointPort::default()
                }],
                ..EndpointSubset::default()
            }],
            ..Endpoints::default()
        }
    }

    fn kubernetes_slice(&self) -> EndpointSlice {
        EndpointSlice {
            address_type: "IPv4".into(),
            metadata: labelled(&[("kubernetes.io/service-name", NAME)]),
            endpoints: vec![Endpoint {
                addresses: vec![self.advertised()],
                conditions: EndpointConditions {
                    ready: Some(true),
                    ..EndpointConditions::default()
                },
                ..Endpoint::default()
            }],
            ports: vec![endpoint_slice::EndpointPort {
                name: Some("https".into()),
                port: Some(i32::from(self.config.secure_port)),
                protocol: Some("TCP".into()),
                ..endpoint_slice::EndpointPort::default()
            }],
            ..EndpointSlice::default()
        }
    }
}
