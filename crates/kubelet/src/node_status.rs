//! The node's object, its heartbeat lease and its status. Models pkg/kubelet/kubelet_node_status.go
//! and component-helpers/apimachinery/lease.

use api::core::container::ResourceList;
use api::core::node::{
    ContainerImage, NodeAddress, NodeCondition, NodeStatus, NodeSystemInfo, Taint,
};
use api::core::pod_status::ConditionStatus;
use api::{Lease, Node};
use apimachinery::meta::{ObjectMeta, OwnerReference};
use apimachinery::wire::Shared as SharedVec;
use client::fabric::Pressure;
use client::{ApiExt, Ctx};
use clock::SimTime;
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

use crate::config::{NodeConfig, quantity};
use crate::eviction::words;
use crate::kubelet::{Kubelet, Shared};

const LEASE_NAMESPACE: &str = "kube-node-lease";
const LEASE_SECS: i32 = 40;
/// Leaves attaching volumes to the control plane.
const MANAGED_ATTACH: &str = "volumes.kubernetes.io/controller-managed-attach-detach";
/// How many images a node's status names at most.
const IMAGES_TOLD: usize = 50;

fn capacity(config: &NodeConfig) -> ResourceList {
    [
        ("cpu", config.cpu.clone()),
        ("ephemeral-storage", quantity("100Gi")),
        ("hugepages-1Gi", quantity("0")),
        ("hugepages-2Mi", quantity("0")),
        ("memory", config.memory.clone()),
        ("pods", quantity(&config.pods.to_string())),
    ]
    .into_iter()
    .map(|(name, amount)| (SmolStr::new_static(name), amount))
    .collect()
}

/// Type, reason and message of a condition, and its status.
type Told = (&'static str, &'static str, &'static str, bool);

fn conditions(pressures: &[Pressure]) -> impl Iterator<Item = Told> {
    let of = move |kind: Pressure| {
        let (words, bad) = (words(kind), pressures.contains(&kind));
        let (reason, message, _) = if bad { words.bad } else { words.good };
        (words.type_, reason, message, bad)
    };
    let ready = ("Ready", "KubeletReady", "kubelet is posting ready status", true);
    Pressure::ALL.into_iter().map(of).chain([ready])
}

fn status_of(shared: &Shared, old: Option<&NodeStatus>, ctx: &Ctx<'_>) -> NodeStatus {
    let (now, config) = (ctx.time(), &shared.config);
    let conditions = conditions(&shared.pressures).map(|(type_, reason, message, good)| {
        let status = ConditionStatus::of(good);
        let before = old
            .and_then(|old| old.condition(type_))
            .filter(|condition| condition.status == status)
            .and_then(|condition| condition.last_transition_time);
        NodeCondition {
            type_: SmolStr::new_static(type_),
            reason: SmolStr::new_static(reason),
            message: SmolStr::new_static(message),
            status,
            last_heartbeat_time: Some(now),
            last_transition_time: before.or(Some(now)),
            ..NodeCondition::default()
        }
    });
    let address = |type_, address: &str| NodeAddress {
        type_: SmolStr::new_static(type_),
        address: address.into(),
        ..NodeAddress::default()
    };
    let mut status = NodeStatus {
        addresses: vec![
            address("InternalIP", &config.address.to_string()),
            address("Hostname", &config.name),
        ],
        allocatable: capacity(config),
        capacity: capacity(config),
        conditions: conditions.collect(),
        images: images_of(config, ctx),
        node_info: Some(Box::new(NodeSystemInfo {
            architecture: SmolStr::new_static("amd64"),
            boot_id: config.name.clone(),
            container_runtime_version: SmolStr::new_static("containerd://2.1.0"),
            kernel_version: SmolStr::new_static("6.1.0"),
            kubelet_version: SmolStr::new_static("v1.36.2"),
            machine_id: config.name.clone(),
            operating_system: SmolStr::new_static("linux"),
            os_image: SmolStr::new_static("Debian GNU/Linux 12 (bookworm)"),
            system_uuid: config.name.clone(),
            ..NodeSystemInfo::default()
        })),
        ..NodeStatus::default()
    };
    // What the attach-detach controller writes is not the kubelet's to change.
    if let Some(attached) = old.and_then(|old| old.extra.get("volumesAttached")) {
        status.extra.insert("volumesAttached", attached.clone());
    }
    status.extra.insert("daemonEndpoints", json!({"kubeletEndpoint": {"Port": 10250}}));
    status
}

fn images_of(config: &NodeConfig, ctx: &Ctx<'_>) -> Vec<ContainerImage> {
    let Some(machine) = ctx.fabric.machines.get(&config.name) else { return Vec::new() };
    if ctx.fabric.registry.preloaded {
        return Vec::new();
    }
    let mut images: Vec<ContainerImage> = machine
        .images
        .iter()
        .filter(|(_, image)| image.pulled_at <= ctx.now)
        .map(|(name, image)| ContainerImage {
            names: vec![image.id.clone(), full_reference(name)],
            size_bytes: image.size_bytes as i64,
            ..ContainerImage::default()
        })
        .collect();
    images.sort_by_key(|image| std::cmp::Reverse(image.size_bytes));
    images.truncate(IMAGES_TOLD);
    images
}

fn full_reference(reference: &str) -> SmolStr {
    let (repository, tag) = client::fabric::registry::split_reference(reference);
    format_smolstr!("{}:{tag}", client::fabric::registry::full_name(repository))
}

/// What a node's status depends on beside the configuration: if none of it has moved, there is
/// nothing new to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    version: u64,
    images: usize,
    last_pull: SimTime,
    /// One bit a pressure.
    pressures: u8,
}

