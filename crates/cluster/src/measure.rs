//! Workloads for measuring: the same on every target. The caller brings the wall clock.

use std::sync::Arc;

use api::{Deployment, Kind, Obj, Pod, ServiceAccount, as_kind};
use apimachinery::meta::{ObjectMeta, string_map};
use apiserver::{ApiServer, CallCx};
use client::{Body, Request, User, Verb};
use clock::{Duration, Rng, SimTime};
use smol_str::SmolStr;

use crate::nodes::NoNodes;
use crate::{Cluster, Command, Config};

/// What bringing many pods up cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToReady {
    pub nodes: u32,
    pub pods: u32,
    /// Milliseconds of the caller's clock.
    pub wall_ms: f64,
    /// Seconds of virtual time.
    pub virtual_s: f64,
    /// Events of the queue that ran.
    pub events: u64,
    /// Writes to etcd.
    pub revisions: u64,
}

/// A cluster of `nodes` workers, all Ready, nothing on them.
pub fn ready_nodes(nodes: u32) -> Cluster {
    let mut cluster = Cluster::new(Config::workers(nodes, "32", "256Gi"));
    cluster.run_until(cluster.now() + Duration::from_secs(30));
    cluster
}

fn ready_replicas(cluster: &Cluster) -> i32 {
    let load = cluster.server().object(&Deployment::INFO.resource, "default", "load");
    let load = load.and_then(|object| as_kind::<Deployment>(object.as_ref()));
    load.map_or(0, |deployment| deployment.status.ready_replicas)
}

/// Creates one Deployment of `pods` replicas and runs until all are Ready: the whole path of every
/// pod through validation, etcd, watches, scheduler, binding, kubelet and status. `None` if they
/// are not Ready after ten virtual minutes.
pub fn to_ready(cluster: &mut Cluster, pods: u32, now_ms: &dyn Fn() -> f64) -> Option<ToReady> {
    let nodes = cluster.config().nodes.len() as u32;
    let (started, born) = (now_ms(), cluster.now());
    let (events, revisions) = (cluster.events_run(), cluster.server().revision());
    let line = format!("kubectl create deployment load --image=nginx --replicas={pods}");
    cluster.execute(Command::Line { terminal: 0, line });
    for _ in 0..1200 {
        cluster.run_until(cluster.now() + Duration::from_millis(500));
        if ready_replicas(cluster) >= i32::try_from(pods).unwrap_or(i32::MAX) {
            return Some(ToReady {
                nodes,
                pods,
                wall_ms: now_ms() - started,
                virtual_s: cluster.now().since(born).as_secs_f64(),
                events: cluster.events_run() - events,
                revisions: cluster.server().revision() - revisions,
            });
        }
    }
    None
}

/// Virtual seconds a second of the caller's clock, with nothing to do but heartbeats.
pub fn idle(cluster: &mut Cluster, virtual_s: u64, now_ms: &dyn Fn() -> f64) -> f64 {
    let started = now_ms();
    cluster.run_until(cluster.now() + Duration::from_secs(virtual_s));
    virtual_s as f64 * 1e3 / (now_ms() - started).max(1e-3)
}

/// What the API server does alone, with nobody watching.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ApiWrites {
    pub creates_per_s: f64,
    pub status_updates_per_s: f64,
}

/// Creates `count` pods of one template and then writes the status of each once. `None` if one of
/// these is refused.
pub fn api_writes(count: u32, now_ms: &dyn Fn() -> f64) -> Option<ApiWrites> {
    let mut server = ApiServer::new(apiserver::Config::default());
    let user = User::new("system:admin", &["system:masters"]);
    let mut rng = Rng::new(1);
    let mut cx = CallCx {
        now: SimTime::ZERO,
        epoch: Config::default().epoch,
        rng: &mut rng,
        user: &user,
        nodes: &mut NoNodes,
    };
    server.bootstrap(&mut cx);
    let account = ServiceAccount {
        metadata: ObjectMeta::named("default", "default"),
        ..ServiceAccount::default()
    };
    let request = Request::new(Verb::Create, ServiceAccount::INFO.resource, "default", "");
    server.handle(&mut cx, request.body(Body::Object(Arc::new(account)))).ok()?;
    let pods = &Pod::INFO.resource;
    let pod = bare_pod();
    let started = now_ms();
    let mut made: Vec<Obj> = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let body = Body::Object(Arc::new(pod.clone()));
        let request = Request::new(Verb::Create, pods.clone(), "default", "").body(body);
        made.push(server.handle(&mut cx, request).ok()?.object()?);
    }
    let created = now_ms();
    for mut object in made {
        let name = object.meta().name.clone();
        if let Some(pod) = api::make_mut(&mut object).as_any_mut().downcast_mut::<Pod>() {
            pod.status.message = SmolStr::new_static("measured");
        }
        let request = Request::new(Verb::Update, pods.clone(), "default", &name)
            .subresource("status")
            .body(Body::Object(object));
        server.handle(&mut cx, request).ok()?;
    }
    let rate = |from: f64, to: f64| f64::from(count) * 1e3 / (to - from).max(1e-3);
    Some(ApiWrites {
        creates_per_s: rate(started, created),
        status_updates_per_s: rate(created, now_ms()),
    })
}

fn bare_pod() -> Pod {
    let mut metadata = ObjectMeta::named("default", "");
    metadata.generate_name = SmolStr::new_static("measured-");
    metadata.labels = string_map(&[("app", "measured")]);
    let mut pod = Pod { metadata, ..Pod::default() };
    let container = api::core::container::Container {
        name: SmolStr::new_static("nginx"),
        image: SmolStr::new_static("nginx"),
        ..api::core::container::Container::default()
    };
    Arc::make_mut(&mut pod.spec.body).containers.push(container);
    pod
}
