//! How a request travels: name → address → the sender's kernel rules → endpoint → process → back.

use std::net::Ipv4Addr;

use apimachinery::meta::{Key, Uid};
use clock::{Duration, Rng, SimTime};
use smol_str::{SmolStr, format_smolstr};

use super::Fabric;
use super::packet::Packet;
use super::program::{HttpRequest, World};
use super::proxy::{ProxyEndpoint, ServiceRule};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    Pod(Uid),
    /// A process on a node, by the node's name.
    Node(SmolStr),
    /// Somebody outside of the cluster, by any name.
    External(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub name: SmolStr,
    pub at: SimTime,
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// HTTP status; zero where no answer came or the port does not speak HTTP.
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub latency: Duration,
    pub hops: Vec<Hop>,
    pub service: Option<Key>,
    pub served_by: Option<Key>,
    /// Why no answer came, in curl's words.
    pub error: Option<TravelError>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TravelError {
    BadAddress(String),
    UnknownHost(String),
    Refused { host: String, port: u16 },
    Timeout { host: String, port: u16 },
    NoRoute { host: String, port: u16 },
}

impl TravelError {
    /// curl's message and exit code.
    pub fn curl(&self) -> (String, i32) {
        match self {
            TravelError::BadAddress(url) => {
                (format!("curl: (3) URL rejected: Malformed input to a URL function: {url}"), 3)
            }
            TravelError::UnknownHost(host) => {
                (format!("curl: (6) Could not resolve host: {host}"), 6)
            }
            TravelError::Refused { host, port } => {
                let why = "Could not connect to server";
                (format!("curl: (7) Failed to connect to {host} port {port} after 0 ms: {why}"), 7)
            }
            TravelError::NoRoute { host, port } => {
                let why = "No route to host";
                (format!("curl: (7) Failed to connect to {host} port {port}: {why}"), 7)
            }
            TravelError::Timeout { host, port } => {
                let why = "Connection timed out";
                (format!("curl: (28) Failed to connect to {host} port {port}: {why}"), 28)
            }
        }
    }

    /// busybox wget's message; its exit code is 1.
    pub fn wget(&self) -> String {
        match self {
            TravelError::BadAddress(url) => format!("wget: not an http or ftp url: {url}"),
            TravelError::UnknownHost(host) => format!("wget: bad address '{host}'"),
            TravelError::Refused { host, port } => {
                format!("wget: can't connect to remote host ({host}:{port}): Connection refused")
            }
            TravelError::NoRoute { host, port } => {
                format!("wget: can't connect to remote host ({host}:{port}): No route to host")
            }
            TravelError::Timeout { .. } => "wget: download timed out".to_owned(),
        }
    }
}

impl std::fmt::Display for TravelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TravelError::BadAddress(url) => write!(f, "Malformed URL: {url}"),
            TravelError::UnknownHost(host) => write!(f, "Could not resolve host: {host}"),
            TravelError::Refused { .. } => f.write_str("Connection refused"),
            TravelError::Timeout { .. } => f.write_str("Connection timed out"),
            TravelError::NoRoute { .. } => f.write_str("No route to host"),
        }
    }
}

/// How long a client waits before it gives up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One request on its way.
struct Trip<'a> {
    fabric: &'a mut Fabric,
    rng: &'a mut Rng,
    now: SimTime,
    epoch: i64,
    from: &'a Client,
    /// The machine the packet is on; empty outside of the cluster.
    node: SmolStr,
    source: Ipv4Addr,
    hops: Vec<Hop>,
    service: Option<Key>,
}

/// `http://host[:port]/path` or `host[:port][/path]`.
pub fn split_url(url: &str) -> Option<(&str, u16, &str)> {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    if rest.contains("://") {
        return None;
    }
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(at)?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, 80),
    };
    let good =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    good.then_some((host, port, if path.is_empty() { "/" } else { path }))
}

