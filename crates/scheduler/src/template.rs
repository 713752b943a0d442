//! What the scheduler reads out of a pod, once for all pods that share a body.

use std::sync::Arc;

use api::Pod;
use api::core::pod_spec::PodBody;
use apimachinery::meta::Uid;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smol_str::{SmolStr, format_smolstr};

use crate::pod_terms::PodTerms;
use crate::resources::PodRequests;
use crate::spread::Constraint;
use api::core::node_selector::{RequiredNodes, Term, preferred};

/// A port that a pod takes on its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    pub ip: SmolStr,
    pub protocol: SmolStr,
    pub port: i32,
}

impl HostPort {
    /// The address `0.0.0.0` is every address.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == ANY_ADDRESS || other.ip == ANY_ADDRESS)
    }
}

const ANY_ADDRESS: &str = "0.0.0.0";

/// The compiled body of a pod.
#[derive(Debug)]
pub struct Template {
    pub body: Arc<PodBody>,
    pub requests: PodRequests,
    pub ports: Vec<HostPort>,
    pub required_nodes: Option<RequiredNodes>,
    pub preferred_nodes: Vec<(Term, i64)>,
    pub terms: PodTerms,
    pub spread: Vec<Constraint>,
    /// Images of init containers and containers as nodes list them, with their tag.
    pub images: Vec<SmolStr>,
}

impl Template {
    pub fn of(body: &Arc<PodBody>) -> Self {
        let containers = body.init_containers.iter().chain(&body.containers);
        Template {
            body: Arc::clone(body),
            requests: PodRequests::of(body),
            ports: host_ports(body),
            required_nodes: RequiredNodes::of(body),
            preferred_nodes: preferred(body),
            terms: PodTerms::of(body),
            spread: body.topology_spread_constraints.iter().filter_map(Constraint::of).collect(),
            images: containers.map(|container| image_name(&container.image)).collect(),
        }
    }

    pub fn priority(&self) -> i32 {
        self.body.priority.unwrap_or(0)
    }
}

pub fn host_ports(body: &PodBody) -> Vec<HostPort> {
    let sidecars =
        body.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    let ports = body.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    ports
        .filter(|port| port.host_port > 0)
        .map(|port| HostPort {
            ip: if port.host_ip.is_empty() { ANY_ADDRESS.into() } else { port.host_ip.clone() },
            protocol: if port.protocol.is_empty() { "TCP".into() } else { port.protocol.clone() },
            port: port.host_port,
        })
        .collect()
}

/// With `:latest` where neither tag nor digest is given.
fn image_name(image: &SmolStr) -> SmolStr {
    let after_slash = image.rfind('/').map_or(0, |at| at + 1);
    let named = image.get(after_slash..).is_some_and(|rest| rest.contains(':'));
    if named || image.contains('@') { image.clone() } else { format_smolstr!("{image}:latest") }
}

/// One pod as the scheduler sees it.
#[derive(Clone, Debug)]
pub struct PodInfo {
    pub pod: Arc<Pod>,
    pub template: Arc<Template>,
}

impl PodInfo {
    pub fn uid(&self) -> Uid {
        self.pod.metadata.uid
    }
}

/// Compiled bodies by the address of the shared body; an entry keeps its body alive, so an address
/// is never used twice.
#[derive(Debug, Default)]
pub struct Templates {
    known: IndexMap<usize, Arc<Template>, FxBuildHasher>,
    sweep_at: usize,
}

const SWEEP_MIN: usize = 256;

impl Templates {
    pub fn info(&mut self, pod: &Arc<Pod>) -> PodInfo {
        PodInfo { pod: Arc::clone(pod), template: self.template(&pod.spec.body) }
    }

    fn template(&mut self, body: &Arc<PodBody>) -> Arc<Template> {
        if let Some(template) = self.known.get(&Arc::as_ptr(body).addr()) {
            return Arc::clone(template);
        }
        if self.known.len() >= self.sweep_at.max(SWEEP_MIN) {
            self.known.retain(|_, template| Arc::strong_count(template) > 1);
            self.sweep_at = self.known.len() * 2;
        }
        let template = Arc::new(Template::of(body));
        self.known.insert(Arc::as_ptr(body).addr(), Arc::clone(&template));
        template
    }
}
