//! Requests through services over hand-made pods.
#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;
use std::sync::Arc;

use apimachinery::meta::{Key, Uid};
use client::api::Result;
use client::fabric::{
    HttpRequest, HttpResponse, Next, Place, Port, Process, Program, Sandbox, World,
};
use client::{Api, Component, Ctx, Fabric, Reply, Request, Timers};
use clock::{Duration, EventQueue, Rng, SimTime};
use serde_json::json;

use crate::endpoints::tests::{service, slice};
use crate::{Client, Clients, CoreDns, Exchange, Generator, KubeProxy};

struct NoApi;

impl Api for NoApi {
    fn call(&mut self, request: Request) -> Result<Reply> {
        panic!("the network does not write: {request:?}")
    }
}

#[derive(Debug)]
struct Named;

impl Program for Named {
    fn ports(&self) -> &[Port] {
        &[Port::Http(8080)]
    }
    fn step(&self, _: &mut World<'_>) -> Next {
        Next::Serve(Duration::ZERO)
    }
    fn http(&self, world: &mut World<'_>, request: &HttpRequest<'_>) -> HttpResponse {
        let name = world.place().unwrap().pod.name.clone();
        let body = format!("{name} {} {}", request.path, request.client);
        HttpResponse::new(200, body, Duration::from_micros(300))
    }
}

/// Three nodes with a pod each, `web` before them.
struct Net {
    fabric: Fabric,
    proxy: KubeProxy,
    dns: CoreDns,
    clients: Clients,
    rng: Rng,
    now: SimTime,
    queue: EventQueue<(u8, u64)>,
}

impl Net {
    fn new() -> Self {
        let mut net = Net {
            fabric: Fabric::default(),
            proxy: KubeProxy::new(),
            dns: CoreDns::new(),
            clients: Clients::new(),
            rng: Rng::new(3),
            now: SimTime::ZERO,
            queue: EventQueue::default(),
        };
        for n in 1..=3u8 {
            net.fabric.add_machine(&format!("node-{n}"), Ipv4Addr::new(10, 0, 0, n + 1));
            net.pod(n);
        }
        net.act(1, |net, ctx| net.1.start(ctx));
        net
    }

    fn pod(&mut self, n: u8) {
        let program: Arc<dyn Program> = Arc::new(Named);
        let mut process = Process { container: "c".into(), ..Process::default() };
        process.restart(program, SimTime::ZERO);
        process.listening = SimTime::ZERO;
        self.fabric.add_sandbox(
            Uid(u128::from(n)),
            Sandbox {
                place: Place {
                    pod: Key::new("default", format!("web-{n}")),
                    node: format!("node-{n}").into(),
                    address: Ipv4Addr::new(10, 64, n, 3),
                    host_network: false,
                    body: Arc::default(),
                },
                processes: vec![process],
                volumes: None,
                shared: None,
                settings: None,
            },
        );
    }

    /// Runs one of the components: 0 the proxy, 1 the DNS, 2 the clients.
    fn act<T>(
        &mut self,
        who: u8,
        act: impl FnOnce(&mut (&mut KubeProxy, &mut CoreDns, &mut Clients), &mut Ctx<'_>) -> T,
    ) -> T {
        let mut timers = Timers::default();
        let mut ctx = Ctx {
            now: self.now,
            epoch: 0,
            api: &mut NoApi,
            timers: &mut timers,
            rng: &mut self.rng,
            fabric: &mut self.fabric,
        };
        let done = act(&mut (&mut self.proxy, &mut self.dns, &mut self.clients), &mut ctx);
        for (at, token) in timers.take() {
            self.queue.push(at, (who, token));
        }
        done
    }

    fn tell(&mut self, event: client::WatchEvent) {
        let events = [event];
        self.act(0, |all, ctx| all.0.on_watch(ctx, &events));
        self.act(1, |all, ctx| all.1.on_watch(ctx, &events));
    }

    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while let Some(at) = self.queue.next_at().filter(|at| *at <= end) {
            self.now = at;
            let Some((_, (who, token))) = self.queue.pop() else { break };
            self.act(who, |all, ctx| match who {
                0 => all.0.on_timer(ctx, token),
                _ => all.2.on_timer(ctx, token),
            });
        }
        self.now = end;
    }