/// Sends one GET and waits for what comes back. Records it in `fabric.packets`.
pub fn send(
    fabric: &mut Fabric,
    from: &Client,
    to: &str,
    now: SimTime,
    epoch: i64,
    rng: &mut Rng,
) -> Exchange {
    let exchange = travel(fabric, from, to, "curl/8.14.1", now, epoch, rng);
    let name = exchange.hops.first().map(|hop| hop.name.clone()).unwrap_or_default();
    fabric.packets.push(Packet {
        from: name,
        service: exchange.service.clone().unwrap_or_default(),
        pod: exchange.served_by.clone(),
        start: now,
        end: now + exchange.latency,
        status: exchange.status,
        weight: 1,
    });
    exchange
}

/// As `send`, without the record.
pub fn travel(
    fabric: &mut Fabric,
    from: &Client,
    to: &str,
    user_agent: &str,
    now: SimTime,
    epoch: i64,
    rng: &mut Rng,
) -> Exchange {
    let (name, node, source) = origin(fabric, from);
    let mut trip = Trip {
        fabric,
        rng,
        now,
        epoch,
        from,
        node,
        source,
        hops: vec![Hop { name, at: now }],
        service: None,
    };
    let result = trip.go(to, user_agent);
    let latency = trip.now.since(now);
    let (hops, service) = (trip.hops, trip.service);
    let blank = Exchange {
        status: 0,
        headers: Vec::new(),
        body: String::new(),
        latency,
        hops,
        service,
        served_by: None,
        error: None,
    };
    match result {
        Ok(answer) => Exchange {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            served_by: Some(answer.pod),
            ..blank
        },
        Err(error) => Exchange { error: Some(error), ..blank },
    }
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    pod: Key,
}

/// The sender's name, machine and address.
fn origin(fabric: &Fabric, from: &Client) -> (SmolStr, SmolStr, Ipv4Addr) {
    match from {
        Client::Pod(uid) => match fabric.sandboxes.get(uid) {
            Some(sandbox) => {
                let place = &sandbox.place;
                (format_smolstr!("{}", place.pod), place.node.clone(), place.address)
            }
            None => (format_smolstr!("{uid}"), SmolStr::default(), Ipv4Addr::UNSPECIFIED),
        },
        Client::Node(name) => {
            let address = fabric.machines.get(name).map(|m| m.address);
            (name.clone(), name.clone(), address.unwrap_or(Ipv4Addr::UNSPECIFIED))
        }
        Client::External(name) => {
            let last = name.bytes().fold(1u8, |sum, b| sum.wrapping_mul(31).wrapping_add(b));
            (name.clone(), SmolStr::default(), Ipv4Addr::new(203, 0, 113, last.max(1)))
        }
    }
}