impl Seen {
    fn of(node: &Node, shared: &Shared, ctx: &Ctx<'_>) -> Self {
        let images = ctx.fabric.machines.get(&shared.config.name).map(|machine| &machine.images);
        let pulled = images.into_iter().flat_map(|images| images.values()).map(|i| i.pulled_at);
        let (mut images, mut last_pull) = (0, SimTime::ZERO);
        for at in pulled.filter(|at| *at <= ctx.now) {
            (images, last_pull) = (images + 1, last_pull.max(at));
        }
        let pressures = shared.pressures.iter().fold(0, |bits, kind| bits | 1 << *kind as u8);
        Seen { version: node.metadata.resource_version, images, last_pull, pressures }
    }
}

/// Whether anything but the heartbeat differs.
fn differs(old: &NodeStatus, new: &NodeStatus) -> bool {
    let timeless = |status: &NodeStatus| {
        let mut status = status.clone();
        status.conditions.iter_mut().for_each(|condition| condition.last_heartbeat_time = None);
        status
    };
    timeless(old) != timeless(new)
}

impl Kubelet {
    pub(crate) fn register(&mut self, ctx: &mut Ctx<'_>) {
        let config = &self.shared.config;
        let mut metadata = ObjectMeta::named("", &config.name);
        metadata.labels = Kubelet::labels_of(config);
        if !config.knobs.as_recorded {
            metadata.set_annotation(MANAGED_ATTACH, "true");
        }
        let mut node =
            Node { metadata, status: status_of(&self.shared, None, ctx), ..Node::default() };
        node.spec.taints = config
            .taints
            .iter()
            .map(|(key, value, effect)| Taint {
                key: key.clone(),
                value: value.clone(),
                effect: effect.clone(),
                ..Taint::default()
            })
            .collect();
        self.reported = ctx.now;
        let name = node.metadata.name.clone();
        let known = match ctx.api.create(node) {
            Ok(node) => Some(node),
            Err(_) => ctx.api.get::<Node>("", &name).ok(),
        };
        if let Some(node) = known {
            let told = !node.status.conditions.is_empty();
            self.learn_node(node);
            if !told {
                self.report(ctx);
            }
        }
    }

    /// Writes the node's status if something changed or it is time.
    pub(crate) fn sync_node_status(&mut self, ctx: &mut Ctx<'_>) {
        // A node that someone deleted comes back only when its kubelet starts anew.
        let Some(node) = &self.node else { return };
        let seen = Seen::of(node, &self.shared, ctx);
        let late = ctx.now.since(self.reported) >= self.shared.knobs().node_status_report;
        if !late && self.seen == Some(seen) {
            return;
        }
        let new = status_of(&self.shared, Some(&node.status), ctx);
        if late || differs(&node.status, &new) {
            self.seen = None;
            self.report(ctx);
        } else {
            self.seen = Some(seen);
        }
    }

    fn report(&mut self, ctx: &mut Ctx<'_>) {
        self.reported = ctx.now;
        for _ in 0..2 {
            let Some(node) = &self.node else { return };
            let mut node = (**node).clone();
            node.status = status_of(&self.shared, Some(&node.status), ctx);
            match ctx.api.update_status(node) {
                Ok(node) => return self.learn_node(node),
                Err(error) if error.is_conflict() => {
                    self.node = ctx.api.get::<Node>("", &self.shared.config.name).ok();
                }
                Err(_) => return,
            }
        }
    }

    pub(crate) fn renew_lease(&mut self, ctx: &mut Ctx<'_>) {
        let name = self.shared.config.name.clone();
        if let Some(lease) = self.lease.take() {
            let mut lease = (*lease).clone();
            lease.spec.renew_time = Some(ctx.micro_time());
            if let Ok(lease) = ctx.api.update(lease) {
                self.lease = Some(lease);
                return;
            }
        }
        if let Ok(found) = ctx.api.get::<Lease>(LEASE_NAMESPACE, &name) {
            let mut lease = (*found).clone();
            lease.spec.renew_time = Some(ctx.micro_time());
            self.lease = ctx.api.update(lease).ok();
            return;
        }
        let mut lease =
            Lease { metadata: ObjectMeta::named(LEASE_NAMESPACE, &name), ..Lease::default() };
        lease.spec.holder_identity = Some(name.clone());
        lease.spec.lease_duration_seconds = Some(LEASE_SECS);
        lease.spec.renew_time = Some(ctx.micro_time());
        if let Some(node) = &self.node {
            lease.metadata.owner_references = SharedVec::new(vec![OwnerReference {
                api_version: SmolStr::new_static("v1"),
                kind: SmolStr::new_static("Node"),
                name,
                uid: node.metadata.uid,
                ..OwnerReference::default()
            }]);
        }
        self.lease = ctx.api.create(lease).ok();
    }
}