    fn web(&mut self, extra: serde_json::Value, ready: [bool; 3]) {
        let mut spec = json!({"clusterIP": "10.96.0.50", "type": "ClusterIP",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 8080}]});
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        self.tell(service("web", spec));
        self.endpoints(ready);
    }

    fn endpoints(&mut self, ready: [bool; 3]) {
        let [a, b, c] = ready;
        self.tell(slice(
            "web",
            8080,
            &[("10.64.1.3", "node-1", a), ("10.64.2.3", "node-2", b), ("10.64.3.3", "node-3", c)],
        ));
        self.run(1_200);
    }

    fn send(&mut self, from: &Client, to: &str) -> Exchange {
        crate::send(&mut self.fabric, from, to, self.now, 0, &mut self.rng)
    }

    fn served(&mut self, from: &Client, to: &str, times: usize) -> [usize; 3] {
        let mut counts = [0; 3];
        for _ in 0..times {
            if let Some(pod) = self.send(from, to).served_by {
                let n: usize = pod.name.strip_prefix("web-").unwrap().parse().unwrap();
                counts[n - 1] += 1;
            }
        }
        counts
    }

    fn error(&mut self, from: &Client, to: &str) -> String {
        self.send(from, to).error.map(|e| e.to_string()).unwrap_or_default()
    }
}

fn pod(n: u128) -> Client {
    Client::Pod(Uid(n))
}

#[test]
fn requests_spread_over_the_ready() {
    let mut net = Net::new();
    net.web(json!({}), [true, true, true]);
    let counts = net.served(&pod(1), "http://web/", 300);
    assert!(counts.iter().all(|n| (60..=140).contains(n)), "{counts:?}");
    net.endpoints([true, false, true]);
    let counts = net.served(&pod(1), "http://web/", 100);
    assert_eq!(counts[1], 0);
    assert_eq!(counts.iter().sum::<usize>(), 100);
    let got = net.send(&pod(1), "http://web.default.svc.cluster.local/x");
    assert!(got.body.contains("/x 10.64.1.3"), "{}", got.body);
    assert_eq!(got.service, Some(Key::new("default", "web")));
    assert!(got.latency > Duration::from_micros(500) && got.latency < Duration::from_millis(10));
    let names: Vec<&str> = got.hops.iter().map(|hop| hop.name.as_str()).collect();
    assert_eq!(names[..3], ["default/web-1", "coredns", "service/default/web"]);
    assert!(got.hops.is_sorted_by_key(|hop| hop.at));
}

#[test]
fn nothing_behind_it_refuses() {
    let mut net = Net::new();
    net.web(json!({}), [false, false, false]);
    assert_eq!(net.error(&pod(1), "http://web/"), "Connection refused");
    assert_eq!(net.error(&pod(1), "http://web:81/"), "Connection refused");
    assert_eq!(net.error(&pod(1), "http://nosuch/"), "Could not resolve host: nosuch");
    assert_eq!(net.error(&pod(1), "10.64.2.3:9090"), "Connection refused");
    assert_eq!(net.error(&pod(1), "10.64.2.99:8080"), "No route to host");
    assert_eq!(net.send(&pod(1), "10.64.2.3:8080").status, 200);
    net.fabric.machines.get_mut("node-2").unwrap().reachable = false;
    assert_eq!(net.error(&pod(1), "10.64.2.3:8080"), "Connection timed out");
    net.fabric.dns.serving = false;
    assert_eq!(net.error(&pod(1), "http://web/"), "Could not resolve host: web");
}