impl Trip<'_> {
    fn go(&mut self, to: &str, user_agent: &str) -> Result<Answer, TravelError> {
        let (host, port, path) =
            split_url(to).ok_or_else(|| TravelError::BadAddress(to.to_owned()))?;
        let address = self.resolve(host)?;
        let gone = |error: fn(String, u16) -> TravelError| error(host.to_owned(), port);
        let refused = |host, port| TravelError::Refused { host, port };
        let timeout = |host, port| TravelError::Timeout { host, port };
        if !self.node.is_empty() && !self.fabric.reachable(&self.node) {
            self.now += CONNECT_TIMEOUT;
            return Err(gone(timeout));
        }
        let (address, port_there) = match self.route(address, port) {
            Route::Endpoint(endpoint) => (endpoint.address, endpoint.port),
            Route::Direct => (address, port),
            Route::Refused => {
                self.wire(50, 200);
                return Err(gone(refused));
            }
            Route::Dropped => {
                self.now += CONNECT_TIMEOUT;
                return Err(gone(timeout));
            }
        };
        self.arrive(address, port_there, host, path, user_agent).map_err(|failure| match failure {
            Failure::Refused => gone(refused),
            Failure::Timeout => gone(timeout),
            Failure::NoRoute => gone(|host, port| TravelError::NoRoute { host, port }),
        })
    }

    fn wire(&mut self, low_micros: u64, high_micros: u64) {
        self.now += Duration::from_micros(self.rng.between(low_micros, high_micros));
    }

    fn hop(&mut self, name: SmolStr) {
        self.hops.push(Hop { name, at: self.now });
    }

    fn resolve(&mut self, host: &str) -> Result<Ipv4Addr, TravelError> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        let namespace = match self.from {
            Client::Pod(uid) => self
                .fabric
                .sandboxes
                .get(uid)
                .map_or(SmolStr::default(), |sandbox| sandbox.place.pod.namespace.clone()),
            Client::Node(_) => SmolStr::default(),
            Client::External(_) => return Err(TravelError::UnknownHost(host.to_owned())),
        };
        self.wire(200, 1000);
        let addresses = self.fabric.dns.resolve(host, &namespace);
        self.hop(SmolStr::new_static("coredns"));
        let pick = self.rng.below(addresses.len() as u64) as usize;
        addresses.get(pick).copied().ok_or_else(|| TravelError::UnknownHost(host.to_owned()))
    }

    /// Applies the rules of the kernel that sees the packet first.
    fn route(&mut self, address: Ipv4Addr, port: u16) -> Route {
        let outside = matches!(self.from, Client::External(_));
        if let Some(machine) = self.fabric.machine_at(address) {
            let name = machine.name.clone();
            if !self.fabric.reachable(&name) {
                return Route::Dropped;
            }
            let rule = self
                .fabric
                .proxy
                .on_node(&name, self.now)
                .and_then(|table| table.by_node_port.get(&port).cloned());
            return match rule {
                Some(rule) => {
                    self.enter(&name, outside);
                    self.choose(&rule, rule.external_local)
                }
                None => Route::Direct,
            };
        }
        if outside {
            return self.route_outside(address, port);
        }
        if self.fabric.addresses.contains_key(&address) {
            return Route::Direct;
        }
        let Some(table) = self.fabric.proxy.on_node(&self.node, self.now) else {
            return Route::Direct;
        };
        match table.by_address.get(&(address, port)).cloned() {
            Some(rule) => {
                let local = rule.cluster_ip == Some(address) && rule.internal_local;
                self.choose(&rule, local)
            }
            None if table.by_address.keys().any(|(ip, _)| *ip == address) => Route::Refused,
            None => Route::Direct,
        }
    }

    /// From outside, only node ports and load balancers lead in.
    fn route_outside(&mut self, address: Ipv4Addr, port: u16) -> Route {
        let Some(table) = self.fabric.proxy.newest().cloned() else { return Route::Dropped };
        let rule = table.by_address.get(&(address, port)).cloned();
        let Some(rule) = rule.filter(|rule| rule.cluster_ip != Some(address)) else {
            return Route::Dropped;
        };
        let fits = |name: &str| {
            !rule.external_local || rule.endpoints.iter().any(|endpoint| endpoint.node == name)
        };
        let nodes: Vec<SmolStr> = self
            .fabric
            .machines
            .keys()
            .filter(|name| self.fabric.reachable(name) && fits(name))
            .cloned()
            .collect();
        let pick = self.rng.below(nodes.len() as u64) as usize;
        let Some(node) = nodes.get(pick) else { return Route::Dropped };
        self.enter(node, true);
        self.choose(&rule, rule.external_local)
    }

    fn enter(&mut self, node: &SmolStr, outside: bool) {
        if outside {
            self.wire(800, 3000);
        } else if self.node != *node {
            self.wire(200, 600);
        }
        self.node = node.clone();
        self.hop(node.clone());
    }

    /// Picks an endpoint at random, or the one this client had before.
    fn choose(&mut self, rule: &ServiceRule, local: bool) -> Route {
        self.service = Some(rule.service.clone());
        self.hop(format_smolstr!("service/{}", rule.service));
        let node = &self.node;
        let usable: Vec<&ProxyEndpoint> =
            rule.endpoints.iter().filter(|e| !local || e.node == *node).collect();
        if usable.is_empty() {
            return if rule.endpoints.is_empty() { Route::Refused } else { Route::Dropped };
        }
        let sticky = (rule.affinity_secs > 0)
            .then(|| (self.source, rule.cluster_ip.unwrap_or(Ipv4Addr::UNSPECIFIED), rule.port));
        let before = sticky.and_then(|key| self.fabric.proxy.affinity.get(&key).copied());
        let kept = before
            .filter(|(_, at)| self.now.since(*at).as_secs() < u64::from(rule.affinity_secs))
            .and_then(|(address, _)| usable.iter().find(|e| e.address == address));
        let pick = self.rng.below(usable.len() as u64) as usize;
        let Some(chosen) = kept.or_else(|| usable.get(pick)) else { return Route::Refused };
        if let Some(key) = sticky {
            self.fabric.proxy.affinity.insert(key, (chosen.address, self.now));
        }
        Route::Endpoint((*chosen).clone())
    }

    fn arrive(
        &mut self,
        address: Ipv4Addr,
        port: u16,
        host: &str,
        path: &str,
        user_agent: &str,
    ) -> Result<Answer, Failure> {
        let uid = match self.fabric.addresses.get(&address) {
            Some(uid) => *uid,
            None => self.host_process(address, port)?,
        };
        let Some(sandbox) = self.fabric.sandboxes.get(&uid) else { return Err(Failure::NoRoute) };
        let (pod, node) = (sandbox.place.pod.clone(), sandbox.place.node.clone());
        let closed = self.node.is_empty() && !sandbox.place.host_network;
        if closed || !self.fabric.reachable(&node) {
            self.now += CONNECT_TIMEOUT;
            return Err(Failure::Timeout);
        }
        if node == self.node {
            self.wire(50, 200)
        } else {
            self.wire(200, 800)
        }
        let now = self.now;
        let listener = self
            .fabric
            .sandboxes
            .get(&uid)
            .and_then(|sandbox| sandbox.processes.iter().position(|p| p.listens(port, now)));
        let Some(container) = listener else { return Err(Failure::Refused) };
        self.hop(format_smolstr!("{pod}"));
        let client = self.source.to_string();
        let request = HttpRequest { method: "GET", host, path, user_agent, client: &client };
        let mut world =
            World { fabric: self.fabric, uid, container, now, epoch: self.epoch, rng: self.rng };
        let program = match world.process() {
            Some(process) => {
                process.served += 1;
                process.program.clone()
            }
            None => None,
        };
        let Some(program) = program else { return Err(Failure::Refused) };
        let answer = program.http(&mut world, &request);
        self.now += answer.took;
        if node == self.node {
            self.wire(50, 200)
        } else {
            self.wire(200, 800)
        }
        Ok(Answer { status: answer.status, headers: answer.headers, body: answer.body, pod })
    }

    /// A pod on the host's network that listens there.
    fn host_process(&self, address: Ipv4Addr, port: u16) -> Result<Uid, Failure> {
        let Some(machine) = self.fabric.machine_at(address) else { return Err(Failure::NoRoute) };
        let on_host = self.fabric.sandboxes.iter().find(|(_, sandbox)| {
            sandbox.place.host_network
                && sandbox.place.node == machine.name
                && sandbox.processes.iter().any(|process| process.listens(port, self.now))
        });
        on_host.map(|(uid, _)| *uid).ok_or(Failure::Refused)
    }
}

enum Route {
    Endpoint(ProxyEndpoint),
    Direct,
    Refused,
    Dropped,
}

enum Failure {
    Refused,
    Timeout,
    NoRoute,
}
