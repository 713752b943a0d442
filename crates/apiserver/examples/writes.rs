//! How long a write takes: 10,000 pods of one template made, bound and brought to Ready, with
//! watchers as a cluster of 1,000 nodes has them. Prints nanoseconds a write.
#![allow(clippy::disallowed_types, reason = "it measures wall time")]

use std::sync::Arc;
use std::time::Instant;

use api::core::container::Container;
use api::core::pod_spec::{PodBody, PodSpec};
use api::core::pod_status::{ConditionStatus, PodCondition, PodConditionType, PodPhase};
use api::{Kind, Node, Obj, Pod, ServiceAccount, as_kind};
use apimachinery::meta::{ObjectMeta, string_map};
use apimachinery::status::Status;
use apimachinery::wire::StringMap;
use apiserver::{ApiServer, CallCx, Config, ExecResult, LogOptions, NodeProxy};
use client::{Body, Request, User, Verb, WatchSpec};
use clock::{Rng, SimTime};
use smol_str::SmolStr;

const PODS: u32 = 10_000;
const NODES: u32 = 1_000;

struct NoNodes;

impl NodeProxy for NoNodes {
    fn logs(&mut self, _: &Pod, _: &LogOptions) -> Result<String, Box<Status>> {
        Ok(String::new())
    }
    fn exec(&mut self, _: &Pod, _: &str, _: &[SmolStr]) -> Result<ExecResult, Box<Status>> {
        Ok(ExecResult::default())
    }
}

struct Bench {
    server: ApiServer,
    rng: Rng,
    user: User,
    now: SimTime,
}

impl Bench {
    fn call(&mut self, request: Request) -> Option<Obj> {
        let mut cx = CallCx {
            now: self.now,
            epoch: 1_800_000_000,
            rng: &mut self.rng,
            user: &self.user,
            nodes: &mut NoNodes,
        };
        match self.server.handle(&mut cx, request) {
            Ok(reply) => reply.object(),
            Err(status) => panic!("{}", status.message),
        }
    }

    fn create<K: Kind>(&mut self, object: K) -> Option<Obj> {
        let namespace = object.meta().namespace.clone();
        let body = Body::Object(Arc::new(object));
        self.call(Request::new(Verb::Create, K::INFO.resource, &namespace, "").body(body))
    }
}

fn template() -> (PodSpec, StringMap) {
    let container =
        Container { name: "web".into(), image: "nginx:1.27".into(), ..Container::default() };
    let mut body = PodBody { containers: vec![container], ..PodBody::default() };
    api::core::pod_defaults::default_template_body(&mut body);
    let spec = PodSpec { body: Arc::new(body), ..PodSpec::default() };
    (spec, string_map(&[("app", "web"), ("pod-template-hash", "7887448d46")]))
}

fn seeded() -> Bench {
    let user = User::new("bench", &[]);
    let server = ApiServer::new(Config::default());
    let mut bench = Bench { server, rng: Rng::new(7), user, now: SimTime::from_secs(1) };
    let mut cx = CallCx {
        now: bench.now,
        epoch: 1_800_000_000,
        rng: &mut bench.rng,
        user: &bench.user,
        nodes: &mut NoNodes,
    };
    bench.server.bootstrap(&mut cx);
    let metadata = ObjectMeta::named("default", "default");
    bench.create(ServiceAccount { metadata, ..ServiceAccount::default() });
    for n in 0..NODES {
        let mut metadata = ObjectMeta::named("", &format!("node-{n}"));
        metadata.set_label("topology.kubernetes.io/zone", &format!("zone-{}", n % 3));
        bench.create(Node { metadata, ..Node::default() });
        bench.server.open_watch(&WatchSpec::on_node::<Pod>(&format!("node-{n}")));
    }
    for _ in 0..5 {
        bench.server.open_watch(&WatchSpec::all::<Pod>());
    }
    bench
}

fn drain(bench: &mut Bench, batch: &mut Vec<client::WatchEvent>) {
    for id in bench.server.take_wakes() {
        bench.server.poll_watch(id, SimTime::MAX, batch);
        batch.clear();
    }
}

fn report(what: &str, start: Instant) {
    let each = start.elapsed().as_nanos() / u128::from(PODS);
    println!("{what:<16} {each:>6} ns");
}

fn main() {
    let mut bench = seeded();
    let (spec, labels) = template();
    let (mut pods, mut batch) = (Vec::new(), Vec::new());
    let start = Instant::now();
    for _ in 0..PODS {
        let mut metadata = ObjectMeta::named("default", "");
        metadata.generate_name = "web-7887448d46-".into();
        metadata.labels = labels.clone();
        pods.extend(bench.create(Pod { metadata, spec: spec.clone(), ..Pod::default() }));
        drain(&mut bench, &mut batch);
    }
    report("create", start);
    let start = Instant::now();
    for (n, pod) in pods.iter().enumerate() {
        let node = SmolStr::from(format!("node-{}", n as u32 % NODES));
        let request = Request::new(Verb::Create, Pod::INFO.resource, "default", &pod.meta().name);
        bench.call(request.subresource("binding").body(Body::Binding(node)));
        drain(&mut bench, &mut batch);
    }
    report("bind", start);
    for phase in [PodPhase::Pending, PodPhase::Running] {
        let start = Instant::now();
        for pod in &mut pods {
            let name = pod.meta().name.clone();
            let get = Request::new(Verb::Get, Pod::INFO.resource, "default", &name);
            let Some(current) = bench.call(get) else { continue };
            let Some(mut changed) = as_kind::<Pod>(current.as_ref()).cloned() else { continue };
            drop(current);
            changed.status.phase = phase;
            let type_ = PodConditionType::Ready;
            let ready = ConditionStatus::of(phase == PodPhase::Running);
            let since = apimachinery::time::Time(1_800_000_001);
            changed.status.set_condition(PodCondition::new(type_, ready, since));
            let request = Request::new(Verb::Update, Pod::INFO.resource, "default", &name);
            let body = Body::Object(Arc::new(changed));
            bench.call(request.subresource("status").body(body));
            drain(&mut bench, &mut batch);
        }
        report(&format!("status {phase}"), start);
    }
    let start = Instant::now();
    for pod in &pods {
        let request = Request::new(Verb::Get, Pod::INFO.resource, "default", &pod.meta().name);
        bench.call(request);
    }
    report("get", start);
    let bodies: std::collections::BTreeSet<usize> = pods
        .iter()
        .filter_map(|pod| as_kind::<Pod>(pod.as_ref()))
        .map(|pod| Arc::as_ptr(&pod.spec.body) as usize)
        .collect();
    println!("{} objects, revision {}", bench.server.object_count(), bench.server.revision());
    println!("{} pod bodies", bodies.len());
}