#[test]
fn names_follow_the_search_path() {
    let mut net = Net::new();
    net.web(json!({}), [true, true, true]);
    net.tell(service("db", json!({"clusterIP": "None", "ports": [{"port": 80}]})));
    net.tell(slice("db", 8080, &[("10.64.1.3", "node-1", true), ("10.64.2.3", "node-2", false)]));
    let resolve = |name: &str, namespace: &str| -> Vec<String> {
        net.fabric.dns.resolve(name, namespace).iter().map(|ip| ip.to_string()).collect()
    };
    for name in ["web", "web.default", "web.default.svc", "web.default.svc.cluster.local."] {
        assert_eq!(resolve(name, "default"), ["10.96.0.50"], "{name}");
    }
    assert!(resolve("web", "other").is_empty());
    assert_eq!(resolve("web.default", "other"), ["10.96.0.50"]);
    assert_eq!(resolve("db", "default"), ["10.64.1.3"], "headless: the ready pods");
    assert_eq!(resolve("10-64-1-3.db.default.svc.cluster.local", ""), ["10.64.1.3"]);
}

#[test]
fn node_ports_and_balancers_let_strangers_in() {
    let mut net = Net::new();
    let ports = json!([{"port": 80, "protocol": "TCP", "nodePort": 30080}]);
    net.web(json!({"ports": ports, "externalIPs": ["198.51.100.7"]}), [false, true, true]);
    let stranger = Client::External("browser".into());
    let counts = net.served(&stranger, "10.0.0.2:30080", 100);
    assert!(counts[0] == 0 && counts[1] > 20 && counts[2] > 20, "{counts:?}");
    assert_eq!(net.served(&stranger, "http://198.51.100.7", 10).iter().sum::<usize>(), 10);
    assert_eq!(net.error(&stranger, "http://10.96.0.50"), "Connection timed out");
    assert_eq!(
        net.error(&stranger, "http://web.default.svc"),
        "Could not resolve host: \
                                                               web.default.svc"
    );
    let local = json!({"ports": ports, "externalTrafficPolicy": "Local"});
    net.web(local, [false, true, true]);
    assert_eq!(net.error(&stranger, "10.0.0.2:30080"), "Connection timed out");
    assert_eq!(net.served(&stranger, "10.0.0.3:30080", 10), [0, 10, 0]);
}

#[test]
fn a_client_sticks_when_asked_to() {
    let mut net = Net::new();
    net.web(json!({"sessionAffinity": "ClientIP"}), [true, true, true]);
    let counts = net.served(&pod(2), "http://web/", 30);
    assert!(counts.contains(&30), "{counts:?}");
}

#[test]
fn a_node_learns_a_moment_later() {
    let mut net = Net::new();
    net.web(json!({}), [true, false, false]);
    net.endpoints([false, true, false]);
    let table = net.fabric.proxy.newest().unwrap().clone();
    let before = net.fabric.proxy.on_node("node-1", table.published).unwrap();
    assert!(before.revision < table.revision);
    let later = table.published + Duration::from_millis(50);
    assert_eq!(net.fabric.proxy.synced_revision("node-1", later), table.revision);
}

#[test]
fn generators_keep_their_rate() {
    for (rate_milli, secs, want) in [(500, 10, 5), (5_000, 10, 50), (2_000_000, 2, 4_000)] {
        let mut net = Net::new();
        net.web(json!({}), [true, true, true]);
        let generator = Generator {
            name: "shop".into(),
            target: "http://web.default.svc/".into(),
            rate_milli,
            from: None,
        };
        net.act(2, |all, ctx| all.2.add(ctx, generator));
        net.run(secs * 1000);
        let stats = &net.clients.stats()[&Key::new("default", "web")];
        assert_eq!((stats.requests, stats.errors), (want, 0), "{rate_milli}");
        assert_eq!(stats.buckets.iter().sum::<u64>(), want);
        assert!(stats.percentile_micros(95) <= 10_000);
        let mut packets = Vec::new();
        net.fabric.take_packets(&mut packets);
        assert_eq!(packets.iter().map(|p| u64::from(p.weight)).sum::<u64>(), want);
        assert!(net.clients.remove("shop"));
        net.run(2000);
        assert_eq!(net.clients.stats()[&Key::new("default", "web")].requests, want);
    }
}
