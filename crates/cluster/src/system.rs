//! What kubeadm leaves behind: the control plane's own pods, kube-proxy on every node and the DNS,
//! as objects in kube-system. The programs themselves are components; these are their pods.

use api::core::container::{Container, ContainerPort};
use api::core::pod::{Pod, PodTemplateSpec};
use api::core::pod_spec::{PodBody, PodSpec, Toleration};
use api::core::service::{Service, ServicePort, ServiceSpec};
use api::storage::storage_class::DEFAULT_CLASS;
use api::{DaemonSet, Deployment, StorageClass};
use apimachinery::int_or_string::IntOrString;
use apimachinery::labels::LabelSelector;
use apimachinery::meta::{ObjectMeta, string_map};
use apimachinery::quantity::Quantity;
use client::{ApiExt, Component, Ctx, User, WatchEvent, WatchSpec};
use clock::Duration;
use smol_str::SmolStr;

use crate::config::{Config, NodeSpec};

const NAMESPACE: &str = "kube-system";
const VERSION: &str = "v1.36.2";
const RETRY: Duration = Duration::from_millis(200);
/// The address that kubelets write into every container's resolver.
const DNS_ADDRESS: &str = "10.96.0.10";

/// Static pods of the control plane: name, image, CPU request.
const CONTROL_PLANE: &[(&str, &str, &str)] = &[
    ("etcd", "registry.k8s.io/etcd:3.6.6-0", "100m"),
    ("kube-apiserver", "registry.k8s.io/kube-apiserver:v1.36.2", "250m"),
    ("kube-controller-manager", "registry.k8s.io/kube-controller-manager:v1.36.2", "200m"),
    ("kube-scheduler", "registry.k8s.io/kube-scheduler:v1.36.2", "100m"),
];

/// Makes the objects once the service account they need is there, then rests.
pub(crate) struct Kubeadm {
    pods: Vec<Pod>,
    proxy: Option<DaemonSet>,
    dns: Option<(Service, Deployment)>,
    classes: Vec<StorageClass>,
}

impl Kubeadm {
    pub fn new(config: &Config) -> Self {
        let mut pods = Vec::new();
        for node in &config.nodes {
            if node.control_plane {
                pods.extend(CONTROL_PLANE.iter().map(|program| static_pod(node, program)));
            }
        }
        pods.reverse();
        let classes = vec![default_class()];
        let dns = Some((dns_service(), dns_deployment()));
        Kubeadm { pods, proxy: Some(proxy_daemon_set()), dns, classes }
    }

    /// Makes what can be made; true when nothing is left.
    fn make(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if let Some((service, deployment)) = self.dns.take() {
            let made =
                ctx.api.create(service.clone()).and_then(|_| ctx.api.create(deployment.clone()));
            if made.is_err_and(|status| !status.is_already_exists()) {
                self.dns = Some((service, deployment));
                return false;
            }
        }
        if let Some(proxy) = self.proxy.take() {
            let made = ctx.api.create(proxy.clone());
            if made.is_err_and(|status| !status.is_already_exists()) {
                self.proxy = Some(proxy);
                return false;
            }
        }
        for class in std::mem::take(&mut self.classes) {
            let _ = ctx.api.create(class);
        }
        while let Some(pod) = self.pods.last() {
            match ctx.api.create(pod.clone()) {
                Err(status) if !status.is_already_exists() => return false,
                _ => self.pods.pop(),
            };
        }
        true
    }
}

impl Component for Kubeadm {
    fn name(&self) -> SmolStr {
        SmolStr::new_static("kubeadm")
    }

    fn user(&self) -> User {
        User::new("kubernetes-admin", &["system:masters", "system:authenticated"])
    }

    fn watches(&self) -> Vec<WatchSpec> {
        Vec::new()
    }

    fn start(&mut self, ctx: &mut Ctx<'_>) {
        ctx.wake_in(RETRY, 0);
    }

