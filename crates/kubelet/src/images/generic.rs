//! Application images without a story of their own: they listen where their containers declare.

use std::sync::Arc;

use api::core::container::Container;
use client::fabric::{HttpRequest, HttpResponse, Image, Next, Port, Profile, Program, World};
use clock::Duration;

use super::{Catalogued, one};

#[derive(Debug)]
pub(super) struct Application {
    ports: Vec<Port>,
}

impl Application {
    pub fn new(container: &Container) -> Self {
        let number = |port: &api::core::container::ContainerPort| {
            u16::try_from(port.container_port).ok().map(Port::Http)
        };
        Application { ports: container.ports.iter().filter_map(number).collect() }
    }
}

impl Program for Application {
    fn ports(&self) -> &[Port] {
        &self.ports
    }

    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::from_millis(100))
    }

    fn http(&self, world: &mut World<'_>, _: &HttpRequest<'_>) -> HttpResponse {
        let host = world.place().map_or(String::new(), |place| place.hostname().to_owned());
        let took = Duration::from_micros(world.rng.between(300, 900));
        HttpResponse::new(200, format!("ok from {host}\n"), took)
    }

    fn profile(&self) -> Profile {
        Profile { idle_cpu_milli: 2, memory_bytes: 32 << 20, cpu_micros_per_request: 200 }
    }
}

pub fn images() -> Vec<Arc<dyn Image>> {
    let names = [
        "agent",
        "app",
        "api",
        "side",
        "x",
        "kubarium/app",
        "registry.k8s.io/coredns/coredns",
        "registry.k8s.io/etcd",
        "registry.k8s.io/kube-apiserver",
        "registry.k8s.io/kube-controller-manager",
        "registry.k8s.io/kube-proxy",
        "registry.k8s.io/kube-scheduler",
        "registry.k8s.io/metrics-server/metrics-server",
    ];
    let make: fn(&str, &Container) -> Arc<dyn Program> =
        |_, container| Arc::new(Application::new(container));
    names
        .into_iter()
        .map(|repository| {
            let binaries = &[
                "coredns",
                "etcd",
                "kube-apiserver",
                "kube-controller-manager",
                "kube-proxy",
                "kube-scheduler",
                "metrics-server",
            ];
            one(Catalogued { repository, size_bytes: 30_000_000, uniform: false, binaries, make })
        })
        .collect()
}