    fn on_watch(&mut self, _: &mut Ctx<'_>, _: &[WatchEvent]) {}

    fn on_timer(&mut self, ctx: &mut Ctx<'_>, _: u64) {
        if !self.make(ctx) {
            ctx.wake_in(RETRY, 0);
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

/// minikube's addon `default-storageclass`.
fn default_class() -> StorageClass {
    let mut metadata = ObjectMeta::named("", "standard");
    metadata.labels = string_map(&[("addonmanager.kubernetes.io/mode", "EnsureExists")]);
    metadata.set_annotation(DEFAULT_CLASS, "true");
    let provisioner = volume::Driver::minikube().name;
    StorageClass { metadata, provisioner, ..StorageClass::default() }
}

fn everywhere() -> Vec<Toleration> {
    vec![Toleration { operator: "Exists".into(), ..Toleration::default() }]
}

fn container(name: &str, image: &str, cpu: &str) -> Container {
    let mut container = Container {
        name: name.into(),
        image: image.into(),
        image_pull_policy: "IfNotPresent".into(),
        command: vec![name.into()],
        ..Container::default()
    };
    if let Ok(cpu) = Quantity::parse(cpu) {
        container.resources.requests.insert("cpu".into(), cpu);
    }
    container
}

fn meta(name: &str, labels: &[(&str, &str)]) -> ObjectMeta {
    let mut meta = ObjectMeta::named(NAMESPACE, name);
    meta.labels = string_map(labels);
    meta
}

/// What runs on the machine's own network and is not to be evicted.
fn critical(container: Container) -> PodBody {
    PodBody {
        host_network: true,
        priority_class_name: "system-node-critical".into(),
        priority: Some(2_000_001_000),
        tolerations: everywhere(),
        containers: vec![container],
        ..PodBody::default()
    }
}

/// The mirror of a pod that the kubelet starts from a file.
fn static_pod(node: &NodeSpec, (program, image, cpu): &(&str, &str, &str)) -> Pod {
    let name = format!("{program}-{}", node.name);
    let mut metadata = meta(&name, &[("component", program), ("tier", "control-plane")]);
    metadata.set_annotation("kubernetes.io/config.source", "file");
    let body = std::sync::Arc::new(critical(container(program, image, cpu)));
    let spec = PodSpec { node_name: node.name.clone(), body, ..PodSpec::default() };
    Pod { metadata, spec, ..Pod::default() }
}

fn proxy_daemon_set() -> DaemonSet {
    let labels = string_map(&[("k8s-app", "kube-proxy")]);
    let image = format!("registry.k8s.io/kube-proxy:{VERSION}");
    let mut set = DaemonSet {
        metadata: meta("kube-proxy", &[("k8s-app", "kube-proxy")]),
        ..DaemonSet::default()
    };
    set.spec.selector = Some(LabelSelector::from_labels(labels.clone()));
    set.spec.template.metadata.labels = labels;
    let body = critical(container("kube-proxy", &image, "0"));
    set.spec.template.spec.body = std::sync::Arc::new(body);
    set
}

fn dns_labels() -> [(&'static str, &'static str); 1] {
    [("k8s-app", "kube-dns")]
}

fn dns_service() -> Service {
    let port = |name: &str, protocol: &str, port| ServicePort {
        name: name.into(),
        protocol: protocol.into(),
        port,
        target_port: Some(IntOrString::Int(port)),
        ..ServicePort::default()
    };
    Service {
        metadata: meta("kube-dns", &dns_labels()),
        spec: ServiceSpec {
            cluster_ip: DNS_ADDRESS.into(),
            cluster_ips: vec![DNS_ADDRESS.into()],
            selector: string_map(&dns_labels()),
            ports: vec![port("dns", "UDP", 53), port("dns-tcp", "TCP", 53)],
            ..ServiceSpec::default()
        },
        ..Service::default()
    }
}

fn dns_deployment() -> Deployment {
    let mut coredns = container("coredns", "registry.k8s.io/coredns/coredns:v1.13.1", "100m");
    coredns.ports = [("dns", "UDP"), ("dns-tcp", "TCP")]
        .map(|(name, protocol)| ContainerPort {
            name: name.into(),
            protocol: protocol.into(),
            container_port: 53,
            ..ContainerPort::default()
        })
        .into();
    let mut template = PodTemplateSpec::default();
    template.metadata.labels = string_map(&dns_labels());
    template.spec.body = std::sync::Arc::new(PodBody {
        containers: vec![coredns],
        priority_class_name: "system-cluster-critical".into(),
        priority: Some(2_000_000_000),
        tolerations: everywhere(),
        ..PodBody::default()
    });
    let mut deployment =
        Deployment { metadata: meta("coredns", &dns_labels()), ..Deployment::default() };
    deployment.spec.replicas = Some(2);
    deployment.spec.selector = Some(LabelSelector::from_labels(string_map(&dns_labels())));
    deployment.spec.template = template;
    deployment
}
